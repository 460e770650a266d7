"""Passkeys: made, shown, refused, removed. The authenticator is ours, what it says is what browsers send."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account, Passkey
from app.audit import AuditLine
from tests.accounts.authenticator import PRESENT, Authenticator
from tests.accounts.test_joining import NO_CODES, filled, link, seed_of
from tests.conftest import settings_for
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, give_password, is_in, with_second_factor

EMAIL = "double@exemple.test"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with Site(settings_for(database_url, tmp_path, rate_login="1000/minute")) as running:
        yield running


def asked(browser: TestClient, path: str) -> dict[str, Any]:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = json.loads(answer.text)
    assert isinstance(found, dict)
    return found


def add(browser: TestClient, own: Authenticator, name: str = "téléphone", **changes: Any) -> Any:
    made = own.make(asked(browser, "/compte/cles/demande"), **changes)
    return browser.post("/compte/cles", data={"nouvelle_cle": made, "nom": name})


def enter(browser: TestClient, own: Authenticator, suite: str = "", **changes: Any) -> Any:
    answer = own.get(asked(browser, "/connexion/cle"), **changes)
    return browser.post("/connexion/cle", data={"cle": answer, "suite": suite})


def with_passkey(site: Site, own: Authenticator, email: str = EMAIL) -> TestClient:
    """Somebody with a password, a code and a passkey, signed in by the first two."""
    totp, browser = with_second_factor(site, email=email), site.browser()
    give_password(browser, email)
    assert browser.post("/connexion", data={"code": code(totp)}).status_code == 303
    assert add(browser, own).status_code == 303
    return browser


def keys(site: Site) -> list[Passkey]:
    with site.database.read() as session:
        return list(session.scalars(select(Passkey).order_by(Passkey.id)))


def acts(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(AuditLine.act).order_by(AuditLine.id)))


@pytest.mark.parametrize("count", [0, 7])
def test_one_gesture_opens_the_account(site: Site, count: int) -> None:
    own = Authenticator(count=count)
    mine = with_passkey(site, own)
    assert "téléphone" in text_of(mine.get("/compte").text)
    for _ in range(2):
        browser = site.browser()
        answer = enter(browser, own, "/moderation/moi")
        assert (answer.status_code, answer.headers["location"]) == (303, "/moderation/moi")
        assert is_in(browser)
    assert keys(site)[0].sign_count == own.count
    told = [mail.subject for mail in site.mails()]
    assert told.count("Une façon d’entrer dans votre compte a changé") == 1
    assert "avec une clé d’accès" in site.mails()[-1].text


def test_an_account_made_with_a_passkey_has_no_password(site: Site) -> None:
    path, own, browser = link(site), Authenticator(), site.browser()
    made = own.make(asked(browser, f"{path}/cle"))
    answer = browser.post(path, data={"nouvelle_cle": made})
    assert answer.status_code == 200
    assert "Vos codes de secours" in text_of(answer.text)
    with site.database.read() as session:
        account = session.scalars(select(Account)).one()
        assert (account.password_hash, account.totp_sealed, account.is_demo, account.has_ended) == (
            "",
            None,
            False,
            False,
        )
    assert give_password(site.browser(), account.email, "") == 422
    again = site.browser()
    assert enter(again, own).status_code == 303
    assert is_in(again, "/organisation")
    refused = again.post(f"/compte/cles/{keys(site)[0].id}/fin")
    assert refused.status_code == 422
    assert "la seule façon d’entrer" in text_of(refused.text)
    assert again.post(path, data={"nouvelle_cle": made}).status_code == 303  # the link again: it exists


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://mechant.test"},
        {"rp_id": "mechant.test"},
        {"flags": PRESENT},
        {"type": "webauthn.create"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
@pytest.mark.databases("sqlite")
def test_a_gesture_made_elsewhere_opens_nothing(site: Site, wrong: dict[str, Any]) -> None:
    own = Authenticator()
    with_passkey(site, own)
    changes = {name: wrong[name] for name in ("type", "challenge") if name in wrong}
    for name in wrong.keys() - changes.keys():
        setattr(own, name, wrong[name])
    browser = site.browser()
    answer = enter(browser, own, **changes)
    assert answer.status_code == 422
    assert "n’ouvre rien ici" in text_of(answer.text)
    assert not is_in(browser)
    assert acts(site)[-1] == "account.sign_in_failed"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "said",
    ["", "{", "[]", "null", "9" * 400, '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}', "😀"],
)
def test_half_an_answer_is_no_error(site: Site, said: str) -> None:
    mine = with_passkey(site, Authenticator())
    assert site.client.post("/connexion/cle", data={"cle": said}).status_code == 422
    assert mine.post("/compte/cles", data={"nouvelle_cle": said}).status_code == 422
    assert mine.post("/compte/preuve", data={"cle": said, "vers": "/compte"}).status_code in {303, 422}
    path = link(site)
    assert site.client.post(path, data={"nouvelle_cle": said}).status_code == 422
    assert len(keys(site)) == 1


def test_a_challenge_serves_once(site: Site) -> None:
    own = Authenticator()
    with_passkey(site, own)
    browser = site.browser()
    earlier, options = asked(browser, "/connexion/cle"), asked(browser, "/connexion/cle")
    answer = own.get(options)
    assert browser.post("/connexion/cle", data={"cle": answer}).status_code == 303
    spy = site.browser()
    assert spy.post("/connexion/cle", data={"cle": answer}).status_code == 422
    assert spy.post("/connexion/cle", data={"cle": own.get(earlier)}).status_code == 422
    assert not is_in(spy)


def test_sent_sixty_times_at_once_it_opens_one_session(site: Site) -> None:
    own = Authenticator()
    with_passkey(site, own)
    answer = own.get(asked(site.client, "/connexion/cle"))
    with ThreadPoolExecutor(60) as pool:
        statuses = list(
            pool.map(lambda _: site.browser().post("/connexion/cle", data={"cle": answer}).status_code, range(60))
        )
    assert statuses.count(303) <= 1
    assert acts(site).count("account.signed_in") == 1 + statuses.count(303)
    assert set(statuses) <= {303, 422, 429, 503}


@pytest.mark.databases("sqlite")
def test_five_minutes_and_not_one_more(site: Site) -> None:
    own = Authenticator()
    mine = with_passkey(site, own)
    options, making = asked(site.client, "/connexion/cle"), asked(mine, "/compte/cles/demande")
    site.later(minutes=5, seconds=1)
    assert site.client.post("/connexion/cle", data={"cle": own.get(options)}).status_code == 422
    late = mine.post("/compte/cles", data={"nouvelle_cle": Authenticator().make(making)})
    assert (late.status_code, "cinq minutes ont passé" in text_of(late.text)) == (422, True)


@pytest.mark.databases("sqlite")
def test_a_question_to_one_is_not_answered_by_another(site: Site) -> None:
    """Neither another account's page, nor another purpose."""
    mine = with_passkey(site, Authenticator())
    other = with_passkey(site, Authenticator(), "autre@exemple.test")
    made = Authenticator().make(asked(mine, "/compte/cles/demande"))
    assert other.post("/compte/cles", data={"nouvelle_cle": made}).status_code == 422
    path = link(site)
    made = Authenticator().make(asked(site.client, f"{path}/cle"))
    assert mine.post("/compte/cles", data={"nouvelle_cle": made}).status_code == 422
    assert len(keys(site)) == 2


