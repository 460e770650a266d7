"""Appeals: made by the author or the notifier with the link of their mail, judged by somebody else."""

import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.models import Comment, CommentState
from app.errors import Conflict, Gone, Invalid, NotFound
from app.locale import Message
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import queries as moderation_queries
from app.moderation.actions import deciding, reviewing
from app.moderation.actions.effects import tombstone
from app.moderation.actions.informing import author_address
from app.moderation.actions.judgment import Judgment
from app.moderation.models import (
    Appeal,
    AppealOutcome,
    Case,
    CaseOutcome,
    Decision,
    DecisionKind,
    Ground,
    Source,
    Target,
)
from app.moderation.queries import reviews
from app.moderation.statements import APPEAL_FOR
from app.petitions.models import Petition, PetitionState
from app.redress import emails, queries
from app.redress.actions import noticing

MIN_TEXT = 10


def appealable(session: Session, decision_id: int, appellant: str) -> Decision:
    """The decision, if it can still be contested. Raises NotFound, Gone, Conflict."""
    decision = moderation_queries.decision(session, decision_id)
    if decision is None or decision.undone_at is not None:
        raise NotFound("Cette décision n’existe pas, ou plus.")
    if clock.now() > decision.decided_at + APPEAL_FOR:
        raise Gone("Le délai de six mois pour contester cette décision est passé.")
    if queries.appeal_of(session, decision.id, appellant) is not None:
        raise Conflict("Cette décision a déjà fait l’objet de votre recours.")
    if decision.target == Target.COMMENT and _gone(session.get(Comment, decision.target_id)):
        raise Gone("Son auteur a repris ce commentaire depuis : le recours est sans objet.")
    standing = moderation_queries.standing(session, decision.target, decision.target_id, decision.revision)
    if decision.target == Target.PETITION:
        standing = _standing(session, decision)
    if standing is None or standing.id != decision.id:
        raise Conflict("Une autre décision a remplacé celle-ci : c’est elle qui se conteste.")
    return decision


def _standing(session: Session, decision: Decision) -> Decision | None:
    """What holds of a petition, whichever of its texts was decided on. Raises Conflict."""
    if decision.ground == Ground.NONE:
        return reviews.latest(session, decision.target_id)
    if session.get_one(Petition, decision.target_id).state != PetitionState.REFUSED:
        raise Conflict("Un autre texte a été proposé depuis, ou la pétition est en ligne : rien n’est à contester.")
    refused = reviews.refusals(session, decision.target_id)
    return refused[-1] if refused else None


def appeal(session: Session, decision_id: int, appellant: str, text: str, by: int | None = None) -> Appeal:
    """Raises NotFound, Gone (too late), Conflict (already, another text proposed), Invalid."""
    locked = moderation_queries.lock_decision(session, decision_id)  # of two at once, the second finds the first
    if locked is not None and locked.target == Target.COMMENT:
        comment_queries.lock(session, locked.target_id)  # or its author takes it back first
    elif locked is not None and locked.target == Target.PETITION:
        moderation_queries.lock_petition(session, locked.target_id)  # or its author proposes another text first
    decision = appealable(session, decision_id, appellant)
    if len(text.strip()) < MIN_TEXT:
        raise Invalid({"text": "Dites en une phrase au moins ce que vous contestez."})
    now = clock.now()
    row = Appeal(
        reference=f"R-{now:%Y%m%d}-{secrets.token_hex(4)}",
        decision_id=decision.id,
        first_decider=decision.decider,
        appellant=appellant,
        notice_id=int(appellant.removeprefix("notice:")) if appellant.startswith("notice:") else None,
        text=text.strip(),
        created_at=now,
        view="",
        view_reasons="",
        outcome=AppealOutcome.OPEN,
        reasons="",
    )
    session.add(row)
    session.flush()
    audit.record(session, "appeal.received", decision.target, decision.target_id, by, appeal=row.id)
    return row


def form_view(session: Session, appeal_id: int, judge: Account, view: str, reasons: str) -> Appeal:
    """What the judge thinks before seeing the first decision: ``publish`` or ``refuse``. Raises."""
    row = _to_judge(session, appeal_id, judge)
    if view not in {"publish", "refuse"} or not reasons.strip():
        raise Invalid({"view_reasons": "Dites votre avis et sa raison : la première décision s’affichera ensuite."})
    row.view, row.view_reasons = view, reasons.strip()
    row.view_by, row.viewed_at = judge.id, clock.now()
    session.flush()
    return row


