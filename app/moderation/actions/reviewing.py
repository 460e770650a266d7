"""Petitions through the same queue: published, sent back with remarks on their blocks, refused; taken down, put back.

Whatever takes a petition from its author's hands or gives it back keeps it as it was read: the author may write on.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import changed
from app.errors import Conflict, Invalid, NotFound
from app.locale import Message
from app.mail import outbox
from app.moderation import charter, emails, proofs, queries
from app.moderation.actions import proposing, team
from app.moderation.actions.deciding import UNDO_FOR, needs_two, new_decision, written
from app.moderation.actions.informing import decision_context
from app.moderation.actions.judgment import Judgment, Reasons, reasons_for
from app.moderation.forms.base import MAX_EXPLANATION
from app.moderation.models import Case, Decision, DecisionKind, PetitionRemark, ReviewedPetition, Source, Target
from app.moderation.queries import reviews
from app.moderation.statements import statement
from app.paper.queries import any_sheet
from app.petitions import actions as petition_actions
from app.petitions import indexing, public, versions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionState
from app.petitions.public import View
from app.petitions.typed import latest_day
from app.signatures import queries as signature_queries
from app.updates import actions as updates
from app.zone import day_of, end_of, last_day_before

REFUSALS = {DecisionKind.REFUSE, DecisionKind.REMOVE}
# On a petition that is online, whatever the word on the button.
ON_NOTICE = {
    "publish": DecisionKind.KEEP,
    "keep": DecisionKind.KEEP,
    "refuse": DecisionKind.REMOVE,
    "remove": DecisionKind.REMOVE,
}
ONLINE = {PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED}
MOMENTS = ("submitted_at", "opened_at", "closes_at", "closed_at")


def published_revision(petition: Petition) -> int:
    """What notices are about: a version of the text, counted apart from submissions."""
    return 1000 + petition.version


def review(
    session: Session,
    petition_id: int,
    submission: int,
    moderator: Account,
    judgment: Judgment,
    remarks: Mapping[str, str] | None = None,
) -> Decision:
    """Publish, ask for corrections or refuse, the *submission* that was on the screen.

    *remarks*: by the key of their block, see :mod:`proofs`. Raises NotFound, Conflict (decided meanwhile), Invalid.
    """
    petition = queries.lock_petition(session, petition_id)
    if petition is None:
        raise NotFound("Cette pétition n’existe pas.")
    if petition.state != PetitionState.SUBMITTED or (submission and submission != petition.submissions):
        raise Conflict("Cette pétition a été décidée ou modifiée entre-temps.")
    rows = _remarks(seen(session, petition), judgment.kind, remarks or {})
    after = _where_it_goes(petition, judgment.kind)
    # A submission is to a petition what a revision is to a comment.
    decision = _record(session, petition, moderator, judgment, Source.OWN, None, petition.submissions, after)
    for row in rows:
        row.decision_id = decision.id
    session.add_all(rows)
    if after in ONLINE:
        put_online(session, petition, moderator.id)
    else:
        petition.state, petition.submitted_at = after, None
    session.flush()
    _tell_owners(session, petition, decision, rows)
    queries.release(session, "petition", petition.id)
    changed(session, petition.id)
    return decision


def seen(session: Session, petition: Petition) -> View:
    """What everybody would read of it now."""
    return public.view(session, petition, "", clock.now())


def _where_it_goes(petition: Petition, kind: str) -> PetitionState:
    """What was online and was taken down stays that until it is put back; else it is a draft again. Raises Invalid."""
    if kind == DecisionKind.PUBLISH:
        return _where_it_was(petition)
    if kind == DecisionKind.CORRECT and petition.opened_at is None:
        return PetitionState.DRAFT
    if kind in {DecisionKind.CORRECT, DecisionKind.REFUSE}:
        return PetitionState.REFUSED
    raise Invalid({"decision": "Choisissez : publier, demander des corrections, ou refuser."})


def _remarks(view: View, kind: str, typed: Mapping[str, str]) -> list[PetitionRemark]:
    """In the order of the page. Raises Invalid."""
    if kind == DecisionKind.CORRECT and not typed:
        raise Invalid({"remark-whole": "Dites ce qu’il faut corriger, en une remarque au moins."})
    if kind == DecisionKind.PUBLISH and typed:
        sentence = "Des remarques sont écrites : demandez des corrections, ou effacez-les pour publier."
        raise Invalid({"decision": sentence})
    proof = proofs.proof_of(view)
    errors: dict[str, str] = {}
    for key, text in typed.items():
        if proof.block(key) is None:
            errors[""] = "Rechargez la page : une remarque porte sur un passage qui n’y est pas."
        elif len(text) > MAX_EXPLANATION:
            errors[f"remark-{key}"] = Message(
                "Raccourcissez la remarque : %(longest)s caractères au plus.", longest=MAX_EXPLANATION
            )
    if errors:
        raise Invalid(errors)
    blocks = [*proof.parts.values(), *proof.text]
    return [proofs.remark_on(block, typed[block.key]) for block in blocks if block.key in typed]


def put_online(session: Session, petition: Petition, by: int | None = None) -> None:
    """For the first time; or what was taken down, where it was, with its signatures, until the day it had.

    Its text may be another than the one that was signed: whoever signed is told.
    """
    if petition.opened_at is None:
        petition_actions.publish(session, petition, by)
        return
    versions.adopt_rewritten(session, petition)
    petition.state = _where_it_was(petition)
    latest = end_of(latest_day(petition.opened_at))
    petition.closes_at = min(petition.closes_at or latest, latest)
    indexing.keep(session, petition)
    audit.record(session, "petition.put_online", "petition", petition.id, by)
    changed(session, petition.id)


def _where_it_was(petition: Petition) -> PetitionState:
    """What a petition is once it is let online: open, unless it had ended before it was taken down."""
    if petition.delivered_at:
        return PetitionState.DELIVERED
    return PetitionState.CLOSED if petition.closed_at else PetitionState.OPEN


def on_notice(
    session: Session, case: Case, moderator: Account, judgment: Judgment, source: str = Source.NOTICE
) -> Decision:
    """Keep a reported petition, or take it down. Raises Invalid, Conflict."""
    petition = queries.lock_petition(session, case.target_id)
    if petition is None or petition.state not in ONLINE:
        raise Conflict("Cette pétition n’est plus publiée.")
    kind = ON_NOTICE.get(judgment.kind)
    if kind is None:
        raise Invalid({"decision": "Choisissez : garder en ligne, ou retirer."})
    after = PetitionState.REFUSED if kind == DecisionKind.REMOVE else petition.state
    decision = _record(session, petition, moderator, judgment.within(kind=kind), source, case, case.revision, after)
    if kind == DecisionKind.REMOVE:
        petition.state = PetitionState.REFUSED
        updates.stop(session, petition.id)
        indexing.keep(session, petition)
        _tell_owners(session, petition, decision)
    changed(session, petition.id)
    return decision


def put_online_again(
    session: Session, first: Decision, judge: Account, judgment: Judgment, source: str, case: Case | None = None
) -> Decision:
    """A refusal or a removal falls, by an appeal or a second opinion: what was judged goes online.

    Another text, which its author has begun since, does not: it is theirs to propose. Raises Conflict.
    """
    petition = queries.lock_petition(session, first.target_id)
    if petition is None or petition.state != PetitionState.REFUSED:
        raise Conflict("Cette pétition n’est plus refusée.")
    read = reviews.reviewed(session, first.id)
    after = PetitionState.DRAFT if petition.opened_at is None else PetitionState.REFUSED
    if first.kind == DecisionKind.REMOVE:
        versions.back_to_published(session, petition)
        after = _where_it_was(petition)
    elif read is None or proofs.is_the_same(seen(session, petition), read):
        after = _where_it_was(petition)
    decision = _record(session, petition, judge, judgment, source, case, first.revision, after)
    if after in ONLINE and petition.opened_at is None:
        petition.state = PetitionState.SUBMITTED
    if after in ONLINE:
        put_online(session, petition, judge.id)
    petition.state = after
    if source != Source.APPEAL:
        proposing.end_appeals(session, petition)
    _tell_owners(session, petition, decision)
    changed(session, petition.id)
    return decision


def _record(
    session: Session,
    petition: Petition,
    moderator: Account,
    judgment: Judgment,
    source: str,
    case: Case | None,
    revision: int,
    after: str,
) -> Decision:
    text = petition_queries.text_of(session, petition)
    now = clock.now()
    version = charter.in_force(session, text.created_at)
    words = f"{text.title}\n{text.markdown}"
    reasons = reasons_for(judgment, version, words) if judgment.kind in REFUSALS else _none()
    previous = queries.standing(session, "petition", petition.id, revision)
    decision = new_decision(
        now,
        judgment,
        reasons,
        target=Target.PETITION,
        target_id=petition.id,
        revision=revision,
        text_sha256=hashlib.sha256(text.markdown.encode()).hexdigest(),
        charter_version=version.number,
        moderator_id=moderator.id,
        decider=moderator.id,
        waiting_since=case.opened_at if case else petition.submitted_at or now,
        source=source,
        case_id=case.id if case else None,
        supersedes=previous.id if previous else None,
        batch="",
        before=_snapshot(petition) | {"after": after},
    )
    written_on = day_of(text.created_at)
    decision.statement = statement(decision, reasons.cited, written_on, "fr", f"« {petition.title} »")
    session.add(decision)
    session.flush()
    if judgment.kind in {*REFUSALS, DecisionKind.CORRECT}:
        session.add(ReviewedPetition(decision_id=decision.id, content=proofs.content_of(seen(session, petition))))
    written(session, decision)
    if needs_two(decision, reasons):
        team.draw(session, decision, required=True)
    return decision


def _snapshot(petition: Petition) -> dict[str, str | None]:
    moments = {name: getattr(petition, name) for name in MOMENTS}
    return {"state": petition.state} | {name: at.isoformat() if at else None for name, at in moments.items()}


def put_back(session: Session, decision: Decision) -> None:
    """The petition as it was before *decision*. Raises Conflict (changed since, signed already)."""
    petition = queries.lock_petition(session, decision.target_id)
    if petition is None or petition.state != decision.before.get("after"):
        raise Conflict("Cette pétition a changé depuis.")
    before = decision.before
    signed = signature_queries.any_signature(session, petition.id) or any_sheet(session, petition.id)
    if before["opened_at"] is None and petition.opened_at and signed:
        raise Conflict("Quelqu’un a déjà signé cette pétition : pour la retirer, prenez une nouvelle décision.")
    petition.state = before["state"]
    if petition.state not in ONLINE:
        updates.stop(session, petition.id)
    for name in MOMENTS:
        setattr(petition, name, datetime.fromisoformat(before[name]) if before[name] else None)
    indexing.keep(session, petition)
    proposing.end_appeals(session, petition)
    changed(session, petition.id)


def _none() -> Reasons:
    return Reasons("none", (), "", (), "")


def _tell_owners(
    session: Session, petition: Petition, decision: Decision, remarks: Iterable[PetitionRemark] = ()
) -> None:
    """Every organiser of the petition; a petition's decision is final at once, its mail leaves with it."""
    end = petition.closes_at
    context = {
        **decision_context(session, decision),
        "title": petition.title,
        "online": petition.state in ONLINE,
        "back": petition.state in ONLINE and decision.before["opened_at"] is not None,
        "last_day": last_day_before(end).isoformat() if end and petition.is_open(clock.now()) else "",
        "petition_path": f"/petitions/{petition.slug}",
        "desk_path": f"/organisation/petitions/{petition.slug}",
        "again": proposing.may_propose(session, petition),
        "days": reviews.ANSWERED_WITHIN.days,
        "remarks": [{"part": row.part, "quoted": row.quoted, "text": row.text} for row in remarks],
    }
    mails = [emails.to_owner(account, context, session, decision) for account in petition.owners]
    decision.mails = outbox.enqueue_held(session, mails, UNDO_FOR)
