"""Closing one's account: what goes, what stays, what becomes of one's petitions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.accounts import actions
from app.accounts.models import Account, Passkey, RecoveryCode, StaffSession
from app.mail.models import OutboxMail
from app.petitions.models import Petition, PetitionOwner
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_passkeys import add
from tests.site import PASSWORD, PETITION, Site, text_of
from tests.staff import give_password, is_in

ORG = "organiser@exemple.test"


def leave(browser: TestClient, **form: str) -> int:
    return browser.post("/compte/fermeture", data={"confirm": "on"} | form).status_code


def states(site: Site) -> dict[str, str]:
    with site.database.read() as session:
        return dict(session.execute(select(Petition.slug, Petition.state)).all())


def test_all_that_opened_it_goes_and_a_number_stays(site: Site) -> None:
    mine = site.staff("organiser")
    assert add(mine, Authenticator()).status_code == 303
    mine.post("/compte/codes")
    there = site.browser()
    give_password(there, ORG)
    answer = mine.post("/compte/fermeture", data={"confirm": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/fait/compte")
    assert "Votre compte est fermé" in text_of(mine.get("/connexion/fait/compte").text)
    with site.database.read() as session:
        account = session.scalars(select(Account)).one()
        assert (account.has_ended, account.password_hash, account.totp_sealed) == (True, "", None)
        for table in (Passkey, RecoveryCode, StaffSession):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert not is_in(there, "/organisation")
    assert give_password(site.browser(), ORG) == 422
    assert [(mail.to, mail.subject) for mail in site.mails()] == [(ORG, "Votre compte est fermé")]
    assert site.account("organiser", email=ORG) == ORG  # the address is free


@pytest.mark.parametrize(("answer", "state"), [("keep", "open"), ("close", "closed")])
def test_open_petitions_of_ones_own_are_asked_about(site: Site, answer: str, state: str) -> None:
    slug = site.publish()
    mine = site.staff("organiser", slug)
    assert "Rouvrir la bibliothèque de Montfleur" in mine.get("/compte/fermeture").text
    for form in ({}, {"devenir": ""}, {"devenir": "😀"}, {"devenir": "9" * 500}):
        assert leave(mine, **form) == 422
    assert mine.post("/compte/fermeture", data={"devenir": answer}).status_code == 422  # not confirmed
    assert mine.post("/compte/fermeture").status_code == 422
    assert is_in(mine, "/organisation")
    assert leave(mine, devenir=answer) == 303
    assert states(site) == {slug: state}
    assert site.client.get(f"/petitions/{slug}").status_code == 200
    with site.database.read() as session:
        assert session.scalars(select(PetitionOwner)).all() == []


def test_shared_petitions_stay_with_the_others(site: Site) -> None:
    slug = site.publish()
    mine, other = site.staff("organiser", slug), site.staff("organiser", slug, email="autre@exemple.test")
    assert "continuent avec les autres" in text_of(mine.get("/compte/fermeture").text)
    assert leave(mine) == 303
    assert states(site) == {slug: "open"}
    assert other.get(f"/organisation/petitions/{slug}").status_code == 200
    assert leave(other) == 422  # now it is theirs alone


def test_of_two_owners_who_leave_at_once_one_is_asked(site: Site) -> None:
    slug = site.publish()
    people = [site.staff("organiser", slug, email=f"o{n}@exemple.test") for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, people)) == [303, 422]


def test_closed_ones_need_no_answer(site: Site) -> None:
    slug = site.publish(PETITION)
    mine = site.staff("organiser", slug)
    mine.post(f"/organisation/petitions/{slug}/cloture")
    assert leave(mine) == 303
    assert states(site) == {slug: "closed"}


@pytest.mark.databases("sqlite")
def test_it_asks_for_a_proof(site: Site) -> None:
    mine = site.staff("organiser")
    site.later(minutes=11)
    assert leave(mine) == 403
    assert mine.post("/compte/preuve", data={"preuve": PASSWORD, "vers": "/compte/fermeture"}).status_code == 307
    assert leave(mine) == 303


def test_the_last_administrator_stays(site: Site) -> None:
    admins = [site.staff("admin", email=f"a{n}@exemple.test") for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, admins)) == [303, 422]
    with site.database.read() as session:
        assert [account.has_ended for account in session.scalars(select(Account))].count(False) == 1


def test_sent_many_times_at_once_it_ends_once(site: Site) -> None:
    mine = site.staff("organiser")
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: leave(mine), range(12)))
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 403, 404, 503}
    with site.database.read() as session:
        ended = session.scalar(select(func.count()).where(OutboxMail.template == "accounts/closed"))
        assert ended == 1


@pytest.mark.databases("sqlite")
def test_a_link_that_was_mailed_before_opens_nothing_more(site: Site) -> None:
    mine = site.staff("organiser")
    site.client.post("/connexion/mot-de-passe-oublie", data={"email": ORG})
    path = site.mails()[-1].link("/connexion/mot-de-passe/")
    assert leave(mine) == 303
    assert site.client.post(path, data={"password": "une toute autre phrase"}).status_code == 410
    with site.database.write() as session:
        actions.ask_to_mend(session, "password", ORG, "fr")
    assert len(site.mails()) == 1  # the mails of the account went with it; the last one stays
