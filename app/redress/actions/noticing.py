"""Notices: received from anybody, gathered in one case a revision, answered with the decision."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.hints import SEVERITY
from app.comments.models import CommentState
from app.db import vault_of
from app.errors import Conflict, Gone, NotFound
from app.locale import Message
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import links as decision_links
from app.moderation import queries as moderation_queries
from app.moderation.actions import deciding, reviewing, team
from app.moderation.actions.judgment import Judgment
from app.moderation.models import (
    Case,
    CaseKind,
    CaseOutcome,
    Decision,
    DecisionKind,
    Ground,
    Notice,
    NoticeOutcome,
    Source,
    Target,
)
from app.moderation.queries import cases
from app.petitions.models import Petition, PetitionState
from app.redress import emails, links, queries
from app.redress.forms import NOTICE_CATEGORIES
from app.templating import translate_said

# Grounds that go to the urgent queue, whoever reports them.
URGENT = {"threat", "minors", "terrorism"}
FORGOTTEN = "Ce signalement est ancien : l’adresse de qui l’a fait est effacée."


@dataclass(frozen=True)
class Report:
    """What somebody reports; *name* and *email* may be empty for child abuse only (DSA art. 16)."""

    ground: str
    category: str
    article: int | None
    reasons: str
    passage: str
    name: str
    email: str
    locale: str


def receive(session: Session, target: str, target_id: int, report: Report) -> Notice:
    """Keep it, attach it to the case of this revision, and write the receipt. Hides nothing.

    A revision that was cleared stays cleared: the answer is the earlier decision. Raises Gone.
    """
    revision = _revision(session, target, target_id)
    case = cases.latest_case(session, target, target_id, revision)
    cleared = case is not None and case.closed_at is not None and case.outcome == CaseOutcome.CLEARED
    if case is None or (case.closed_at is not None and not cleared):
        case = team.open_case(session, target, target_id, revision, report.ground, 1, None)
    now = clock.now()
    notice = Notice(
        reference=f"S-{now:%Y%m%d}-{secrets.token_hex(4)}",
        case_id=case.id,
        ground=report.ground,
        category=report.category,
        article=report.article,
        reasons=report.reasons,
        passage=report.passage,
        locale=report.locale,
        created_at=now,
        outcome=NoticeOutcome.OPEN,
    )
    session.add(notice)
    session.flush()
    if report.email:
        notice.identity_sealed = _seal(session, notice, report.name, report.email)
    if cleared:
        _close(
            session,
            notice,
            NoticeOutcome.CLEARED_BEFORE,
            moderation_queries.standing(session, target, target_id, revision),
        )
    else:
        _weigh(case, report)
    audit.record(session, "notice.received", target, target_id, None, notice=notice.id, case=case.id)
    if report.email:
        outbox.enqueue(session, [_receipt(session, notice, case, report.email)])
    return notice


def _receipt(session: Session, notice: Notice, case: Case, email: str) -> Mail:
    """To an address that anybody may have typed: nothing else of what they typed."""
    context = _short(session, notice) | {
        "category": NOTICE_CATEGORIES[notice.category][2],
        "comment": case.target_id if case.target == Target.COMMENT else 0,
    }
    return emails.notice_receipt(email, notice.locale, context)


def _short(session: Session, notice: Notice) -> dict[str, str]:
    """A notice's reference, and where the decision on it can be read, if there is one."""
    decision = _decision(session, notice)
    return {
        "reference": notice.reference,
        "decision": decision.reference if decision else "",
        "public_path": f"/transparence/decisions/{decision.reference}" if decision else "",
        "confirm_path": f"/signalements/{links.notice(vault_of(session), notice.id, notice.created_at)}",
    }


def _decision(session: Session, notice: Notice) -> Decision | None:
    return moderation_queries.decision(session, notice.decision_id) if notice.decision_id is not None else None


def notice_of(session: Session, notice_id: int) -> dict[str, Any]:
    """What its notifier may read of it: where it stands, once the address is confirmed. Raises Gone."""
    notice = queries.notice(session, notice_id)
    if notice is None or notice.identity_sealed is None:
        raise Gone(FORGOTTEN)
    return _short(session, notice) | {
        "confirmed": notice.confirmed_at is not None,
        "closed": notice.closed_at is not None,
    }


