"""Petitions through the same queue: published, sent back with remarks on lines, or refused.

After corrections or a refusal a petition may be sent once again, freely.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import changed
from app.errors import Conflict, Invalid, NotFound, Refused
from app.mail import outbox
from app.moderation import charter, emails, queries
from app.moderation.actions import team
from app.moderation.actions.deciding import UNDO_FOR, needs_two, new_decision, written
from app.moderation.actions.informing import decision_context
from app.moderation.actions.judgment import Judgment, Reasons, reasons_for
from app.moderation.models import Case, CaseOutcome, Decision, DecisionKind, PetitionRemark, Source, Target
from app.moderation.queries import cases, workbench
from app.moderation.statements import statement
from app.petitions import actions as petition_actions
from app.petitions import indexing, versions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionState
from app.signatures import queries as signature_queries
from app.zone import day_of, last_day_before

MAX_SUBMISSIONS = 2
# What a decision leaves a petition in, and what else it may move.
AFTER = {
    DecisionKind.PUBLISH: PetitionState.OPEN,
    DecisionKind.CORRECT: PetitionState.DRAFT,
    DecisionKind.REFUSE: PetitionState.REFUSED,
    DecisionKind.REMOVE: PetitionState.REFUSED,
    DecisionKind.RESTORE: PetitionState.OPEN,
}
# On a petition that is online, whatever the word on the button.
ON_NOTICE = {
    "publish": DecisionKind.KEEP,
    "keep": DecisionKind.KEEP,
    "refuse": DecisionKind.REMOVE,
    "remove": DecisionKind.REMOVE,
}
MOMENTS = ("submitted_at", "opened_at", "closes_at", "closed_at")
Remark = tuple[int, str]


def published_revision(petition: Petition) -> int:
    """What notices are about: a version of the text, counted apart from submissions."""
    return 1000 + petition.version


def submit(session: Session, petition: Petition, by: int | None = None) -> None:
    """Send a draft to the moderators. Raises Conflict, Refused (sent twice already, its last day passed)."""
    if petition.state not in {PetitionState.DRAFT, PetitionState.REFUSED}:
        raise Conflict("Cette pétition est déjà envoyée ou publiée.")
    if petition.submissions >= MAX_SUBMISSIONS:
        raise Refused("Cette pétition a déjà été proposée deux fois : vous pouvez contester la décision.")
    if petition.closes_at is not None and petition.closes_at <= clock.now():
        raise Refused("Le dernier jour choisi est passé : changez-le dans le brouillon, puis proposez la pétition.")
    # It is another text now: nobody has to look again at the one that was refused.
    workbench.drop_looks(session, [petition.id], "petition")
    for case in cases.open_cases(session, "petition", petition.id):
        case.closed_at, case.outcome = clock.now(), CaseOutcome.WITHDRAWN
    petition.state, petition.submitted_at = PetitionState.SUBMITTED, clock.now()
    petition.submissions += 1
    audit.record(session, "petition.submitted", "petition", petition.id, by, n=petition.submissions)


def review(
    session: Session,
    petition_id: int,
    submission: int,
    moderator: Account,
    judgment: Judgment,
    remarks: Sequence[Remark] = (),
) -> Decision:
    """Publish, ask for corrections or refuse, the *submission* that was on the screen.

    Raises NotFound, Conflict (decided meanwhile), Invalid.
    """
    petition = queries.lock_petition(session, petition_id)
    if petition is None:
        raise NotFound("Cette pétition n’existe pas.")
    if petition.state != PetitionState.SUBMITTED or (submission and submission != petition.submissions):
        raise Conflict("Cette pétition a été décidée ou modifiée entre-temps.")
    if judgment.kind == DecisionKind.CORRECT and not remarks:
        raise Invalid({"remarks": "Dites ce qu’il faut corriger, sur une ligne au moins."})
    # A submission is to a petition what a revision is to a comment.
    decision = _record(session, petition, moderator, judgment, "own", None, petition.submissions)
    lines = petition_queries.text_of(session, petition).markdown.splitlines()
    for line, text in remarks:
        quoted = lines[line - 1] if 0 < line <= len(lines) else ""
        session.add(PetitionRemark(decision_id=decision.id, line=line, quoted=quoted, text=text))
    if judgment.kind == DecisionKind.PUBLISH:
        petition_actions.publish(session, petition, moderator.id)
    else:
        petition.state = AFTER.get(DecisionKind(judgment.kind), PetitionState.REFUSED)
        petition.submitted_at = None
    session.flush()
    _tell_owners(session, petition, decision, remarks)
    queries.release(session, "petition", petition.id)
    changed(session, petition.id)
    return decision


def on_notice(session: Session, case: Case, moderator: Account, judgment: Judgment) -> Decision:
    """Keep a reported petition, or take it down. Raises Invalid, Conflict."""
    petition = queries.lock_petition(session, case.target_id)
    if petition is None or petition.state not in {PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED}:
        raise Conflict("Cette pétition n’est plus publiée.")
    kind = ON_NOTICE.get(judgment.kind)
    if kind is None:
        raise Invalid({"decision": "Choisissez : garder en ligne, ou retirer."})
    decision = _record(session, petition, moderator, judgment.within(kind=kind), Source.NOTICE, case, case.revision)
    if kind == DecisionKind.REMOVE:
        petition.state = PetitionState.REFUSED
        indexing.keep(session, petition)
        _tell_owners(session, petition, decision, ())
    changed(session, petition.id)
    return decision


def put_online_again(
    session: Session, first: Decision, judge: Account, judgment: Judgment, source: str, case: Case | None = None
) -> Decision:
    """A refused or removed petition comes back, after an appeal or a second opinion. Raises Conflict."""
    petition = queries.lock_petition(session, first.target_id)
    if petition is None or petition.state != PetitionState.REFUSED:
        raise Conflict("Cette pétition n’est plus refusée.")
    decision = _record(session, petition, judge, judgment, source, case, first.revision)
    if petition.opened_at is None:
        versions.back_to_judged(session, petition, first.text_sha256)
        petition.state = PetitionState.DRAFT
        petition_actions.publish(session, petition, judge.id)
    else:
        versions.back_to_published(session, petition)
        petition.state = _where_it_was(petition)
        indexing.keep(session, petition)
    _tell_owners(session, petition, decision, ())
    changed(session, petition.id)
    return decision


def _where_it_was(petition: Petition) -> PetitionState:
    """What a published petition was before it was taken down."""
    if petition.delivered_at:
        return PetitionState.DELIVERED
    return PetitionState.CLOSED if petition.closed_at else PetitionState.OPEN


def _record(
    session: Session,
    petition: Petition,
    moderator: Account,
    judgment: Judgment,
    source: str,
    case: Case | None,
    revision: int,
) -> Decision:
    text = petition_queries.text_of(session, petition)
    now = clock.now()
    version = charter.in_force(session, text.created_at)
    restrictive = judgment.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE}
    reasons = reasons_for(judgment, version, f"{text.title}\n{text.markdown}") if restrictive else _none()
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
        before=_snapshot(petition),
    )
    written_on = day_of(text.created_at)
    decision.statement = statement(decision, reasons.cited, written_on, "fr", f"« {petition.title} »")
    session.add(decision)
    session.flush()
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
    if petition is None or petition.state != AFTER.get(DecisionKind(decision.kind), decision.before["state"]):
        raise Conflict("Cette pétition a changé depuis.")
    before = decision.before
    if before["opened_at"] is None and petition.opened_at and signature_queries.any_signature(session, petition.id):
        raise Conflict("Quelqu’un a déjà signé cette pétition : pour la retirer, prenez une nouvelle décision.")
    petition.state = before["state"]
    for name in MOMENTS:
        setattr(petition, name, datetime.fromisoformat(before[name]) if before[name] else None)
    indexing.keep(session, petition)
    changed(session, petition.id)


def _none() -> Reasons:
    return Reasons("none", (), "", (), "")


def _tell_owners(session: Session, petition: Petition, decision: Decision, remarks: Sequence[Remark]) -> None:
    """Every organiser of the petition; a petition's decision is final at once, its mail leaves with it."""
    lines = petition_queries.text_of(session, petition).markdown.splitlines()
    context = {
        **decision_context(session, decision),
        "title": petition.title,
        "last_day": last_day_before(petition.closes_at).isoformat() if petition.closes_at else "",
        "petition_path": f"/petitions/{petition.slug}",
        "desk_path": f"/organisation/petitions/{petition.slug}",
        "again": petition.submissions < MAX_SUBMISSIONS,
        "remarks": [
            {"line": line, "quoted": lines[line - 1] if 0 < line <= len(lines) else "", "text": text}
            for line, text in remarks
        ],
    }
    mails = [emails.to_owner(account.email, context, session, decision) for account in petition.owners]
    decision.mails = outbox.enqueue_held(session, mails, UNDO_FOR)
