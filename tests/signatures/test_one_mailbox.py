"""Two people, one mailbox: said on the form, nothing replaced in silence, the database decides how many."""

import asyncio
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select, text

from app import clock, crypto
from app.comments.models import Comment
from app.consents.models import ConsentEvent
from app.db import Database
from app.errors import Refused
from app.mail.addresses import canonical
from app.mail.models import OutboxMail
from app.moderation.actions import receiving
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.privacy import counting, retention
from app.privacy.actions import erasing
from app.settings import Settings
from app.signatures import actions, jobs, queries, seats
from app.signatures.actions import SignRequest, Target
from app.signatures.forms import SignForm
from app.signatures.models import Signature
from app.subscriptions.models import Subscription
from tests.conftest import settings_for
from tests.organising.telling import NEWS, tell
from tests.privacy.test_self_service import line, opened
from tests.signatures.test_bound import shown_of
from tests.site import FORM, Received, Site, text_of

JEAN = {"given_name": "Jean", "family_name": "Petit"}
ADDRESS = FORM["email"]


@pytest.fixture
def shared(database_url: str, tmp_path: Path) -> Settings:
    """An instance where two people may sign with one address."""
    return settings_for(database_url, tmp_path, people_per_address="2")


def states(site: Site) -> dict[str, str]:
    """Given name → state."""
    return {row.given_name: row.state for row in site.signatures()}


def mail_of(site: Site, name: str) -> Received:
    return [mail for mail in site.mails() if f"Bonjour {name}" in mail.text][-1]


def link_of(site: Site, name: str) -> str:
    return mail_of(site, name).link("/confirmer/")


def code_in(mail: Received) -> str:
    return next(word for word in mail.text.split() if re.fullmatch(r"\d{8}", word))


def comments(site: Site) -> list[tuple[str, str]]:
    with site.database.read() as session:
        return [(row.text, row.state) for row in session.scalars(select(Comment).order_by(Comment.id))]


def exact(site: Site) -> bool:
    with site.database.read() as session:
        return counting.differences(session) == []


# Said before it happens


@pytest.mark.databases("sqlite")
def test_the_form_and_the_next_page_say_how_many_may_sign(site: Site) -> None:
    slug = site.publish()
    assert "Une adresse, une signature." in text_of(site.client.get(f"/petitions/{slug}").text)
    assert "une adresse, une signature" in text_of(site.client.get(f"/petitions/{slug}/verifier").text)


