"""The page after the form: what this browser has just sent, its address corrected, its mail asked for again."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app import crypto
from app.comments.models import Comment
from app.consents.models import ConsentEvent
from app.mail.models import OutboxMail
from app.petitions.models import Petition
from app.privacy import counting
from app.privacy.actions import erasing
from app.signatures import just_sent
from app.signatures.forms import MAX_COMMENT
from app.subscriptions.models import Subscription
from app.vault import open_vault
from app.web import ratelimit
from tests.conftest import settings_for
from tests.petitions.amended import amend
from tests.site import FORM, Site, text_of

WRONG, RIGHT = "marie@exemple.tset", "marie@exemple.test"


def there(slug: str) -> str:
    return f"/petitions/{slug}/verifier"


def corrected(browser: TestClient, slug: str, email: str, **more: str) -> httpx2.Response:
    return browser.post(f"{there(slug)}/adresse", data={"email": email, "altcha": "", **more})


def page(browser: TestClient, slug: str) -> str:
    answer = browser.get(there(slug))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    return answer.text


def shown(html: str) -> str | None:
    """The address in large letters."""
    found = re.search(r'<p class="mailbox" dir="ltr">(.*?)</p>', html, re.DOTALL)
    return text_of(found[1]).replace(" @", "@") if found else None


def waits_at(site: Site) -> list[str]:
    """The addresses that wait, by the mails that they get."""
    return sorted(mail.to for mail in site.mails())


def rush(site: Site, browser: TestClient, posts: list[tuple[str, dict[str, str]]]) -> list[int]:
    """All of these at once, with the cookies of this browser."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)

    async def together() -> list[int]:
        transport = httpx2.ASGITransport(site.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            each: list[Coroutine[Any, Any, httpx2.Response]] = [
                client.post(path, data=data, headers={"cookie": cookies}) for path, data in posts
            ]
            return [answer.status_code for answer in await asyncio.gather(*each)]

    assert site.client.portal is not None
    return site.client.portal.call(together)


# What is shown, and to whom


@pytest.mark.databases("sqlite")
def test_the_page_shows_what_this_browser_has_just_typed_and_no_other(site: Site) -> None:
    slug, other = site.publish(), site.publish()
    sent = site.sign(slug, email="Marie.D@gmail.com", given_name="Zoé")
    cookie = sent.headers["set-cookie"]
    assert re.fullmatch(
        rf"inbox=[\w-]+; Path=/petitions/{slug}/verifier; Max-Age=1[78]\d\d; HttpOnly; SameSite=Lax", cookie
    )
    assert sent.headers["cache-control"] == "no-store"
    html = page(site.client, slug)
    assert shown(html) == "Marie.D@gmail.com"
    said = text_of(html)
    assert "pour Zoé Durand" in said
    assert re.search(r"envoyé à \d\d:\d\d", said)
    assert str(site.settings.sender) in said
    assert 'href="https://mail.google.com/mail/" rel="noopener noreferrer"' in html
    # The code needs nothing typed again, and is where one types.
    code = re.search(r'<input[^>]*name="code"[^>]*>', html, re.DOTALL)
    assert code
    assert 'autocomplete="one-time-code"' in code[0]
    assert "autofocus" in code[0]
    assert 'value=""' in code[0]
    # Nothing of it in another browser, on another page, in the page cache, nor before the cookie's path.
    assert shown(page(site.browser(), slug)) is None
    assert shown(page(site.client, other)) is None
    for path in ("/", f"/petitions/{slug}", f"/petitions/{slug}/signatures", f"/widget/{slug}/verifier"):
        assert "marie.d@" not in site.client.get(path).text.lower(), path
    assert "marie.d@" not in site.client.get(f"/en{there(slug)}").text.lower()
    # The header's name where the site is public.
    english = site.client.post(f"/en/petitions/{slug}/signatures", data=FORM)
    assert f"Path=/en/petitions/{slug}/verifier;" in english.headers["set-cookie"]


def test_a_known_address_and_a_new_one_see_the_same(site: Site) -> None:
    """Also once corrected, and whatever the wrong one had done before."""
    slug = site.publish()
    site.confirmed(slug, email="ancienne@exemple.test")
    site.sign(slug, email="patiente@exemple.test")
    seen = set()
    for email in ("ancienne@exemple.test", "patiente@exemple.test", "nouvelle@exemple.test"):
        for then in ("", "ancienne@exemple.test", "patiente@exemple.test", "jamaisvu@exemple.test"):
            browser = site.browser()
            answer = browser.post(f"/petitions/{slug}/signatures", data=FORM | {"email": email})
            if then:
                answer = corrected(browser, slug, then)
            headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
            html = page(browser, slug)
            last = then or email
            assert shown(html) == last
            html = re.sub(r"\d\d:\d\d", "", html.replace(last.partition("@")[0], "X"))
            # The addresses are of one length: so are the cookies.
            seen.add((answer.status_code, str(sorted(headers.items())), html, len(answer.headers["set-cookie"])))
    assert len(seen) == 1
    assert site.count(slug) == 1


@pytest.mark.databases("sqlite")
def test_a_public_site_has_its_cookie_by_https_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    monkeypatch.setattr(site.app.state, "settings", site.settings.model_copy(update={"base_url": "https://x.test"}))
    cookie = site.sign(slug).headers["set-cookie"]
    assert cookie.startswith("__Secure-inbox=")
    assert cookie.endswith("; HttpOnly; SameSite=Lax; Secure")


# Corrected


def test_the_pending_signature_follows_the_address(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email=WRONG, comment="Le train de 21 h 40.", consent_updates="on", display="initial", s="affiche")
    first = site.mails()[-1].link("/confirmer/")
    answer = corrected(site.client, slug, RIGHT)
    assert (answer.status_code, answer.headers["location"]) == (303, there(slug))
    assert shown(page(site.client, slug)) == RIGHT
    (row,) = site.signatures()
    assert (row.state, row.display, row.came_by, row.given_name) == ("pending", "initial", "affiche", "Marie")
    with site.database.read() as session:
        assert {event.signature_id for event in session.query(ConsentEvent)} == {row.id}
    # What had left for the wrong address opens nothing any more.
    assert site.client.get(first).status_code == 410
    assert site.client.post(first).status_code == 410
    mail = site.mails()[-1]
    assert mail.to == RIGHT
    confirm = mail.link("/confirmer/")
    assert "Le train de 21 h 40." in site.client.get(confirm).text
    assert site.client.post(confirm).status_code == 303
    assert site.count(slug) == 1


def test_a_mail_that_has_not_left_for_the_wrong_address_never_does(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email=WRONG)
    corrected(site.client, slug, "marie@exemple.tets")
    corrected(site.client, slug, RIGHT)
    assert waits_at(site) == [RIGHT]
    assert len(site.signatures()) == 1


def test_nobody_removes_what_somebody_else_waits_for(site: Site) -> None:
    """By typing their address, with the very same form even, and taking it back."""
    slug = site.publish()
    site.sign(slug, email=RIGHT)
    stranger = site.browser()
    for form in (FORM, FORM | {"given_name": "Paul"}):
        ratelimit.limiter.reset()
        stranger.post(f"/petitions/{slug}/signatures", data=form | {"email": RIGHT})
        assert corrected(stranger, slug, "paul@exemple.test").status_code == 303
    mine = [row for row in site.signatures() if row.given_name == "Marie"]
    assert len(mine) == 2  # Marie's, and the one of the stranger's own address
    confirm = next(mail for mail in site.mails() if mail.to == RIGHT).link("/confirmer/")
    assert site.client.post(confirm).status_code == 303
    assert site.count(slug) == 1


def test_what_was_confirmed_or_sent_again_meanwhile_is_left_alone(site: Site) -> None:
    slug, second = site.publish(), site.publish()
    site.sign(slug, email=WRONG)
    assert site.browser().post(site.mails()[-1].link("/confirmer/")).status_code == 303
    assert corrected(site.client, slug, RIGHT).status_code == 303
    assert [row.state for row in site.signatures()] == ["confirmed", "pending"]
    assert site.count(slug) == 1
    # Somebody else has sent a form for that address since: it is theirs now.
    site.sign(second, email=WRONG)
    site.browser().post(f"/petitions/{second}/signatures", data=FORM | {"email": WRONG, "postal_code": "75011"})
    corrected(site.client, second, RIGHT)
    rows = [row for row in site.signatures() if row.state == "pending"]
    assert sorted(row.postal_code for row in rows) == ["35000", "35000", "75011"]


@pytest.mark.databases("sqlite")
def test_the_same_address_again_is_one_more_mail_within_the_limit(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email="m.arie@gmail.com")
    for email in ("m.arie@gmail.com", "marie@gmail.com", " MARIE@gmail.com\u200b "):
        assert corrected(site.client, slug, email).status_code == 303
    assert len(site.signatures()) == 1
    assert [mail.to for mail in site.mails()] == ["m.arie@gmail.com", "m.arie@gmail.com"]
    assert shown(page(site.client, slug)) == "MARIE@gmail.com"


def test_taking_back_an_address_again_and_again_does_not_fill_its_mailbox(site: Site) -> None:
    """Two mails a day for a petition, whoever types it how often; those that were taken back count."""
    slug = site.publish()
    got = []
    for _ in range(3):
        for n in range(4):
            site.sign(slug, email=RIGHT)
            got += [mail.source for mail in site.mails() if mail.to == RIGHT]
            corrected(site.client, slug, f"p{len(got)}.{n}@exemple.test")
            got += [mail.source for mail in site.mails() if mail.to == RIGHT]
        assert len(set(got)) == 2
    # And whoever erases this address leaves no trace of it there.
    with site.database.read() as session:
        kept = {row.subject for row in session.query(OutboxMail)}

    with site.database.write() as session:
        erasing.erase(session, RIGHT)
    with site.database.read() as session:
        left = {row.subject for row in session.query(OutboxMail)}
        rows = {row.id for row in site.signatures()}
    assert left < kept
    assert left <= rows


@pytest.mark.databases("sqlite")
def test_what_is_refused_is_shown_again_with_what_was_typed(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email=WRONG)
    for typed in ("", "marie@", "marie", "🙏@🙏", "marie@exemple", "a" * 300 + "@exemple.test", "\u200b", "a@b@c.test"):
        answer = corrected(site.client, slug, typed)
        assert answer.status_code == 422, typed
        assert '<details class="correct" open>' in answer.text
        assert 'href="#champ-email"' in answer.text
        assert shown(answer.text) == WRONG
        assert f'value="{typed}"' in answer.text
    half = site.client.post(f"{there(slug)}/adresse")
    assert half.status_code == 422
    assert [row.state for row in site.signatures()] == ["pending"]
    # A likely slip is asked about here too, and either answer is one tap.
    asked = corrected(site.client, slug, "marie@gmial.con")
    assert re.findall(r'name="email_(\w+)"\s+value="([^"]*)"', asked.text) == [
        ("instead", "marie@gmail.com"), ("kept", "marie@gmial.con"),
    ]  # fmt: skip
    assert corrected(site.client, slug, "marie@gmial.con", email_instead="marie@gmail.com").status_code == 303
    assert shown(page(site.client, slug)) == "marie@gmail.com"
    assert corrected(site.client, slug, "marie@gmial.con", email_kept="marie@gmial.con").status_code == 303
    assert shown(page(site.client, slug)) == "marie@gmial.con"


@pytest.mark.databases("sqlite")
def test_what_has_changed_meanwhile_is_read_before_it_is_sent(site: Site) -> None:
    """The text, or the end: the form with all that was typed, or why not."""
    slug = site.publish()
    site.sign(slug, email=WRONG, text_version="1", given_name="Zoé")
    amend(site, slug, site.staff("organiser", slug), site.staff("moderator"))
    site.app.state.signing_cache.clear()
    again = corrected(site.client, slug, RIGHT)
    assert again.status_code == 422
    assert f'action="/petitions/{slug}/signatures"' in again.text
    assert f'value="{RIGHT}"' in again.text
    assert 'value="Zoé"' in again.text
    with site.database.write() as session:
        session.query(Petition).filter_by(slug=slug).update({"state": "closed"})
    site.app.state.signing_cache.clear()
    assert corrected(site.client, slug, RIGHT).status_code == 409
    assert [row.state for row in site.signatures()] == ["pending"]


# Raced


@pytest.mark.databases("sqlite", "postgresql")
def test_corrected_and_confirmed_at_the_same_moment_it_is_one_or_the_other(site: Site) -> None:
    outcomes = set()
    for n in range(6):
        slug = site.publish()
        wrong, right = f"w{n}@exemple.tset", f"r{n}@exemple.test"
        site.sign(slug, email=wrong)
        link = next(mail for mail in site.mails() if mail.to == wrong).link("/confirmer/")
        posts = [(f"{there(slug)}/adresse", {"email": right}), (link, {})]
        corrects, confirms = rush(site, _only(site, slug), posts if n % 2 else posts[::-1])[:: 1 if n % 2 else -1]
        assert corrects == 303
        assert confirms in {303, 410}
        assert site.count(slug) == (confirms == 303)
        outcomes.add(confirms)
    with site.database.read() as session:
        assert counting.differences(session) == []
        orphans = {event.signature_id for event in session.query(ConsentEvent)} - {row.id for row in site.signatures()}
        assert orphans == set()


@pytest.mark.databases("sqlite", "postgresql")
def test_corrected_while_its_code_confirms_all_that_was_chosen_it_stays_whole(site: Site) -> None:
    """Confirmed first, the correction removes nothing of it; corrected first, nothing of it is left behind."""
    chosen = {"display": "full", "comment": "Pour les enfants.", "consent_updates": "on", "consent_organiser": "on"}
    for n in range(8):
        slug = site.publish()
        wrong, right = f"w{n}@exemple.tset", f"r{n}@exemple.test"
        site.sign(slug, email=wrong, **chosen)
        mail = next(mail for mail in site.mails() if mail.to == wrong)
        code = next(line.strip() for line in mail.text.splitlines() if re.fullmatch(r"\s*\d{8}\s*", line))
        posts = [(f"{there(slug)}/adresse", {"email": right}), (f"{there(slug)}/code", {"code": code})]
        corrects, confirms = rush(site, _only(site, slug), posts if n % 2 else posts[::-1])[:: 1 if n % 2 else -1]
        assert corrects == 303
        assert confirms in {303, 410, 422}
        rows = [row for row in site.signatures() if row.given_name == "Marie" and row.petition_id == n + 1]
        assert sorted(row.state for row in rows) == ["confirmed", "pending"][2 - len(rows) :]
        assert len(rows) == 1 + (confirms == 303)
        ids = {row.id for row in rows if row.state == "confirmed"}
        with site.database.read() as session:
            said = session.query(Comment).filter_by(petition_id=n + 1).all()
            assert [(one.text, one.signature_id in ids) for one in said] == [("Pour les enfants.", True)] * len(ids)
            assert {one.signature_id for one in session.query(Subscription).filter_by(petition_id=n + 1)} == ids
            words = session.query(ConsentEvent).filter_by(petition_id=n + 1, kind="confirmed").all()
            assert {(word.signature_id, word.purpose) for word in words} == {
                (one, purpose) for one in ids for purpose in ("sign", "public_name", "updates", "organiser_contact")
            }
    with site.database.read() as session:
        assert counting.differences(session) == []
        assert {event.signature_id for event in session.query(ConsentEvent)} == {row.id for row in site.signatures()}


@pytest.mark.databases("sqlite", "postgresql")
def test_two_corrections_at_once_leave_nothing_at_the_wrong_address(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email=WRONG)
    path = f"{there(slug)}/adresse"
    emails = [RIGHT, "marie@autre.test", RIGHT, "marie@autre.test"]
    assert rush(site, site.client, [(path, {"email": email}) for email in emails]) == [303] * 4
    assert {*waits_at(site)} == {RIGHT, "marie@autre.test"}
    assert len(site.signatures()) == 2


@pytest.mark.databases("sqlite")
def test_sixty_corrections_at_once_are_limited_as_forms_are(database_url: str, tmp_path: Any) -> None:
    with Site(settings_for(database_url, tmp_path, rate_sign="5/minute")) as site:
        slug = site.publish()
        site.sign(slug, email=WRONG)
        path = f"{there(slug)}/adresse"
        got = rush(site, site.client, [(path, {"email": f"p{n}@exemple.test"}) for n in range(60)])
        assert sorted(got) == [303] * 5 + [429] * 55
        assert len(site.mails()) == 5


def _only(site: Site, slug: str) -> TestClient:
    """This browser with the cookie of this petition's page alone: that is what it would send there."""
    browser = site.browser()
    for cookie in site.client.cookies.jar:
        if cookie.path == there(slug):
            browser.cookies.set(cookie.name, cookie.value or "")
    return browser


# The cookie


@pytest.mark.typed(
    "le cookie d’une autre pétition, coupé, d’une autre instance, d’avant-hier", "la page d’avant, et rien n’a changé"
)
@pytest.mark.databases("sqlite")
def test_a_cookie_that_is_not_ours_whole_and_fresh_opens_nothing(site: Site, tmp_path: Any) -> None:
    slug, other = site.publish(), site.publish()
    mine = site.sign(slug, email=WRONG).headers["set-cookie"].partition("=")[2].partition(";")[0]
    elsewhere = site.browser().post(f"/petitions/{other}/signatures", data=FORM | {"email": WRONG})
    foreign = elsewhere.headers["set-cookie"].partition("=")[2].partition(";")[0]
    vault = open_vault(
        settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, secret_key="another-secret-that-is-long-enough-too")
    )
    sent = just_sent.opened(site.app.state.vault, 1, mine)
    assert sent is not None
    stranger = just_sent.sealed(vault, 1, sent)
    assert just_sent.opened(vault, 1, stranger) == sent
    bad = [foreign, stranger, mine[:-1], mine[:40], mine[1:], mine + "A", "A" * 4000, "é", "=", "null", mine.swapcase()]
    for cookie in bad:
        browser = site.browser()
        headers = {b"cookie": f"inbox={cookie}".encode()}
        assert shown(browser.get(there(slug), headers=headers).text) is None, cookie
        answer = browser.post(f"{there(slug)}/adresse", data={"email": RIGHT}, headers=headers)
        assert answer.status_code == 422, cookie
        assert "trente minutes" in text_of(answer.text)
        assert f'value="{RIGHT}"' in answer.text
        assert browser.post(f"{there(slug)}/renvoi", headers=headers).status_code == 422
        assert browser.post(f"{there(slug)}/code", data={"code": "12345678"}, headers=headers).status_code == 422
        ratelimit.limiter.reset()
    assert len(site.signatures()) == 2
    # Good for half an hour, whatever keeps it longer.
    site.later(minutes=29)
    assert shown(site.browser().get(there(slug), headers={"cookie": f"inbox={mine}"}).text) == WRONG
    site.later(minutes=2)
    late = site.browser().get(there(slug), headers={"cookie": f"inbox={mine}"}).text
    assert shown(late) is None
    assert f'action="/petitions/{slug}/code"' in late


