"""The public history of a text: which version says what, what changed between two, in any script."""

import pytest
from starlette.testclient import TestClient

from tests.petitions.amended import AMENDED, REASON, TEXT, TITLE, amend
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def history(site: Site, slug: str, query: str = "", prefix: str = "") -> str:
    answer = site.client.get(f"{prefix}/petitions/{slug}/versions{query}")
    assert answer.status_code == 200
    return text_of(answer.text)


def test_a_text_that_never_changed_has_one_version(site: Site, slug: str) -> None:
    page = history(site, slug)
    assert "Version 1, " in page
    assert "0 signature · premier texte publié" in page
    assert "De la version" not in page
    assert f'href="/petitions/{slug}/versions"' in site.client.get(f"/petitions/{slug}").text
    assert " sur la version " not in text_of(site.client.get(f"/petitions/{slug}").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_three_versions_are_read_and_compared(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    amend(site, slug, organiser, moderator)
    amend(site, slug, organiser, moderator, AMENDED.replace("cinq", "six"), f"{TITLE} vite")
    page = history(site, slug)
    assert page.count(REASON) == 2
    assert "De la version 2 à la version 3" in page
    assert "[supprimé : cinq fin] [ajouté : six fin]" in page
    assert "[ajouté : vite fin]" in page
    page = history(site, slug, "?de=1&a=3")
    assert "De la version 1 à la version 3" in page
    assert "[supprimé : trois fin] [ajouté : six fin]" in page
    assert "au moins trois jours par semaine" in history(site, slug, "?lire=1")
    assert "<strong>Rouvrir</strong>" in site.client.get(f"/petitions/{slug}/versions?lire=1").text
    english = history(site, slug, prefix="/en")
    assert "From version 2 to version 3" in english
    assert "[deleted: cinq end] [added: six end]" in english


@pytest.mark.parametrize("query", ["?lire=2", "?lire=0", "?de=9", "?a=x", "?lire=99999999999999999999", "?de=-1"])
def test_a_version_that_is_none_is_not_there(site: Site, slug: str, query: str) -> None:
    assert site.client.get(f"/petitions/{slug}/versions{query}").status_code == 404


def test_drafts_and_what_was_judged_are_no_versions(site: Site) -> None:
    assert site.client.get("/petitions/absente/versions").status_code == 404


def test_a_long_text_shows_what_changed_and_where(
    site: Site, organiser: TestClient, moderator: TestClient, slug: str
) -> None:
    long = "\n\n".join(f"Paragraphe {n} : " + "des mots qui se suivent. " * 12 for n in range(120))[:40_000].strip()
    amend(site, slug, organiser, moderator, long)
    amend(site, slug, organiser, moderator, long.replace("Paragraphe 60 :", "Paragraphe soixante :"))
    page = history(site, slug)
    assert "Paragraphe [supprimé : 60 fin] [ajouté : soixante fin] :" in page
    assert "[…]" in page
    assert "Paragraphe 3 :" not in page
    assert len(page) < 5_000


def test_a_text_from_right_to_left_keeps_its_direction(
    site: Site, organiser: TestClient, moderator: TestClient, slug: str
) -> None:
    text = "نطالب بإعادة فتح المكتبة ثلاثة أيام في الأسبوع على الأقل، كما كانت قبل الإغلاق."
    amend(site, slug, organiser, moderator, text, "أنقذوا المكتبة")
    page = site.client.get(f"/petitions/{slug}/versions").text
    assert '<div class="diff" dir="auto">' in page
    assert "أنقذوا المكتبة" in text_of(page)
    assert TEXT.splitlines()[0] in text_of(page)


def test_what_happened_before_a_purge_is_still_read(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    from app.privacy import retention

    site.confirmed(slug)
    amend(site, slug, organiser, moderator)
    site.confirmed(slug, email="paul@exemple.test", given_name="Paul")
    site.later(days=700)
    retention.run(site.database, site.settings)
    page = history(site, slug).replace(" ,", ",")
    assert "1 sur la version 1, 1 sur la version 2" in page
    assert PETITION.splitlines()[1].partition('"')[2].strip('"') in page