def confirm(session: Session, notice_id: int) -> Notice:
    """The notifier's address is theirs: if all is decided, they get what was kept from it until now.

    Raises Gone.
    """
    found = queries.lock_notice(session, notice_id)
    if found is None or found[0].identity_sealed is None:
        raise Gone(FORGOTTEN)
    notice, case = found
    if notice.confirmed_at is not None:
        return notice
    notice.confirmed_at = clock.now()
    session.flush()
    if notice.closed_at is not None:
        decision = _decision(session, notice)
        mails = _outcome_mail(session, notice, decision, _label(session, case))
        # Held for the minute in which the decision may be undone, and undone with it.
        held = outbox.enqueue_held(session, mails, deciding.UNDO_FOR)
        if decision is not None:
            decision.mails = [*decision.mails, *held]
    return notice


def _label(session: Session, case: Case) -> str:
    if case.target == Target.COMMENT:
        return Message("le commentaire %(n)s", n=case.target_id)
    return Message("la pétition « %(title)s »", title=session.get_one(Petition, case.target_id).title)


def _revision(session: Session, target: str, target_id: int) -> int:
    """The one that everybody can see. Raises Gone."""
    if target == Target.COMMENT:
        comment = comment_queries.lock(session, target_id)
        if comment is None or comment.state != CommentState.PUBLISHED:
            raise Gone("Ce commentaire n’est plus publié.")
        return comment.revision
    petition = moderation_queries.lock_petition(session, target_id)  # of two first notices at once, one opens the case
    if petition is None or petition.state not in {PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED}:
        raise Gone("Cette pétition n’est plus publiée.")
    return reviewing.published_revision(petition)


def _weigh(case: Case, report: Report) -> None:
    """The case is as grave as the gravest notice; their number changes nothing."""
    case.notices += 1
    case.version += 1
    urgent = report.category in URGENT
    severity = 3 if urgent else SEVERITY.get(report.article or 0, 2 if report.ground == CaseKind.ILLEGAL else 1)
    case.severity = max(case.severity, severity)
    ranks = (CaseKind.ESCALATED, CaseKind.CHARTER, CaseKind.ILLEGAL, CaseKind.URGENT)
    case.kind = max(CaseKind(case.kind), CaseKind.URGENT if urgent else CaseKind(report.ground), key=ranks.index)


def _seal(session: Session, notice: Notice, name: str, email: str) -> bytes:
    return crypto.seal(vault_of(session).requests, json.dumps([name, email]).encode(), f"notice {notice.id}".encode())


def identity(session: Session, notice: Notice) -> tuple[str, str] | None:
    """``(name, email)`` of the notifier; None when it was not given or has been forgotten."""
    if notice.identity_sealed is None:
        return None
    sealed = crypto.unseal(vault_of(session).requests, notice.identity_sealed, f"notice {notice.id}".encode())
    name, email = json.loads(sealed)
    return name, email


def settle(session: Session, case_id: int, version: int, moderator: Account, judgment: Judgment) -> Decision:
    """Decide a case: keep (the notices are dismissed), or act. Everybody who reported is told.

    Raises NotFound, Conflict (settled meanwhile), Invalid.
    """
    about, comment, petition = cases.reported(session, case_id), None, None
    if about is not None and about.target == Target.COMMENT:
        comment = comment_queries.lock(session, about.target_id)
    elif about is not None:
        petition = moderation_queries.lock_petition(session, about.target_id)
    case = cases.lock_case(session, case_id)
    if case is None:
        raise NotFound("Ce dossier n’existe pas.")
    if case.closed_at is not None:
        raise Conflict(
            deciding.WITHDRAWN if case.outcome == CaseOutcome.WITHDRAWN else "Ce dossier a déjà sa décision."
        )
    waiting = queries.notices_to_tell(session, case.id)
    source = Source.NOTICE if waiting else Source.OWN
    if case.target == Target.COMMENT:
        if comment is None or comment.state == CommentState.WITHDRAWN:
            raise Conflict(deciding.WITHDRAWN)
        if comment.state in {CommentState.REFUSED, CommentState.REMOVED} and judgment.kind == DecisionKind.KEEP:
            if version and version != comment.version:
                raise Conflict(deciding.STALE)
            return _maintain(session, case, moderator, waiting)
        seen = version or comment.version
        if comment.state == CommentState.PUBLISHED and judgment.kind == DecisionKind.PUBLISH and not judgment.effects:
            judgment = judgment.within(kind=DecisionKind.KEEP)
        decision = deciding.decide(session, comment.id, seen, moderator, judgment, source=source, case=case)
    else:
        refused = moderation_queries.standing(session, "petition", case.target_id, case.revision)
        down = petition is not None and petition.state == PetitionState.REFUSED
        if down and refused is not None and refused.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE}:
            # The second person would have published it.
            if judgment.kind != DecisionKind.PUBLISH:
                return _maintain(session, case, moderator, waiting)
            decision = reviewing.put_online_again(
                session, refused, moderator, judgment.within(kind=DecisionKind.RESTORE), source, case
            )
        else:
            decision = reviewing.on_notice(session, case, moderator, judgment)
    close(session, case, decision, waiting)
    return decision


