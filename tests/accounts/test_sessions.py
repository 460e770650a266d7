"""Sessions are rows: hashed, revocable, ended by idleness, by the day's end and by hand."""

import hashlib
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.accounts import jobs
from app.accounts import queries as account_queries
from app.accounts.models import StaffSession
from app.audit import AuditLine
from tests.site import PASSWORD, Site
from tests.staff import PUBLIC, code, give_password, is_in, public_browser, public_settings, with_second_factor

pytestmark = pytest.mark.databases("sqlite")


def _attributes(header: str) -> set[str]:
    return {part.strip().lower() for part in header.split(";")[1:]}


def test_cookie_of_a_local_site_is_closed_to_scripts_and_other_sites(site: Site) -> None:
    response = site.client.post("/connexion", data={"email": site.account("moderator"), "password": PASSWORD})
    session, browser = response.headers.get_list("set-cookie")
    assert session.startswith("session=")
    assert _attributes(session) == {"httponly", "path=/", "samesite=lax"}
    # What lets the browser be known again goes to the sign-in page only: public pages are asked for without it.
    assert re.match(r"browser-\d+=", browser)
    assert _attributes(browser) == {"httponly", "path=/connexion", "samesite=lax", "max-age=15552000"}


def test_cookie_of_a_public_site_is_secure_and_bound_to_its_host(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        totp = with_second_factor(site)
        browser = public_browser(site)
        half = browser.post("/connexion", data={"email": "double@exemple.test", "password": PASSWORD})
        whole = browser.post("/connexion", data={"code": code(totp)})
        for response in (half, whole):
            header = response.headers.get_list("set-cookie")[0]
            assert header.startswith("__Host-session=")
            assert _attributes(header) == {"httponly", "path=/", "samesite=lax", "secure"}
        browser_cookie = whole.headers.get_list("set-cookie")[1]
        assert browser_cookie.startswith("__Secure-browser-")
        assert {"httponly", "secure"} < _attributes(browser_cookie)
        assert len(half.headers.get_list("set-cookie")) == 1  # a password alone makes no browser known
        assert is_in(browser)
        out = browser.post("/deconnexion")
        assert {"secure", "max-age=0", "path=/"} <= _attributes(out.headers["set-cookie"])
        assert not is_in(browser)


def test_plain_cookie_name_means_nothing_on_a_public_site(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        totp = with_second_factor(site)
        browser = public_browser(site)
        give_password(browser)
        browser.post("/connexion", data={"code": code(totp)})
        value = browser.cookies["__Host-session"]
        other = public_browser(site)
        other.cookies.set("session", value, domain=PUBLIC["base_url"].removeprefix("https://"))
        assert not is_in(other)


def test_table_keeps_only_the_hash_of_the_cookie(site: Site) -> None:
    value = site.staff("moderator").cookies["session"]
    with site.database.read() as session:
        assert session.scalars(select(StaffSession.key)).one() == hashlib.sha256(value.encode()).digest()
        assert len(value) >= 43  # 256 bits
        rows = session.execute(text("SELECT * FROM staff_session")).all()
    assert value not in repr(rows)


def test_cookie_chosen_by_somebody_else_is_never_adopted(site: Site) -> None:
    browser = site.browser(cookies={"session": "choisi-par-un-autre"})
    browser.post("/connexion", data={"email": site.account("moderator"), "password": PASSWORD})
    assert not is_in(site.browser(cookies={"session": "choisi-par-un-autre"}))


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.staff("moderator")
    copy = site.browser(cookies={"session": browser.cookies["session"]})
    assert is_in(copy)
    response = browser.post("/deconnexion")
    assert (response.status_code, response.headers["location"]) == (303, "/connexion")
    assert not is_in(copy)
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 0


def test_signing_out_leaves_other_sessions_alone(site: Site) -> None:
    here = site.staff("moderator")
    there = site.browser()
    there.post("/connexion", data={"email": "moderator@exemple.test", "password": PASSWORD})
    here.post("/deconnexion")
    assert is_in(there)


@pytest.mark.databases("sqlite", "postgresql")
def test_all_sessions_of_an_account_can_be_revoked(site: Site) -> None:
    here, other = site.staff("moderator"), site.staff("organiser")
    with site.database.write() as session:
        account_queries.end_sessions(session, site.account_id("moderator@exemple.test"))
    assert not is_in(here)
    assert is_in(other, "/organisation")


@pytest.mark.databases("sqlite", "postgresql")
def test_session_ends_after_two_idle_hours(site: Site) -> None:
    browser = site.staff("moderator")
    site.later(hours=1, minutes=59)
    assert is_in(browser)
    site.later(hours=1, minutes=59)  # the last visit was a moment ago: reading counts
    assert is_in(browser)
    site.later(hours=2, minutes=1)
    assert not is_in(browser)


def test_session_ends_after_ten_hours_whatever_one_does(site: Site) -> None:
    browser = site.staff("moderator")
    for _ in range(9):
        site.later(hours=1)
        assert is_in(browser)
    site.later(hours=1, seconds=1)
    assert not is_in(browser)


def test_ended_session_cannot_act(site: Site) -> None:
    browser = site.staff("moderator")
    comment = site.comment(site.publish(), "Bravo pour cette bibliothèque.")
    site.later(hours=2, minutes=1)
    response = browser.post(f"/moderation/commentaires/{comment}/decision", data={"decision": "publish"})
    assert response.status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_expired_sessions_are_deleted(site: Site) -> None:
    site.staff("moderator")
    site.later(hours=10, seconds=1)
    fresh = site.staff("organiser")
    jobs.purge_sessions(site.database)
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(StaffSession)) == 1
    assert is_in(fresh, "/organisation")


def test_any_other_cookie_is_a_stranger(site: Site) -> None:
    for cookie in ["", "x", "é", "a" * 3000, "../../etc"]:
        assert site.client.get("/moderation", headers={b"cookie": f"session={cookie}".encode()}).status_code == 303


def test_staff_pages_are_kept_nowhere(site: Site) -> None:
    response = site.staff("moderator").get("/moderation")
    assert response.headers["cache-control"] == "no-store"


def test_signing_in_is_in_the_journal(site: Site) -> None:
    site.staff("moderator")
    with site.database.read() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.act == "account.signed_in")).one()
    assert line.account_id == site.account_id("moderator@exemple.test")
    assert "exemple" not in repr(line.details)
