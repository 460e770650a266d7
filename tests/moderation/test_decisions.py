"""Decisions: rows with effects, made on one version, undone within a minute, superseded afterwards."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.accounts.models import Account
from app.comments.models import Comment
from app.errors import Conflict, Refused
from app.mail.models import OutboxMail
from app.moderation import actions
from app.moderation.actions import Judgment
from app.moderation.models import Appeal, AuthorLimit, Decision
from app.signatures import actions as signature_actions
from tests.moderation.desk import ME, OTHER, PUBLISH, REFUSE, TEXT, again, comment, decide, sql
from tests.site import Site, text_of


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def waiting(site: Site, slug: str) -> int:
    site.account("moderator")
    return site.comment(slug, TEXT, display="full")


@pytest.mark.databases("sqlite")
def test_statement_holds_neither_the_text_nor_a_name(site: Site, waiting: int) -> None:
    told = str(decide(site, waiting, REFUSE).statement)
    assert "minable" not in told
    assert "Durand" not in told


@pytest.mark.databases("sqlite")
def test_law_may_replace_the_charter_when_named(site: Site, waiting: int) -> None:
    law = REFUSE.within(ground="law", provision="Loi du 29 juillet 1881, art. 33")
    assert decide(site, waiting, law).statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"


@pytest.mark.databases("sqlite")
def test_masking_keeps_the_rest_readable(site: Site, slug: str) -> None:
    site.account("moderator")
    comment_id = site.comment(slug, "Appelez-moi au 06 39 98 00 00, je tiens le stand.")
    decide(site, comment_id, Judgment("publish", [6], "06 39 98 00 00", effects=frozenset({"mask"})))
    page = text_of(site.client.get(f"/petitions/{slug}/commentaires").text)
    assert "06 39 98 00 00" not in page
    assert "[passage masqué], je tiens le stand" in page


def test_removal_leaves_a_tombstone_without_author(site: Site, slug: str, waiting: int) -> None:
    decide(site, waiting, PUBLISH)
    assert "Durand" in site.client.get(f"/petitions/{slug}/commentaires").text
    again(site, waiting, REFUSE)
    page = text_of(site.client.get(f"/petitions/{slug}/commentaires").text)
    assert "Commentaire retiré — article 1" in page
    assert "Durand" not in page
    assert "minable" not in page


def test_restored_comment_keeps_its_place_and_date(site: Site, slug: str, waiting: int) -> None:
    before = comment(site, waiting).created_at
    decide(site, waiting, REFUSE)
    site.later(days=3)
    decide(site, site.comment(slug, "Un autre", email="autre@exemple.test"), PUBLISH)
    assert again(site, waiting, Judgment("restore")).supersedes is not None
    assert comment(site, waiting).created_at == before
    page = site.client.get(f"/petitions/{slug}/commentaires").text
    assert page.index("Un autre") < page.index("minable")


def test_later_reversal_sends_a_corrective_mail(site: Site, waiting: int) -> None:
    first = decide(site, waiting, REFUSE)
    site.later(seconds=61)
    assert first.reference in site.mails()[-1].text
    again(site, waiting, Judgment("restore"))
    site.later(seconds=61)
    assert f"remplace la décision {first.reference}" in site.mails()[-1].text


def test_quarantined_signature_stops_counting_and_comes_back(site: Site, slug: str, waiting: int) -> None:
    decide(site, waiting, Judgment("refuse", [7], "ce maire", effects=frozenset({"quarantine"})))
    assert site.count(slug) == 0
    again(site, waiting, Judgment("restore"))
    assert site.count(slug) == 1


def test_restoring_leaves_what_the_fraud_desk_set_aside(site: Site, slug: str, waiting: int) -> None:
    decide(site, waiting, REFUSE)
    with site.database.write() as session:
        row = session.get_one(Comment, waiting)
        assert row.signature_id is not None
        signature_actions.set_aside(session, row.petition_id, [row.signature_id], None, "burst")
    again(site, waiting, Judgment("restore"))
    assert site.count(slug) == 0


def test_undone_restoring_takes_back_what_it_gave(site: Site, slug: str, waiting: int) -> None:
    decide(site, waiting, Judgment("refuse", [7], "ce maire", effects=frozenset({"quarantine", "limit_author"})))
    restored = again(site, waiting, Judgment("restore"))
    assert (site.count(slug), limits(site)) == (1, 0)
    with site.database.write() as session:
        actions.undo(session, restored.id, session.get_one(Account, restored.moderator_id))
    assert (site.count(slug), limits(site)) == (0, 1)


def limits(site: Site) -> int:
    with site.database.read() as session:
        return session.scalars(select(func.count()).select_from(AuthorLimit)).one()


def test_stale_version_changes_nothing(site: Site, waiting: int) -> None:
    seen = comment(site, waiting).version
    decide(site, waiting, PUBLISH, seen)
    with pytest.raises(Conflict):
        decide(site, waiting, REFUSE, seen)
    assert comment(site, waiting).state == "published"


def test_withdrawn_comment_cannot_be_decided(site: Site, waiting: int) -> None:
    seen = comment(site, waiting).version
    sql(site, "UPDATE comment SET state = 'withdrawn', version = version + 1")
    with pytest.raises(Conflict):
        decide(site, waiting, PUBLISH, seen)


@pytest.mark.slow
def test_two_moderators_on_one_hundred_items_make_one_hundred_decisions_and_mails(site: Site, slug: str) -> None:
    for name in (ME, OTHER):
        site.account("moderator", email=name)
    ids = [site.comment(slug, f"Avis {n}", email=f"p{n}@exemple.test") for n in range(100)]
    start = Barrier(2)
    lost = []

    def work(name: str) -> None:
        start.wait()
        for comment_id in ids:
            try:
                decide(site, comment_id, PUBLISH, 1, name)
            except Conflict:
                lost.append(comment_id)

    threads = [Thread(target=work, args=(name,)) for name in (ME, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.database.read() as session:
        decisions = session.scalar(select(func.count()).select_from(Decision))
        mails = session.scalar(select(func.count()).where(OutboxMail.template == "moderation/published"))
    assert (decisions, mails, len(lost)) == (100, 100, 100)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("مرحبا يا سيد نذل للغاية", "سيد نذل"),
        ("Quel \u202eelbanim\u202c ce maire", "elbanim ce maire"),
        ("Bravo 👨‍👩‍👧 pour ce minable 🤬 là", "minable 🤬"),
        ("Cet e\u0301lu est de\u0301bile", "élu est débile"),
        ("Une ligne\r\net   une autre", "ligne et une"),
    ],
)
def test_passage_is_found_as_it_is_read(site: Site, slug: str, text: str, passage: str) -> None:
    site.account("moderator")
    assert decide(site, site.comment(slug, text), Judgment("refuse", [1], passage)).passage


@pytest.mark.databases("sqlite")
def test_text_of_one_hundred_thousand_characters_is_refused_politely(site: Site, slug: str, waiting: int) -> None:
    moderator = site.staff("moderator", email=OTHER)
    form = {"decision": "refuse", "article": "1", "passage": "x" * 100_000}
    assert moderator.post(f"/moderation/commentaires/{waiting}/decision", data=form).status_code == 413
    assert comment(site, waiting).state == "waiting"


def test_stored_text_of_one_hundred_thousand_characters_can_be_decided(site: Site, waiting: int) -> None:
    sql(site, "UPDATE comment SET text = :long", long="mot minable " * 8_334)
    assert decide(site, waiting, Judgment("refuse", [1], "minable")).passage == "minable"


# Undo


def undo(site: Site, decision: Decision, by: str = ME) -> None:
    with site.database.write() as session:
        actions.undo(session, decision.id, session.get_one(Account, site.account_id(by)))


def test_undone_after_59_seconds_sends_nothing(site: Site, slug: str, waiting: int) -> None:
    mails = len(site.mails())
    decision = decide(site, waiting, REFUSE)
    site.later(seconds=59)
    undo(site, decision)
    site.later(hours=1)
    assert len(site.mails()) == mails
    decide(site, waiting, PUBLISH)
    assert "minable" in site.client.get(f"/petitions/{slug}/commentaires").text


def test_after_61_seconds_only_a_correction_is_possible(site: Site, waiting: int) -> None:
    decision = decide(site, waiting, REFUSE)
    site.later(seconds=61)
    with pytest.raises(Conflict):
        undo(site, decision)
    assert decision.reference in site.mails()[-1].text


@pytest.mark.databases("sqlite")
def test_only_its_author_undoes_a_decision(site: Site, waiting: int) -> None:
    site.account("moderator", email=OTHER)
    decision = decide(site, waiting, REFUSE)
    with pytest.raises(Refused):
        undo(site, decision, OTHER)


def test_undoing_puts_every_effect_back(site: Site, slug: str, waiting: int) -> None:
    effects = frozenset({"limit_author", "close_thread", "quarantine"})
    decision = decide(site, waiting, REFUSE.within(effects=effects))
    assert "Les commentaires sont fermés" in text_of(site.client.get(f"/petitions/{slug}").text)
    undo(site, decision)
    assert site.count(slug) == 1
    assert "Les commentaires sont fermés" not in text_of(site.client.get(f"/petitions/{slug}").text)


# Batches


def test_batch_shows_the_mails_then_decides_all_and_is_undone_at_once(site: Site, slug: str) -> None:
    moderator = site.staff("moderator")
    ids = [site.comment(slug, f"Gagnez {n} euros", email=f"p{n}@exemple.test") for n in range(3)]
    form = {f"item-{n}": "1" for n in ids} | {"decision": "refuse", "article": "9", "passage": "Gagnez"}
    preview = moderator.post("/moderation/lot", data=form)
    assert preview.status_code == 200
    assert text_of(preview.text).count("Charte, version 1, article 9") >= 3
    assert {comment(site, n).state for n in ids} == {"waiting"}
    assert moderator.post("/moderation/lot", data=form | {"confirm": "1"}).status_code == 303
    assert {comment(site, n).state for n in ids} == {"refused"}
    with site.database.read() as session:
        last = session.scalar(select(func.max(Decision.id)))
    assert moderator.post(f"/moderation/decisions/{last}/annulation").status_code == 303
    assert {comment(site, n).state for n in ids} == {"waiting"}


def test_batch_of_which_one_was_decided_meanwhile_decides_nothing(site: Site, slug: str) -> None:
    moderator = site.staff("moderator")
    ids = [site.comment(slug, f"Avis {n}", email=f"p{n}@exemple.test") for n in range(3)]
    decide(site, ids[2], PUBLISH)
    form = {f"item-{n}": "1" for n in ids} | {"decision": "publish", "confirm": "1"}
    assert moderator.post("/moderation/lot", data=form).status_code == 409
    assert comment(site, ids[0]).state == "waiting"


# The machine, and what the database itself refuses


def test_text_that_nobody_handled_is_refused_by_the_machine(site: Site, waiting: int) -> None:
    with site.database.write() as session:
        decision = actions.not_handled(session, waiting)
    assert decision is not None
    assert decision.statement["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    site.later(seconds=61)
    assert "personne n’a pu le lire" in site.mails()[-1].text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET passage = 'autre chose'",
        "UPDATE decision SET statement = '{}'",
        "UPDATE decision SET kind = 'publish'",
        "DELETE FROM decision",
        "UPDATE charter_article SET body = 'autre'",
    ],
)
def test_database_refuses_to_rewrite(site: Site, waiting: int, statement: str) -> None:
    decide(site, waiting, REFUSE)
    with pytest.raises(DatabaseError):
        sql(site, statement)


def test_passage_may_be_forgotten(site: Site, waiting: int) -> None:
    decide(site, waiting, REFUSE)
    sql(site, "UPDATE decision SET passage = '(effacé)', explanation = ''")


def _appeal(decision: Decision, first: int) -> Appeal:
    return Appeal(
        reference="R-1", decision_id=decision.id, first_decider=first, appellant="author", text="",
        created_at=decision.decided_at, view="", view_reasons="", outcome="", reasons="",
    )  # fmt: skip


def test_first_decider_cannot_judge_the_appeal_by_direct_sql(site: Site, waiting: int) -> None:
    decision = decide(site, waiting, REFUSE)
    with site.database.write() as session:
        session.add(_appeal(decision, decision.decider))
    with pytest.raises(IntegrityError):
        sql(site, "UPDATE appeal SET judge_id = :me, reasons = 'x', outcome = 'upheld'", me=decision.moderator_id)


def test_copy_of_the_first_decider_cannot_lie(site: Site, waiting: int) -> None:
    decision = decide(site, waiting, REFUSE)
    other = site.account_id(site.account("moderator", email=OTHER))
    with pytest.raises(IntegrityError), site.database.write() as session:
        session.add(_appeal(decision, other))
