"""Two hosts, one dies: the primary of PostgreSQL is killed while 300 people a second sign, its standby takes over.

The web process and the worker know both hosts and go on by themselves; nobody starts them again. The host that died
comes back as the standby of the other, and is the primary again after the next kill.
"""

import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.crowd import Ledger
from tests.crash.rush import OFFERED, Rush
from tests.crash.scenes import NotRun
from tests.crash.stage import Audit, Stage
from tests.failover import Pair, cannot
from tests.services import wait_for

# Seconds from the promotion until somebody is told again that the signature is there.
LIMIT = 10
# Somebody has to notice that the primary is gone: Patroni takes as long as its ``ttl`` says.
NOTICED = (0.5, 2.0)
CONFIRMED = 600


@dataclass
class Failover:
    audit: Audit
    offered: float = 0.0
    # Of each kill, in seconds.
    back: list[float] = field(default_factory=list)
    silent: list[float] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        slow = [f"written again only {back:.1f} s after a promotion" for back in self.back if back > LIMIT]
        failed = {status: n for status, n in self.pages.items() if status != "200"}
        return [*self.audit.problems, *slow, *(f"pages answered {status}: {n}" for status, n in failed.items())]


def run(
    kills: int,
    tell: Callable[[str], None] = lambda _: None,
    *,
    calm: float = 4.0,
    offered: float = OFFERED,
    durable: bool = True,
) -> Failover:
    """*offered*: people a second. *calm*: seconds in which they sign before each kill.

    Raises AssertionError when people were failed, NotRun where there are no two addresses.
    """
    if reason := cannot():
        raise NotRun(reason)
    with tempfile.TemporaryDirectory(prefix="signons-hosts-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as nobody when we are root
        with ExitStack() as stack:
            pair = Pair(folder, durable=durable)
            stack.callback(pair.kill)
            stage = Stage(folder, stack, postgres=False, hosts=pair)
            rush = Rush(stage.web.port, stage.slug, stage.smtp.mails, Ledger(), offered)
            stack.callback(rush.end)
            return _played(stage, pair, rush, kills, tell, calm)


def _played(stage: Stage, pair: Pair, rush: Rush, kills: int, tell: Callable[[str], None], calm: float) -> Failover:
    ledger, back, silent = rush.ledger, list[float](), list[float]()
    began = time.monotonic()
    rush.start()
    for n in range(kills):
        signed = len(ledger.signed) + 100
        wait_for(lambda signed=signed: len(ledger.signed) >= signed or bool(rush.failures), "people sign")  # type: ignore[misc]
        time.sleep(random.uniform(calm / 2, calm))
        silence, again = _failover(pair, rush)
        silent.append(silence)
        back.append(again)
        tell(f"host {n + 1}/{kills}: {len(ledger.signed)} signed, back {again:.2f} s after the promotion")
        pair.rebuild()
        assert not rush.failures, rush.failures
    rush.stop_signing()
    tell(f"host: {rush.came} came, {len(ledger.signed)} signed, {len(ledger.confirmed)} confirmed")
    came = rush.came / (time.monotonic() - began)
    wait_for(lambda: rush.everybody_signed or bool(rush.failures), "everybody who came has an answer", 120)
    tell(f"host: everybody has signed, {len(rush.mailed)} have their mail")
    stage.worker.terminate()
    stage.send_what_is_left()
    with suppress(TimeoutError):
        wait_for(lambda: ledger.signed <= ledger.confirmed, "everybody has confirmed", CONFIRMED)
    tell(f"host: {len(ledger.confirmed)} confirmed")
    rush.end()
    stage.web.terminate()
    assert not rush.failures, rush.failures
    return Failover(stage.audit(ledger, kills), came, back, silent, dict(rush.pages))


def _failover(pair: Pair, rush: Rush) -> tuple[float, float]:
    """Seconds without any promise, and from the promotion to the first one."""
    killed = time.monotonic()
    pair.primary.die()
    time.sleep(random.uniform(*NOTICED))
    pair.promote()
    promoted = time.monotonic()
    before = len(rush.answered)
    wait_for(lambda: len(rush.answered) > before or bool(rush.failures), "somebody is answered again", 60)
    assert not rush.failures, rush.failures
    last = max((at for at in rush.answered[:before] if at <= promoted), default=killed)
    first = rush.answered[before]
    return first - last, max(0.0, first - promoted)
