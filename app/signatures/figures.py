"""How a petition goes, in numbers that no page may take long to find: never by walking through who has signed."""

from dataclasses import dataclass

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from app.signatures.models import ASIDE, PENDING, DailyNumber, Signature, SignatureState, Withdrawal

# Of more, a page says that there are more.
MOST = 100_000


@dataclass(frozen=True)
class Sent:
    """What became of every form ever sent. ``counted`` is what the count says."""

    counted: int
    # Confirmed too: set aside since, withdrawn since.
    aside: int
    withdrawn: int
    pending: int
    # Never confirmed: seven days went by, or the mailbox's owner said no.
    expired: int
    denied: int

    @property
    def confirmed(self) -> int:
        return self.counted + self.aside + self.withdrawn

    @property
    def forms(self) -> int:
        return self.confirmed + self.pending + self.expired + self.denied

    @property
    def rate(self) -> float | None:
        """Share of the forms sent that were confirmed; None before the first."""
        return self.confirmed / self.forms if self.forms else None


def pending_count(session: Session, petition_id: int) -> int:
    """Up to MOST: read in the index of those that wait, whoever else's they are.

    Asked plainly, SQLite walks through all of the petition's rows: six seconds for ten million.
    """
    waiting = select(Signature.created_at).where(Signature.petition_id + 0 == petition_id, text(PENDING))
    return session.scalar(select(func.count()).select_from(waiting.limit(MOST).subquery())) or 0


def sent(session: Session, petition_id: int, counted: int) -> Sent:
    aside = select(func.count()).where(Signature.petition_id == petition_id, text(ASIDE))
    expired = select(func.sum(DailyNumber.unconfirmed)).where(DailyNumber.petition_id == petition_id)
    gone = select(
        func.count(Withdrawal.confirmed_at), func.sum(case((Withdrawal.confirmed_at.is_(None), 1), else_=0))
    ).where(Withdrawal.petition_id == petition_id, Withdrawal.purpose == "delivery")
    withdrawn, denied = session.execute(gone).one()
    return Sent(
        counted=counted,
        aside=session.scalar(aside) or 0,
        withdrawn=withdrawn,
        pending=pending_count(session, petition_id),
        expired=int(session.scalar(expired) or 0),
        denied=int(denied or 0),
    )


def by_departement(session: Session, petition_id: int) -> dict[str, int]:
    """Whoever is counted, one by one: for a job, see petitions/tallies.py."""
    rows = session.execute(
        select(Signature.departement, func.count())
        .where(Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED)
        .group_by(Signature.departement)
    )
    return dict(rows.all())
