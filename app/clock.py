"""The one clock: everything that asks for the time asks here, so that tests can move it."""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The present time, UTC, aware."""
    return datetime.now(UTC) + _offset


def hour_of(moment: datetime) -> datetime:
    """The hour that *moment* is in: counts are kept by the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def travel(by: timedelta) -> None:
    """Move this process's clock by *by* from where it stands (tests, ``retention --at``)."""
    global _offset
    _offset += by


def reset() -> None:
    """Return to the machine's time."""
    global _offset
    _offset = timedelta(0)
