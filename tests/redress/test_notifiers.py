"""Who reports or answers may have typed another's address: it gets our words, until its owner confirms it."""

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.moderation.models import Notice
from tests.moderation.desk import OTHER, PUBLISH, TEXT, decide
from tests.site import Received, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

VICTIM = "paul@exemple.test"
TYPED = {
    "reasons": "CANARI-1 voyez https://mechant.test ou appelez le 06 12 34 56 78",
    "passage": "CANARI-2 http://mechant.test",
    "text": "CANARI-3 http://mechant.test",
    "name": "CANARI-4 mechant.test",
    "capacity": "CANARI-5 0612345678",
}
NOTICE = TYPED | {"category": "insult", "email": VICTIM, "good_faith": "on"}


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def published(site: Site, slug: str) -> int:
    site.account("moderator")
    comment_id = site.comment(slug, TEXT)
    decide(site, comment_id, PUBLISH)
    return comment_id


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def report(site: Site, comment_id: int, **changes: str) -> Received:
    """The receipt."""
    assert site.client.post(f"/commentaires/{comment_id}/signaler", data=NOTICE | changes).status_code == 200
    return to_victim(site)[-1]


def to_victim(site: Site) -> list[Received]:
    return [mail for mail in site.mails() if mail.to == VICTIM]


def settle(site: Site, other: TestClient, **form: str) -> None:
    form = form or {"decision": "refuse", "article": "1", "passage": "minable"}
    assert other.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    site.later(seconds=61)


def assert_our_words(mail: Received) -> None:
    for body in (mail.text, mail.html, mail.subject):
        for typed in ("CANARI", "mechant.test", "06 12", "0612345678", TEXT):
            assert typed not in body
    # Every link is one of ours.
    assert all(link.startswith("http://127.0.0.1:8000") for link in mail.text.split() if "://" in link)


def test_receipts_hold_nothing_that_was_typed(site: Site, slug: str, published: int) -> None:
    receipt = report(site, published)
    assert f"le commentaire {published}" in receipt.text
    assert "Une attaque contre une personne (article 1 de la charte)" in receipt.text
    assert "S-20" in receipt.text
    assert site.client.post(f"/petitions/{slug}/signaler", data=NOTICE).status_code == 200
    assert site.client.post(f"/petitions/{slug}/droit-de-reponse", data=NOTICE).status_code == 200
    mails = to_victim(site)
    assert len(mails) == 3
    for mail in mails:
        assert_our_words(mail)
        assert "Bonjour,\n\n" in mail.text


@pytest.mark.databases("sqlite", "postgresql")
def test_unconfirmed_address_learns_that_there_is_a_decision_and_where(
    site: Site, published: int, other: TestClient
) -> None:
    report(site, published)
    settle(site, other)
    mail = to_victim(site)[-1]
    assert_our_words(mail)
    assert "Une décision est prise sur le signalement S-" in mail.text
    assert site.client.get(mail.link("/transparence/decisions/D-")).status_code == 200
    assert not [link for link in mail.links if link.startswith("/recours/")]
    # Confirmed afterwards: the whole outcome, once.
    for _ in range(2):
        assert site.client.post(mail.link("/signalements/")).status_code == 303
        site.later(seconds=61)
    assert len(to_victim(site)) == 3
    assert "a été suivi" in to_victim(site)[-1].text


def test_link_of_the_receipt_confirms_by_a_button_only(site: Site, published: int, other: TestClient) -> None:
    link = report(site, published).link("/signalements/")

    def confirmed() -> bool:
        with site.database.read() as session:
            return session.scalars(select(Notice.confirmed_at)).one() is not None

    for answer in (site.client.get(link), site.client.head(link)):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    assert "Confirmer mon adresse" in text_of(site.client.get(link).text)
    assert not confirmed()
    assert site.client.post(link).headers["location"] == link
    assert confirmed()
    assert "Votre adresse est confirmée" in text_of(site.client.get(link).text)
    settle(site, other, decision="keep")
    outcome = to_victim(site)[-1]
    assert "gardé en ligne" in outcome.text
    assert site.client.get(outcome.link("/recours/")).status_code == 200
    assert "est clos" in text_of(site.client.get(link).text)


def test_link_serves_nothing_else_and_ends(site: Site, published: int, other: TestClient) -> None:
    token = report(site, published).link("/signalements/").removeprefix("/signalements/")
    for door in ("/recours/", "/reecrire/", "/confirmer/", "/pas-moi/", "/mes-signatures/"):
        assert site.client.get(door + token).status_code == 404, door
    other_digit = "A" if token[10] != "A" else "B"
    assert site.client.get(f"/signalements/{token[:10]}{other_digit}{token[11:]}").status_code == 404
    assert site.client.post(f"/signalements/{token[:-1]}").status_code == 404
    site.later(days=365)
    assert site.client.get(f"/signalements/{token}").status_code == 410
    assert site.client.post(f"/signalements/{token}").status_code == 410


def test_revision_that_was_cleared_answers_in_the_receipt(site: Site, published: int, other: TestClient) -> None:
    first = NOTICE | {"email": "zoe@exemple.test"}
    assert site.client.post(f"/commentaires/{published}/signaler", data=first).status_code == 200
    settle(site, other, decision="keep")
    receipt = report(site, published)
    assert len(to_victim(site)) == 1  # one notice, one mail
    assert_our_words(receipt)
    assert site.client.get(receipt.link("/transparence/decisions/D-")).status_code == 200
    site.client.post(receipt.link("/signalements/"))
    site.later(seconds=61)
    assert to_victim(site)[-1].link("/recours/")


def test_what_is_undone_within_the_minute_is_told_to_nobody(site: Site, published: int, other: TestClient) -> None:
    link = report(site, published).link("/signalements/")
    form = {"decision": "refuse", "article": "1", "passage": "minable"}
    assert other.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    assert site.client.post(link).status_code == 303
    assert other.post("/moderation/decisions/2/annulation").status_code == 303
    site.later(seconds=120)
    assert len(to_victim(site)) == 1
    settle(site, other, decision="keep")
    assert "gardé en ligne" in to_victim(site)[-1].text


def test_link_in_english_stays_in_english(site: Site, published: int) -> None:
    assert site.client.post(f"/en/commentaires/{published}/signaler", data=NOTICE).status_code == 200
    receipt = to_victim(site)[-1]
    assert "Hello,\n\n" in receipt.text
    assert site.client.get(receipt.link("/en/signalements/")).status_code == 200


@pytest.mark.databases("sqlite", "postgresql")
def test_notices_of_one_mailbox_by_the_dozen_write_six_mails(site: Site, published: int) -> None:
    for _ in range(12):
        assert site.client.post(f"/commentaires/{published}/signaler", data=NOTICE).status_code == 200
    assert len(to_victim(site)) == 6
    with site.database.read() as session:
        assert session.scalars(select(func.count()).select_from(Notice)).one() == 12
