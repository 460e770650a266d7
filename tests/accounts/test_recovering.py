"""Ways back by mail: a forgotten password, a lost second factor, and a change of address that two addresses follow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.audit import AuditLine
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_joining import NO_CODES, filled, joined, link, seed_of
from tests.accounts.test_passkeys import asked
from tests.conftest import settings_for
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, give_password, is_in, with_second_factor

EMAIL, NEW = "double@exemple.test", "une toute autre phrase"
PLACE = "/organisation"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with Site(settings_for(database_url, tmp_path, rate_login="1000/minute")) as running:
        yield running


def entered(site: Site, email: str, totp: pyotp.TOTP, password: str = PASSWORD) -> TestClient:
    browser = site.browser()
    assert give_password(browser, email, password) == 303
    site.later(seconds=31)
    assert browser.post("/connexion", data={"code": code(totp)}).status_code == 303
    return browser


def mailed(site: Site, path: str, email: str = EMAIL, start: str = "/connexion/") -> str:
    """Ask on this page; the link of the mail that came."""
    answer = site.client.post(path, data={"email": email})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/retour-envoye")
    return [mail for mail in site.mails() if mail.to == email][-1].link(start)


def account(site: Site) -> Account:
    with site.database.read() as session:
        return session.scalars(select(Account).order_by(Account.id)).first()  # type: ignore[return-value]


def acts(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(AuditLine.act).order_by(AuditLine.id)))


def subjects(site: Site) -> list[tuple[str, str]]:
    return [(mail.to, mail.subject) for mail in site.mails()]


# A forgotten password


def test_a_new_password_still_asks_for_the_code(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    earlier = entered(site, EMAIL, totp)
    path = mailed(site, "/connexion/mot-de-passe-oublie")
    assert EMAIL in site.client.get(path).text
    answer = site.client.post(path, data={"password": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/fait/mot-de-passe")
    assert "second facteur reste demandé" in text_of(site.client.get(answer.headers["location"]).text)
    assert "set-cookie" not in answer.headers
    assert not is_in(earlier, PLACE)
    assert give_password(site.browser()) == 422
    browser = site.browser()
    assert give_password(browser, password=NEW) == 303
    assert not is_in(browser, PLACE)
    assert is_in(entered(site, EMAIL, totp, NEW), PLACE)
    assert (EMAIL, "Votre mot de passe a été changé") in subjects(site)
    assert {"account.link_sent", "account.password_changed"} <= set(acts(site))


def test_the_link_serves_once_even_sent_sixty_times(site: Site) -> None:
    with_second_factor(site)
    path = mailed(site, "/connexion/mot-de-passe-oublie")
    with ThreadPoolExecutor(60) as pool:
        tries = [f"une autre phrase numéro {n}" for n in range(60)]
        statuses = list(pool.map(lambda new: site.browser().post(path, data={"password": new}).status_code, tries))
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 410, 429, 503}
    assert site.client.get(path).status_code == 410
    assert acts(site).count("account.password_changed") == 1


def test_the_next_change_ends_the_links_that_were_sent(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    first = mailed(site, "/connexion/mot-de-passe-oublie")
    factor = mailed(site, "/connexion/second-facteur")
    browser = entered(site, EMAIL, totp)
    form = {"present": PASSWORD, "new": NEW, "again": NEW}
    assert browser.post("/compte/mot-de-passe", data=form).status_code == 303
    assert site.client.post(first, data={"password": "la phrase du voleur"}).status_code == 410
    assert site.client.get(factor).status_code == 410


@pytest.mark.databases("sqlite")
def test_twenty_minutes_and_not_one_more(site: Site) -> None:
    with_second_factor(site)
    paths = [mailed(site, "/connexion/mot-de-passe-oublie"), mailed(site, "/connexion/second-facteur")]
    site.later(minutes=19)
    assert [site.client.get(path).status_code for path in paths] == [200, 200]
    site.later(minutes=1, seconds=1)
    for path in paths:
        assert site.client.get(path).status_code == 410
        assert site.client.post(path, data={"password": NEW}).status_code == 410


@pytest.mark.databases("sqlite")
def test_one_kind_of_link_is_not_the_other(site: Site) -> None:
    with_second_factor(site)
    password = mailed(site, "/connexion/mot-de-passe-oublie").rpartition("/")[2]
    factor = mailed(site, "/connexion/second-facteur").rpartition("/")[2]
    for path in (f"second-facteur/{password}", f"mot-de-passe/{factor}", f"lien/{factor}", f"adresse/{password}",
                 f"adresse-refusee/{factor}", f"mot-de-passe/{password[:-4]}"):  # fmt: skip
        assert site.client.get(f"/connexion/{path}").status_code == 410, path


@pytest.mark.databases("sqlite")
def test_nobody_learns_whether_there_is_an_account(site: Site) -> None:
    with_second_factor(site)
    with_second_factor(site, email="fermee@exemple.test")
    with site.database.write() as session:
        session.scalars(select(Account).where(Account.email == "fermee@exemple.test")).one().disabled_at = clock.now()
    for path in ("/connexion/mot-de-passe-oublie", "/connexion/second-facteur"):
        for typed in ("personne@exemple.test", "fermee@exemple.test", "", "😀", "9" * 4000, "\u202ex@y"):
            answer = site.client.post(path, data={"email": typed})
            assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/retour-envoye")
    assert site.mails() == []


@pytest.mark.databases("sqlite")
def test_four_links_an_hour(site: Site) -> None:
    with_second_factor(site)
    for _ in range(6):
        site.client.post("/connexion/mot-de-passe-oublie", data={"email": EMAIL})
    assert len(site.mails()) == 4


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("typed", ["", "court", "motdepasse123", "double-12", "😀" * 2000])
def test_a_weak_password_is_refused_and_the_link_still_serves(site: Site, typed: str) -> None:
    with_second_factor(site)
    path = mailed(site, "/connexion/mot-de-passe-oublie")
    assert site.client.post(path, data={"password": typed}).status_code == 422
    assert site.client.post(path, data={}).status_code == 422
    assert site.client.post(path, data={"password": NEW}).status_code == 303


def test_whoever_has_passkeys_alone_gets_no_password_by_mail(site: Site) -> None:
    path, own, browser = link(site, email=EMAIL), Authenticator(), site.browser()
    browser.post(path, data={"nouvelle_cle": own.make(asked(browser, f"{path}/cle"))})
    assert mailed(site, "/connexion/mot-de-passe-oublie") == "/connexion/second-facteur"
    assert "s’ouvre avec une clé d’accès" in site.mails()[-1].text


# A lost second factor


def lost(site: Site) -> tuple[list[str], str, TestClient]:
    """Somebody with recovery codes, whose telephone is gone: the codes, the mailed link, a browser still in."""
    browser = site.browser()
    page, _ = joined(site, browser, link(site, email=EMAIL))
    return NO_CODES.findall(page), mailed(site, "/connexion/second-facteur"), browser


def test_the_mailbox_and_a_recovery_code_set_another_application(site: Site) -> None:
    codes, path, earlier = lost(site)
    page = site.client.get(path).text
    answer = site.client.post(path, data=filled(page) | {"secours": codes[0], "password": "ignorée, elle en a un"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion/fait/second-facteur")
    assert "set-cookie" not in answer.headers
    assert not is_in(earlier, PLACE)
    assert is_in(entered(site, EMAIL, seed_of(page)), PLACE)  # with the password that it had
    assert site.client.get(path).status_code == 410
    assert (EMAIL, "Une façon d’entrer dans votre compte a changé") in subjects(site)
    assert (EMAIL, "Un code de secours a servi") in subjects(site)
    assert {"account.code_used", "account.code_changed"} <= set(acts(site))


def test_the_mailbox_alone_sets_nothing(site: Site) -> None:
    _, path, earlier = lost(site)
    before = account(site).totp_sealed
    for typed in ("", "abcd-efgh-jkmn-pqrs", "😀", "9" * 400, PASSWORD):
        page = site.client.get(path).text
        answer = site.client.post(path, data=filled(page) | {"secours": typed})
        assert (answer.status_code, "ne convient pas" in text_of(answer.text)) == (422, True)
        assert seed_of(answer.text).secret == seed_of(page).secret
    assert account(site).totp_sealed == before
    assert is_in(earlier, PLACE)
    assert acts(site).count("account.proof_failed") == 5


def test_a_recovery_code_is_not_spent_by_a_form_that_is_refused(site: Site) -> None:
    codes, path, _ = lost(site)
    page = site.client.get(path).text
    assert site.client.post(path, data=filled(page) | {"secours": codes[0], "code": "000000"}).status_code == 422
    assert site.client.post(path, data=filled(page) | {"secours": codes[0], "graine": ""}).status_code == 422
    assert site.client.post(path, data=filled(page) | {"secours": codes[0]}).status_code == 303


def test_after_eight_wrong_codes_the_right_one_waits_too(site: Site) -> None:
    codes, path, _ = lost(site)
    page = site.client.get(path).text
    for _ in range(8):
        site.client.post(path, data=filled(page) | {"secours": "abcd-efgh-jkmn-pqrs"})
    assert site.client.post(path, data=filled(page) | {"secours": codes[0]}).status_code == 422
    site.later(minutes=15, seconds=1)
    assert site.client.post(path, data=filled(page) | {"secours": codes[0]}).status_code == 303


def test_whoever_lost_every_passkey_comes_back_with_a_password_and_a_code(site: Site) -> None:
    path, own, browser = link(site, email=EMAIL), Authenticator(), site.browser()
    page = browser.post(path, data={"nouvelle_cle": own.make(asked(browser, f"{path}/cle"))}).text
    codes = NO_CODES.findall(page)
    back = mailed(site, "/connexion/second-facteur")
    page = site.client.get(back).text
    assert 'name="password"' in page
    assert site.client.post(back, data=filled(page) | {"secours": codes[0], "password": ""}).status_code == 422
    assert site.client.post(back, data=filled(page) | {"secours": codes[0]}).status_code == 303
    assert is_in(entered(site, EMAIL, seed_of(page)), PLACE)


# A change of address

MOVED = "apres@exemple.test"


def ask_to_move(site: Site, browser: TestClient, to: str = MOVED) -> Any:
    return browser.post("/compte/adresse", data={"adresse": to})


def last(site: Site, to: str, start: str) -> str:
    return next(mail for mail in reversed(site.mails()) if mail.to == to).link(start)


def test_the_new_address_confirms_and_the_old_one_is_told(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    browser = entered(site, EMAIL, totp)
    assert ask_to_move(site, browser, f" {MOVED.upper()} ").headers["location"] == "/compte?fait=adresse"
    assert account(site).email == EMAIL
    path = last(site, MOVED, "/connexion/adresse/")
    page = text_of(site.client.get(path).text)
    assert EMAIL in page
    assert MOVED in page
    assert site.client.post(path).headers["location"] == "/connexion/fait/adresse"
    assert account(site).email == MOVED
    assert is_in(browser, PLACE)
    assert site.client.post(path).status_code == 410
    assert give_password(site.browser()) == 422
    assert is_in(entered(site, MOVED, totp), PLACE)
    assert [to for to, subject in subjects(site) if subject == "L’adresse de votre compte"] == [EMAIL, EMAIL]
    assert {"account.address_asked", "account.address_changed"} <= set(acts(site))


def test_links_sent_to_the_address_that_is_left_mend_nothing(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    browser = entered(site, EMAIL, totp)
    ask_to_move(site, browser)
    sent = [mailed(site, "/connexion/mot-de-passe-oublie"), mailed(site, "/connexion/second-facteur")]
    assert site.client.post(last(site, MOVED, "/connexion/adresse/")).status_code == 303
    assert [site.client.get(path).status_code for path in sent] == [410, 410]


def test_the_old_address_says_no_before(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    browser = entered(site, EMAIL, totp)
    ask_to_move(site, browser)
    confirm, veto = last(site, MOVED, "/connexion/adresse/"), last(site, EMAIL, "/connexion/adresse-refusee/")
    assert "gardera cette adresse" in text_of(site.client.get(veto).text)
    assert site.client.post(veto).status_code == 303
    assert not is_in(browser, PLACE)
    assert site.client.get(confirm).status_code == 410
    assert site.client.post(confirm).status_code == 410
    assert account(site).email == EMAIL
    site.later(seconds=2)
    again = entered(site, EMAIL, totp)
    ask_to_move(site, again)  # later on, it may be asked again
    assert site.client.post(last(site, MOVED, "/connexion/adresse/")).status_code == 303


def test_the_old_address_says_no_afterwards_for_a_week(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    browser = entered(site, EMAIL, totp)
    ask_to_move(site, browser)
    assert site.client.post(last(site, MOVED, "/connexion/adresse/")).status_code == 303
    veto = last(site, EMAIL, "/connexion/adresse-refusee/")
    site.later(days=6, hours=23)
    assert "Il reprendra celle-ci" in text_of(site.client.get(veto).text)
    assert site.client.post(veto).headers["location"] == "/connexion/fait/adresse-gardee"
    assert account(site).email == EMAIL
    assert is_in(entered(site, EMAIL, totp), PLACE)
    site.later(hours=2)
    assert site.client.get(veto).status_code == 410
    assert "account.address_vetoed" in acts(site)


def test_whoever_moves_twice_does_not_outrun_the_address_that_was_there(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    ask_to_move(site, entered(site, EMAIL, totp))
    assert site.client.post(last(site, MOVED, "/connexion/adresse/")).status_code == 303
    veto = last(site, EMAIL, "/connexion/adresse-refusee/")
    site.later(hours=1)
    further = "encore@exemple.test"
    ask_to_move(site, entered(site, MOVED, totp), further)
    assert site.client.post(last(site, further, "/connexion/adresse/")).status_code == 303
    stolen = last(site, MOVED, "/connexion/adresse-refusee/")
    site.later(hours=1)
    assert site.client.post(veto).status_code == 303
    assert account(site).email == EMAIL
    site.later(seconds=2)
    assert site.client.post(stolen).status_code == 410
    assert account(site).email == EMAIL


def test_an_address_that_has_an_account_gets_no_link_and_the_answer_is_the_same(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    with_second_factor(site, email=MOVED)
    browser = entered(site, EMAIL, totp)
    assert ask_to_move(site, browser).headers["location"] == "/compte?fait=adresse"
    assert MOVED not in [to for to, _ in subjects(site)]


def test_an_address_taken_meanwhile_stays_its_owners(site: Site) -> None:
    totp = with_second_factor(site, "organiser")
    browser = entered(site, EMAIL, totp)
    ask_to_move(site, browser)
    path = last(site, MOVED, "/connexion/adresse/")
    with_second_factor(site, email=MOVED)
    answer = site.client.post(path)
    assert (answer.status_code, "a un compte entre-temps" in text_of(answer.text)) == (422, True)
    assert account(site).email == EMAIL


def test_two_accounts_that_want_one_address_at_once(site: Site) -> None:
    paths = []
    for email in (EMAIL, "autre@exemple.test"):
        ask_to_move(site, entered(site, email, with_second_factor(site, "organiser", email)))
        paths.append(last(site, MOVED, "/connexion/adresse/"))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda path: site.browser().post(path).status_code, paths))
    assert sorted(answers) == [303, 422]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("typed", ["", "pas une adresse", EMAIL, "😀", "9" * 500, "a@b\u202e", "é..@exemple.test"])
def test_what_is_no_other_address_is_refused(site: Site, typed: str) -> None:
    browser = entered(site, EMAIL, with_second_factor(site, "organiser"))
    assert ask_to_move(site, browser, typed).status_code == 422
    assert browser.post("/compte/adresse", data={}).status_code == 422


@pytest.mark.databases("sqlite")
def test_it_asks_for_a_proof_and_three_an_hour(site: Site) -> None:
    browser = entered(site, EMAIL, with_second_factor(site, "organiser"))
    for n in range(3):
        assert ask_to_move(site, browser, f"adresse{n}@exemple.test").status_code == 303
    assert ask_to_move(site, browser, "adresse4@exemple.test").status_code == 422
    site.later(minutes=11)
    assert ask_to_move(site, browser).status_code == 403


@pytest.mark.databases("sqlite")
def test_two_long_addresses_have_links_that_work(site: Site) -> None:
    old, new = (f"{letter * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.test" for letter in "an")
    browser = entered(site, old, with_second_factor(site, "organiser", old))
    assert ask_to_move(site, browser, new).status_code == 303
    assert site.client.post(last(site, new, "/connexion/adresse/")).status_code == 303
    assert site.client.post(last(site, old, "/connexion/adresse-refusee/")).status_code == 303
    assert account(site).email == old


@pytest.mark.databases("sqlite")
def test_a_stranger_page_of_what_was_done(site: Site) -> None:
    for what in ("mot-de-passe", "second-facteur", "adresse", "adresse-gardee"):
        assert site.client.get(f"/connexion/fait/{what}").status_code == 200
    assert site.client.get("/connexion/fait/n-importe").status_code == 404
