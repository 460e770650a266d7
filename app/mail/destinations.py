"""Where mails go: the domains of one provider are one destination, which says how much it takes at once.

A refusal for now (421, 450, 451, 452) halves what that destination gets at once and nobody else's; a minute that
goes well gives one more. One that refuses even a single mail is left alone, for twice as long each time.
"""

from dataclasses import dataclass

# The way out itself: the server that takes all our mails.
RELAY = ""
# The same mailboxes under the name of each country.
COUNTRIES = ("com", "fr", "be", "ca", "ch", "de", "es", "it", "nl", "co.uk")


def _everywhere(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.{country}" for name in names for country in COUNTRIES)


PROVIDERS = {
    "aol": ("aol.com", "aol.fr"),
    "bbox": ("bbox.fr",),
    "free": ("free.fr", "freesbee.fr", "libertysurf.fr", "worldonline.fr", "online.fr"),
    "gmail": ("gmail.com", "googlemail.com"),
    "gmx": ("gmx.com", "gmx.fr", "gmx.de", "gmx.net", "mail.com", "web.de"),
    "icloud": ("icloud.com", "me.com", "mac.com"),
    "laposte": ("laposte.net",),
    "orange": ("orange.fr", "wanadoo.fr", "voila.fr"),
    "outlook": (*_everywhere("outlook", "hotmail", "live", "msn"), "windowslive.com"),
    "proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
    "sfr": ("sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "numericable.fr", "noos.fr"),
    "yahoo": (*_everywhere("yahoo"), "ymail.com", "rocketmail.com"),
}  # fmt: skip
_PROVIDER = {domain: name for name, domains in PROVIDERS.items() for domain in domains}
# Seconds: what goes well for so long is given one more; how long one that takes nothing is left alone.
MINUTE = 60.0
REST, HOLD, LONGEST_HOLD = 1.0, 5.0, 300.0


def domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def provider(address: str) -> str:
    """The large provider of an address, "" for any other."""
    return _PROVIDER.get(domain(address), "")


def destination(address: str) -> str:
    """What takes the mails to this address: its provider, or its domain, with its dot."""
    own = domain(address)
    return _PROVIDER.get(own, own)


@dataclass
class Pace:
    """How many mails one destination gets at once; moments in seconds since the epoch."""

    most: int
    room: int
    flying: int = 0
    until: float = 0.0
    # Its last answer of this kind, and what is to be told of it.
    words: str = ""
    news: bool = False
    _proven: bool = False
    _hold: float = 0.0
    _changed: float = 0.0

    @property
    def away(self) -> bool:
        """It takes nothing at all, the last time that it was asked."""
        return self._hold > 0

    @property
    def slowed(self) -> bool:
        return self.room < self.most or self.away

    def held(self, now: float) -> bool:
        return now < self.until <= now + LONGEST_HOLD  # whatever a clock that is set back says

    def free(self, now: float) -> int:
        return 0 if self.held(now) else max(0, (1 if self.away else self.room) - self.flying)

    def refused(self, now: float, words: str, open_ones: int = 0) -> None:
        """It takes no more for now; those that were under way at the same moment count once.

        *open_ones*: connections that it has taken and keeps, when a further one is what it refused.
        """
        if self.held(now):
            return
        if self.room == 1:
            self.gone(now, words)
            return
        self.room = max(1, min(self.room, self.flying + 1) // 2, min(self.room - 1, open_ones))
        self._said(now, now + REST, words)

    def gone(self, now: float, words: str) -> None:
        """It takes nothing: left alone, for twice as long each time."""
        if self.held(now):
            return
        self._hold = min(2 * self._hold or HOLD, LONGEST_HOLD)
        self._said(now, now + self._hold, words)

    def accepted(self, now: float) -> None:
        if not self.slowed:
            # Of what a worker before this one has said, nothing holds any more.
            self.news, self._proven = self.news or not self._proven, True
            return
        if self.held(now):
            return
        if self.away:
            self._hold, self.news = 0.0, True
        if self.room < self.most and now - self._changed >= MINUTE:
            self.room, self._changed, self.news = self.room + 1, now, True

    def _said(self, now: float, until: float, words: str) -> None:
        self.words, self.until, self._changed, self.news = words, until, now, True
