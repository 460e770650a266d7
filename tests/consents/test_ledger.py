"""The ledger of consent: what was asked and answered, kept by the database itself."""

import hashlib

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DatabaseError

from app.consents import actions
from app.consents.models import ConsentEvent, ConsentText
from app.petitions import keys
from tests.petitions.reading import words
from tests.site import FORM, Site


def events(site: Site) -> list[tuple[str, str]]:
    """(purpose, kind) in the order of their time."""
    with site.database.read() as session:
        rows = session.scalars(select(ConsentEvent).order_by(ConsentEvent.at, ConsentEvent.purpose)).all()
        return [(row.purpose, row.kind) for row in rows]


def of(site: Site, purpose: str) -> list[str]:
    return [kind for name, kind in events(site) if name == purpose]


def texts(site: Site) -> dict[str, int]:
    with site.database.read() as session:
        rows = session.scalars(select(ConsentText).where(ConsentText.locale == "fr", ConsentText.variant != "count"))
        return {row.purpose: row.id for row in rows if row.valid_to is None}


def test_signing_gives_and_confirming_confirms_each_purpose(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, display="full", consent_updates="on")
    assert events(site) == [("public_name", "given"), ("sign", "given"), ("updates", "given")]
    site.client.post(site.mails()[-1].link("/confirmer/"))
    assert events(site)[3:] == [("public_name", "confirmed"), ("sign", "confirmed"), ("updates", "confirmed")]


def test_with_every_optional_box_empty_only_signing_is_consented_to(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    assert events(site) == [("sign", "given"), ("sign", "confirmed")]


def test_confirming_twice_writes_nothing_more(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    site.client.post(link)
    assert len(events(site)) == 2


def test_what_is_unticked_in_a_second_form_is_withdrawn(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, consent_updates="on", consent_newsletter="on")
    site.sign(slug, consent_updates="on")
    site.client.post(site.mails()[-1].link("/confirmer/"))
    assert of(site, "newsletter") == ["given", "withdrawn"]
    assert of(site, "updates") == ["given", "given", "confirmed"]


def test_what_is_ticked_again_is_given_again(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, consent_updates="on")
    site.sign(slug)
    site.later(days=1)
    site.sign(slug, consent_updates="on")
    site.client.post(site.mails()[-1].link("/confirmer/"))
    assert of(site, "updates") == ["given", "withdrawn", "given", "confirmed"]


def test_a_form_after_confirmation_says_nothing_in_the_name_of_the_signer(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug, display="full", consent_organiser="on")
    assert len(events(site)) == 2


def test_withdrawing_a_counted_signature_ends_its_consents_in_the_ledger(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug, display="full")
    site.client.post(link.replace("/confirmer/", "/pas-moi/"))
    assert of(site, "sign") == ["given", "confirmed", "withdrawn"]
    assert of(site, "public_name") == ["given", "confirmed", "withdrawn"]


def test_evidence_names_the_text_and_holds_no_address_of_any_kind(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    with site.database.read() as session:
        event = session.scalars(select(ConsentEvent).limit(1)).one()
        shown = session.get_one(ConsentText, event.text_id)
    assert (shown.purpose, shown.variant, shown.locale) == ("sign", "identities", "fr")
    assert shown.sha256 == hashlib.sha256(shown.body.encode()).hexdigest()
    columns = set(ConsentEvent.__table__.columns.keys())
    evidence = {"petition_id", "signature_id", "purpose", "at", "kind", "text_id", "channel", "subject", "form_digest"}
    assert columns == evidence
    assert b"marie" not in event.subject


def test_the_text_that_was_shown_is_the_one_in_evidence(site: Site) -> None:
    slug = site.publish()
    html = site.client.get(f"/petitions/{slug}").text
    shown = html.partition('name="consent_texts" value="')[2].partition('"')[0]
    site.sign(
        slug, consent_texts=shown, display="full", consent_updates="on", consent_newsletter="on", consent_organiser="on"
    )
    with site.database.read() as session:
        used = set(session.scalars(select(ConsentEvent.text_id)))
    assert used == {int(n) for n in shown.split(",")}


@pytest.mark.databases("sqlite")
def test_an_expired_text_is_shown_again_with_everything_typed(site: Site) -> None:
    slug = site.publish()
    html = site.client.get(f"/petitions/{slug}").text
    shown = html.partition('name="consent_texts" value="')[2].partition('"')[0]
    with site.database.write() as session:
        actions.replace_text(session, "updates", "", "fr", "Un autre texte pour « {petition} ».")
    site.app.state.signing_cache.clear()
    form = FORM | {"consent_texts": shown, "comment": "Mon avis", "consent_updates": "on"}
    response = site.client.post(f"/petitions/{slug}/signatures", data=form)
    assert response.status_code == 422
    assert "Le texte de cet accord a changé" in response.text
    assert "Un autre texte pour « Rouvrir la bibliothèque de Montfleur »." in words(response.text)
    assert 'value="Durand"' in response.text
    assert "Mon avis</textarea>" in response.text
    assert site.signatures() == []
    new = response.text.partition('name="consent_texts" value="')[2].partition('"')[0]
    assert new != shown
    again = site.client.post(f"/petitions/{slug}/signatures", data=form | {"consent_texts": new})
    assert again.status_code == 303


@pytest.mark.databases("sqlite")
def test_invented_text_numbers_are_shown_the_form_again(site: Site) -> None:
    slug = site.publish()
    for invented in ("999", "1", "x", "1,2,3,4,5,6"):
        assert site.sign(slug, consent_texts=invented).status_code == 422, invented
    assert site.signatures() == []


@pytest.mark.databases("sqlite")
def test_each_delivery_mode_has_its_words(site: Site) -> None:
    both = site.publish(), site.publish(delivery_mode="count")
    identities, count = (site.client.get(f"/petitions/{slug}").text for slug in both)
    assert "recevra mes prénom, nom et code postal" in identities
    assert "recevra seulement le nombre des signatures" in count


def test_the_database_itself_refuses_to_rewrite_the_past(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full")
    before = events(site), texts(site)
    for change in (
        "UPDATE consent_event SET kind = 'withdrawn'",
        "UPDATE consent_event SET kind = kind",
        "DELETE FROM consent_event",
        "UPDATE consent_text SET body = 'Autre chose'",
        "UPDATE consent_text SET sha256 = '0'",
        "UPDATE consent_text SET version = version + 1",
        "DELETE FROM consent_text",
    ):
        with pytest.raises(DatabaseError, match=r"append-only|immutable"), site.database.write() as session:
            session.execute(text(change))
        assert (events(site), texts(site)) == before, change


def test_a_text_may_end_but_not_change(site: Site) -> None:
    before = texts(site)
    with site.database.write() as session:
        new = actions.replace_text(session, "newsletter", "", "fr", "Une autre lettre.")
        assert new.version == 2
    after = texts(site)
    assert after["newsletter"] != before["newsletter"]
    with site.database.read() as session:
        old = session.get_one(ConsentText, before["newsletter"])
        assert old.valid_to is not None
        assert old.body != "Une autre lettre."


def test_evidence_goes_only_when_its_petition_s_key_is_destroyed(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    with site.database.write() as session:
        keys.destroy(session, 1, evidence=True)
    with site.database.write() as session:
        session.execute(delete(ConsentEvent))
    assert events(site) == []