def test_a_copy_is_found_by_its_counter_and_its_owner_told(site: Site) -> None:
    own = Authenticator(count=7)
    with_passkey(site, own)
    copy = Authenticator(count=7, key=own.key, id=own.id)
    assert enter(site.browser(), own).status_code == 303
    thief = site.browser()
    assert enter(thief, copy).status_code == 422
    assert not is_in(thief)
    assert "account.passkey_copied" in acts(site)
    assert "Une de vos clés d’accès a peut-être été copiée" in [mail.subject for mail in site.mails()]
    copy.count = 0  # as if it did not count
    assert enter(thief, copy).status_code == 422
    assert enter(site.browser(), own).status_code == 303


@pytest.mark.databases("sqlite")
def test_a_disabled_account_does_not_open(site: Site) -> None:
    own = Authenticator()
    with_passkey(site, own)
    with site.database.write() as session:
        session.scalars(select(Account)).one().disabled_at = clock.now()
    assert enter(site.browser(), own).status_code == 422


@pytest.mark.databases("sqlite")
def test_failures_of_others_do_not_close_the_door_to_a_passkey(site: Site) -> None:
    own = Authenticator()
    with_passkey(site, own)
    for _ in range(8):
        give_password(site.browser(), password="pas le bon du tout")
    browser = site.browser()
    assert give_password(browser) in {422, 429}
    assert enter(browser, own).status_code == 303


def test_the_same_key_is_one_accounts(site: Site) -> None:
    own = Authenticator()
    with_passkey(site, own)
    totp, other = with_second_factor(site, email="autre@exemple.test"), site.browser()
    give_password(other, "autre@exemple.test")
    other.post("/connexion", data={"code": code(totp)})
    answer = add(other, own)
    assert (answer.status_code, "déjà celle d’un compte" in text_of(answer.text)) == (422, True)
    path = link(site)
    made = own.make(asked(site.client, f"{path}/cle"))
    assert site.client.post(path, data={"nouvelle_cle": made}).status_code == 422
    with site.database.read() as session:
        assert len(session.scalars(select(Account)).all()) == 2