@pytest.mark.databases("sqlite")
def test_where_two_may_sign_it_is_said(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        assert "Deux personnes au plus par adresse." in text_of(site.client.get(f"/petitions/{slug}").text)
        assert "deux signatures au plus" in text_of(site.client.get(f"/petitions/{slug}/verifier").text)


# One address, one signature


@pytest.mark.typed("deux personnes, une boîte", "la seconde a son propre message, qui dit ce qu’il remplacerait")
def test_another_name_replaces_nothing_and_gets_its_own_mail(site: Site) -> None:
    slug = site.publish()
    first = site.sign(slug, comment="L’avis de Marie.", display="full")
    second = site.sign(slug, **JEAN, comment="L’avis de Jean.")
    assert site.client.get(first.headers["location"]).text == site.client.get(second.headers["location"]).text
    mail = mail_of(site, "Jean")
    for body in (mail.text, text_of(mail.html)):
        assert "Un formulaire au nom de Marie Durand attend déjà d’être confirmé" in body
        assert "elle remplace l’autre" in body
    assert "sign" not in mail.subject.lower()
    page = text_of(site.client.get(mail.link("/confirmer/")).text)
    for said in ("Jean Petit", "L’avis de Jean.", "au nom de Marie Durand", "Son commentaire est retiré avec elle."):
        assert said in page, said
    # The first one's link still says what it said, and confirms it.
    marie = link_of(site, "Marie")
    page = text_of(site.client.get(marie).text)
    assert "L’avis de Marie." in page
    assert "a été renvoyé" not in page
    assert site.client.post(marie).status_code == 303
    assert states(site) == {"Marie": "confirmed", "Jean": "pending"}
    assert [text for text, _ in comments(site)] == ["L’avis de Marie."]
    assert site.count(slug) == 1


def test_the_second_takes_the_place_of_the_first_once_confirmed(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment="L’avis de Marie.")
    site.sign(slug, **JEAN, comment="L’avis de Jean.")
    marie, jean = link_of(site, "Marie"), link_of(site, "Jean")
    for _ in range(2):
        assert (answer := site.client.post(jean)).status_code == 303
        assert answer.headers["location"] == jean
    assert "Jean Petit" in text_of(site.client.get(jean).text)
    assert states(site) == {"Jean": "confirmed"}
    assert comments(site) == [("L’avis de Jean.", "waiting")]
    gone = site.client.get(marie)
    assert gone.status_code == 410
    assert "remplacée" in gone.text
    assert site.client.post(marie).status_code == 410
    assert site.count(slug) == 1
    assert exact(site)


def test_a_counted_signature_is_replaced_with_its_comment_and_passed_on(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, comment="L’avis de Marie.", display="full", consent_updates="on")
    site.sign(slug, **JEAN)
    mail = mail_of(site, "Jean")
    assert "Une signature au nom de Marie Durand est déjà comptée" in mail.text
    organiser = site.staff("organiser", slug)
    organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"})
    assert site.count(slug) == 1
    assert site.client.post(mail.link("/confirmer/")).status_code == 303
    assert states(site) == {"Jean": "confirmed"}
    assert comments(site)[0][1] == "withdrawn"
    assert site.count(slug) == 1
    assert exact(site)
    assert "Marie Durand" not in site.client.get(f"/petitions/{slug}").text
    assert "répercuter" in text_of(organiser.get(f"/organisation/petitions/{slug}").text)
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscription)) == 0
        marie = session.scalars(select(ConsentEvent).where(ConsentEvent.kind == "withdrawn")).all()
    assert {event.channel for event in marie} == {"replaced"}