def judge(
    session: Session, appeal_id: int, judge: Account, outcome: str, reasons: str, judgment: Judgment | None = None
) -> Appeal:
    """Uphold or reverse, with reasons. A dismissed notice is reversed by *judgment*.

    Raises NotFound, Conflict (judged meanwhile, no view formed), Invalid.
    """
    about = queries.contested(session, appeal_id)
    if about is not None and about.target == Target.COMMENT:
        comment_queries.lock(session, about.target_id)
    elif about is not None and about.target == Target.PETITION:
        moderation_queries.lock_petition(session, about.target_id)
    row = _to_judge(session, appeal_id, judge)
    if row.view_by != judge.id:
        raise Conflict("Donnez d’abord votre avis sur le texte, avant de voir la première décision.")
    if outcome not in {AppealOutcome.UPHELD, AppealOutcome.REVERSED} or not reasons.strip():
        raise Invalid({"reasons": "Choisissez l’issue et donnez-en les raisons."})
    first = moderation_queries.decision(session, row.decision_id)
    assert first is not None
    if outcome == AppealOutcome.REVERSED:
        new = _reverse(session, row, first, judge, reasons, judgment)
        row.new_decision_id = new.id
    row.outcome, row.reasons = outcome, reasons.strip()
    row.judge_id, row.judged_at = judge.id, clock.now()
    if outcome == AppealOutcome.UPHELD and first.target == Target.COMMENT and first.kind == DecisionKind.REMOVE:
        comment = session.get(Comment, first.target_id)
        if comment is not None and comment.state == CommentState.REMOVED:
            comment.tombstone = tombstone(first, appeal=True)
    outbox.enqueue(session, _outcome_mail(session, row, first))
    moderation_queries.release(session, "appeal", row.id)
    audit.record(session, f"appeal.{outcome}", first.target, first.target_id, judge.id, appeal=row.id)
    session.flush()
    return row


def _to_judge(session: Session, appeal_id: int, judge: Account) -> Appeal:
    row = queries.lock_appeal(session, appeal_id)
    if row is None or row.first_decider == judge.id:
        raise NotFound("Ce recours n’existe pas, ou n’est pas à juger par vous.")
    if row.outcome == AppealOutcome.WITHDRAWN:
        first = moderation_queries.decision(session, row.decision_id)
        if first is not None and first.target == Target.PETITION:
            raise Conflict("Un autre texte a été proposé depuis : le recours est sans objet.")
        raise Conflict("Son auteur a repris ce commentaire depuis : le recours est sans objet.")
    if row.outcome:
        raise Conflict("Ce recours est déjà jugé.")
    return row


def _reverse(
    session: Session, row: Appeal, first: Decision, judge: Account, reasons: str, judgment: Judgment | None
) -> Decision:
    if judgment is None:
        judgment = Judgment(DecisionKind.RESTORE, explanation=reasons)
    case = session.get(Case, first.case_id) if first.case_id is not None else None
    if first.target == Target.PETITION and not judgment.needs_reasons:
        return reviewing.put_online_again(session, first, judge, judgment, Source.APPEAL)
    if first.target == Target.PETITION:
        assert case is not None  # what a notifier contests is the answer to a case
        new = reviewing.on_notice(session, case, judge, judgment, Source.APPEAL)
        case.outcome = CaseOutcome.UPHELD
        return new
    comment = comment_queries.lock(session, first.target_id)
    if comment is None or _gone(comment):
        raise Conflict("Son auteur a repris ce commentaire depuis : le recours est sans objet.")
    if comment.state == CommentState.PUBLISHED and not judgment.needs_reasons:
        # What is contested is a mask: the whole text shows again.
        judgment = judgment.within(kind=DecisionKind.KEEP)
    new = deciding.decide(session, comment.id, comment.version, judge, judgment, source=Source.APPEAL)
    if case is not None:
        case.outcome = CaseOutcome.UPHELD if new.ground != Ground.NONE else CaseOutcome.CLEARED
    return new


def _gone(comment: Comment | None) -> bool:
    return comment is None or comment.state == CommentState.WITHDRAWN


def void(session: Session, row: Appeal, after: timedelta) -> list[int]:
    """The author took the text back: nothing is left to judge. A notifier who contested is told *after* a while.

    Gives the ids of the mails.
    """
    first = moderation_queries.decision(session, row.decision_id)
    assert first is not None
    row.outcome, row.judged_at = AppealOutcome.WITHDRAWN, clock.now()
    moderation_queries.release(session, "appeal", row.id)
    mails = _outcome_mail(session, row, first) if row.notice_id is not None else []
    audit.record(session, "appeal.withdrawn", first.target, first.target_id, None, appeal=row.id)
    session.flush()
    return outbox.enqueue_held(session, mails, after)


def _outcome_mail(session: Session, row: Appeal, first: Decision) -> list[Mail]:
    """The outcome and its reasons, to whoever appealed."""
    context = {
        "reference": row.reference,
        "decision": first.reference,
        "outcome": row.outcome,
        "reasons": row.reasons,
    }
    if row.notice_id is not None:
        notice = queries.notice(session, row.notice_id)
        who = noticing.identity(session, notice) if notice is not None else None
        if notice is None or who is None:
            return []
        name, email, locale, subject = *who, notice.locale, None
    else:
        found = author_address(session, first)
        if found is None:
            return []
        name, email, locale, subject = found
    return [emails.appeal_judged(email, locale, name, context, subject)]


def about(session: Session, decision: Decision) -> str:
    """What a decision was about, for the page of its appeal."""
    if decision.target == Target.PETITION:
        return Message("la pétition « %(title)s »", title=session.get_one(Petition, decision.target_id).title)
    return Message("le commentaire %(n)s", n=decision.target_id)
