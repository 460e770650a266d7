"""Digests: one mail a day when something waits, one at once for an urgent case, none in quiet hours."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.mail import outbox
from app.moderation import emails
from app.moderation.models import Preference
from app.moderation.queries import waiting, workbench
from app.zone import ZONE

DAY = timedelta(hours=23)
URGENT_AGAIN = timedelta(hours=1)


def is_quiet(preference: Preference, now: datetime) -> bool:
    """True between the hours in which one does not want to be told; they may pass midnight."""
    start, end, hour = preference.quiet_from, preference.quiet_to, now.astimezone(ZONE).hour
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def send_digests(session: Session) -> int:
    """Write the mails that are due; returns how many."""
    now = clock.now()
    sent = 0
    for account in workbench.moderators(session):
        preference = workbench.preference(session, account.id)
        if preference.digest == "never":
            continue
        counts = waiting.counts(session, account.id)
        urgent = any(name == "urgent" for name, _n, _oldest in counts)
        wait = URGENT_AGAIN if urgent and preference.digest == "urgent" else DAY
        hurried = urgent and preference.digest == "urgent"
        if not counts or (is_quiet(preference, now) and not hurried):
            continue
        if preference.digest_at is not None and now - preference.digest_at < wait:
            continue
        lines = [
            {
                "queue": name,
                "n": n,
                "oldest": oldest.isoformat() if oldest else "",
                "late": bool(oldest and now - oldest > waiting.TARGETS[name][0]),
            }
            for name, n, oldest in counts
        ]
        outbox.enqueue(session, [emails.digest(account, {"lines": lines, "urgent": urgent})])
        preference.digest_at = now
        session.add(preference)
        sent += 1
    return sent
