"""The second factor: asked for after the password, good once, for half a minute or so."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.models import Account
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, give_password, is_in, with_second_factor

pytestmark = pytest.mark.databases("sqlite")


def test_password_alone_opens_nothing(site: Site) -> None:
    with_second_factor(site)
    browser = site.browser()
    assert give_password(browser) == 303
    assert not is_in(browser)
    assert browser.post("/moderation/commentaires/1/decision", data={"decision": "publish"}).status_code == 404
    assert 'name="code"' in browser.get("/connexion").text


def test_right_code_opens_the_pages_of_the_role(site: Site) -> None:
    totp = with_second_factor(site)
    browser = site.browser()
    give_password(browser)
    response = browser.post("/connexion", data={"code": code(totp)})
    assert (response.status_code, response.headers["location"]) == (303, "/moderation")
    assert is_in(browser)


def test_code_may_be_typed_with_a_space(site: Site) -> None:
    totp = with_second_factor(site)
    give_password(site.client)
    typed = code(totp)
    assert site.client.post("/connexion", data={"code": f" {typed[:3]} {typed[3:]} "}).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_code_works_once_only(site: Site) -> None:
    totp = with_second_factor(site)
    mine, spy = site.browser(), site.browser()
    give_password(mine)
    give_password(spy)
    used = code(totp)
    assert mine.post("/connexion", data={"code": used}).status_code == 303
    assert spy.post("/connexion", data={"code": used}).status_code == 422
    assert not is_in(spy)
    site.later(seconds=30)
    assert spy.post("/connexion", data={"code": code(totp)}).status_code == 303


def test_earlier_code_does_not_work_after_a_later_one(site: Site) -> None:
    totp = with_second_factor(site)
    mine, spy = site.browser(), site.browser()
    give_password(mine)
    give_password(spy)
    earlier = code(totp, -1)
    assert mine.post("/connexion", data={"code": code(totp)}).status_code == 303
    assert spy.post("/connexion", data={"code": earlier}).status_code == 422


def test_clock_of_the_telephone_may_be_half_a_minute_wrong(site: Site) -> None:
    for steps, status in [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)]:
        totp = with_second_factor(site, email=f"double{steps}@exemple.test")
        browser = site.browser()
        give_password(browser, f"double{steps}@exemple.test")
        clock.travel(timedelta(seconds=31 - clock.now().timestamp() % 30))  # a second into a half minute
        assert browser.post("/connexion", data={"code": code(totp, steps)}).status_code == status, steps


def test_any_other_text_is_a_wrong_code(site: Site) -> None:
    with_second_factor(site)
    give_password(site.client)
    for typed in ["", "abcdef", "é12345", "１２３４５６", "0" * 4000, "12345", "-1"]:
        response = site.client.post("/connexion", data={"code": typed})
        assert response.status_code == 422, typed
        assert "Ce code ne convient pas" in text_of(response.text)


@pytest.mark.databases("sqlite", "postgresql")
def test_eight_wrong_codes_lock_the_account(site: Site) -> None:
    totp = with_second_factor(site)
    give_password(site.client)
    for _ in range(8):
        assert site.client.post("/connexion", data={"code": "000000"}).status_code == 422
    assert site.client.post("/connexion", data={"code": code(totp)}).status_code == 422
    site.later(minutes=15, seconds=1)
    give_password(site.client)
    assert site.client.post("/connexion", data={"code": code(totp)}).status_code == 429  # the address is tired, too


def test_code_without_a_password_before_it_opens_nothing(site: Site) -> None:
    totp = with_second_factor(site)
    response = site.client.post("/connexion", data={"code": code(totp)})
    assert response.status_code == 422
    assert "set-cookie" not in response.headers


def test_ten_minutes_between_password_and_code(site: Site) -> None:
    totp = with_second_factor(site)
    give_password(site.client)
    site.later(minutes=10, seconds=1)
    response = site.client.post("/connexion", data={"code": code(totp)})
    assert response.status_code == 422
    assert "Recommencez" in text_of(response.text)


def test_half_session_ends_when_the_code_is_given(site: Site) -> None:
    totp = with_second_factor(site)
    give_password(site.client)
    half = site.client.cookies["session"]
    site.client.post("/connexion", data={"code": code(totp)})
    assert site.client.cookies["session"] != half
    old = site.browser(cookies={"session": half})
    site.later(seconds=60)
    assert old.post("/connexion", data={"code": code(totp)}).status_code == 422


def test_page_that_asked_is_remembered_through_both_steps(site: Site) -> None:
    totp = with_second_factor(site)
    page = "/moderation/commentaires/3"
    asked = site.client.post(
        "/connexion", data={"email": "double@exemple.test", "password": PASSWORD, "suite": page}
    ).headers["location"]
    assert f'value="{page}"' in site.client.get(asked).text
    response = site.client.post("/connexion", data={"code": code(totp), "suite": page})
    assert response.headers["location"] == page


def test_page_asked_for_between_the_steps_is_never_another_sites(site: Site) -> None:
    with_second_factor(site)
    response = site.client.post(
        "/connexion", data={"email": "double@exemple.test", "password": PASSWORD, "suite": "//mechant.test"}
    )
    assert "mechant" not in response.headers["location"]


def test_seed_is_sealed_in_the_database(site: Site) -> None:
    totp = with_second_factor(site)
    with site.database.read() as session:
        sealed = session.scalars(select(Account.totp_sealed)).one()
    assert sealed is not None
    assert totp.secret.encode() not in sealed


def test_uri_names_the_platform_and_the_person(site: Site) -> None:
    totp = with_second_factor(site)
    assert (totp.issuer, totp.name, totp.digits, totp.interval) == ("Signons", "double@exemple.test", 6, 30)
    assert len(totp.secret) >= 32  # 160 bits
