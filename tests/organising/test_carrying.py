"""A petition goes from a person to an organisation of theirs, and back; what is shown says who carries it."""

import threading

import pytest
from starlette.testclient import TestClient

from app.petitions import actions, queries
from tests.drafting.writing import proposed, saved
from tests.organisations.desk import HOME, MAKER, NAME, SECOND, found, join
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")
SLUG = "les-amis-de-la-lanterne"


@pytest.fixture
def maker(site: Site) -> TestClient:
    return found(site)


def own(site: Site, email: str = MAKER) -> str:
    """A published petition of that account."""
    slug = site.publish()
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.add_owner(session, petition, site.account_id(email))
    return slug


def carry(browser: TestClient, slug: str, organisation: str = SLUG) -> int:
    return browser.post(f"/organisation/petitions/{slug}/porteur", data={"organisation": organisation}).status_code


@pytest.mark.databases("sqlite", "postgresql")
def test_to_an_organisation_and_back(site: Site, maker: TestClient) -> None:
    slug = own(site)
    second = join(site, maker, SECOND, "petitions", "updates")
    page = f"/organisation/petitions/{slug}"
    assert second.get(page).status_code == 404
    assert NAME in text_of(maker.get(f"{page}/porteur").text)
    assert carry(maker, slug) == 303
    assert carry(maker, slug) == 404  # it is not hers any more: her rights are those of a member
    row = text_of(second.get("/organisation").text)
    assert f"Rouvrir la bibliothèque de Montfleur {NAME}" in row
    assert f"portée par {NAME}" in text_of(second.get(page).text)
    assert second.post(f"{page}/commentaires", data={"open": "off"}).status_code == 303
    refused = second.post(f"{page}/reprise")  # it would give the right to export
    assert refused.status_code == 422
    assert "il faut les avoir déjà" in text_of(refused.text)
    before = len(site.mails())
    assert maker.post(f"{page}/reprise").status_code == 303
    assert maker.post(f"{page}/reprise").status_code == 409
    assert second.get(page).status_code == 404
    assert maker.post(f"{page}/exports", data={"purpose": "audit"}).status_code == 200
    (told,) = site.mails()[before:]
    assert told.to == SECOND
    assert "Rouvrir la bibliothèque de Montfleur" in told.text
    journal = text_of(site.staff("admin").get("/administration/journal").text)
    assert f"{MAKER} Pétition confiée à une organisation pétition « Rouvrir" in journal
    assert f"{MAKER} Pétition reprise à une organisation pétition « Rouvrir" in journal


@pytest.mark.typed(
    "confier une pétition : rien de choisi, l’organisation d’une autre, un nom inventé", "refusé d’une phrase"
)
@pytest.mark.parametrize("organisation", ["", "les-amis-du-phare", "🌳", "1" * 20])
def test_only_to_an_organisation_where_one_writes(site: Site, maker: TestClient, organisation: str) -> None:
    found(site, "Les Amis du Phare", "phare@exemple.test")
    slug = own(site)
    assert carry(maker, slug, organisation) == 422
    assert carry(site.staff("admin"), slug) == 404


def test_a_member_who_writes_no_petition_is_offered_nothing(site: Site, maker: TestClient) -> None:
    second = join(site, maker, SECOND, "updates", "signatures", "members")
    slug = own(site, SECOND)
    page = second.get(f"/organisation/petitions/{slug}/porteur")
    assert "créez une organisation" in text_of(page.text)
    assert carry(second, slug) == 422


def test_other_owners_stay(site: Site, maker: TestClient) -> None:
    slug = own(site)
    peer = site.staff("organiser", slug, email="pair@exemple.test")
    assert carry(maker, slug) == 303
    assert peer.get(f"/organisation/petitions/{slug}").status_code == 200
    assert peer.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "audit"}).status_code == 200
    assert carry(peer, slug) == 422  # not a member


@pytest.mark.databases("sqlite", "postgresql")
def test_two_organisations_at_once_carry_it_once(site: Site, maker: TestClient) -> None:
    assert maker.post("/organisation/organisations/nouvelle", data={"name": "Les Amis du Phare"}).status_code == 303
    slug, again = own(site), site.browser()
    again.cookies.update(maker.cookies)
    begin, statuses = threading.Barrier(2), []

    def give(browser: TestClient, organisation: str) -> None:
        begin.wait()
        statuses.append(carry(browser, slug, organisation))

    pairs = ((maker, SLUG), (again, "les-amis-du-phare"))
    threads = [threading.Thread(target=give, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 404]


def test_members_are_told_what_becomes_of_their_petition(site: Site, maker: TestClient) -> None:
    """A decision reaches those who write petitions, wherever it was proposed."""
    second = join(site, maker, SECOND, "petitions")
    join(site, maker, "troisieme@exemple.test", "updates")
    slug = proposed(maker)
    assert carry(maker, slug) == 303
    moderator = site.staff("moderator")
    correct = {"decision": "correct", "version": "1", "remark-whole": "Dites quelle gare."}
    assert moderator.post("/moderation/petitions/1/decision", data=correct).status_code == 303
    draft = second.get(f"/organisation/petitions/{slug}/texte").headers["location"].rpartition("/")[0]
    assert saved(second, draft, "demande", seen="1", title="Deux abris pour les vélos").status_code == 303
    assert second.post(f"{draft}/proposer").status_code == 303
    with site.database.read() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        decision = f"/moderation/petitions/{petition.id}/decision"
    assert moderator.post(decision, data={"decision": "publish", "version": "2"}).status_code == 303
    site.later(minutes=2)
    told = [mail.to for mail in site.mails() if "Votre pétition est publiée" in mail.subject]
    assert sorted(told) == sorted([MAKER, SECOND])


def test_its_pages_and_its_data_say_who_carries_it(site: Site, maker: TestClient) -> None:
    slug = own(site)
    assert "Portée par" not in site.client.get(f"/petitions/{slug}").text
    assert site.client.get(f"/petitions/{slug}.json").json()["organisation"] is None
    carry(maker, slug)
    page = site.client.get(f"/petitions/{slug}").text
    assert f'href="/organisations/{SLUG}"' in page
    assert f"Portée par {NAME}" in text_of(page)
    assert f"Carried by {NAME}" in text_of(site.client.get(f"/en/petitions/{slug}").text)
    url = f"http://127.0.0.1:8000/organisations/{SLUG}"
    said = {"name": NAME, "slug": SLUG, "url": url}
    assert site.client.get(f"/petitions/{slug}.json").json()["organisation"] == said
    assert maker.get(HOME).status_code == 200
