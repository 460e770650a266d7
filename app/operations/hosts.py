"""The hosts of PostgreSQL when there are several: who takes what is written, who follows, how far behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import psycopg

from app import conninfo
from app.operations.check import Check
from app.settings import Settings
from app.standby import AGE, REACHED

ABOUT = f"""
{REACHED}, current_setting('synchronous_standby_names') <> '',
  coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float"""
NO_PRIMARY = "aucun hôte n’accepte d’écriture : promouvez le secours"
TWO_PRIMARIES = (
    "{names} acceptent tous des écritures : arrêtez celui qui n’est plus le primaire, avant qu’elles divergent"
)


@dataclass(frozen=True)
class _Host:
    """``reached``: bytes of the journal; ``waits``: for a standby, before it promises; ``age``: of its last change."""

    follows: bool
    reached: int
    waits: bool
    age: float


def checks(settings: Settings) -> Iterator[Check]:
    """Nothing where one host is all there is: what is wrong with it is said by what comes after."""
    if settings.is_sqlite:
        return
    found = [
        {name: (options, _look(options)) for name, options in conninfo.each_host(url, "signons doctor")} if url else {}
        for url in (settings.database_url, settings.database_read_url)
    ]
    written, everywhere = found[0], found[1] | found[0]
    if len(written) == 1 and not found[1]:
        return
    newest = max((host.reached for _, host in everywhere.values() if host), default=0)
    for name, (options, host) in everywhere.items():
        yield _told(f"hôte {name}", _caught_up(options, host, newest), newest)
    primaries = [name for name, (_, host) in written.items() if host and not host.follows]
    if not primaries:
        yield Check("primaire", False, NO_PRIMARY)
    if len(primaries) > 1:
        yield Check("primaire", False, TWO_PRIMARIES.format(names=", ".join(primaries)))


def _told(name: str, host: _Host | None, newest: int) -> Check:
    if host is None:
        return Check(name, False, "ne répond pas")
    if not host.follows:
        waits = "attend son secours avant de promettre" if host.waits else "n’attend aucun secours avant de promettre"
        return Check(name, True, f"primaire, {waits}")
    if host.reached >= newest:
        return Check(name, True, "secours, à jour")
    late = f"{(newest - host.reached) / 1024:.0f} Ko à rejouer, dernier changement il y a {host.age:.0f} s"
    return Check(name, False, f"secours, en retard de plus de {AGE:.0f} s ({late})")


def _caught_up(options: dict[str, Any], host: _Host | None, newest: int) -> _Host | None:
    """The same once it has replayed what was there when we looked; as it is when that takes more than AGE."""
    until = monotonic() + AGE
    while host is not None and host.reached < newest and monotonic() < until:
        sleep(0.1)
        host = _look(options)
    return host


def _look(options: dict[str, Any]) -> _Host | None:
    try:
        with psycopg.connect(**options) as connection:
            row = connection.execute(ABOUT).fetchone()
    except psycopg.Error:
        return None
    return _Host(row[0], row[1] or 0, row[2], row[3]) if row else None
