"""Mailed links and codes: one purpose, one signature, a time; forged or spoilt ones open nothing."""

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.consents.models import ConsentEvent
from app.crypto import Vault
from app.petitions import queries as petition_queries
from app.petitions import reopening
from app.signatures import jobs, links
from app.subscriptions.models import Subscription
from app.vault import open_vault
from app.web import ratelimit
from tests.organising.telling import tell
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def waiting(site: Site, slug: str, **changes: str) -> str:
    assert site.sign(slug, **changes).status_code == 303
    return site.mails()[-1].link("/confirmer/").removeprefix("/confirmer/")


def statuses(site: Site, token: str) -> list[int]:
    """What the four gestures on a token answer."""
    return [
        site.client.request(method, f"/{page}/{token}").status_code
        for page in ("confirmer", "pas-moi")
        for method in ("GET", "POST")
    ]


def test_a_link_lives_seven_days(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    site.later(days=6, hours=23)
    assert site.client.get(f"/confirmer/{token}").status_code == 200
    site.later(hours=1)
    assert statuses(site, token) == [410] * 4
    assert site.count(slug) == 0


def test_an_expired_link_says_what_to_do_next(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    site.later(days=7)
    assert "/mes-signatures" in site.client.get(f"/confirmer/{token}").text


def test_a_link_that_was_cut_or_altered_opens_nothing(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    spoilt = [token[:-1], token[:-10], token[:20], token[1:], token + "A", token + "=", token.swapcase()]
    spoilt += [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(0, len(token), 7)]
    spoilt += ["x", "a" * 60, "A" * 700, "é" * 40, "%00", "..%2f.."]
    for changed in spoilt:
        assert all(status in {400, 404} for status in statuses(site, changed)), changed
    assert site.count(slug) == 0
    assert len(site.signatures()) == 1


@pytest.mark.typed("un lien suivi de « . », « ) », « , », « » »", "le lien est lu sans ce qui le suit")
def test_a_link_is_read_without_what_was_put_after_it(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    after = [".", ",", ";", ":", "!", ")", "]", "}", ">", "»", "\u00a0»", "\u202f»", ").", "”", "’", "'", '"', "…",
             "*", "|", "&gt;", "&gt", "%3E", "%20", "\u200b", "\ufeff", "\u00ad", " merci", "<br>", "🙏",
             "（", "。"]  # fmt: skip
    for tail in after:
        for page in ("confirmer", "pas-moi"):
            assert site.client.get(f"/{page}/{token}{tail}").status_code == 200, tail
    # Its own page posts to the link as it should be; a script may post to the link as it was pasted.
    assert f'action="/confirmer/{token}"' in site.client.get(f"/confirmer/{token}).").text
    answer = site.client.post(f"/confirmer/{token}»")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/confirmer/{token}")
    assert site.count(slug) == 1
    assert site.client.post(f"/pas-moi/{token}).").headers["location"].startswith("/mes-signatures/annuler/")
    assert site.count(slug) == 0


def test_every_mailed_link_is_read_without_what_was_put_after_it(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on", consent_newsletter="on")
    site.sign(slug)
    site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    tell(site, slug)
    mailed = {link for mail in site.mails() for link in mail.links if re.search(r"/[\w-]{40,}$", link)}
    mailed = {link for link in mailed if not link.startswith("/petitions/")}
    assert {link.split("/")[1] for link in mailed} == {"confirmer", "pas-moi", "mes-signatures", "desabonnement"}
    for link in mailed:
        assert site.client.get(f"{link}).").status_code == 200, link


def test_a_cut_link_is_explained(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    page = site.client.get(f"/confirmer/{token[:-4]}")
    assert page.status_code == 404
    assert "Copiez-le en entier" in page.text


def test_a_token_of_another_purpose_confirms_nothing(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug)
    (row,) = site.signatures()
    vault = open_vault(site.settings)
    for purpose in ("manage", "withdraw", "unsubscribe", "code", "Confirm", ""):
        forged = links.make(vault, purpose, row.petition_id, row.id, clock.now() + timedelta(days=1))
        assert statuses(site, forged) == [404] * 4, purpose
    assert site.count(slug) == 0


def test_a_confirmation_token_opens_no_self_service(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    for path in (f"/mes-signatures/{token}", f"/mes-signatures/retirer/{token}", f"/desabonnement/{token}"):
        assert site.client.get(path).status_code in {404, 410}, path


def test_a_token_of_another_instance_opens_nothing(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug)
    (row,) = site.signatures()
    stranger = Vault(b"another-secret-that-is-long-enough")
    forged = links.make(stranger, "confirm", row.petition_id, row.id, clock.now() + timedelta(days=1))
    assert statuses(site, forged) == [404] * 4


def test_a_genuine_token_of_nobody_is_gone(site: Site) -> None:
    site.publish()
    token = links.make(open_vault(site.settings), "confirm", 1, uuid.uuid4(), clock.now() + timedelta(days=1))
    assert site.client.get(f"/confirmer/{token}").status_code == 410
    assert site.client.post(f"/confirmer/{token}").status_code == 410
    elsewhere = links.make(open_vault(site.settings), "confirm", 99, uuid.uuid4(), clock.now() + timedelta(days=1))
    assert site.client.get(f"/confirmer/{elsewhere}").status_code == 410
    assert site.client.post(f"/confirmer/{elsewhere}").status_code == 410


def code_of(site: Site) -> str:
    text = site.mails()[-1].text
    return next(line.strip() for line in text.splitlines() if line.strip().isdigit() and len(line.strip()) == 8)


def type_code(site: Site, slug: str, code: str, email: str = "marie@exemple.test") -> int:
    return site.client.post(f"/petitions/{slug}/code", data={"email": email, "code": code}).status_code


def test_the_code_of_the_mail_confirms_instead_of_the_link(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    code = code_of(site)
    response = site.client.post(
        f"/petitions/{slug}/code", data={"email": " Marie@Exemple.test", "code": f" {code[:4]} {code[4:]} "}
    )
    assert response.status_code == 303
    assert "Votre signature est comptée" in site.client.get(response.headers["location"]).text
    assert site.count(slug) == 1
    assert type_code(site, slug, code) == 303
    assert site.count(slug) == 1


@pytest.mark.typed("6201-9970, des espaces, des chiffres pleine chasse", "le code est reconnu")
@pytest.mark.parametrize(
    "spelled",
    ["{0}-{1}", "{0} {1}", "code : {0}{1}", "Code\u00a0: {0}\u202f{1}.", "« {0}{1} »", "{0}.{1}", "\u200b{0}{1}\u200b",
     "{0}{1}\r\n", "{0}–{1}", "n° {0}/{1}", "full", "arabic", "keycap"],
)  # fmt: skip
def test_a_code_is_read_however_it_is_typed(site: Site, spelled: str) -> None:
    slug = site.publish()
    site.sign(slug)
    code = code_of(site)
    others = {
        "full": code.translate({48 + n: 0xFF10 + n for n in range(10)}),
        "arabic": code.translate({48 + n: 0x660 + n for n in range(10)}),
        "keycap": "".join(f"{digit}\ufe0f\u20e3" for digit in code),
    }
    assert type_code(site, slug, others.get(spelled) or spelled.format(code[:4], code[4:])) == 303
    assert site.count(slug) == 1


def test_what_has_not_eight_digits_is_said_and_kept(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    code = code_of(site)
    for typed in ("", "code", code[:7], code + "1", f"{code} {code}", "1" * 20, "1" * 5000, "🙏", "l" * 8, "-1"):
        answer = site.client.post(f"/petitions/{slug}/code", data={"email": "marie@exemple.test", "code": typed})
        assert answer.status_code == 422, typed
        assert "Tapez les huit chiffres du message." in answer.text
        assert f'value="{typed}"' in answer.text
        ratelimit.limiter.reset()
    assert site.count(slug) == 0


def test_a_code_ends_with_its_link_even_when_it_has_served(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    code = code_of(site)
    assert type_code(site, slug, code) == 303
    site.later(days=6)
    there = site.client.post(f"/petitions/{slug}/code", data={"email": "marie@exemple.test", "code": code})
    assert there.status_code == 303
    # What the code opens ends with it: it cannot be renewed by typing it again.
    site.later(days=1)
    assert site.client.get(there.headers["location"]).status_code == 410
    assert type_code(site, slug, code) == 422


def test_a_link_that_has_served_opens_this_signature_and_no_other(site: Site) -> None:
    first, second = site.publish(), site.publish()
    site.confirmed(first)
    link = site.confirmed(second, display="full")
    thanks = site.client.get(link)
    assert "Marie Durand · 35000" in text_of(thanks.text)
    paths = set(re.findall(r'(?:href|action)="(/(?:mes-signatures|confirmer|pas-moi)/[^"]+)"', thanks.text))
    kinds = {path.rpartition("/")[0] for path in paths}
    assert kinds == {"/mes-signatures/lien", "/mes-signatures/retirer", link}  # what is chosen again
    site.mails()
    (way_in,) = (path for path in paths if "/lien/" in path)
    sent = len(site.mails())
    assert site.client.get(way_in).status_code == 405
    assert site.client.post(way_in).headers["location"] == "/mes-signatures/envoye"
    mails = site.mails()
    assert [mail.to for mail in mails[sent:]] == ["marie@exemple.test"]
    assert mails[-1].link("/mes-signatures/")
    (leave,) = (path for path in paths if "/retirer/" in path)
    assert site.client.post(leave).status_code == 303
    assert (site.count(first), site.count(second)) == (1, 0)
    left = len(site.mails())
    assert site.client.post(way_in).status_code == 410
    assert len(site.mails()) == left


def test_the_mail_that_says_already_opens_no_other_signature(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug)
    mail = site.mails()[-1]
    kinds = {link.rpartition("/")[0] for link in mail.links if len(link.split("/")[-1]) > 40}
    assert kinds == {"/mes-signatures/retirer"}
    assert "/mes-signatures" in mail.links
    leave = mail.link("/mes-signatures/retirer/")
    site.later(days=7)
    assert site.client.get(leave).status_code == 410
    assert site.client.post(leave).status_code == 410
    assert site.count(slug) == 1


@pytest.mark.typed("des nouvelles transférées à quelqu’un d’autre", "le lien n’arrête que cet envoi")
def test_forwarded_news_can_only_stop_the_news(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug)
    news = site.mails()[-1]
    for body in (news.text, news.html):
        links_in = re.findall(r"http://127\.0\.0\.1:8000(/[^\s\"<>]*)", body)
        assert {link.split("/")[1] for link in links_in} == {"petitions", "desabonnement", "mes-signatures"}
        assert "/mes-signatures" in links_in
        assert not [link for link in links_in if link.startswith("/mes-signatures/")]
    friend = site.browser()
    for link in news.links:
        friend.post(link.partition("#")[0])
    assert site.count(slug) == 1
    assert site.signatures()[0].state == "confirmed"


def test_withdrawal_links_that_were_mailed_for_two_years_are_over(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    (row,) = site.signatures()
    vault = open_vault(site.settings)
    long_ago = links.make(vault, "withdraw", row.petition_id, row.id, clock.now() + timedelta(days=650))
    for method in ("GET", "POST"):
        answer = site.client.request(method, f"/mes-signatures/retirer/{long_ago}")
        assert answer.status_code == 410
        assert 'href="/mes-signatures"' in answer.text
    assert site.count(slug) == 1


def test_a_wrong_code_is_refused_with_what_was_typed(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    wrong = f"{(int(code_of(site)) + 1) % 10**8:08d}"
    response = site.client.post(f"/petitions/{slug}/code", data={"email": "marie@exemple.test", "code": wrong})
    assert response.status_code == 422
    assert 'href="#champ-code"' in response.text
    assert 'value="marie@exemple.test"' in response.text
    assert site.count(slug) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_wrong_codes_end_the_tries_but_not_the_link(site: Site) -> None:
    slug = site.publish()
    token = waiting(site, slug)
    code = code_of(site)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(10):
        ratelimit.limiter.reset()  # a patient guesser changes address
        assert type_code(site, slug, wrong) == 422
    ratelimit.limiter.reset()
    assert type_code(site, slug, code) == 422
    assert site.count(slug) == 0
    assert site.client.post(f"/confirmer/{token}").status_code == 303
    assert site.count(slug) == 1


def test_guessing_codes_is_limited_by_address_too(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    answers = [type_code(site, slug, f"{n:08d}", f"p{n}@exemple.test") for n in range(12)]
    assert 429 in answers


def test_an_unknown_address_and_a_wrong_code_answer_alike(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    wrong = f"{(int(code_of(site)) + 1) % 10**8:08d}"
    replies = []
    for email in ("marie@exemple.test", "inconnu@exemple.test"):
        response = site.client.post(f"/petitions/{slug}/code", data={"email": email, "code": wrong})
        replies.append((response.status_code, response.text.replace(email, "")))
    assert replies[0] == replies[1]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_code_opens_its_own_petition_only(site: Site) -> None:
    first, second = site.publish(), site.publish()
    site.sign(first)
    code = code_of(site)
    site.sign(second)
    assert type_code(site, second, code) == 422
    assert type_code(site, first, code) == 303


def test_a_code_does_not_outlive_the_late_confirmation(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    code = code_of(site)
    site.later(days=7)
    assert type_code(site, slug, code) in {410, 422}
    assert site.count(slug) == 0


def test_resending_says_the_same_to_everybody_and_mails_only_signers(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.mails()
    replies = []
    for email in ("marie@exemple.test", "inconnu@exemple.test"):
        response = site.client.post(f"/petitions/{slug}/renvoi", data={"email": email})
        replies.append((response.status_code, response.headers["location"]))
    assert set(replies) == {(303, f"/petitions/{slug}/verifier")}
    assert [mail.to for mail in site.mails()] == ["marie@exemple.test"] * 2
    assert site.client.post(site.mails()[-1].link("/confirmer/")).status_code == 303


def test_resending_to_no_address_is_corrected(site: Site) -> None:
    slug = site.publish()
    response = site.client.post(f"/petitions/{slug}/renvoi", data={"email": "faux"})
    assert response.status_code == 422
    assert 'href="#champ-email"' in response.text
    assert 'value="faux"' in response.text


@pytest.mark.databases("sqlite", "postgresql")
def test_one_reminder_after_two_days_and_never_two(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug)
    site.later(hours=47, minutes=50)
    jobs.remind_pending(site.database, site.settings.origin)
    assert len(site.mails()) == 1
    site.later(minutes=10)
    for _ in range(2):
        jobs.remind_pending(site.database, site.settings.origin)
        site.later(hours=24)
    first, reminder = site.mails()
    assert reminder.subject != first.subject
    assert "Il y a deux jours" in reminder.text
    assert site.client.post(reminder.link("/confirmer/")).status_code == 303
    assert site.count(slug) == 1


def test_no_reminder_for_a_signature_that_counts_or_a_petition_that_ended(site: Site) -> None:
    counted, ended = site.publish(), site.publish(closes_at=clock.now() + timedelta(hours=40))
    site.confirmed(counted)
    site.sign(ended)
    sent = len(site.mails())
    site.later(hours=48)
    jobs.remind_pending(site.database, site.settings.origin)
    assert len(site.mails()) == sent


@pytest.mark.databases("sqlite", "postgresql")
def test_the_reminder_waits_for_a_petition_that_opens_again(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug)
    organiser = site.staff("organiser", slug)
    assert organiser.post(f"/organisation/petitions/{slug}/cloture").status_code == 303
    site.later(hours=49)
    before = len(site.mails())
    jobs.remind_pending(site.database, site.settings.origin)
    assert len(site.mails()) == before
    with site.database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        reopening.reopen(session, found)
    jobs.remind_pending(site.database, site.settings.origin)
    assert "Il y a deux jours" in site.mails()[-1].text


def test_scanners_that_fetch_every_mailed_link_change_nothing(site: Site) -> None:
    """Confirmation, "not me", self-service, withdrawal, unsubscription: fetched whole, or by their headers."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on", consent_newsletter="on")
    site.sign(slug, email="attend@exemple.test")
    site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    tell(site, slug)
    links_sent = {link for mail in site.mails() for link in mail.links}
    kinds = {link.split("/")[1] for link in links_sent}
    assert {"confirmer", "pas-moi", "mes-signatures", "desabonnement"} <= kinds

    def kept() -> list[object]:
        with site.database.read() as session:
            people = [(row.id, row.state, row.mails) for row in site.signatures()]
            events = session.scalars(select(ConsentEvent.at)).all()
            return [people, session.scalars(select(Subscription.id)).all(), len(events)]

    before, mails = kept(), len(site.mails())
    scanner = site.browser()
    for link in sorted(links_sent):
        for method in ("GET", "HEAD", "GET", "OPTIONS"):
            assert scanner.request(method, link).status_code < 500, link
    assert kept() == before
    assert len(site.mails()) == mails
    assert site.count(slug) == 1
    assert not scanner.cookies
