"""Figures computed from the decisions: for the public, for any period; for oneself."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import AuditLine
from app.moderation.models import Appeal, Decision, Notice

SET_ASIDE = ("signature.invalidated", "signature.quarantined")
Period = tuple[datetime, datetime]


def decided(session: Session, period: Period, limit: int | None = None) -> Sequence[Decision]:
    """Decisions of a period that were not undone, newest first."""
    return session.scalars(
        select(Decision)
        .where(Decision.decided_at >= period[0], Decision.decided_at < period[1], Decision.undone_at.is_(None))
        .order_by(Decision.decided_at.desc(), Decision.id.desc())
        .limit(limit)
    ).all()


def report(session: Session, period: Period) -> dict[str, Any]:
    """The figures of the transparency report (DSA art. 15; Implementing Regulation 2024/2835)."""
    rows = session.execute(
        select(
            Decision.id, Decision.kind, Decision.ground, Decision.articles, Decision.source, Decision.moderator_id,
            Decision.waiting_since, Decision.decided_at, Decision.target,
        ).where(Decision.decided_at >= period[0], Decision.decided_at < period[1], Decision.undone_at.is_(None))
    ).all()  # fmt: skip
    hours = sorted((row.decided_at - row.waiting_since).total_seconds() / 3600 for row in rows if row.moderator_id)
    articles = Counter(n for row in rows for n in row.articles)
    notices = session.execute(
        select(Notice.category, Notice.ground, Notice.outcome, func.count().label("n"))
        .where(Notice.created_at >= period[0], Notice.created_at < period[1])
        .group_by(Notice.category, Notice.ground, Notice.outcome)
    ).all()
    appeals = Counter(
        outcome or "waiting"
        for outcome in session.scalars(
            select(Appeal.outcome).where(Appeal.created_at >= period[0], Appeal.created_at < period[1])
        )
    )
    return {
        "decisions": len(rows),
        "decisions_by_kind": dict(sorted(Counter(row.kind for row in rows).items())),
        "decisions_by_target": dict(sorted(Counter(row.target for row in rows).items())),
        "decisions_by_ground": dict(sorted(Counter(row.ground for row in rows).items())),
        "decisions_by_article": {f"article_{n}": times for n, times in sorted(articles.items())},
        "decisions_by_source": dict(sorted(Counter(row.source for row in rows).items())),
        "automated_decisions": sum(row.moderator_id is None for row in rows),
        "median_hours": round(median(hours), 1) if hours else 0,
        "p90_hours": round(hours[min(len(hours) - 1, int(len(hours) * 0.9))], 1) if hours else 0,
        "notices": sum(row.n for row in notices),
        "notices_by_ground": _sum(notices, "ground"),
        "notices_by_category": _sum(notices, "category"),
        "notices_by_outcome": _sum(notices, "outcome"),
        "appeals": sum(appeals.values()),
        "appeals_upheld": appeals["upheld"],
        "appeals_reversed": appeals["reversed"],
        "appeals_withdrawn": appeals["withdrawn"],
        "appeals_waiting": appeals["waiting"],
        **_other_acts(session, period),
    }


def _sum(rows: Sequence[Any], name: str) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for row in rows:
        totals[getattr(row, name) or "waiting"] += row.n
    return dict(sorted(totals.items()))


def _other_acts(session: Session, period: Period) -> dict[str, int]:
    """Signatures set aside (and not given back within the period) and exports made, from the audit journal."""
    within = (AuditLine.at >= period[0], AuditLine.at < period[1])
    lines = session.execute(
        select(AuditLine.target_id, AuditLine.act)
        .where(AuditLine.act.in_([*SET_ASIDE, "signature.released"]), *within)
        .order_by(AuditLine.id)
    )
    last = {line.target_id: line.act for line in lines}
    exports = session.scalar(select(func.count()).where(AuditLine.act == "export.finished", *within))
    return {
        "invalidated_signatures": sum(act in SET_ASIDE for act in last.values()),
        "exports": exports or 0,
    }