@pytest.mark.databases("sqlite")
def test_what_would_be_replaced_is_shown_as_it_is_at_that_moment(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    jean = link_of(site, "Jean")
    before = site.client.get(jean).text
    assert site.client.post(link_of(site, "Marie")).status_code == 303
    # Marie's did not count when this was shown; it does now, and would be withdrawn.
    for data in ({}, {"shown": shown_of(before)}):
        answer = site.client.post(jean, data=data)
        assert answer.status_code == 409
        assert "a changé depuis ce que vous avez lu" in text_of(answer.text)
        assert "est déjà comptée" in text_of(answer.text)
    assert states(site) == {"Marie": "confirmed", "Jean": "pending"}
    assert site.client.post(jean, data={"shown": shown_of(answer.text)}).status_code == 303
    assert states(site) == {"Jean": "confirmed"}


def test_the_code_of_a_second_name_leads_to_what_it_would_replace(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    marie, jean = mail_of(site, "Marie"), mail_of(site, "Jean")
    form = {"email": ADDRESS, "code": code_in(jean)}
    there = site.client.post(f"/petitions/{slug}/code", data=form).headers["location"]
    page = site.client.get(there)
    assert "Marie Durand" in page.text
    assert "a changé" not in text_of(page.text)
    assert states(site) == {"Marie": "pending", "Jean": "pending"}
    assert site.client.post(there, data={"shown": shown_of(page.text)}).status_code == 303
    assert states(site) == {"Jean": "confirmed"}
    assert site.client.post(f"/petitions/{slug}/code", data=form).status_code == 303
    form["code"] = code_in(marie)
    assert site.client.post(f"/petitions/{slug}/code", data=form).status_code == 422
    assert site.count(slug) == 1


@pytest.mark.parametrize(
    ("given", "family"),
    [("MARIE", "durand"), ("Marié", "Dùrand"), ("Durand", "Marie"), ("Marie ", "Durand"), ("Ma-rie", "Durand")],
)
def test_the_same_name_spelled_otherwise_is_a_correction(site: Site, given: str, family: str) -> None:
    slug = site.publish()
    site.sign(slug, given_name="Ma-rie" if "-" in given else "Marie")
    site.sign(slug, given_name=given, family_name=family)
    assert len(site.signatures()) == 1


def test_a_correction_of_the_second_name_goes_to_the_second_form(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    site.sign(slug, **JEAN, postal_code="75011")
    rows = {row.given_name: row.postal_code for row in site.signatures()}
    assert rows == {"Marie": "35000", "Jean": "75011"}
    assert site.client.post(link_of(site, "Jean")).status_code == 409


def test_a_name_whose_mail_could_not_go_is_found_from_the_others(site: Site) -> None:
    """Two mails a day: a stranger who used them up hides nothing from whoever owns the mailbox."""
    slug = site.publish()
    site.sign(slug, given_name="Pirate", family_name="Barbu")
    site.sign(slug, given_name="Corsaire", family_name="Barbu")
    sign = site.sign(slug, comment="Vraiment de moi.")
    assert sign.status_code == 303
    assert len(site.mails()) == 2
    page = site.client.get(link_of(site, "Pirate")).text
    found = re.search(r'href="(/confirmer/[^"]+)">[^<]*<span class="visually-hidden">[^<]*<bdi>Marie Durand', page)
    assert found
    mine = site.client.get(found[1])
    assert "Vraiment de moi." in mine.text
    assert "a changé" not in text_of(mine.text)
    assert site.client.post(found[1]).status_code == 303
    assert "confirmed" in states(site)["Marie"]
    # Those that wait beside are still said, on the thanks too.
    assert "au nom de Corsaire Barbu" in text_of(site.client.get(found[1]).text)
    site.client.post(link_of(site, "Corsaire").replace("/confirmer/", "/pas-moi/"))
    assert states(site) == {"Marie": "confirmed"}


def test_a_mailbox_still_gets_two_mails_a_day_and_five_in_all(site: Site) -> None:
    slug = site.publish()
    sent = []
    for day in "abcd":
        for name in ("Marie", f"Jean{day}", f"Paul{day}"):
            assert site.sign(slug, given_name=name).status_code == 303
        sent.append(len(site.mails()))
        site.later(days=1)
    assert sent == [2, 4, 5, 5]


def test_too_many_names_wait_no_longer(site: Site) -> None:
    slug = site.publish()
    for n in range(12):
        assert site.sign(slug, given_name="Nom" + chr(97 + n)).status_code == 303
    assert len(site.signatures()) == 1 + len(seats.WAITING)
    assert len(site.mails()) == 2


def test_when_the_first_leaves_the_second_is_like_any_other(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    site.sign(slug, given_name="Paul")
    jean = link_of(site, "Jean")
    site.client.post(link_of(site, "Marie").replace("/confirmer/", "/pas-moi/"))
    assert states(site) == {"Jean": "pending", "Paul": "pending"}
    page = site.client.get(jean).text
    assert "Marie" not in page
    assert site.client.post(jean, data={"shown": shown_of(page)}).status_code == 303
    assert states(site) == {"Jean": "confirmed", "Paul": "pending"}
    # Whoever comes now meets Jean: the first seat is never empty while somebody waits.
    site.sign(slug)
    assert site.count(slug) == 1
    assert len(site.signatures()) == 3


def test_it_was_not_me_erases_this_form_only(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment="L’avis de Marie.")
    site.sign(slug, **JEAN)
    not_me = link_of(site, "Jean").replace("/confirmer/", "/pas-moi/")
    assert "Effacer cette signature" in site.client.get(not_me).text
    assert site.client.post(not_me).status_code == 303
    assert "C’est effacé" in site.client.get(not_me).text
    assert states(site) == {"Marie": "pending"}
    assert site.client.post(link_of(site, "Marie")).status_code == 303


def test_who_was_set_aside_does_not_come_back_under_another_name(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug, **JEAN)
    jean = link_of(site, "Jean")
    shown = shown_of(site.client.get(jean).text)
    with site.database.write() as session:
        (row,) = [row for row in session.scalars(select(Signature)) if row.state == "confirmed"]
        actions.invalidate(session, row.petition_id, [row.id], None, "burst")
    assert site.client.get(jean).status_code == 410
    assert site.client.post(jean, data={"shown": shown}).status_code == 410
    site.later(days=1)
    site.sign(slug, given_name="Paul")
    assert states(site) == {"Marie": "invalidated", "Jean": "pending"}
    assert site.count(slug) == 0


def test_resending_sends_what_waits_the_latest_first(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    site.later(days=1)
    site.client.post(f"/petitions/{slug}/renvoi", data={"email": ADDRESS})
    third, fourth = site.mails()[2:]
    assert ("Jean" in third.text, "Marie" in fourth.text) == (True, True)
    assert "au nom de Marie Durand" in third.text
    assert site.client.post(third.link("/confirmer/")).status_code == 303
    assert states(site) == {"Jean": "confirmed"}


def test_the_reminder_is_for_whoever_came_first(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, **JEAN)
    site.later(hours=48)
    jobs.remind_pending(site.database, site.settings.origin)
    (reminder,) = site.mails()[2:]
    assert "Bonjour Marie" in reminder.text


# What waits is somebody's data


def test_self_service_shows_corrects_and_erases_both(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug, **JEAN, comment="Brouillon de Jean.")
    browser = opened(site)
    page = text_of(browser.get("/mes-signatures/liste").text)
    for said in ("Marie Durand", "Jean Petit", "Brouillon de Jean.", "en attente de votre confirmation"):
        assert said in page, said
    for kind in ("json", "csv"):
        data = browser.get(f"/mes-signatures/donnees.{kind}").text
        assert "Brouillon de Jean." in data
        assert "Petit" in data
    assert browser.post("/mes-signatures/effacer").status_code == 303
    assert site.signatures() == []
    with site.database.read() as session:
        assert session.scalar(select(func.count()).where(OutboxMail.state == "waiting")) == 0


def test_what_waits_is_gone_after_a_week_and_the_other_is_not(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.later(days=2)
    site.sign(slug, **JEAN, comment="Brouillon de Jean.")
    site.later(days=6, hours=23)
    retention.run(site.database, site.settings)
    assert states(site) == {"Marie": "confirmed", "Jean": "pending"}
    site.later(days=1)
    retention.run(site.database, site.settings)
    assert states(site) == {"Marie": "confirmed"}
    with site.database.read() as session:
        given = session.scalars(select(ConsentEvent.signature_id)).all()
    assert set(given) == {row.id for row in site.signatures()}


def test_when_the_first_expires_the_second_moves_up(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.later(days=3)
    site.sign(slug, **JEAN)
    site.later(days=4, hours=1)
    retention.run(site.database, site.settings)
    (row,) = site.signatures()
    assert (row.given_name, seats.seat_of(row.email_key)) == ("Jean", 1)
    page = site.client.get(link_of(site, "Jean")).text
    assert site.client.post(link_of(site, "Jean"), data={"shown": shown_of(page)}).status_code == 303
    assert site.count(slug) == 1


def test_a_restore_forgets_whoever_left_and_nobody_else(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        site.confirmed(slug)
        site.confirmed(slug, **JEAN)
        marie = next(row for row in site.signatures() if row.given_name == "Marie")
        with site.database.read() as session:
            key = petition_keys.of(session, marie.petition_id)
            address = crypto.digest(key.dedup, canonical(ADDRESS).encode()).hex()
        with site.database.write() as session:
            record = {"kind": "withdrawal", "petition": marie.petition_id, "key": address}
            assert erasing.replay(session, [record | {"id": marie.id.hex}]) == 1
        assert states(site) == {"Jean": "confirmed"}
        assert site.count(slug) == 1
        with site.database.write() as session:
            written = erasing.records(session, clock.now().replace(year=2020))
        assert written == [record | {"id": marie.id.hex}]


# Two people, where the instance allows it


@pytest.mark.typed("SIGNONS_PEOPLE_PER_ADDRESS=2", "deux personnes signent côte à côte ; la base décide")
def test_two_people_sign_side_by_side(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        site.sign(slug, display="full", comment="L’avis de Marie.")
        site.sign(slug, **JEAN, display="full", comment="L’avis de Jean.")
        mail = mail_of(site, "Jean")
        assert "Marie Durand signe aussi avec cette adresse" in mail.text
        assert "remplace" not in mail.text
        assert "Marie Durand signe aussi" in text_of(site.client.get(mail.link("/confirmer/")).text)
        assert site.client.post(mail.link("/confirmer/")).status_code == 303
        assert site.client.post(f"/petitions/{slug}/code", data={"email": ADDRESS, "code": code_in(mail)}).is_redirect
        form = {"email": ADDRESS, "code": code_in(mail_of(site, "Marie"))}
        assert site.client.post(f"/petitions/{slug}/code", data=form).status_code == 303
        assert states(site) == {"Marie": "confirmed", "Jean": "confirmed"}
        assert site.count(slug) == 2
        assert sorted(row.place or 0 for row in site.signatures()) == [1, 2]
        page = site.client.get(f"/petitions/{slug}").text
        assert "Marie Durand" in page
        assert "Jean Petit" in page
        assert exact(site)


def test_a_third_would_replace_the_second_and_says_so(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        site.confirmed(slug)
        site.confirmed(slug, **JEAN)
        site.later(days=1)
        site.sign(slug, given_name="Paul")
        mail = mail_of(site, "Paul")
        assert "Une signature au nom de Jean Petit est déjà comptée" in mail.text
        assert "que deux signatures" in mail.text
        assert site.count(slug) == 2
        assert site.client.post(mail.link("/confirmer/")).status_code == 303
        assert states(site) == {"Marie": "confirmed", "Paul": "confirmed"}
        assert site.count(slug) == 2
        assert exact(site)


def test_whoever_signed_second_cannot_sign_again_when_the_first_has_left(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        site.confirmed(slug)
        site.confirmed(slug, **JEAN)
        site.client.post(link_of(site, "Marie").replace("/confirmer/", "/pas-moi/"))
        assert site.count(slug) == 1
        site.later(days=1)
        site.sign(slug, **JEAN)
        assert "Votre signature y est déjà" in site.mails()[-1].text
        site.confirmed(slug)
        assert states(site) == {"Jean": "confirmed", "Marie": "confirmed"}
        assert site.count(slug) == 2


def test_one_of_two_leaves_and_the_news_go_on_for_the_other(shared: Settings) -> None:
    with Site(shared) as site:
        slug = site.publish()
        site.confirmed(slug, consent_updates="on")
        site.confirmed(slug, **JEAN, consent_updates="on")
        link = link_of(site, "Jean").replace("/confirmer/", "/pas-moi/")
        assert site.client.post(link).status_code == 303
        tell(site, slug)
        assert NEWS["text"] in site.mails()[-1].text
        browser = opened(site)
        assert browser.post(line(browser) + "/arreter", data={"purpose": "updates"}).status_code == 303
        with site.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Subscription)) == 0


def test_those_who_waited_get_the_second_seat_when_the_instance_allows_it(database_url: str, tmp_path: Path) -> None:
    with Site(settings_for(database_url, tmp_path)) as site:
        slug = site.publish()
        site.confirmed(slug)
        site.sign(slug, **JEAN)
    with Site(settings_for(database_url, tmp_path, people_per_address="2")) as site:
        jean = link_of(site, "Jean")
        page = site.client.get(jean).text
        assert "remplace" not in text_of(page)
        assert site.client.post(jean, data={"shown": shown_of(page)}).status_code == 303
        assert states(site) == {"Marie": "confirmed", "Jean": "confirmed"}
        assert site.count(slug) == 2


# At the same moment: the database decides


@pytest.mark.parametrize("people", [1, 2])
def test_names_at_once_never_count_more_than_the_address_may(database_url: str, tmp_path: Path, people: int) -> None:
    """Several processes sign and confirm for one address, under five names, as fast as they can."""
    settings = settings_for(database_url, tmp_path, people_per_address=str(people))
    names = ["Anne", "Bruno", "Chloé", "Denis", "Élise"]
    with Site(settings) as site:
        slugs = [site.publish() for _ in range(3)]
        for slug in slugs:
            _race(site, slug, names, people)
            with site.database.read() as session:
                petition = petition_queries.by_slug(session, slug)
                assert petition is not None
                rows = session.scalars(select(Signature).where(Signature.petition_id == petition.id)).all()
            counted = [row for row in rows if row.state == "confirmed"]
            assert 1 <= len(counted) <= people
            assert site.count(slug) == len(counted)
            assert len({row.email_key for row in rows}) == len(rows)
            assert len({row.given_name for row in rows}) == len(rows)
            assert seats.seat_of(min(row.email_key for row in rows)) == 1
            assert all(seats.seat_of(row.email_key) in seats.COUNTED[:people] for row in counted)
        assert exact(site)


def _race(site: Site, slug: str, names: list[str], people: int) -> None:
    with site.database.read() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        signing = actions.signing_of(session, petition)
    # Each with connections of its own, as processes have.
    databases = [Database(site.settings, site.app.state.vault, site.app.state.bus) for _ in names]
    began = threading.Barrier(len(names))

    def person(n: int) -> Counter[str]:
        form = SignForm.model_validate(FORM | {"given_name": names[n]})
        request = SignRequest(signing, form, "fr", "https://x.test", people=people)
        other = SignForm.model_validate(FORM | {"given_name": names[n - 1]})
        beside = SignRequest(signing, other, "fr", "https://x.test", people=people)
        outcomes: Counter[str] = Counter()
        began.wait()
        for group in ([request], [beside, request], [request, beside]):
            with databases[n].write() as session:
                actions.sign_group(session, group)
            with databases[n].read() as session:
                key = crypto.digest(signing.keys.dedup, canonical(ADDRESS).encode())
                ids = [
                    row.id
                    for row in queries.of_address(session, signing.petition_id, key)
                    if row.given_name == names[n]
                ]
            for signature_id in ids:
                try:
                    with databases[n].write() as session:
                        actions.confirm_other(
                            session, Target(signing.petition_id, signature_id), people, receiving.receive_drafts,
                            lambda session, pid, sid: erasing.withdraw(session, pid, sid, "replaced"),
                        )  # fmt: skip
                    outcomes["confirmed"] += 1
                except Refused as refused:
                    outcomes[type(refused).__name__] += 1
        return outcomes

    with ThreadPoolExecutor(len(names)) as pool:
        outcomes = sum(pool.map(person, range(len(names))), Counter())
    for database in databases:
        database.close()
    assert outcomes["confirmed"] >= 1, outcomes


def test_five_names_in_one_group_each_keep_their_form(site: Site) -> None:
    """Sent in the same instant they are written together: none may swallow another."""
    slug = site.publish()
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        signing = actions.signing_of(session, petition)
        forms = [
            SignForm.model_validate(FORM | {"given_name": name, "comment": f"De {name}."})
            for name in ("Anne", "Bruno", "Anne", "Chloé")
        ]
        actions.sign_group(session, [SignRequest(signing, form, "fr", site.settings.origin) for form in forms])
    assert sorted(states(site)) == ["Anne", "Bruno", "Chloé"]
    assert "De Bruno." in site.client.get(link_of(site, "Bruno")).text
    assert len(site.mails()) == 2


@pytest.mark.parametrize("people", ["1", "2"])
def test_links_of_two_names_clicked_at_once(database_url: str, tmp_path: Path, people: str) -> None:
    with Site(settings_for(database_url, tmp_path, people_per_address=people)) as site:
        site.app.state.confirm_limit.items = []
        slug = site.publish()
        site.sign(slug)
        site.sign(slug, **JEAN)
        links = [link_of(site, "Marie"), link_of(site, "Jean")]
        pages = {link: {"shown": shown_of(site.client.get(link).text)} for link in links}

        async def click() -> list[int]:
            transport = httpx2.ASGITransport(site.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                posts = [client.post(link, data=data) for _ in range(4) for link, data in pages.items()]
                return [answer.status_code for answer in await asyncio.gather(*posts)]

        assert site.client.portal is not None
        statuses = site.client.portal.call(click)
        assert set(statuses) <= {303, 409, 410}
        assert 303 in statuses
        counted = [row for row in site.signatures() if row.state == "confirmed"]
        assert len(counted) == site.count(slug)
        assert len(counted) == 2 if people == "2" else len(counted) == 1
        assert exact(site)


def test_the_address_of_a_second_seat_is_not_readable_either(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.sign(slug, given_name="Zyxwvut", family_name="Secretissime", comment="Confidentiel")
    with site.database.read() as session:
        rows = session.execute(
            text("SELECT family_name_sealed, email_sealed, comment_sealed, email_key FROM signature")
        )
        raw = b"".join(bytes(value) for row in rows for value in row if value is not None)
    assert not re.search(rb"Secretissime|marie|exemple|Confidentiel", raw)
