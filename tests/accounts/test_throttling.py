"""Nobody's failures close the door to somebody else: by network, by browser, by mailed link."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.accounts.models import SignInThrottle, StaffSession
from app.audit import AuditLine
from app.mail.models import OutboxMail
from tests.conftest import settings_for
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, give_password, is_in, with_second_factor

EMAIL = "double@exemple.test"
STRANGERS = ("203.0.113.7", "198.51.100.9", "2001:db8:1::5", "192.0.2.44", "192.0.2.45")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with Site(settings_for(database_url, tmp_path, rate_login="1000/minute")) as running:
        yield running


def at(site: Site, network: str) -> TestClient:
    """A new browser somewhere."""
    return TestClient(
        site.app,
        base_url="http://127.0.0.1:8000",
        follow_redirects=False,
        raise_server_exceptions=False,
        client=(network, 50_000),
        headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    )


def fail(browser: TestClient, n: int = 8) -> None:
    for _ in range(n):
        assert give_password(browser, password="pas le bon du tout") == 422


def enter(site: Site, browser: TestClient, totp: object, **more: str) -> bool:
    """Password and the next code; True when that was enough."""
    answer = browser.post("/connexion", data={"email": EMAIL, "password": PASSWORD} | more)
    if answer.status_code != 303:
        return False
    site.later(seconds=31)
    browser.post("/connexion", data={"code": code(totp)})  # type: ignore[arg-type]
    return is_in(browser)


def link_of(site: Site) -> str:
    return next(mail for mail in reversed(site.mails()) if mail.to == EMAIL).link("/connexion/lien/")


def acts(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(AuditLine.act).order_by(AuditLine.id)))


def test_a_stranger_closes_the_account_to_their_own_network_only(site: Site) -> None:
    totp = with_second_factor(site)
    stranger = at(site, STRANGERS[0])
    fail(stranger)
    assert give_password(stranger) == 422
    assert give_password(at(site, STRANGERS[0])) == 422  # another browser of the same network
    assert enter(site, at(site, "192.0.2.1"), totp)


def test_neighbours_in_one_ipv6_network_count_together(site: Site) -> None:
    with_second_factor(site)
    fail(at(site, "2001:db8:1::5"))
    assert give_password(at(site, "2001:db8:1::6")) == 422
    assert give_password(at(site, "2001:db8:2::6")) == 303


def test_a_browser_that_has_been_here_is_not_closed_by_its_network(site: Site) -> None:
    totp = with_second_factor(site)
    mine = at(site, STRANGERS[0])
    assert enter(site, mine, totp)
    mine.post("/deconnexion")
    fail(at(site, STRANGERS[0]))
    assert give_password(at(site, STRANGERS[0])) == 422
    assert enter(site, mine, totp)


def test_the_browser_that_was_known_has_tries_of_its_own_and_no_more(site: Site) -> None:
    totp = with_second_factor(site)
    mine = at(site, STRANGERS[0])
    assert enter(site, mine, totp)
    mine.post("/deconnexion")
    fail(mine)
    assert give_password(mine) == 422
    assert give_password(at(site, STRANGERS[0])) == 303  # the network itself has done nothing


def test_many_networks_close_it_to_networks_and_never_to_its_owner(site: Site) -> None:
    totp = with_second_factor(site)
    mine, elsewhere = at(site, "192.0.2.1"), at(site, "192.0.2.2")
    assert enter(site, mine, totp)
    mine.post("/deconnexion")
    for network in STRANGERS[:4]:
        fail(at(site, network), 8)
    assert "account.locked" in acts(site)
    assert give_password(elsewhere) == 422
    assert enter(site, mine, totp)  # the browser is known
    assert elsewhere.post("/connexion/lien", data={"email": EMAIL}).status_code == 303
    path = link_of(site)
    page = elsewhere.get(path)
    assert page.status_code == 200
    token = path.rpartition("/")[2]
    assert f'name="lien" value="{token}"' in page.text
    assert enter(site, elsewhere, totp, lien=token)


def test_the_link_lowers_nothing(site: Site) -> None:
    totp = with_second_factor(site)
    browser = at(site, STRANGERS[0])
    fail(browser)
    browser.post("/connexion/lien", data={"email": EMAIL})
    token = link_of(site).rpartition("/")[2]
    assert "set-cookie" not in browser.get(f"/connexion/lien/{token}").headers
    assert not is_in(browser)
    assert browser.post("/connexion", data={"lien": token, "email": EMAIL, "password": "faux"}).status_code == 422
    assert browser.post("/connexion", data={"lien": token, "email": EMAIL, "password": PASSWORD}).status_code == 303
    assert not is_in(browser)  # the code is still to come
    for _ in range(8):
        assert browser.post("/connexion", data={"code": "000000"}).status_code == 422
    site.later(seconds=31)
    assert browser.post("/connexion", data={"code": code(totp)}).status_code == 422  # its tries are counted, too


def test_the_link_serves_once_its_owner_only_for_a_quarter_of_an_hour(site: Site) -> None:
    totp = with_second_factor(site)
    other = with_second_factor(site, email="autre@exemple.test")
    browser = at(site, STRANGERS[0])
    fail(browser)
    browser.post("/connexion/lien", data={"email": EMAIL})
    path = link_of(site)
    token = path.rpartition("/")[2]
    for _ in range(8):
        browser.post("/connexion", data={"email": "autre@exemple.test", "password": "pas le bon du tout"})
    form = {"email": "autre@exemple.test", "password": PASSWORD, "lien": token}
    assert browser.post("/connexion", data=form).status_code == 422
    assert enter(site, browser, totp, lien=token)
    assert browser.get(path).status_code == 410
    again = at(site, STRANGERS[0])
    fail(again)
    assert again.post("/connexion", data={"email": EMAIL, "password": PASSWORD, "lien": token}).status_code == 422
    again.post("/connexion/lien", data={"email": EMAIL})
    late = link_of(site)
    assert late != path
    site.later(minutes=15, seconds=1)
    assert again.get(late).status_code == 410
    for wrong in ("x" * 40, "é" * 30, token[:-2] + "AA"):
        assert again.get(f"/connexion/lien/{wrong}").status_code in {400, 410}, wrong
    assert other.name == "autre@exemple.test"


@pytest.mark.databases("sqlite")
def test_asking_for_a_link_tells_nothing_and_floods_nobody(site: Site) -> None:
    with_second_factor(site)
    known = [site.client.post("/connexion/lien", data={"email": EMAIL}) for _ in range(9)]
    for address in ("absente@exemple.test", "", "pas une adresse", "é" * 300):
        answer = site.client.post("/connexion/lien", data={"email": address})
        assert (answer.status_code, answer.headers["location"]) == (303, known[0].headers["location"])
    with site.database.read() as session:
        mails = session.scalars(select(OutboxMail).where(OutboxMail.template == "accounts/sign_in_link")).all()
    assert len(mails) == 4


def test_its_owner_is_told_once_a_day(site: Site) -> None:
    with_second_factor(site)
    for network in STRANGERS[:3]:
        fail(at(site, network))
    told = [mail for mail in site.mails() if "essais de connexion manqués" in mail.subject]
    assert [mail.to for mail in told] == [EMAIL]
    assert "203.0.113" not in told[0].text
    site.later(days=1, seconds=1)
    fail(at(site, STRANGERS[0]))
    assert len([mail for mail in site.mails() if "essais de connexion manqués" in mail.subject]) == 2


def test_failures_old_enough_do_not_add_up(site: Site) -> None:
    totp = with_second_factor(site)
    browser = at(site, STRANGERS[0])
    for _ in range(3):
        fail(browser, 7)
        site.later(minutes=16)
    assert enter(site, browser, totp)


def test_no_network_is_written_down(site: Site) -> None:
    totp = with_second_factor(site)
    browser = at(site, STRANGERS[0])
    fail(browser, 3)
    assert enter(site, browser, totp)
    with site.database.read() as session:
        rows = [
            vars(row) for kind in (SignInThrottle, StaffSession, AuditLine) for row in session.scalars(select(kind))
        ]
    assert STRANGERS[0] not in repr(rows)
    assert "Gecko" not in repr(rows)


@pytest.mark.databases("sqlite")
def test_failures_refusals_and_sign_outs_are_in_the_journal_without_an_address(site: Site) -> None:
    totp = with_second_factor(site)
    browser = at(site, STRANGERS[0])
    fail(browser, 1)
    give_password(browser, "inconnue@exemple.test")
    give_password(browser)
    browser.post("/connexion", data={"code": "000000"})
    assert enter(site, browser, totp)
    browser.post("/deconnexion")
    with site.database.read() as session:
        lines = session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
    told = [(line.act, line.target_id, line.details.get("why")) for line in lines]
    mine = str(site.account_id(EMAIL))
    for expected in [
        ("account.sign_in_failed", mine, "password"),
        ("account.sign_in_failed", "-", "unknown"),
        ("account.sign_in_failed", mine, "code"),
        ("account.signed_in", mine, None),
        ("account.signed_out", mine, None),
    ]:
        assert expected in told
    assert "@" not in repr(told)


@pytest.mark.databases("sqlite")
def test_the_sign_in_page_leads_to_the_link(site: Site) -> None:
    assert 'href="/connexion/lien"' in site.client.get("/connexion").text
    assert "Recevoir le lien" in text_of(site.client.get("/connexion/lien").text)
