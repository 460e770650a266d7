"""How many have signed lately: of each network, and of the whole instance. Above its usual pace, a proof is asked.

In memory, of one process: with several, each sees its part, and the pace of the settings is that of one.
"""

from app import clock

# Seconds that are looked back on.
WINDOW = 600
# A proof is asked above the pace. Only beyond this many times the pace, and this many seconds after it was first
# asked, does its absence say something: who asked a moment before, or asked another process, was told "nothing".
MARGIN = 1.5
GRACE = 15.0
_ALL = ""


class Pace:
    """Signatures of the last ten minutes, as a sliding window of two halves weighs them.

    Made for many networks: nothing ever walks through them, a window's are forgotten together.
    """

    def __init__(self, network: int, site: int) -> None:
        self._network, self._site = network, site
        self._began = 0.0
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}
        # Who is above its pace, and since when.
        self._above: dict[str, float] = {}

    def note(self, network: str) -> None:
        """Somebody signs."""
        now = self._roll()
        for key in (network, _ALL):
            self._now[key] = self._now.get(key, 0) + 1
            if self._times(key, now) <= 1:
                self._above.pop(key, None)
            else:
                self._above.setdefault(key, now)

    def asks(self, network: str) -> bool:
        """Whether this network, or the instance, is above its pace."""
        if not self._above:
            return False
        now = self._roll()
        return self._times(network, now) > 1 or self._times(_ALL, now) > 1

    def insists(self, network: str) -> bool:
        """Whether it is so by far, and has been for long enough that everybody was asked."""
        if not self._above:
            return False
        now = self._roll()
        return any(
            self._times(key, now) > MARGIN and now - self._above.get(key, now) >= GRACE for key in (network, _ALL)
        )

    def _times(self, key: str, now: float) -> float:
        """How many times its pace."""
        left = 1 - (now - self._began) / WINDOW
        seen = self._now.get(key, 0) + self._before.get(key, 0) * left
        return seen / (self._network if key else self._site)

    def _roll(self) -> float:
        now = clock.now().timestamp()
        past = now - self._began
        if not 0 <= past < WINDOW:
            self._before = self._now if WINDOW <= past < 2 * WINDOW else {}
            self._now = {}
            self._began = self._began + WINDOW if self._before else now
            self._above = {key: since for key, since in self._above.items() if key in self._before}
        return now