@pytest.mark.databases("sqlite")
def test_a_comment_that_no_cookie_holds_is_said_to_stay_behind(site: Site) -> None:
    slug = site.publish()
    long = "Une phrase assez longue, et qui dit quelque chose de vrai. " * 33
    assert len(site.sign(slug, email=WRONG, comment=long).headers["set-cookie"]) < 4000
    assert "trop long pour suivre" not in page(site.client, slug)
    corrected(site.client, slug, RIGHT)
    assert "quelque chose de vrai" in site.client.get(site.mails()[-1].link("/confirmer/")).text
    strange = "".join(chr(0x4E00 + int.from_bytes(crypto.random_bytes(2), "big") % 20000) for _ in range(MAX_COMMENT))
    # The widest names, too.
    site.sign(slug, email=WRONG, comment=strange, given_name="漢" * 100, family_name="字" * 100)
    html = page(site.client, slug)
    assert shown(html) == WRONG
    assert "trop long pour suivre" in html
    corrected(site.client, slug, "encore@exemple.test")
    assert {mail.to for mail in site.mails()} >= {"encore@exemple.test"}
    assert WRONG not in {mail.to for mail in site.mails()}


# Asked for again, confirmed by its code, forgotten


@pytest.mark.databases("sqlite")
def test_one_tap_sends_again_and_eight_digits_confirm(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    again = site.client.post(f"{there(slug)}/renvoi")
    assert (again.status_code, again.headers["location"]) == (303, there(slug))
    assert "Nouvel envoi demandé à" in text_of(page(site.client, slug))
    assert len(site.mails()) == 2
    code = next(line.strip() for line in site.mails()[-1].text.splitlines() if re.fullmatch(r"\s*\d{8}\s*", line))
    wrong = site.client.post(f"{there(slug)}/code", data={"code": f"{(int(code) + 1) % 10**8:08d}"})
    assert wrong.status_code == 422
    assert shown(wrong.text) == RIGHT
    assert 'href="#champ-code"' in wrong.text
    done = site.client.post(f"{there(slug)}/code", data={"code": code})
    assert done.status_code == 303
    assert "Votre signature est comptée" in site.client.get(done.headers["location"]).text
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert shown(page(site.client, slug)) is None


@pytest.mark.databases("sqlite")
def test_on_a_computer_of_others_it_is_forgotten_at_once(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    answer = site.client.post(f"{there(slug)}/oubli")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/petitions/{slug}")
    assert shown(page(site.client, slug)) is None
    assert [row.state for row in site.signatures()] == ["pending"]


@pytest.mark.databases("sqlite")
def test_a_correction_without_the_proof_that_is_asked_waits_to_be_seen(database_url: str, tmp_path: Any) -> None:
    """Neither its own robot's door nor a stricter one: the pace counts it as it counts forms."""
    with Site(settings_for(database_url, tmp_path, pace_network="2", pace_site="1000")) as site:
        slug = site.publish()
        for n in range(4):
            site.sign(slug, email=f"p{n}@exemple.test")
        site.later(seconds=20)
        assert corrected(site.client, slug, RIGHT).status_code == 303
        assert [row.doubt for row in site.signatures()][-1] == "p"
        site.later(minutes=25)
        assert corrected(site.client, slug, "plus.tard@exemple.test").status_code == 303
        assert [row.doubt for row in site.signatures()][-1] is None
