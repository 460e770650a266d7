"""One's own account: sessions that one recognises and closes, the password, the proof before what is grave."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.accounts.models import Account, StaffSession
from app.audit import AuditLine
from tests.signatures.crowd import crowd
from tests.site import PASSWORD, Site, text_of
from tests.staff import code, give_password, is_in, with_second_factor

pytestmark = pytest.mark.databases("sqlite")

EMAIL = "double@exemple.test"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1"
)
NEW = "quatre petits bateaux verts"


def signed_in(site: Site, totp: Any, **options: Any) -> TestClient:
    browser = site.browser(**options)
    assert give_password(browser) == 303
    site.later(seconds=31)
    assert browser.post("/connexion", data={"code": code(totp)}).status_code == 303
    return browser


def acts(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(AuditLine.act).order_by(AuditLine.id)))


def test_sessions_are_listed_in_words(site: Site) -> None:
    totp = with_second_factor(site)
    here = signed_in(site, totp, headers={"user-agent": FIREFOX})
    signed_in(site, totp, headers={"user-agent": IPHONE})
    signed_in(site, totp, headers={"user-agent": "curl/8"})
    page = here.get("/compte").text
    said = text_of(page)
    assert "Firefox sur Linux c’est celle-ci depuis le" in said
    assert "Safari sur iOS depuis le" in said
    assert "Un navigateur sur un système inconnu" in said
    assert "même réseau que maintenant" in said
    assert page.count("/fin") == 3  # two of them, and all the others at once
    assert "140" not in said


def test_a_session_is_closed_from_another(site: Site) -> None:
    totp = with_second_factor(site)
    here, there = signed_in(site, totp), signed_in(site, totp)
    (path,) = re.findall(r'action="(/compte/sessions/[0-9a-f]{16}/fin)"', here.get("/compte").text)
    assert here.post(path).headers["location"] == "/compte?fait=session"
    assert not is_in(there)
    assert is_in(here)
    assert here.post(path).status_code == 404
    assert "account.session_closed" in acts(site)


def test_nobody_closes_the_session_of_somebody_else(site: Site) -> None:
    totp = with_second_factor(site)
    mine = signed_in(site, totp)
    with site.database.read() as session:
        name = session.scalars(select(StaffSession.key)).one().hex()[:16]
    other = site.staff("moderator")
    assert other.post(f"/compte/sessions/{name}/fin").status_code == 404
    assert is_in(mine)
    for odd in ("0" * 16, "zz", "0" * 400):
        assert other.post(f"/compte/sessions/{odd}/fin").status_code == 404, odd


def test_all_other_sessions_are_closed_at_once(site: Site) -> None:
    totp = with_second_factor(site)
    here, two, three = (signed_in(site, totp) for _ in range(3))
    assert here.post("/compte/sessions/fin").status_code == 303
    assert [is_in(browser) for browser in (here, two, three)] == [True, False, False]


@pytest.mark.databases("sqlite", "postgresql")
def test_old_session_of_a_browser_ends_at_its_new_sign_in(site: Site) -> None:
    totp = with_second_factor(site)
    browser = signed_in(site, totp)
    stolen = site.browser(cookies={"session": browser.cookies["session"]})
    assert is_in(stolen)
    give_password(browser)
    assert not is_in(stolen)
    half = browser.cookies["session"]
    site.later(seconds=31)
    browser.post("/connexion", data={"code": code(totp)})
    assert browser.cookies["session"] != half
    assert is_in(browser)


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(site: Site) -> None:
    totp = with_second_factor(site)
    first = signed_in(site, totp, headers={"user-agent": FIREFOX})
    assert site.mails() == []  # the first of all
    first.post("/deconnexion")
    give_password(first)
    site.later(seconds=31)
    first.post("/connexion", data={"code": code(totp)})
    assert site.mails() == []
    signed_in(site, totp, headers={"user-agent": IPHONE})
    (mail,) = site.mails()
    assert (mail.to, mail.subject) == (EMAIL, "Connexion depuis un nouveau navigateur")
    assert "Safari sur iOS" in mail.text


def change(browser: TestClient, present: str = PASSWORD, new: str = NEW, again: str | None = None) -> Any:
    form = {"present": present, "new": new, "again": new if again is None else again}
    return browser.post("/compte/mot-de-passe", data=form)


@pytest.mark.databases("sqlite", "postgresql")
def test_password_is_changed_and_everything_else_ends(site: Site) -> None:
    totp = with_second_factor(site)
    here, there = signed_in(site, totp), signed_in(site, totp)
    before = here.cookies["session"]
    assert change(here).headers["location"] == "/compte?fait=mot-de-passe"
    assert here.cookies["session"] != before
    assert is_in(here)
    assert not is_in(there)
    assert not is_in(site.browser(cookies={"session": before}))
    assert "Votre mot de passe est changé" in text_of(here.get("/compte?fait=mot-de-passe").text)
    assert give_password(site.browser()) == 422
    assert give_password(site.browser(), password=NEW) == 303
    assert "Votre mot de passe a été changé" in [mail.subject for mail in site.mails()]
    assert "account.password_changed" in acts(site)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"present": "pas le bon du tout"}, "Ce n’est pas votre mot de passe présent."),
        ({"new": "court"}, "12 caractères au moins"),
        ({"new": "motdepasse123"}, "l’un des premiers que l’on essaie"),
        ({"new": "1212121212121212"}, "l’un des premiers que l’on essaie"),
        ({"new": "Azertyuiop-2026!"}, "l’un des premiers que l’on essaie"),
        ({"new": "moderator-12"}, "fait de votre adresse"),
        ({"new": "😀" * 2000}, "1 024 caractères au plus"),
        ({"again": "autre chose encore"}, "Les deux ne sont pas pareils."),
    ],
)
def test_a_password_that_is_refused_changes_nothing(site: Site, form: dict[str, str], sentence: str) -> None:
    browser = site.staff("moderator")
    answer = change(browser, **form)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text).replace("\u202f", " ")
    for typed in form.values():
        assert f'value="{typed}"' not in answer.text
    again = site.browser()
    assert give_password(again, "moderator@exemple.test") == 303
    assert is_in(browser)


def test_whoever_guesses_at_an_open_browser_is_put_out(site: Site) -> None:
    totp = with_second_factor(site)
    browser = signed_in(site, totp)
    for _ in range(7):
        assert change(browser, present="pas le bon du tout").status_code == 422
        assert is_in(browser)
    change(browser, present="pas le bon du tout")
    assert not is_in(browser)
    assert acts(site).count("account.proof_failed") == 8


def test_passwords_typed_on_two_keyboards_are_the_same(site: Site) -> None:
    browser = site.staff("moderator")
    assert change(browser, new="ete\u0301 bleu et forêt verte").status_code == 303
    assert (
        give_password(site.browser(), "moderator@exemple.test", "eté bleu et forêt verte".replace("té", "t\u00e9"))
        == 303
    )


# What is grave asks again


def proof_page(answer: Any) -> str:
    assert answer.status_code == 403
    assert 'action="/compte/preuve"' in answer.text
    return str(answer.text)


def hidden(page: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)


def test_a_fresh_session_is_not_asked(site: Site) -> None:
    admin = site.staff("admin")
    site.later(minutes=9)
    form = {"email": "seconde@exemple.test", "role": "admin"}
    assert admin.post("/administration/comptes", data=form).status_code == 200


def test_a_new_administrator_asks_for_a_proof_and_loses_nothing(site: Site) -> None:
    totp = with_second_factor(site, "admin")
    admin = signed_in(site, totp)
    site.later(minutes=10, seconds=1)
    form = {"email": "seconde@exemple.test", "role": "admin", "petitions": ""}
    page = proof_page(admin.post("/administration/comptes", data=form))
    assert {("email", "seconde@exemple.test"), ("role", "admin"), ("vers", "/administration/comptes")} <= set(
        hidden(page)
    )
    wrong = admin.post("/compte/preuve", data=dict([*hidden(page), ("preuve", "000000")]))
    assert wrong.status_code == 422
    assert set(hidden(wrong.text)) == set(hidden(page))
    before = admin.cookies["session"]
    fields = dict([*hidden(page), ("preuve", code(totp))])
    proved = admin.post("/compte/preuve", data=fields)
    assert (proved.status_code, proved.headers["location"]) == (307, "/administration/comptes")
    assert admin.cookies["session"] != before  # the level rose
    made = admin.post(proved.headers["location"], data=fields)  # what a browser does with a 307
    assert made.status_code == 200
    assert "seconde@exemple.test" in made.text
    assert {"account.proof_failed", "account.proved"} <= set(acts(site))
    assert not is_in(site.browser(cookies={"session": before}), "/administration")


def test_the_other_administrators_are_told(site: Site) -> None:
    totp = with_second_factor(site, "admin")
    other = with_second_factor(site, "admin", "autre@exemple.test")
    assert [(mail.to, mail.subject) for mail in site.mails()] == [(EMAIL, "Un nouveau compte d’administration")]
    admin = signed_in(site, totp)
    form = {"email": "troisieme@exemple.test", "role": "admin"}
    assert admin.post("/administration/comptes", data=form).status_code == 200
    told = [mail for mail in site.mails() if "troisieme@exemple.test" in mail.text]
    assert sorted(mail.to for mail in told) == ["autre@exemple.test", EMAIL]
    assert EMAIL in told[0].text
    assert other.name == "autre@exemple.test"


def test_addresses_leave_after_a_proof_and_states_without(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    site.later(minutes=11)
    url = f"/organisation/petitions/{slug}/exports"
    assert organiser.post(url, data={"purpose": "audit"}).status_code == 200
    page = proof_page(organiser.post(url, data={"purpose": "contact", "format": "csv"}))
    fields = dict([*hidden(page), ("preuve", PASSWORD)])
    proved = organiser.post("/compte/preuve", data=fields)
    assert (proved.status_code, proved.headers["location"]) == (307, url)
    assert organiser.post(url, data=fields).headers["content-type"].startswith("text/csv")


@pytest.mark.databases("sqlite", "postgresql")
def test_a_lot_is_put_back_after_a_proof_and_set_aside_without(site: Site) -> None:
    slug = site.publish()
    _, ids = crowd(site, slug, 3)
    admin = site.staff("admin")
    site.later(minutes=11)
    url = f"/administration/fraude/{slug}/lots"
    ticked = {f"ligne-{one.hex}": "on" for one in ids}
    assert admin.post(url, data={"act": "set_aside", "reason": "burst"} | ticked).status_code == 303
    page = proof_page(admin.post(url, data={"act": "put_back", "groupe": "ecartees"} | ticked))
    assert set(ticked.items()) <= set(hidden(page))
    assert site.count(slug) == 0
    fields = dict([*hidden(page), ("preuve", PASSWORD)])
    assert admin.post("/compte/preuve", data=fields).status_code == 307
    assert admin.post(url, data=fields).status_code == 303
    assert site.count(slug) == 3


@pytest.mark.parametrize("act", ["sessions", "desactivation", "reactivation"])
def test_power_over_the_accounts_of_others_asks_for_a_proof(site: Site, act: str) -> None:
    admin, other = site.staff("admin"), site.staff("moderator")
    site.later(minutes=11)
    number = site.account_id("moderator@exemple.test")
    proof_page(admin.post(f"/administration/comptes/{number}/{act}"))
    assert is_in(other)


def test_a_proof_leads_to_ones_own_pages_only(site: Site) -> None:
    admin = site.staff("admin")
    for target in ("https://mechant.test/", "//mechant.test", "/connexion", "/petitions/x/signatures", ""):
        answer = admin.post("/compte/preuve", data={"preuve": PASSWORD, "vers": target})
        assert (answer.status_code, answer.headers["location"]) == (303, "/compte"), target


def test_a_proof_is_asked_of_people_who_are_in(site: Site) -> None:
    totp = with_second_factor(site)
    half = site.browser()
    give_password(half)
    assert half.post("/compte/preuve", data={"preuve": code(totp)}).status_code == 404
    assert site.client.post("/compte/preuve", data={"preuve": PASSWORD}).status_code == 404


def test_sign_in_hashes_with_no_transaction_open(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a password is verified or made, anybody may write."""
    from app.accounts import passwords

    site.publish()
    free: list[bool] = []
    verify, hashed = passwords.verify, passwords.hashed

    def watch(call: Any) -> Any:
        def watched(*args: str) -> Any:
            with site.database.write() as session:
                free.append(session.scalars(select(Account)).first() is not None)
            return call(*args)

        return watched

    site.account("moderator")
    monkeypatch.setattr(passwords, "verify", watch(verify))
    monkeypatch.setattr(passwords, "hashed", watch(hashed))
    browser = site.browser()
    give_password(browser, "moderator@exemple.test")
    change(browser)
    browser.post("/compte/preuve", data={"preuve": NEW})
    admin_email = "admin@exemple.test"
    monkeypatch.setattr(passwords, "hashed", hashed)
    site.account("admin")
    monkeypatch.setattr(passwords, "hashed", watch(hashed))
    admin = site.browser()
    give_password(admin, admin_email)
    admin.post("/administration/comptes", data={"email": "n@exemple.test", "role": "moderator"})
    assert free == [True] * 6
