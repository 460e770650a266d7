"""People come by a mailed link that binds organisation, address and rights, for seven days."""

import threading
from urllib.parse import quote

import pytest
from sqlalchemy import select

from app.db import vault_of
from app.organisations import links
from app.organisations.models import Invitation, InvitationState
from app.organisations.rights import EVERY, Right
from app.privacy import retention
from app.privacy.actions import erasing
from tests.organisations.desk import DESK, HOME, MAKER, NAME, SECOND, found, invitation, invite, join, member
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def desk(link: str) -> str:
    """Where whoever is signed in accepts."""
    return f"/organisation{link.replace('/invitation/', '/invitations/')}"


@pytest.mark.databases("sqlite", "postgresql")
def test_somebody_is_invited_and_joins(site: Site) -> None:
    maker = found(site)
    link = invite(site, maker, SECOND, "petitions", "updates")
    shown = text_of(maker.get(HOME).text)
    assert SECOND in shown.partition("Invitations en attente")[2]
    mail = site.mails()[-1]
    assert NAME in mail.text
    assert "écrire et régler les pétitions, donner des nouvelles" in mail.text
    assert MAKER not in mail.text  # nothing but a name made of letters, to an address that nobody confirmed
    stranger = site.browser()
    page = stranger.get(link)
    assert page.status_code == 200
    assert NAME in text_of(page.text)
    assert 'href="/compte/creer/' in page.text
    second = site.staff("organiser", email=SECOND)
    there = quote(f"/organisation{link.replace('/invitation/', '/invitations/')}")
    assert f"/connexion?suite={there}" in stranger.get(link).text
    assert second.get(link).headers["location"] == desk(link)
    assert "Rejoindre l’organisation" in second.get(desk(link)).text
    answer = second.post(desk(link))
    assert answer.headers["location"] == f"{HOME}?fait=entree"
    assert member(site, SECOND) == {Right.PETITIONS, Right.UPDATES}  # signatures are never given by default
    told = next(mail for mail in reversed(site.mails()) if mail.to == MAKER)
    assert "fait maintenant partie" in told.text
    assert SECOND in told.text
    assert second.post(desk(link)).status_code == 410  # it has served
    assert site.client.get(link).status_code == 410


def test_signing_in_leads_back_to_the_invitation(site: Site) -> None:
    maker = found(site)
    site.account("organiser", email=SECOND)
    link = invite(site, maker, SECOND)
    second = site.browser()
    assert second.get(desk(link)).headers["location"].startswith("/connexion?suite=/organisation/invitations/")
    form = {"email": SECOND, "password": PASSWORD, "suite": desk(link)}
    assert second.post("/connexion", data=form).headers["location"] == desk(link)


def test_only_that_address_accepts(site: Site) -> None:
    link = invite(site, found(site), SECOND, "members")
    other = site.staff("organiser", email="autre@exemple.test")
    page = other.get(desk(link))
    assert page.status_code == 200
    assert "Rejoindre l’organisation" not in page.text
    assert SECOND in page.text
    assert other.post(desk(link)).status_code == 422
    assert member(site, "autre@exemple.test") is None
    moderator = site.staff("moderator")
    assert "aucune organisation" in text_of(moderator.get(link).text)
    assert moderator.post(desk(link)).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_a_link_opens_one_invitation_as_it_stands(site: Site) -> None:
    maker = found(site)
    second = site.staff("organiser", email=SECOND)
    first = invite(site, maker, SECOND)
    again = invite(site, maker, SECOND, "members")
    assert first != again
    assert second.post(desk(first)).status_code == 410  # replaced
    with site.database.write() as session:
        row = session.scalars(select(Invitation)).one()
        assert links.make(vault_of(session), row) == again.rpartition("/")[2]
        row.signatures = True  # by whoever reaches the table: the link is not of these rights
    assert second.post(desk(again)).status_code == 410
    for wrong in ("abc", again.rpartition("/")[2].swapcase(), "a" * 60):
        assert second.get(f"/invitation/{wrong}").status_code == 404, wrong
        assert second.post(f"/organisation/invitations/{wrong}").status_code == 404, wrong


def test_it_is_taken_back(site: Site) -> None:
    maker = found(site)
    link = invite(site, maker, SECOND)
    with site.database.read() as session:
        number = session.scalars(select(Invitation.id)).one()
    assert maker.post(f"{HOME}/invitations/{number}/annulation").status_code == 303
    assert SECOND not in maker.get(HOME).text
    assert site.client.get(link).status_code == 410
    assert site.staff("organiser", email=SECOND).post(desk(link)).status_code == 410
    assert maker.post(f"{HOME}/invitations/{number}/annulation").status_code == 409
    assert maker.post(f"{HOME}/invitations/99/annulation").status_code == 404
    assert invite(site, maker, SECOND) != link  # and somebody may be invited again


