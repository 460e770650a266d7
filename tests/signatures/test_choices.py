"""What nobody has to say, said while confirming or on the thanks: whole or not at all, and nothing typed is lost."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from app import crypto
from app.comments.models import Comment, CommentRevision
from app.consents import actions as consent_actions
from app.consents.models import ConsentEvent
from app.petitions import keys as petition_keys
from app.privacy import counting
from app.signatures import bound
from app.signatures.models import PostingRecord
from app.subscriptions.models import Subscription
from app.vault import open_vault
from tests.privacy.test_self_service import opened
from tests.signatures.test_bound import shown_of
from tests.signatures.test_links import code_of, type_code
from tests.site import FORM, Site, text_of

both = pytest.mark.databases("sqlite", "postgresql")
pytestmark = pytest.mark.databases("sqlite")
ALL = {
    "choix": "1",
    "display": "initial",
    "comment": "Pour les enfants.",
    "consent_updates": "on",
    "consent_organiser": "on",
}


def waiting(site: Site, slug: str, **changes: str) -> str:
    assert site.sign(slug, **changes).status_code == 303
    return site.mails()[-1].link("/confirmer/")


def ledger(site: Site, *purposes: str) -> list[tuple[str, str, str]]:
    with site.database.read() as session:
        rows = session.scalars(select(ConsentEvent).order_by(ConsentEvent.at, ConsentEvent.purpose)).all()
        return [(row.purpose, row.kind, row.channel) for row in rows if not purposes or row.purpose in purposes]


def comments(site: Site) -> list[str]:
    with site.database.read() as session:
        assert len(session.scalars(select(CommentRevision)).all()) == len(session.scalars(select(Comment)).all())
        return list(session.scalars(select(Comment.text).order_by(Comment.id)))


def mailings(site: Site) -> list[str]:
    with site.database.read() as session:
        return sorted(session.scalars(select(Subscription.purpose)))


def ticked(html: str) -> set[str]:
    return {
        tag.partition('name="')[2].partition('"')[0] for tag in re.findall(r"<input[^>]*>", html) if " checked" in tag
    }


@both
def test_choices_are_taken_with_the_confirmation_and_say_where(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    assert site.client.post(link, data=ALL).status_code == 303
    assert site.count(slug) == 1
    (row,) = site.signatures()
    assert row.display == "initial"
    assert comments(site) == ["Pour les enfants."]
    assert mailings(site) == ["updates"]
    assert ledger(site)[:1] == [("sign", "given", "form")]
    assert sorted(ledger(site)[1:]) == [
        ("organiser_contact", "confirmed", "confirmation"),
        ("public_name", "confirmed", "confirmation"),
        ("sign", "confirmed", "form"),
        ("updates", "confirmed", "confirmation"),
    ]
    with site.database.read() as session:
        keys = petition_keys.of(session, row.petition_id)
        given = session.scalars(select(ConsentEvent).where(ConsentEvent.channel == "confirmation")).all()
        record = session.get_one(PostingRecord, row.id)
    agreed = dict.fromkeys(("public_name", "updates", "organiser_contact"), True)
    texts = {event.purpose: event.text_id for event in given}
    digest = bound.digest_of_choices(keys, row.form_digest or b"", "initial", ALL["comment"], agreed, texts)
    assert {event.form_digest for event in given} == {digest}, "what was chosen can be proved"
    peer = crypto.unseal(open_vault(site.settings).postings, record.sealed, row.id.bytes).decode()
    assert re.fullmatch(r"testclient \d+", peer), "the decree's address and port, sealed"


@both
def test_without_choices_what_the_form_said_stays_by_link_and_by_code(site: Site) -> None:
    said = {"display": "full", "comment": "Avec le formulaire.", "consent_updates": "on"}
    for by_code in (False, True):
        slug = site.publish()
        link = waiting(site, slug, **said)
        shown = site.client.get(link).text
        assert ticked(shown) == {"display", "consent_updates"}
        assert ">\nAvec le formulaire.</textarea>" in shown
        assert (type_code(site, slug, code_of(site)) if by_code else site.client.post(link).status_code) == 303
        assert site.count(slug) == 1
    assert [row.display for row in site.signatures()] == ["full", "full"]
    assert comments(site) == [said["comment"]] * 2
    assert mailings(site) == ["updates", "updates"]
    assert {channel for _, _, channel in ledger(site)} == {"form"}


@both
def test_what_the_form_said_may_be_taken_back_or_changed_while_confirming(site: Site) -> None:
    slug = site.publish()
    link = waiting(
        site, slug, display="full", comment="Trop vite écrit.", consent_updates="on", consent_newsletter="on"
    )
    changed = {"choix": "1", "display": "hidden", "comment": "", "consent_newsletter": "on"}
    assert site.client.post(link, data={"shown": shown_of(site.client.get(link).text), **changed}).status_code == 303
    (row,) = site.signatures()
    assert (row.display, row.comment_sealed) == ("hidden", None)
    assert comments(site) == []
    assert mailings(site) == ["newsletter"]
    assert ledger(site, "updates") == [("updates", "given", "form"), ("updates", "withdrawn", "confirmation")]
    assert ledger(site, "public_name")[-1] == ("public_name", "withdrawn", "confirmation")
    assert ledger(site, "newsletter") == [("newsletter", "given", "form"), ("newsletter", "confirmed", "form")]


def test_a_program_that_says_one_thing_leaves_the_others(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, display="full", consent_updates="on")
    assert site.client.post(link, data={"comment": "Seulement cela."}).status_code == 303
    assert [row.display for row in site.signatures()] == ["full"]
    assert (comments(site), mailings(site)) == (["Seulement cela."], ["updates"])


@both
def test_a_form_sent_again_meanwhile_is_shown_and_what_was_typed_stays(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    page = site.client.get(link).text
    site.sign(slug, given_name="MARIE", comment="Ce n’est pas de moi.", consent_newsletter="on")
    answer = site.client.post(link, data={"shown": shown_of(page), **ALL})
    assert answer.status_code == 409
    assert site.count(slug) == 0
    assert "MARIE Durand" in text_of(answer.text)
    assert ">\nPour les enfants.</textarea>" in answer.text
    assert ticked(answer.text) == {"display", "consent_updates", "consent_organiser"}
    assert site.client.post(link, data={"shown": shown_of(answer.text), **ALL}).status_code == 303
    assert comments(site) == ["Pour les enfants."]
    assert mailings(site) == ["updates"]


WRONG = [
    ({"comment": "x" * 2001}, 422, "Raccourcissez votre commentaire"),
    ({"comment": "🙏" * 2001}, 422, "il en compte 2001"),
    ({"display": "tout"}, 422, "Choisissez ce que le public verra"),
    ({"display": "full"}, 422, "n’affiche pas autant"),
    ({"consent_texts": "999"}, 422, "Le texte d’un de ces accords a changé"),
]


@pytest.mark.typed("2 001 signes, un affichage inventé, une case qui n’a plus ce texte", "une phrase, et tout reste")
@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(("wrong", "status", "said"), WRONG)
def test_what_is_refused_changes_nothing_and_stays_typed(
    site: Site, wrong: dict[str, str], status: int, said: str, confirmed: bool
) -> None:
    slug = site.publish(display_most="initial")
    link = waiting(site, slug)
    if confirmed:
        site.client.post(link)
    answer = site.client.post(f"{link}/choix" if confirmed else link, data=ALL | wrong)
    assert answer.status_code == status
    assert said in text_of(answer.text).replace("\u202f", "")
    assert ">\n" + (ALL | wrong)["comment"] + "</textarea>" in answer.text
    assert {"consent_updates", "consent_organiser"} <= ticked(answer.text)
    assert [row.display for row in site.signatures()] == ["hidden"]
    assert (comments(site), mailings(site), site.count(slug)) == ([], [], int(confirmed))
    assert not [entry for entry in ledger(site) if entry[0] != "sign"]


@pytest.mark.typed("un commentaire de signes que personne ne voit", "rien : il n’y a pas de commentaire")
def test_nothing_that_can_be_seen_is_no_comment(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    assert site.client.post(link, data=ALL | {"comment": "\u200b\u202e \U000e0041\n"}).status_code == 303
    assert comments(site) == []
    with site.database.read() as session:
        assert session.scalars(select(PostingRecord)).all() == []


# On the thanks


@both
def test_the_thanks_ask_why_once_and_let_everything_be_chosen_again(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, consent_newsletter="on")
    assert site.client.post(link).status_code == 303
    assert "Pourquoi signez-vous" in text_of(site.client.get(link).text)
    answer = site.client.post(f"{link}/choix", data=ALL)
    assert answer.headers["location"] == f"{link}?fait=choix"
    page = text_of(site.client.get(answer.headers["location"]).text)
    assert "C’est enregistré" in page
    assert "Marie D. · 35" in page
    assert "Votre commentaire est en attente de relecture" in page
    assert "Pourquoi signez-vous" not in page
    assert comments(site) == ["Pour les enfants."]
    assert mailings(site) == ["updates"]  # the letter's box came back empty
    assert ledger(site, "newsletter")[-1] == ("newsletter", "withdrawn", "thanks")
    assert ledger(site, "updates") == [("updates", "confirmed", "thanks")]
    # Once more, the same: nothing new. Another comment: one is there.
    before = ledger(site)
    assert site.client.post(f"{link}/choix", data=ALL).status_code == 303
    again = site.client.post(f"{link}/choix", data=ALL | {"comment": "Et aussi cela."})
    assert again.status_code == 422
    assert "il n’en porte qu’un" in text_of(again.text)
    assert ">\nEt aussi cela.</textarea>" in again.text
    assert (ledger(site), comments(site)) == (before, ["Pour les enfants."])
    # What a person may read about themselves says where.
    mine = text_of(opened(site).get("/mes-signatures/liste").text)
    assert "après la confirmation" in mine
    assert "dans le formulaire de la pétition" in mine


def test_a_signature_that_waits_for_a_look_may_choose_too(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    with site.database.write() as session:
        session.merge(site.signatures()[0]).doubt = "p"
    assert site.client.post(link).status_code == 303
    assert site.count(slug) == 0
    assert site.client.post(f"{link}/choix", data=ALL).status_code == 303
    assert [row.display for row in site.signatures()] == ["initial"]
    assert comments(site) == ["Pour les enfants."]


def test_no_link_chooses_for_another_nor_after_its_end(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    other = site.confirmed(slug, email="autre@exemple.test", given_name="Ada")
    assert site.client.post(f"{link}/choix", data=ALL).status_code == 410  # not confirmed: nothing to choose again
    assert site.client.post(f"{link[:-2]}xx/choix", data=ALL).status_code == 404
    leave = re.findall(r'"(/mes-signatures/retirer/[^"]+)"', site.client.get(other).text)[0]
    assert site.client.post(f"/confirmer/{leave.rpartition('/')[2]}/choix", data=ALL).status_code == 404
    site.client.post(link)
    assert site.client.post(f"{link}/choix", data=ALL).status_code == 303
    assert {row.given_name: row.display for row in site.signatures()} == {"Marie": "initial", "Ada": "hidden"}
    site.client.post(leave)
    assert site.client.post(f"{other}/choix", data=ALL).status_code == 410
    assert site.client.post(other, data=ALL).status_code == 410
    site.later(days=8)
    assert site.client.post(f"{link}/choix", data=ALL | {"display": "full"}).status_code == 410
    assert comments(site) == ["Pour les enfants."]


def test_the_frame_of_another_site_is_told_apart(site: Site) -> None:
    slug = site.publish()
    answer = site.client.post(f"/widget/{slug}/signatures", data=FORM | {"consent_updates": "on"})
    assert answer.status_code == 303
    assert {channel for _, _, channel in ledger(site)} == {"widget"}


# At the same moment


def at_once(*works: Any) -> list[Any]:
    started = threading.Barrier(len(works))

    def run(work: Any) -> Any:
        started.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in works]]


@both
def test_of_two_confirmations_at_once_one_is_taken_whole_and_nothing_typed_is_lost(site: Site) -> None:
    slug = site.publish()
    for n in range(6):
        link = waiting(site, slug, email=f"deux{n}@exemple.test")
        one = ALL | {"comment": f"Le premier, {n}."}
        two = {"choix": "1", "display": "full", "comment": f"Le second, {n}.", "consent_newsletter": "on"}
        answers = at_once(*(lambda link=link, data=data: site.client.post(link, data=data) for data in (one, two)))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        first, second = sorted(zip(answers, (one, two), strict=True), key=lambda pair: pair[0].status_code)
        assert "était déjà confirmée" in text_of(second[0].text)
        assert f">\n{second[1]['comment']}</textarea>" in second[0].text
        row = site.signatures()[-1]
        assert row.display == first[1]["display"]
        assert comments(site)[-1] == first[1]["comment"]
        with site.database.read() as session:
            mine = session.scalars(select(ConsentEvent).where(ConsentEvent.signature_id == row.id)).all()
        agreed = {event.purpose for event in mine if event.kind == "confirmed"} - {"sign", "public_name"}
        assert agreed == ({"updates", "organiser_contact"} if first[1] is one else {"newsletter"})
    assert (site.count(slug), len(comments(site))) == (6, 6)
    with site.database.read() as session:
        assert counting.differences(session) == []
    # Twice the same button: once, and no complaint.
    link = waiting(site, slug, email="double@exemple.test")
    answers = at_once(*[lambda: site.client.post(link, data=ALL)] * 8)
    assert {answer.status_code for answer in answers} == {303}
    assert (site.count(slug), len(comments(site))) == (7, 7)


@both
def test_sixty_at_once_say_why_one_comment_each(site: Site) -> None:
    slug = site.publish()
    links = [site.confirmed(slug, email=f"p{n}@exemple.test") for n in range(20)]
    answers = at_once(
        *(lambda link=link: site.client.post(f"{link}/choix", data=ALL) for link in links for _ in range(3))
    )
    assert {answer.status_code for answer in answers} <= {303, 503}, "taken, or asked to try again"
    done = {link for link, answer in zip([link for link in links for _ in range(3)], answers, strict=True)
            if answer.status_code == 303}  # fmt: skip
    assert len(comments(site)) == len(done)
    assert [kind for _, kind, _ in ledger(site, "updates")] == ["confirmed"] * len(done)


@both
@pytest.mark.parametrize("confirmed", [False, True])
def test_choosing_while_one_withdraws_leaves_nothing_behind(site: Site, confirmed: bool) -> None:
    slug = site.publish()
    for n in range(6):
        link = waiting(site, slug, email=f"part{n}@exemple.test")
        if confirmed:
            site.client.post(link)
        chosen, gone = at_once(
            lambda link=link: site.client.post(f"{link}/choix" if confirmed else link, data=ALL),
            lambda link=link: site.client.post(link.replace("/confirmer/", "/pas-moi/")),
        )
        assert chosen.status_code in {303, 409, 410, 503}
        assert gone.status_code == 303
        assert site.signatures() == []
    assert site.count(slug) == 0
    assert mailings(site) == []
    with site.database.read() as session:
        assert {comment.state for comment in session.scalars(select(Comment))} <= {"withdrawn"}
        assert counting.differences(session) == []
    last: dict[tuple[Any, str], str] = {}
    with site.database.read() as session:
        for event in session.scalars(select(ConsentEvent).order_by(ConsentEvent.at)):
            last[event.signature_id, event.purpose] = event.kind
    assert set(last.values()) <= {"withdrawn"}


@both
def test_a_wording_replaced_while_one_reads_is_read_again(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    page = site.client.get(link).text
    texts = re.findall(r'name="consent_texts" value="([\d,]+)"', page)[0]
    with site.database.write() as session:
        consent_actions.replace_text(session, "updates", "", "fr", "Autrement dit, « {petition} ».")
    answer = site.client.post(link, data={**ALL, "consent_texts": texts, "shown": shown_of(page)})
    assert answer.status_code == 422
    assert "Autrement dit" in text_of(answer.text)
    fresh = re.findall(r'name="consent_texts" value="([\d,]+)"', answer.text)[0]
    data = {**ALL, "consent_texts": fresh, "shown": shown_of(answer.text)}
    assert site.client.post(link, data=data).status_code == 303
    with site.database.read() as session:
        used = set(session.scalars(select(ConsentEvent.text_id).where(ConsentEvent.channel == "confirmation")))
    assert used < {int(n) for n in fresh.split(",")}


@both
def test_who_replaces_another_name_chooses_too(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, comment="L’avis de Marie.", display="full")
    site.sign(slug, given_name="Jean", family_name="Durand")
    link = site.mails()[-1].link("/confirmer/")
    wrong = site.client.post(link, data=ALL | {"comment": "x" * 2001})
    assert wrong.status_code == 422
    assert [row.given_name for row in site.signatures() if row.state == "confirmed"] == ["Marie"]
    assert site.client.post(link, data=ALL | {"shown": shown_of(wrong.text)}).status_code == 303
    (row,) = site.signatures()
    assert (row.given_name, row.display, site.count(slug)) == ("Jean", "initial", 1)
    with site.database.read() as session:
        said = session.scalars(select(Comment).where(Comment.state == "waiting")).all()
        assert [(comment.text, comment.signature_id) for comment in said] == [("Pour les enfants.", row.id)]