def _maintain(session: Session, case: Case, moderator: Account, waiting: Sequence[Notice]) -> Decision:
    """What was refused stays refused: the decision that stands is the answer, and can still be contested."""
    standing = moderation_queries.standing(session, case.target, case.target_id, case.revision)
    if standing is None:
        raise Conflict(deciding.STALE)
    case.closed_at, case.outcome = clock.now(), CaseOutcome.UPHELD
    case.version += 1
    moderation_queries.release(session, "case", case.id)
    for notice in waiting:
        _close(session, notice, NoticeOutcome.UPHELD, standing)
        outbox.enqueue(session, _outcome_mail(session, notice, standing, _label(session, case)))
    audit.record(session, "case.maintained", "case", case.id, moderator.id, decision=standing.id)
    return standing


def void(session: Session, case: Case, after: timedelta) -> list[int]:
    """The text of a case is gone: whoever reported it is told *after* a while, nobody decides. The ids of the mails."""
    case.closed_at, case.outcome = clock.now(), CaseOutcome.WITHDRAWN
    case.version += 1
    moderation_queries.release(session, "case", case.id)
    mails: list[Mail] = []
    for notice in queries.notices_to_tell(session, case.id):
        _close(session, notice, NoticeOutcome.WITHDRAWN, None)
        mails += _outcome_mail(session, notice, None, _label(session, case))
    return outbox.enqueue_held(session, mails, after)


def close(session: Session, case: Case, decision: Decision, waiting: Sequence[Notice]) -> None:
    """The case and its notices end with *decision*; the answers wait with the author's mail."""
    acted = decision.ground != Ground.NONE
    case.closed_at, case.outcome = decision.decided_at, CaseOutcome.UPHELD if acted else CaseOutcome.CLEARED
    case.version += 1
    moderation_queries.release(session, "case", case.id)
    mails: list[Mail] = []
    for notice in waiting:
        _close(session, notice, NoticeOutcome.UPHELD if acted else NoticeOutcome.DISMISSED, decision)
        mails += _outcome_mail(session, notice, decision, _label(session, case))
    decision.mails = [*decision.mails, *outbox.enqueue_held(session, mails, deciding.UNDO_FOR)]
    session.flush()


def _close(session: Session, notice: Notice, outcome: str, decision: Decision | None) -> None:
    notice.outcome, notice.closed_at = outcome, clock.now()
    notice.decision_id = decision.id if decision is not None else None
    session.flush()


def _outcome_mail(session: Session, notice: Notice, decision: Decision | None, label: str) -> list[Mail]:
    who = identity(session, notice)
    if who is None:
        return []
    name, email = who
    if notice.confirmed_at is None:
        return [emails.notice_decided(email, notice.locale, _short(session, notice))]
    context = _short(session, notice) | {
        "label": translate_said(notice.locale, label),
        "outcome": notice.outcome,
        "appeal_path": "",
        "appeal_until": "",
    }
    if decision is not None and notice.outcome != NoticeOutcome.UPHELD:
        context["appeal_path"] = f"/recours/{decision_links.appeal(vault_of(session), decision, f'notice:{notice.id}')}"
        context["appeal_until"] = decision_links.appeal_until(decision).isoformat()
    return [emails.notice_outcome(email, notice.locale, name, context)]
