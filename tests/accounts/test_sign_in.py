"""The password: kept as argon2id, tried a few times only, telling nothing about who has an account."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.models import Account
from app.audit import AuditLine
from tests.conftest import settings_for
from tests.site import PASSWORD, Site, text_of
from tests.staff import is_in, public_browser, public_settings

pytestmark = pytest.mark.databases("sqlite")

WRONG = "Adresse ou mot de passe inconnus. Vérifiez les deux. Après plusieurs essais manqués,"


def _try(site: Site, email: str, password: str, **more: str) -> tuple[int, str]:
    response = site.browser().post("/connexion", data={"email": email, "password": password} | more)
    return response.status_code, response.text


def test_password_is_kept_as_argon2id_only(site: Site) -> None:
    site.account("moderator")
    with site.database.read() as session:
        kept = session.scalars(select(Account.password_hash)).one()
    assert kept.startswith("$argon2id$v=19$")
    assert PASSWORD not in kept


@pytest.mark.slow
def test_the_program_spends_on_a_password_what_the_standard_recommends(sqlite_template: Path, tmp_path: Path) -> None:
    """RFC 9106, for machines of little memory: 64 MiB, 3 passes, 4 lanes. The other tests hash at the least cost."""
    shutil.copy(sqlite_template, tmp_path / "signons.db")
    program = str(Path(sys.executable).with_name("signons"))
    env = os.environ | {"SIGNONS_DATABASE_URL": f"sqlite:///{tmp_path}/signons.db", "SIGNONS_VAR_DIR": str(tmp_path)}
    asked = [program, "account", "create", "modo@exemple.test", "--role", "moderator"]
    subprocess.run(asked, input=PASSWORD, text=True, env=env, cwd=tmp_path, check=True, capture_output=True)
    with closing(sqlite3.connect(tmp_path / "signons.db")) as connection:
        (kept,) = connection.execute("SELECT password_hash FROM account").fetchone()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(("role", "home"), [("organiser", "/organisation"), ("moderator", "/moderation")])
def test_right_password_opens_the_page_of_the_role(site: Site, role: str, home: str) -> None:
    browser = site.browser()
    answer = browser.post("/connexion", data={"email": site.account(role), "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, home)
    assert browser.get(home).status_code == 200


def test_administrator_arrives_on_a_page_that_exists(site: Site) -> None:
    browser = site.browser()
    answer = browser.post("/connexion", data={"email": site.account("admin"), "password": PASSWORD})
    assert browser.get(answer.headers["location"]).status_code == 200


def test_address_is_recognised_whatever_its_case_and_spaces(site: Site) -> None:
    site.account("moderator", email="moderatrice@exemple.test")
    assert _try(site, "  Moderatrice@Exemple.TEST ", PASSWORD)[0] == 303


def test_wrong_password_and_unknown_address_get_the_same_answer(site: Site) -> None:
    known = site.account("moderator", email="connue@exemple.test")
    wrong = _try(site, known, "pas le bon du tout")
    unknown = _try(site, "absente@exemple.test", "pas le bon du tout")
    assert wrong[0] == 422
    assert WRONG in text_of(wrong[1])
    assert unknown[0] == 422
    # The list of the local demo aside, the pages are the same but for what was typed.
    assert wrong[1].replace(f'value="{known}"', "") == unknown[1].replace('value="absente@exemple.test"', "")


def test_typed_address_stays_and_typed_password_does_not(site: Site) -> None:
    page = _try(site, "quelquun@exemple.test", "un secret tapé")[1]
    assert 'value="quelquun@exemple.test"' in page
    assert "un secret tapé" not in page


def test_wrong_password_sets_no_cookie(site: Site) -> None:
    site.account("moderator")
    response = site.client.post("/connexion", data={"email": "moderator@exemple.test", "password": "x" * 12})
    assert "set-cookie" not in response.headers


@pytest.mark.databases("sqlite", "postgresql")
def test_eight_failures_close_their_own_network_for_a_quarter_of_an_hour(site: Site) -> None:
    email = site.account("moderator")
    for _ in range(8):
        assert _try(site, email, "pas le bon du tout")[0] == 422
    closed = _try(site, email, PASSWORD)
    assert closed[0] == 422
    assert WRONG in text_of(closed[1])  # nothing says that the account exists
    with site.database.read() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.act == "account.origin_closed")).one()
        assert line.target_id == str(site.account_id(email))
    site.later(minutes=15, seconds=1)
    assert _try(site, email, PASSWORD)[0] == 303


def test_seven_failures_are_forgotten_after_a_success(database_url: str, tmp_path: Path) -> None:
    with Site(settings_for(database_url, tmp_path, rate_login="1000/minute")) as site:
        email = site.account("moderator")
        for _ in range(2):
            for _ in range(7):
                _try(site, email, "pas le bon du tout")
            assert _try(site, email, PASSWORD)[0] == 303


def test_eleventh_try_in_a_minute_is_429_even_with_the_right_password(site: Site) -> None:
    email = site.account("moderator")
    for n in range(10):
        assert _try(site, f"inconnue{n}@exemple.test", "x")[0] == 422
    response = site.client.post("/connexion", data={"email": email, "password": PASSWORD})
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert "set-cookie" not in response.headers


def test_disabled_account_opens_nothing(site: Site) -> None:
    email = site.account("moderator")
    browser = site.browser()
    browser.post("/connexion", data={"email": email, "password": PASSWORD})
    assert is_in(browser)
    with site.database.write() as session:
        session.scalars(select(Account)).one().disabled_at = clock.now()
    assert not is_in(browser)
    assert _try(site, email, PASSWORD)[0] == 422


def test_account_without_second_factor_is_refused_on_a_public_site(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        email = site.account("moderator")
        response = public_browser(site).post("/connexion", data={"email": email, "password": PASSWORD})
        assert response.status_code == 422
        assert WRONG in text_of(response.text)
        assert "set-cookie" not in response.headers


def test_accounts_of_the_demo_are_listed_on_a_local_site(site: Site) -> None:
    email = site.account("moderator")
    assert email in site.client.get("/connexion").text


def test_no_account_is_ever_listed_on_a_public_site(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        email = site.account("moderator")
        assert email not in public_browser(site).get("/connexion").text


def test_public_site_speaks_https_only_to_browsers(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        assert "max-age=31536000" in public_browser(site).get("/connexion").headers["strict-transport-security"]


OUTSIDE = [
    "https://mechant.test/",
    "//mechant.test/moderation",
    "/\\mechant.test",
    "\\\\mechant.test",
    "/moderation//mechant.test",
    "/moderation/\\mechant.test",
    "/moderation@mechant.test",
    "/moderation.mechant.test",
    "/moderationX",
    "javascript:alert(1)",
    "/connexion",
    "/deconnexion",
    "/organisation",
    "",
    "/moderation\r\nSet-Cookie: a=b",
    "\t//mechant.test",
    "/moderation/../../mechant.test",
    "/moderation/\t/mechant.test",
]
INSIDE = [
    "/moderation",
    "/moderation?commentaire=3",
    "/moderation?element=case-3&mots=%C3%A9t%C3%A9+2026",
    "/moderation/commentaires/3",
]


def test_sign_in_leads_back_to_ones_own_pages_and_never_elsewhere(database_url: str, tmp_path: Path) -> None:
    with Site(settings_for(database_url, tmp_path, rate_login="1000/minute")) as site:
        email = site.account("moderator")
        for suite in OUTSIDE + INSIDE:
            response = site.browser().post("/connexion", data={"email": email, "password": PASSWORD, "suite": suite})
            expected = suite if suite in INSIDE else "/moderation"
            assert (response.status_code, response.headers["location"]) == (303, expected), suite
            assert [c.partition("=")[0] for c in response.headers.get_list("set-cookie")] == ["session", "browser-1"]


def test_page_that_asks_to_sign_in_is_remembered(site: Site) -> None:
    slug = site.publish()
    asked = site.client.get(f"/organisation/petitions/{slug}").headers["location"]
    assert asked == f"/connexion?suite=/organisation/petitions/{slug}"
    assert f'value="/organisation/petitions/{slug}"' in site.client.get(asked).text


@pytest.mark.parametrize(
    "path", ["/moderation?element=comment-1", "/moderation?element=comment-1&mots=%C3%A9t%C3%A9+x"]
)
def test_link_with_a_query_leads_back_there_with_its_query(site: Site, path: str) -> None:
    email = site.account("moderator")
    browser = site.browser()
    asked = browser.get(path).headers["location"]
    assert asked.startswith("/connexion?suite=/moderation%3F")
    kept = unescape(browser.get(asked).text.partition('name="suite" value="')[2].partition('"')[0])
    answer = browser.post("/connexion", data={"email": email, "password": PASSWORD, "suite": kept})
    assert (answer.status_code, answer.headers["location"]) == (303, path)


def test_somebody_signed_in_does_not_sign_in_again(site: Site) -> None:
    response = site.staff("moderator").get("/connexion")
    assert (response.status_code, response.headers["location"]) == (303, "/moderation")


def test_absurdly_long_values_are_refused_like_others(site: Site) -> None:
    assert _try(site, "a" * 5000 + "@exemple.test", "b" * 5000)[0] == 422
