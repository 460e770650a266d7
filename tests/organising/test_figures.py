"""An organiser sees the figures of one's own petitions; any other does not exist."""

import pytest

from app.audit import AuditLine
from tests.site import PASSWORD, PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.databases("sqlite", "postgresql")
def test_organiser_sees_own_petitions_only(site: Site) -> None:
    own = site.publish()
    other = site.publish(_titled("Planter des arbres à Montfleur"))
    page = site.staff("organiser", own).get("/organisation").text
    assert f'href="/organisation/petitions/{own}"' in page
    assert other not in page
    assert "Planter des arbres" not in page


def test_the_newest_petition_stands_first(site: Site) -> None:
    first = site.publish()
    site.later(days=1)
    second = site.publish(_titled("Planter des arbres à Montfleur"))
    page = site.staff("organiser", first, second).get("/organisation").text
    assert page.index(f"/organisation/petitions/{second}") < page.index(f"/organisation/petitions/{first}")


def _titled(title: str) -> str:
    return PETITION.replace("Rouvrir la bibliothèque de Montfleur", title)


def test_another_organisers_petition_does_not_exist(site: Site) -> None:
    slug = site.publish()
    stranger = site.staff("organiser", email="autre@exemple.test")
    for path in ("", "/exports", "/commentaires", "/cloture"):
        address = f"/organisation/petitions/{slug}{path}"
        answer = stranger.get(address) if not path else stranger.post(address, data={"purpose": "delivery"})
        assert answer.status_code == 404, address
        assert "bibliothèque" not in answer.text
    with site.database.read() as session:
        acts = {line.act for line in session.query(AuditLine)}
    assert not acts & {"export.begun", "petition.closed", "petition.comments_closed"}


def test_unknown_petition_and_anothers_look_alike(site: Site) -> None:
    slug = site.publish()
    stranger = site.staff("organiser", email="autre@exemple.test")
    another, unknown = (stranger.get(f"/organisation/petitions/{name}") for name in (slug, "inconnue"))
    assert (another.status_code, another.text) == (unknown.status_code, unknown.text)


def test_moderator_has_no_business_here(site: Site) -> None:
    slug = site.publish()
    moderator = site.staff("moderator")
    assert moderator.get("/organisation").status_code == 404
    assert moderator.get(f"/organisation/petitions/{slug}").status_code == 404
    export = moderator.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "contact"})
    assert export.status_code == 404


def test_stranger_is_asked_to_sign_in(site: Site) -> None:
    slug = site.publish()
    for path in ("/organisation", f"/organisation/petitions/{slug}"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={path}")
    assert site.client.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "audit"}).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_figures_are_those_of_the_rows(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    for n in range(3):
        site.confirmed(slug, email=f"p{n}@exemple.test")
    site.comment(slug, "Ma fille y lisait chaque mercredi.", email="p3@exemple.test")
    site.sign(slug, email="attend@exemple.test")
    page = text_of(organiser.get(f"/organisation/petitions/{slug}").text).replace("\u202f", " ")
    assert "Confirmées 4" in page
    assert "En attente 1" in page
    assert "80 %" in page  # 4 of the 5 forms sent
    assert "Aujourd’hui 4" in page
    assert "Commentaires à relire 1" in page


@pytest.mark.databases("sqlite", "postgresql")
def test_days_follow_the_calendar_of_france(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    site.confirmed(slug)
    site.later(days=1)
    organiser.post("/connexion", data={"email": "organiser@exemple.test", "password": PASSWORD})
    page = text_of(organiser.get(f"/organisation/petitions/{slug}").text)
    assert "Aujourd’hui 0" in page
    assert "Sept derniers jours 1" in page


def test_petition_without_signatures_has_no_rate(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert organiser.get(f"/organisation/petitions/{slug}").status_code == 200
    assert organiser.get("/organisation").status_code == 200


def test_organiser_without_petition_has_a_page(site: Site) -> None:
    assert site.staff("organiser").get("/organisation").status_code == 200


def test_organiser_closes_comments_and_petition(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    home = f"/organisation/petitions/{slug}"
    assert organiser.post(f"{home}/commentaires", data={"open": "off"}).headers["location"] == home
    assert "Les commentaires sont fermés" in text_of(site.client.get(f"/petitions/{slug}").text)
    assert organiser.post(f"{home}/cloture").status_code == 303
    assert site.sign(slug).status_code == 409
    assert organiser.post(f"{home}/cloture").status_code == 409
    with site.database.read() as session:
        acts = [line.act for line in session.query(AuditLine).order_by(AuditLine.id)]
    assert acts[-2:] == ["petition.comments_closed", "petition.closed"]


def test_administrator_opens_any_petition(site: Site) -> None:
    slug = site.publish()
    assert site.staff("admin").get(f"/organisation/petitions/{slug}").status_code == 200
