"""An account made by oneself: the mailed link, one form, the codes once, and on to where one was going."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.accounts import actions, launching, passwords
from app.accounts.models import Account
from app.errors import Refused
from app.settings import Settings
from tests.conftest import settings_for
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, is_in, with_second_factor

NEW = "nouvelle@exemple.test"
THEN = "/lancer/abc123/proposer"
NO_CODES = re.compile(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}")


def ask(site: Site, email: str = NEW, then: str = THEN, **settings: str) -> None:
    """What the last step of /lancer does."""
    with site.database.write() as session:
        actions.welcome(session, site.settings.model_copy(update=settings), email, then, "fr")


def link(site: Site, **options: str) -> str:
    ask(site, **options)
    return site.mails()[-1].link("/compte/creer/")


def test_a_link_tells_its_address_to_nobody_else(site: Site) -> None:
    """A link ends up in histories and in the logs of proxies."""
    token = link(site).rpartition("/")[2]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert NEW.encode() not in raw
    assert THEN.encode() not in raw


def test_the_longest_address_has_a_link_that_opens(site: Site) -> None:
    email = f"{'a' * 64}@{'.'.join(['b' * 60] * 3)}.fr"
    path = link(site, email=email)
    assert len(path.rpartition("/")[2]) <= 600
    assert email in site.browser().get(path).text


def seed_of(page: str) -> pyotp.TOTP:
    found = re.search(r'href="(otpauth://[^"]+)"', page)
    assert found
    totp = pyotp.parse_uri(found[1].replace("&amp;", "&"))
    assert isinstance(totp, pyotp.TOTP)
    return totp


def filled(page: str, **changes: str) -> dict[str, str]:
    """The form as somebody fills it in, with the code that the application shows."""
    kept = re.search(r'name="graine" value="([^"]+)"', page)
    assert kept
    return {"password": PASSWORD, "code": code(seed_of(page)), "graine": kept[1]} | changes


def joined(site: Site, browser: TestClient, path: str) -> tuple[str, pyotp.TOTP]:
    """The page of the ten codes, and the application."""
    page = browser.get(path).text
    answer = browser.post(path, data=filled(page))
    assert answer.status_code == 200, text_of(answer.text)
    return answer.text, seed_of(page)


def accounts(site: Site) -> list[Account]:
    with site.database.read() as session:
        return list(session.scalars(select(Account).order_by(Account.id)))


def test_from_the_mail_to_where_one_was_going(site: Site) -> None:
    path = link(site)
    assert accounts(site) == []
    browser = site.browser()
    page, totp = joined(site, browser, path)
    assert len(set(NO_CODES.findall(page))) == 10
    assert f'href="{THEN}"' in page
    assert is_in(browser, "/organisation")
    (account,) = accounts(site)
    assert (account.email, account.role) == (NEW, "organiser")
    again = site.browser()
    assert again.post("/connexion", data={"email": NEW, "password": PASSWORD, "suite": THEN}).status_code == 303
    site.later(seconds=60)
    entered = again.post("/connexion", data={"code": code(totp), "suite": THEN})
    assert entered.headers["location"] == THEN
    assert [mail.subject for mail in site.mails()] == ["Créez votre compte", "Connexion depuis un nouveau navigateur"]


def test_the_code_that_made_the_account_does_not_serve_again(site: Site) -> None:
    path = link(site)
    page = site.client.get(path).text
    form = filled(page)
    assert site.client.post(path, data=form).status_code == 200
    spy = site.browser()
    spy.post("/connexion", data={"email": NEW, "password": PASSWORD})
    assert spy.post("/connexion", data={"code": form["code"]}).status_code == 422


def test_the_link_clicked_again_says_that_the_account_is_there(site: Site) -> None:
    path = link(site)
    mine = site.browser()
    joined(site, mine, path)
    assert "Vous y êtes connecté" in text_of(mine.get(path).text)
    other = text_of(site.browser().get(path).text)
    assert "Connectez-vous" in other
    answer = site.browser().post(path, data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert len(accounts(site)) == 1


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"code": "000000"}, ["Ce code ne convient pas"]),
        ({"password": "court"}, ["12 caractères au moins"]),
        ({"password": "", "code": ""}, ["12 caractères au moins", "Ce code ne convient pas"]),
        ({"password": "nouvelle12345"}, ["fait de votre adresse"]),
        ({"password": "😀" * 2000}, ["1 024 caractères au plus"]),
        ({"code": "１２３４５６"}, ["Ce code ne convient pas"]),
        ({"code": "9" * 400}, ["Ce code ne convient pas"]),
        ({"graine": ""}, ["Ce code ne convient pas"]),
        ({"graine": "é" * 300}, ["Ce code ne convient pas"]),
    ],
)
@pytest.mark.databases("sqlite")
def test_what_is_refused_makes_nothing_and_keeps_the_same_seed(
    site: Site, change: dict[str, str], sentences: list[str]
) -> None:
    path = link(site)
    page = site.client.get(path).text
    answer = site.client.post(path, data=filled(page, **change))
    assert answer.status_code == 422
    said = text_of(answer.text).replace("\u202f", " ")
    assert all(sentence in said for sentence in sentences)
    assert accounts(site) == []
    if "graine" not in change:  # it is in the application already
        assert seed_of(answer.text).secret == seed_of(page).secret
        assert site.client.post(path, data=filled(answer.text)).status_code == 200


@pytest.mark.databases("sqlite")
def test_half_a_form_and_somebody_elses_seed(site: Site) -> None:
    path, other = link(site), link(site, email="autre@exemple.test")
    assert site.client.post(path, data={}).status_code == 422
    theirs = filled(site.client.get(other).text)
    assert site.client.post(path, data=theirs).status_code == 422
    assert accounts(site) == []


@pytest.mark.databases("sqlite")
def test_two_openings_of_the_page_offer_two_seeds(site: Site) -> None:
    """Whoever reads the mail later does not learn the second factor."""
    path = link(site)
    assert seed_of(site.client.get(path).text).secret != seed_of(site.client.get(path).text).secret


@pytest.mark.databases("sqlite")
def test_two_days_and_not_one_more(site: Site) -> None:
    path = link(site)
    site.later(hours=47, minutes=59)
    assert site.client.get(path).status_code == 200
    site.later(minutes=2)
    assert site.client.get(path).status_code == 410
    assert site.client.post(path, data={}).status_code == 410
    assert site.client.get(path[:-3] + "abc").status_code == 410


def test_sent_sixty_times_at_once_it_makes_one_account(site: Site) -> None:
    path = link(site)
    page = site.client.get(path).text
    form = filled(page)
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda _: site.browser().post(path, data=form), range(60)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 303, 429, 503}
    assert len(accounts(site)) == 1


def test_two_verbs_at_once_make_one_account(site: Site) -> None:
    """Past lanes and limits: the database decides."""
    seed = pyotp.random_base32()
    kept = passwords.hashed(PASSWORD)

    def join(_: int) -> bool:
        with site.database.write() as session:
            return actions.join(session, NEW, actions.Factors(kept, seed, 1), actions_came()) is not None

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(join, range(8)))
    assert made.count(True) == 1
    assert len(accounts(site)) == 1


def actions_came() -> Any:
    from app.accounts.origins import Came

    return Came(network="192.0.2.1")


def test_an_address_with_an_account_is_told_by_mail_only(site: Site) -> None:
    with_second_factor(site, "organiser", NEW)
    ask(site)
    (mail,) = site.mails()
    assert (mail.to, mail.subject) == (NEW, "Vous avez déjà un compte")
    assert mail.link("/connexion").startswith("/connexion?suite=/lancer/")


def test_a_disabled_account_gets_nothing(site: Site) -> None:
    with_second_factor(site, "organiser", NEW)
    with site.database.write() as session:
        session.scalars(select(Account)).one().disabled_at = clock.now()
    ask(site)
    assert site.mails() == []


def test_four_links_an_hour_to_one_address(site: Site) -> None:
    for _ in range(6):
        ask(site)
    ask(site, email="autre@exemple.test")
    assert [mail.to for mail in site.mails()] == [NEW] * 4 + ["autre@exemple.test"]


def test_asked_sixty_times_at_once_the_budget_of_the_address_holds(site: Site) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: ask(site), range(60)))
    assert 1 <= len(site.mails()) <= 6


def test_a_stranger_who_fills_a_mailbox_does_not_keep_a_notice_away(site: Site) -> None:
    totp, mine = with_second_factor(site, "organiser", NEW), site.browser()
    mine.post("/connexion", data={"email": NEW, "password": PASSWORD})
    mine.post("/connexion", data={"code": code(totp)})
    for path in ("lien", "mot-de-passe-oublie", "second-facteur"):
        for _ in range(4):
            site.client.post(f"/connexion/{path}", data={"email": NEW})
    assert len(site.mails()) == 6
    new = "une toute autre phrase"
    form = {"present": PASSWORD, "new": new, "again": new}
    assert mine.post("/compte/mot-de-passe", data=form).status_code == 303
    assert site.mails()[-1].subject == "Votre mot de passe a été changé"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "then", ["https://mechant.test/", "//mechant.test", "/connexion", "/lancer/../x", "é" * 900, ""]
)
def test_the_way_on_is_a_page_of_ours(site: Site, then: str) -> None:
    page, _ = joined(site, site.browser(), link(site, then=then))
    assert 'href="/organisation"' in page
    assert "mechant" not in page


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("typed", ["", "pas une adresse", "a@b@c", "é@", "😀"])
def test_what_is_no_address_is_refused(site: Site, typed: str) -> None:
    with pytest.raises(Refused):
        ask(site, email=typed)


@pytest.mark.databases("sqlite")
def test_a_long_address_has_a_link_that_works(site: Site) -> None:
    email = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.test"
    page, _ = joined(site, site.browser(), link(site, email=email, then="/lancer/" + "x" * 300))
    assert 'href="/organisation"' in page


@pytest.mark.databases("sqlite")
def test_in_english(site: Site) -> None:
    with site.database.write() as session:
        actions.welcome(session, site.settings, NEW, THEN, "en")
    path = site.mails()[-1].link("/en/compte/creer/")
    page = site.client.get(path).text
    assert "Create your account" in page
    assert f'href="/en{THEN}"' in site.client.post(path, data=filled(page)).text


# Who may


def may(site: Site, launch: str, email: str) -> bool:
    with site.database.read() as session:
        return launching.may(site.settings.model_copy(update={"launch": launch}), session, email)


@pytest.mark.databases("sqlite")
def test_who_may_launch(site: Site) -> None:
    with_second_factor(site, "organiser", "o@exemple.test")
    with_second_factor(site, "moderator", "m@exemple.test")
    table = {
        launch: [may(site, launch, email) for email in ("", "x@exemple.test", "O@exemple.test ", "m@exemple.test")]
        for launch in ("open", "invited", "closed")
    }
    assert table == {
        "open": [True, True, True, True],
        "invited": [False, False, True, True],
        "closed": [False, False, False, True],
    }


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("launch", ["invited", "closed"])
def test_strangers_get_no_mail_where_they_may_not(site: Site, launch: str) -> None:
    ask(site, launch=launch)
    assert site.mails() == []


@pytest.mark.databases("sqlite")
def test_the_setting_is_one_of_three(site: Site, tmp_path: Path) -> None:
    assert isinstance(settings_for("sqlite:///x", tmp_path, launch="invited"), Settings)
    with pytest.raises(ValueError, match="open, invited ou closed"):
        settings_for("sqlite:///x", tmp_path, launch="ouvert")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("launch", ["open", "invited"])
def test_an_administrator_invites_somebody(database_url: str, tmp_path: Path, launch: str) -> None:
    with Site(settings_for(database_url, tmp_path, launch=launch)) as site:
        admin = site.staff("admin")
        answer = admin.post("/administration/comptes/invitations", data={"invitation": f" {NEW} "})
        assert "L’invitation est partie" in text_of(admin.get(answer.headers["location"]).text)
        mail = site.mails()[-1]
        assert (mail.to, "vous invite" in mail.text) == (NEW, True)
        page, _ = joined(site, site.browser(), mail.link("/compte/creer/"))
        assert 'href="/lancer"' in page
        assert may(site, "invited", NEW)
        for typed in (NEW, "", "pas une adresse", "😀"):
            assert admin.post("/administration/comptes/invitations", data={"invitation": typed}).status_code == 422
        assert len(accounts(site)) == 2