@pytest.mark.databases("sqlite")
def test_ten_at_most_with_names_of_any_kind(site: Site) -> None:
    mine = with_passkey(site, Authenticator())
    for name in ("", "😀", "\u202e\u200b", "9" * 200, "<img src=x>", "é", "a", "b", "c"):
        assert add(mine, Authenticator(), name).status_code == 303
    assert "Dix clés d’accès au plus" in text_of(add(mine, Authenticator()).text)
    page = mine.get("/compte").text
    assert "<img" not in page
    assert "9" * 61 not in page


# Proof


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def by_name(site: Site) -> TestClient:
    """At the address where browsers have passkeys."""
    made = TestClient(site.app, base_url="http://localhost:8000", follow_redirects=False)
    made.portal = site.client.portal
    return made


def test_a_gesture_is_a_proof(site: Site) -> None:
    own, mine = Authenticator(), by_name(site)
    with_passkey(site, own)
    assert enter(mine, own).status_code == 303
    site.later(minutes=11)
    page = mine.post("/compte/codes")
    assert page.status_code == 403
    assert 'data-options="/compte/cles/preuve"' in page.text
    before = mine.cookies["session"]
    fields = hidden(page.text) | {"cle": own.get(asked(mine, "/compte/cles/preuve"))}
    proved = mine.post("/compte/preuve", data=fields)
    assert (proved.status_code, proved.headers["location"]) == (307, "/compte/codes")
    assert mine.cookies["session"] != before
    assert "Vos nouveaux codes de secours" in text_of(mine.post("/compte/codes", data=fields).text)


def test_who_has_passkeys_alone_is_asked_for_one_and_adds_a_password_with_its_code(site: Site) -> None:
    path, own, mine = link(site), Authenticator(), by_name(site)
    mine.post(path, data={"nouvelle_cle": own.make(asked(mine, f"{path}/cle"))})
    site.later(minutes=11)
    page = mine.post("/compte/code").text
    assert 'name="preuve"' not in page
    assert mine.post("/compte/preuve", data={"preuve": "", "vers": "/compte/code"}).status_code == 422
    fields = {"cle": own.get(asked(mine, "/compte/cles/preuve")), "vers": "/compte/code"}
    assert mine.post("/compte/preuve", data=fields).status_code == 307
    offered = mine.post("/compte/code").text
    form = filled(offered)
    assert mine.post("/compte/code/nouveau", data=form | {"password": "court"}).status_code == 422
    assert mine.post("/compte/code/nouveau", data=form | {"code": "000000"}).status_code == 422
    assert mine.post("/compte/code/nouveau", data=form).status_code == 303
    again = site.browser()
    assert give_password(again, "nouvelle@exemple.test") == 303
    assert again.post("/connexion", data={"code": form["code"]}).status_code == 422  # it has served
    site.later(seconds=31)
    assert again.post("/connexion", data={"code": code(seed_of(offered))}).status_code == 303
    assert mine.post(f"/compte/cles/{keys(site)[0].id}/fin").status_code == 303  # no longer the last way in


