"""Rights are given and taken, people go, and one who looks after the members always stays."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from app.accounts.models import Account
from app.organisations import actions
from app.organisations.models import Membership, Organisation
from app.organisations.rights import EVERY, Right
from app.privacy import retention
from tests.drafting.writing import proposed
from tests.organisations.desk import DESK, HOME, MAKER, SECOND, found, invite, join, member, rights
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
THIRD = "troisieme@exemple.test"


def managers(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(Membership).where(Membership.members)) or 0


def at_once(*acts: Callable[[], int]) -> list[int]:
    """What each answered; all begin at the same moment."""
    begin, statuses = threading.Barrier(len(acts)), []

    def run(act: Callable[[], int]) -> None:
        begin.wait()
        statuses.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def post(browser: TestClient, path: str, **form: str) -> Callable[[], int]:
    return lambda: browser.post(path, data=form).status_code


@pytest.mark.databases("sqlite", "postgresql")
def test_rights_are_given_and_taken(site: Site) -> None:
    maker = found(site)
    join(site, maker, SECOND, "updates")
    third = join(site, maker, THIRD)
    before = len(site.mails())
    assert rights(site, maker, SECOND, "petitions", "signatures") == 303
    assert member(site, SECOND) == {Right.PETITIONS, Right.SIGNATURES}
    told = {mail.to: mail.text for mail in site.mails()[before:]}
    assert set(told) == {SECOND, THIRD}  # everybody but whoever gave it
    assert f"{SECOND} peut maintenant davantage" in told[THIRD]
    assert "Vous pouvez maintenant davantage" in told[SECOND]
    assert ": exporter les signatures." in told[THIRD].replace("\u202f:", ":")
    assert rights(site, maker, SECOND, "petitions", "updates") == 303  # less: nobody is written to
    assert len(site.mails()) == before + 2
    assert member(site, SECOND) == {Right.PETITIONS, Right.UPDATES}
    page = text_of(third.get(HOME).text)
    assert SECOND in page  # every member sees who may what
    assert "Enregistrer" not in page
    assert "Inviter quelqu’un" not in page


@pytest.mark.typed("droits d’un membre : un formulaire vide, ou une page d’avant", "409, rien ne change")
def test_half_a_form_or_an_old_page_takes_nothing(site: Site) -> None:
    maker = found(site)
    join(site, maker, SECOND, "petitions", "members")
    number = site.account_id(SECOND)
    assert maker.post(f"{HOME}/membres/{number}/droits").status_code == 409
    assert rights(site, maker, SECOND, "updates", before="petitions") == 409
    assert rights(site, maker, SECOND, "updates", before="members,petitions") == 409  # another order is not ours
    assert member(site, SECOND) == {Right.PETITIONS, Right.MEMBERS}
    assert rights(site, maker, SECOND, "petitions", "members") == 303  # nothing to change is no fault
    assert rights(site, maker, SECOND, "updates") == 303


def test_who_is_not_a_member_has_no_line(site: Site) -> None:
    maker = found(site)
    site.account("organiser", email=SECOND)
    for number in (site.account_id(SECOND), 9999):
        assert maker.post(f"{HOME}/membres/{number}/droits", data={"avant": ""}).status_code == 404
        assert maker.post(f"{HOME}/membres/{number}/retrait").status_code == 404
    assert maker.post(f"{HOME}/membres/{10**20}/retrait").status_code in {404, 422}


@pytest.mark.databases("sqlite", "postgresql")
def test_the_last_one_who_manages_members_stays(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND, "petitions")
    leave = maker.post(f"{HOME}/depart")
    assert leave.status_code == 422
    assert "garde toujours quelqu’un" in text_of(leave.text)
    assert rights(site, maker, MAKER, "petitions") == 422
    own = maker.post(f"{HOME}/membres/{site.account_id(MAKER)}/retrait")
    assert own.status_code == 422
    assert member(site, MAKER) == set(EVERY)
    assert rights(site, maker, SECOND, "members") == 303
    assert maker.post(f"{HOME}/depart").headers["location"] == f"{DESK}?fait=depart"
    assert member(site, MAKER) is None
    assert maker.get(HOME).status_code == 404
    assert second.post(f"{HOME}/depart").status_code == 422


@pytest.mark.databases("sqlite", "postgresql")
def test_whoever_is_alone_may_end_it_unless_it_carries_petitions(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND)
    assert maker.post(f"{HOME}/suppression").status_code == 422  # somebody else is there
    assert second.post(f"{HOME}/suppression").status_code == 404
    second.post(f"{HOME}/depart")
    made = f"/organisation/petitions/{proposed(maker)}"
    assert maker.post(f"{made}/porteur", data={"organisation": HOME.rpartition("/")[2]}).status_code == 303
    refused = maker.post(f"{HOME}/suppression")
    assert refused.status_code == 422
    assert "porte des pétitions" in text_of(refused.text)
    assert member(site, MAKER) == set(EVERY)
    assert maker.post(f"{made}/reprise").status_code == 303
    invite(site, maker, THIRD)
    assert maker.post(f"{HOME}/suppression").headers["location"] == f"{DESK}?fait=suppression"
    assert maker.get(HOME).status_code == 404
    assert site.client.get("/organisations/les-amis-de-la-lanterne").status_code == 404


def test_somebody_is_removed(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND)
    assert second.get(HOME).status_code == 200
    assert maker.post(f"{HOME}/membres/{site.account_id(SECOND)}/retrait").status_code == 303
    assert second.get(HOME).status_code == 404
    assert second.post(f"{HOME}/depart").status_code == 404


def test_a_manager_who_is_disabled_does_not_count(site: Site) -> None:
    maker = found(site)
    join(site, maker, SECOND, "members")
    with site.database.write() as session:
        session.execute(update(Account).where(Account.email == SECOND).values(disabled_at=func.current_timestamp()))
    assert maker.post(f"{HOME}/depart").status_code == 422
    assert "compte désactivé" in text_of(maker.get(HOME).text)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("how", ["leave", "remove each other", "give it up"])
def test_two_last_managers_at_once(site: Site, how: str) -> None:
    """Five times, so that they do meet."""
    for n in range(5):
        home = f"{DESK}/amis-du-phare-{n + 1}"
        first_one, second_one = f"a{n}@exemple.test", f"b{n}@exemple.test"
        first = found(site, f"Amis du phare {n + 1}", first_one)
        second = join(site, first, second_one, "members", home=home)
        one, two = site.account_id(first_one), site.account_id(second_one)
        acts: dict[str, tuple[Callable[[], int], ...]] = {
            "leave": (post(first, f"{home}/depart"), post(second, f"{home}/depart")),
            "remove each other": (
                post(first, f"{home}/membres/{two}/retrait"),
                post(second, f"{home}/membres/{one}/retrait"),
            ),
            "give it up": (
                partial(rights, site, first, first_one, before="petitions,updates,signatures,members", home=home),
                partial(rights, site, second, second_one, before="members", home=home),
            ),
        }
        statuses = at_once(*acts[how])
        assert statuses == ([303, 404] if how == "remove each other" else [303, 422])
        assert managers(site) == n + 1


@pytest.mark.databases("sqlite", "postgresql")
def test_memberships_end_with_the_account(site: Site) -> None:
    """Two years without signing in, warned, gone: the one who came first looks after the members."""
    maker = found(site)
    join(site, maker, SECOND, "updates")
    join(site, maker, THIRD)
    found(site, "Seule au monde", "ermite@exemple.test")
    number = site.account_id(MAKER)
    with site.database.read() as session:
        alone = [one.organisation.name for one in actions.managed_alone(session, number)]
        assert alone == ["Les Amis de la Lanterne"]
        assert actions.managed_alone(session, site.account_id("ermite@exemple.test")) == []
    site.later(days=720)
    second = site.browser()
    for email in (SECOND, THIRD):
        assert second.post("/connexion", data={"email": email, "password": PASSWORD}).status_code == 303
    retention.run(site.database, site.settings)
    site.later(days=31)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        assert session.scalar(select(func.count()).where(Membership.account_id == number)) == 0
        assert session.scalars(select(Organisation.name)).all() == ["Les Amis de la Lanterne"]
    assert member(site, SECOND) == {Right.UPDATES, Right.MEMBERS}
    told = [mail for mail in site.mails() if "gérer les membres" in mail.text]
    assert sorted(mail.to for mail in told) == [SECOND, THIRD]


def test_every_act_is_in_the_journal_with_its_author(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND, "updates")
    rights(site, maker, SECOND, "updates", "signatures")
    maker.post(f"{HOME}/presentation", data={"name": "La Lanterne"})
    invite(site, maker, THIRD)
    maker.post(f"{HOME}/invitations/2/annulation")
    second.post(f"{HOME}/depart")
    join(site, maker, THIRD)
    maker.post(f"{HOME}/membres/{site.account_id(THIRD)}/retrait")
    journal = text_of(site.staff("admin").get("/administration/journal").text)
    for act, who in [
        ("Organisation créée", MAKER), ("Invitation envoyée", MAKER), ("Invitation acceptée", SECOND),
        ("Droits d’un membre changés", MAKER), ("Organisation présentée autrement", MAKER),
        ("Invitation annulée", MAKER), ("Organisation quittée", SECOND), ("Membre retiré", MAKER),
    ]:  # fmt: skip
        assert f"{who} {act} organisation « La Lanterne »" in journal, (act, journal)
