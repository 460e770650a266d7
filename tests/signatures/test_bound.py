"""What is confirmed is what was shown: a form that changed voids the link, the code and the page of before."""

import re

import pytest
from sqlalchemy import select

from app import clock
from app.consents.models import ConsentEvent
from app.petitions import keys as petition_keys
from app.privacy import counting
from app.signatures import bound, links
from app.signatures.forms import SignForm
from app.vault import open_vault
from tests.signatures.test_links import code_of, type_code
from tests.site import FORM, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

SWAPPED = {"display": "full", "comment": "Ce n’est pas de moi.", "consent_organiser": "on"}


def waiting(site: Site, slug: str, **changes: str) -> str:
    assert site.sign(slug, **changes).status_code == 303
    return site.mails()[-1].link("/confirmer/")


def shown_of(html: str) -> str:
    """The field by which the page is bound."""
    found = re.search(r'name="shown" value="([0-9a-f]+)"', html)
    assert found, html
    return found[1]


@pytest.mark.typed(
    "un formulaire envoyé à nouveau par quelqu’un d’autre avant la confirmation",
    "le premier lien ne confirme rien que son message n’a pas montré",
)
def test_a_link_confirms_nothing_that_its_mail_did_not_say(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    site.sign(slug, **SWAPPED)
    answer = site.client.post(link)
    assert answer.status_code == 409
    assert site.count(slug) == 0
    page = text_of(answer.text)
    assert "Ce n’est pas de moi." in page
    assert "Voici ce qu’il dit maintenant" in page
    # What the person now reads, the button confirms.
    assert site.client.post(link, data={"shown": shown_of(answer.text)}).status_code == 303
    assert site.count(slug) == 1


def test_a_page_that_was_open_meanwhile_confirms_nothing(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    open_page = site.client.get(link).text
    assert "Voici ce qu’il dit maintenant" not in text_of(open_page)
    newer = waiting(site, slug, **SWAPPED)
    for path in (link, newer):
        assert site.client.post(path, data={"shown": shown_of(open_page)}).status_code == 409
    assert site.count(slug) == 0
    assert site.signatures()[0].state == "pending"


def test_the_first_link_shows_the_new_form_and_says_that_it_changed(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    newer = waiting(site, slug, **SWAPPED)
    first, second = site.client.get(link), site.client.get(newer)
    assert first.status_code == second.status_code == 200
    assert "Voici ce qu’il dit maintenant" in text_of(first.text)
    assert "Voici ce qu’il dit maintenant" not in text_of(second.text)
    assert "Ce n’est pas de moi." in first.text
    assert shown_of(first.text) == shown_of(second.text)


def test_the_code_of_before_is_void_and_the_sentence_says_what_to_do(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    before = code_of(site)
    site.sign(slug, **SWAPPED)
    after = code_of(site)
    assert before != after
    assert "le code d’avant ne sert plus" in site.mails()[-1].text
    answer = site.client.post(f"/petitions/{slug}/code", data={"email": FORM["email"], "code": before})
    assert answer.status_code == 422
    assert "suivez le lien du dernier message" in text_of(answer.text)
    assert type_code(site, slug, after) == 303
    assert site.count(slug) == 1


def test_the_same_form_again_leaves_the_first_link_and_code_as_they_were(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    code = code_of(site)
    site.sign(slug)
    assert code_of(site) == code
    assert "ne sert plus" not in site.mails()[-1].text
    assert "Voici ce qu’il dit maintenant" not in text_of(site.client.get(link).text)
    assert site.client.post(link).status_code == 303


@pytest.mark.typed("une troisième correction le même jour", "gardée, et dite ; le dernier lien la montre")
@pytest.mark.databases("sqlite", "postgresql")
def test_the_third_correction_of_a_day_is_kept_and_said(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, postal_code="35000")
    site.sign(slug, postal_code="75011")
    pages = [site.client.get(site.sign(slug, postal_code=code).headers["location"]).text for code in ("13001", "59000")]
    assert len(site.mails()) == 2
    stranger = site.sign(slug, email="autre@exemple.test")
    others = site.client.get(stranger.headers["location"]).text
    # But for the address, as it was typed, and the minute.
    seen = [re.sub(r"<wbr>|\d\d:\d\d", "", page).replace("autre@", "marie@") for page in (*pages, others)]
    assert len({*seen}) == 1
    assert "le lien du dernier message montre votre dernier envoi" in text_of(pages[0])
    second = site.mails()[1]
    assert "ce lien montrera le dernier" in second.text
    for path in (link, second.link("/confirmer/")):
        page = site.client.get(path)
        assert "59000" in page.text
        assert site.client.post(path).status_code == 409
    assert site.client.post(path, data={"shown": shown_of(page.text)}).status_code == 303
    assert site.signatures()[0].postal_code == "59000"


def test_a_correction_without_mail_does_not_keep_a_form_for_longer(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    site.sign(slug, postal_code="75011")
    for _ in range(3):
        site.later(days=2)
        site.sign(slug, postal_code="13001")
        site.sign(slug, postal_code="59000")
        site.sign(slug, postal_code="35000")
    last = [mail.link("/confirmer/") for mail in site.mails()][-1]
    assert len(site.mails()) == 5
    assert site.client.get(last).status_code == 200
    site.later(days=3)
    site.sign(slug, postal_code="75001")  # five in all: no mail
    assert len(site.mails()) == 5
    assert site.client.get(last).status_code == 200
    site.later(days=1, hours=23)
    assert "75001" in site.client.get(last).text
    site.later(hours=1)
    assert site.client.get(last).status_code == 410
    assert site.client.get(link).status_code == 410


@pytest.mark.databases("sqlite", "postgresql")
def test_a_form_sent_again_after_its_week_is_new(site: Site) -> None:
    slug = site.publish()
    for _ in range(5):
        site.sign(slug)
        site.later(days=1)
    site.later(days=7)
    link = waiting(site, slug, postal_code="75011")
    assert len(site.mails()) == 6
    assert site.client.post(link).status_code == 303
    assert site.count(slug) == 1


def test_a_field_that_was_never_shown_confirms_nothing(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    for typed in ("", "00" * 16, "x", "é", "0" * 1000, " "):
        assert site.client.post(link, data={"shown": typed}).status_code == 409, typed
    assert site.count(slug) == 0
    assert site.client.post(link).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_the_evidence_names_the_form(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, comment="Avant.")
    newer = waiting(site, slug, comment="Après.", consent_updates="on")
    assert link != newer
    assert site.client.post(newer).status_code == 303
    (row,) = site.signatures()
    with site.database.read() as session:
        events = session.scalars(select(ConsentEvent).order_by(ConsentEvent.at)).all()
        keys = petition_keys.of(session, row.petition_id)
    signed = [(event.kind, event.form_digest) for event in events if event.purpose == "sign"]
    assert [kind for kind, _ in signed] == ["given", "given", "confirmed"]
    assert signed[0][1] != signed[1][1] == signed[2][1] == row.form_digest
    assert {event.form_digest for event in events if event.kind == "confirmed"} == {row.form_digest}
    # Whoever has the petition's key can prove what was typed.
    form = SignForm.model_validate(FORM | {"comment": "Après.", "consent_updates": "on"})
    texts = {event.purpose: event.text_id for event in events}
    assert bound.digest_of(keys, form, row.text_version, texts) == row.form_digest


def test_every_field_of_the_form_is_bound(site: Site) -> None:
    slug = site.publish()
    changes = [
        {}, {"given_name": "marie"}, {"family_name": "DURAND"}, {"email": "Marie@exemple.test"},
        {"postal_code": "75011"}, {"country": "BE", "postal_code": "1000"}, {"display": "initial"}, {"comment": "Oui."},
        {"consent_updates": "on"}, {"consent_newsletter": "on"}, {"consent_organiser": "on"},
    ]  # fmt: skip
    digests = []
    for change in changes:
        site.sign(slug, **change)
        (row,) = site.signatures()
        digests.append(row.form_digest)
    assert len(set(digests)) == len(changes)


def test_a_link_of_before_forms_were_bound_still_works(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug)
    with site.database.write() as session:
        row = session.merge(site.signatures()[0])
        row.form_digest = None
    token = links.make(open_vault(site.settings), "confirm", row.petition_id, row.id, clock.now() + links.CONFIRM_FOR)
    assert "Voici ce qu’il dit maintenant" not in text_of(site.client.get(f"/confirmer/{token}").text)
    assert site.client.post(f"/confirmer/{token}").status_code == 303
    assert site.count(slug) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_two_confirmations_in_one_group_of_which_one_is_stale(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    newer = waiting(site, slug, **SWAPPED)
    assert [site.client.post(path).status_code for path in (link, newer, link)] == [409, 303, 303]
    assert site.count(slug) == 1
    with site.database.read() as session:
        assert counting.differences(session) == []