def test_its_mail_does_not_leave_once_it_is_taken_back(site: Site) -> None:
    maker = found(site)
    assert maker.post(f"{HOME}/invitations", data={"email": SECOND}).status_code == 303
    maker.post(f"{HOME}/invitations/1/annulation")
    assert [mail for mail in site.mails() if mail.to == SECOND] == []


@pytest.mark.databases("sqlite", "postgresql")
def test_after_seven_days_it_is_over_and_gone(site: Site) -> None:
    maker = found(site)
    link = invite(site, maker, SECOND)
    site.later(days=6, hours=23)
    assert site.client.get(link).status_code == 200
    retention.run(site.database, site.settings)
    assert site.client.get(link).status_code == 200
    site.later(hours=2)
    assert site.client.get(link).status_code == 410
    assert retention.run(site.database, site.settings)["invitation"] == 1
    with site.database.read() as session:
        assert session.scalars(select(Invitation)).all() == []


@pytest.mark.typed(
    "inviter : une adresse vide, à moitié, avec une espace, d’un membre", "refusé d’une phrase, l’adresse reste"
)
@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "Indiquez l’adresse"),
        ("seconde", "Vérifiez cette adresse"),
        ("hé lène@exemple.test", "Vérifiez cette adresse"),
        ("🌳@exemple", "Vérifiez cette adresse"),
        ("1" * 20, "Vérifiez cette adresse"),
        (MAKER.upper(), "déjà membre"),
    ],
)
def test_an_address_that_cannot_be_invited(site: Site, email: str, said: str) -> None:
    maker = found(site)
    answer = maker.post(f"{HOME}/invitations", data={"email": email, "members": "on"})
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert 'id="champ-members"' in answer.text
    with site.database.read() as session:
        assert session.scalars(select(Invitation)).all() == []


def test_an_address_is_invited_as_its_account_has_it(site: Site) -> None:
    maker = found(site)
    answer = maker.post(f"{HOME}/invitations", data={"email": " Equipiere@EXEMPLE.test\u200b"})
    assert answer.status_code == 303
    second = site.staff("organiser", email=SECOND)
    assert second.post(desk(invitation(site, SECOND))).status_code == 303


def test_a_name_that_a_mail_cannot_greet_stays_out_of_it(site: Site) -> None:
    maker = found(site, "Amis du 13e : les 200 arbres")
    link = invite(site, maker, SECOND, home=f"{DESK}/amis-du-13e-les-200-arbres")
    mail = next(mail for mail in site.mails() if mail.to == SECOND)
    assert "arbres" not in mail.text + mail.subject
    assert "Une organisation porte des pétitions" in mail.text
    assert "Amis du 13e" in text_of(site.client.get(link).text)


def test_whom_somebody_invited_does_not_come_in_after_they_have_gone(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND, "members")
    link = invite(site, second, "troisieme@exemple.test", "members", "signatures")
    assert maker.post(f"{HOME}/membres/{site.account_id(SECOND)}/retrait").status_code == 303
    assert site.client.get(link).status_code == 410


@pytest.mark.databases("sqlite", "postgresql")
def test_two_clicks_make_one_member(site: Site) -> None:
    maker = found(site)
    link = invite(site, maker, SECOND)
    second = [site.staff("organiser", email=SECOND), site.browser()]
    second[1].cookies.update(second[0].cookies)
    begin, statuses = threading.Barrier(2), []

    def accept(browser: object) -> None:
        begin.wait()
        statuses.append(browser.post(desk(link)).status_code)  # type: ignore[attr-defined]

    threads = [threading.Thread(target=accept, args=(browser,)) for browser in second]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 410]
    with site.database.read() as session:
        assert session.scalars(select(Invitation.state)).one() == InvitationState.ACCEPTED


def test_whoever_is_erased_is_not_awaited_any_more(site: Site) -> None:
    link = invite(site, found(site), SECOND)
    with site.database.write() as session:
        erasing.erase(session, SECOND.upper())
    assert site.client.get(link).status_code == 410


def test_an_administrator_is_invited_like_anybody(site: Site) -> None:
    link = invite(site, found(site), "admin@exemple.test", *EVERY)
    admin = site.staff("admin")
    assert admin.get(HOME).status_code == 404  # and sees nothing of it before
    assert admin.post(desk(link)).status_code == 303
    assert admin.get(HOME).status_code == 200