def test_another_application_ends_the_other_sessions(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    here, there = site.browser(), site.browser()
    for browser in (here, there):
        give_password(browser)
        browser.post("/connexion", data={"code": code(totp)})
        site.later(seconds=31)
    offered = here.post("/compte/code").text
    form = filled(offered) | {"password": "une autre, ignorée"}
    assert here.post("/compte/code/nouveau", data=form).headers["location"] == "/compte?fait=code"
    assert is_in(here, "/organisation")
    assert not is_in(there, "/organisation")
    assert give_password(there) == 303
    assert there.post("/connexion", data={"code": code(totp)}).status_code == 422
    assert "Une façon d’entrer dans votre compte a changé" in [mail.subject for mail in site.mails()]


# Recovery codes


def test_a_recovery_code_stands_for_the_code_once(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    mine = site.browser()
    give_password(mine)
    mine.post("/connexion", data={"code": code(totp)})
    drawn = NO_CODES.findall(mine.post("/compte/codes").text)
    assert len(set(drawn)) == 10
    assert "il vous en reste 10" in text_of(mine.get("/compte").text)
    for n, typed in enumerate((drawn[0], drawn[1].upper().replace("-", " "), drawn[2].replace("-", ""))):
        other = site.browser()
        give_password(other)
        assert "Je n’ai pas mon téléphone" in text_of(other.get("/connexion").text)
        answer = other.post("/connexion", data={"secours": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, "/organisation"), typed
        assert f"Il vous en reste {9 - n}." in next(
            mail.text for mail in reversed(site.mails()) if mail.subject == "Un code de secours a servi"
        )
    give_password(other := site.browser())
    refused = other.post("/connexion", data={"secours": drawn[0]})
    assert (refused.status_code, "il a servi" in text_of(refused.text)) == (422, True)
    again = NO_CODES.findall(mine.post("/compte/codes").text)
    assert other.post("/connexion", data={"secours": drawn[3]}).status_code == 422
    assert other.post("/connexion", data={"secours": again[0]}).status_code == 303


def test_one_recovery_code_sent_at_once_opens_one_session(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    mine = site.browser()
    give_password(mine)
    mine.post("/connexion", data={"code": code(totp)})
    drawn = NO_CODES.findall(mine.post("/compte/codes").text)
    halves = [site.browser() for _ in range(6)]
    for half in halves:
        assert give_password(half) == 303
    with ThreadPoolExecutor(6) as pool:
        spent = list(pool.map(lambda half: half.post("/connexion", data={"secours": drawn[0]}).status_code, halves))
    assert spent.count(303) == 1


@pytest.mark.databases("sqlite")
def test_another_accounts_recovery_code_opens_nothing_and_is_not_spent(site: Site) -> None:
    path, mine = link(site), site.browser()
    drawn = NO_CODES.findall(mine.post(path, data=filled(mine.get(path).text)).text)
    with_second_factor(site)
    other = site.browser()
    give_password(other)
    for typed in (drawn[0], "", "😀", "9" * 4000, "----"):
        assert other.post("/connexion", data={"secours": typed}).status_code == 422
    give_password(own := site.browser(), "nouvelle@exemple.test")
    assert own.post("/connexion", data={"secours": drawn[0]}).status_code == 303


def test_somebody_elses_gesture_proves_nothing(site: Site) -> None:
    own, other = Authenticator(), Authenticator()
    mine = with_passkey(site, own)
    theirs = with_passkey(site, other, "autre@exemple.test")
    site.later(minutes=11)
    for answer in (
        other.get(asked(mine, "/compte/cles/preuve")),
        other.get(asked(theirs, "/compte/cles/preuve")),
        own.get(asked(theirs, "/compte/cles/preuve")),
        own.get(asked(mine, "/connexion/cle")),
    ):
        refused = mine.post("/compte/preuve", data={"cle": answer, "vers": "/compte/codes"})
        assert (refused.status_code, "pas une clé d’accès de ce compte" in text_of(refused.text)) == (422, True)
    assert acts(site).count("account.proof_failed") == 4
    assert mine.post("/compte/codes").status_code == 403


@pytest.mark.databases("sqlite")
def test_adding_and_removing_ask_for_a_proof(site: Site) -> None:
    mine = with_passkey(site, Authenticator())
    site.later(minutes=11)
    for path in ("/compte/cles/nouvelle", "/compte/cles", f"/compte/cles/{keys(site)[0].id}/fin", "/compte/code",
                 "/compte/code/nouveau", "/compte/codes"):  # fmt: skip
        assert mine.post(path).status_code == 403, path
    assert len(keys(site)) == 1


def test_a_key_is_removed_and_opens_nothing_more(site: Site) -> None:
    own = Authenticator()
    mine = with_passkey(site, own)
    other = with_passkey(site, Authenticator(), "autre@exemple.test")
    number = keys(site)[0].id
    assert other.post(f"/compte/cles/{number}/fin").status_code == 404
    assert mine.post(f"/compte/cles/{number}/fin").status_code == 303
    assert enter(site.browser(), own).status_code == 422
    assert {"account.passkey_added", "account.passkey_removed"} <= set(acts(site))


def test_of_two_removed_at_once_one_stays(site: Site) -> None:
    """The account has no password: the last way in stays, whatever the timing."""
    path, browser = link(site), site.browser()
    first, second = Authenticator(), Authenticator()
    browser.post(path, data={"nouvelle_cle": first.make(asked(browser, f"{path}/cle"))})
    assert add(browser, second).status_code == 303
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda key: browser.post(f"/compte/cles/{key.id}/fin").status_code, keys(site)))
    assert sorted(answers) == [303, 422]
    assert len(keys(site)) == 1


# The demo


@pytest.mark.databases("sqlite")
def test_an_address_of_numbers_says_where_passkeys_work(site: Site) -> None:
    assert "http://localhost:8000/connexion" in site.client.get("/connexion").text
    organiser = site.staff("organiser")
    assert "http://localhost:8000/compte" in organiser.get("/compte").text
    assert 'data-options="/connexion/cle"' in by_name(site).get("/connexion").text


@pytest.mark.databases("sqlite")
def test_a_demo_account_comes_in_by_its_passkey_or_its_password(site: Site) -> None:
    own, organiser = Authenticator(), site.staff("organiser")
    assert add(organiser, own).status_code == 303
    assert enter(site.browser(), own).status_code == 303
    assert give_password(site.browser(), "organiser@exemple.test", PASSWORD) == 303
    assert organiser.post(f"/compte/cles/{keys(site)[0].id}/fin").status_code == 303
