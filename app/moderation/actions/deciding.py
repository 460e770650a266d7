"""Deciding on a comment: one row locked, one decision, its effects, its mail held for a minute."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.models import Comment, CommentState
from app.db import changed
from app.errors import Conflict, NotFound
from app.moderation import charter, queries
from app.moderation.actions import effects, informing, team
from app.moderation.actions.judgment import Judgment, Reasons, reasons_for
from app.moderation.models import Case, CharterVersion, Decision, DecisionKind, Ground, Source, Target
from app.moderation.statements import statement
from app.petitions.models import Petition
from app.zone import ZONE

# A decision's mail waits this long, so that a slip of the hand reaches nobody.
UNDO_FOR = timedelta(seconds=60)
# The effect of the charter's articles that a second person confirms.
TWO_PEOPLE = "refuse_second"
WITHDRAWN = "Son auteur a repris ce commentaire : il n’y a plus rien à décider."
STALE = "Ce commentaire a été décidé, modifié ou retiré entre-temps."


def publish(session: Session, comment_id: int, version: int, moderator: Account) -> Decision:
    """Publish as it is. Raises NotFound, Conflict (decided meanwhile)."""
    return decide(session, comment_id, version, moderator, Judgment(DecisionKind.PUBLISH))


def refuse(
    session: Session,
    comment_id: int,
    version: int,
    moderator: Account,
    *,
    article: int | None,
    passage: str,
    explanation: str,
) -> Decision:
    """Refuse under an article, quoting the comment. Raises NotFound, Conflict, Invalid."""
    articles = [article] if article is not None else []
    return decide(
        session, comment_id, version, moderator, Judgment(DecisionKind.REFUSE, articles, passage, explanation)
    )


def not_handled(session: Session, comment_id: int) -> Decision | None:
    """Nobody read it in thirty days: refused, its author told why; None when it no longer waits."""
    comment = comment_queries.lock(session, comment_id)
    if comment is None or comment.state != CommentState.WAITING:
        return None
    version = charter.in_force(session, comment.created_at)
    judgment = Judgment(DecisionKind.REFUSE, ground=Ground.NOT_HANDLED, effects=frozenset({"ask_rewrite"}))
    return _record(session, comment, version, None, judgment, Reasons("not_handled", (), "", (), ""), "own", None, "")


def decide(
    session: Session,
    comment_id: int,
    version: int,
    moderator: Account,
    judgment: Judgment,
    *,
    source: str = Source.OWN,
    case: Case | None = None,
    batch: str = "",
) -> Decision:
    """Decide on the *version* that was on the screen; 0: on whatever waits.

    On a comment that was decided before, the new decision supersedes. Raises NotFound, Conflict
    (decided, changed or withdrawn meanwhile), Invalid (reasons to correct).
    """
    comment = _as_shown(session, comment_id, version)
    judgment = judgment.within(kind=_kind(comment.state, judgment))
    in_force = charter.in_force(session, comment_queries.revision(session, comment).created_at)
    reasons = reasons_for(judgment, in_force, comment.text)
    return _record(session, comment, in_force, moderator, judgment, reasons, source, case, batch)


def _as_shown(session: Session, comment_id: int, version: int) -> Comment:
    """The comment, locked, still as it was on the screen. Raises NotFound, Conflict."""
    comment = comment_queries.lock(session, comment_id)
    if comment is None:
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    if comment.state == CommentState.WITHDRAWN:
        raise Conflict(WITHDRAWN)
    if (version and version != comment.version) or (not version and comment.state != CommentState.WAITING):
        raise Conflict(STALE)
    return comment


def _kind(state: str, judgment: Judgment) -> str:
    """The word for it: a published comment is removed, a refused one restored. Raises Conflict."""
    if judgment.kind in {DecisionKind.PUBLISH, DecisionKind.RESTORE}:
        if state == CommentState.PUBLISHED and not judgment.effects:
            raise Conflict("Ce commentaire est déjà publié.")
        if state == CommentState.WAITING:
            return DecisionKind.PUBLISH
        return DecisionKind.KEEP if state == CommentState.PUBLISHED else DecisionKind.RESTORE
    if judgment.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE}:
        if state in {CommentState.REFUSED, CommentState.REMOVED}:
            raise Conflict("Ce commentaire n’est déjà plus publié.")
        return DecisionKind.REFUSE if state == CommentState.WAITING else DecisionKind.REMOVE
    if state != CommentState.PUBLISHED:
        raise Conflict("Ce commentaire n’est pas publié.")
    return judgment.kind


def _record(
    session: Session,
    comment: Comment,
    in_force: CharterVersion,
    moderator: Account | None,
    judgment: Judgment,
    reasons: Reasons,
    source: str,
    case: Case | None,
    batch: str,
) -> Decision:
    now, waits = clock.now(), comment.state == CommentState.WAITING
    previous = queries.standing(session, "comment", comment.id, comment.revision)
    decision = new_decision(
        now,
        judgment,
        reasons,
        target=Target.COMMENT,
        target_id=comment.id,
        revision=comment.revision,
        text_sha256=comment_queries.revision(session, comment).sha256,
        charter_version=in_force.number,
        moderator_id=moderator.id if moderator else None,
        decider=moderator.id if moderator else 0,
        waiting_since=case.opened_at if case else comment.waiting_since if waits else now,
        source=source,
        case_id=case.id if case else None,
        supersedes=previous.id if previous else None,
        batch=batch,
        before=effects.snapshot(session, comment),
    )
    petition = session.get_one(Petition, comment.petition_id)
    written_on = comment.created_at.astimezone(ZONE).date()
    decision.statement = statement(
        decision, reasons.cited, written_on, comment.locale, f"sur la pétition « {petition.title} »"
    )
    session.add(decision)
    session.flush()
    effects.apply(session, comment, decision, reasons)
    decision.mails = informing.tell_author(session, comment, decision, previous, UNDO_FOR)
    written(session, decision)
    team.draw(session, decision, required=needs_two(decision, reasons))
    changed(session, comment.petition_id)
    return decision


def needs_two(decision: Decision, reasons: Reasons) -> bool:
    """Whether an article that it cites has a second person confirm."""
    taken_away = decision.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE}
    return taken_away and any(article.effect == TWO_PEOPLE for article in reasons.cited)


def new_decision(now: datetime, judgment: Judgment, reasons: Reasons, **fields: Any) -> Decision:
    """The row, its reference drawn, its statement still to be written."""
    return Decision(
        reference=f"D-{now:%Y%m%d}-{secrets.token_hex(4)}",
        kind=judgment.kind,
        effects=sorted({judgment.kind, *judgment.effects}),
        ground=reasons.ground,
        article=reasons.cited[0].n if reasons.cited else None,
        articles=[article.n for article in reasons.cited],
        provision=reasons.provision,
        passage=reasons.passage,
        explanation=judgment.explanation.strip(),
        statement={},
        decided_at=now,
        mails=[],
        **fields,
    )


def written(session: Session, decision: Decision) -> None:
    """Approving is an act too: who, what, the hash of the text, when."""
    audit.record(
        session,
        f"{decision.target}.{decision.kind}",
        decision.target,
        decision.target_id,
        decision.moderator_id,
        decision=decision.id,
        articles=decision.articles,
        sha256=decision.text_sha256,
    )
    session.flush()


def decide_many(
    session: Session,
    items: Sequence[tuple[int, int, str]],
    moderator: Account,
    judgment: Judgment,
    batch: str,
) -> list[Decision]:
    """The same judgment on several comments, all or none: ``(id, version, passage)`` each."""
    in_order = sorted(items)
    for comment_id, version, _passage in in_order:  # every one, before the first is decided
        _as_shown(session, comment_id, version)
    with session.begin_nested():
        return [
            decide(session, comment_id, version, moderator, judgment.within(passage=passage), batch=batch)
            for comment_id, version, passage in in_order
        ]
