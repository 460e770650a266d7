"""What a mail server means when it refuses a mail: is nobody there, is it full, or is it about us?

Nobody is stopped by a doubt: an address is dead when a code or a word says so. Codes of RFC 3463 come first;
servers that have none, or the one that says nothing (5.0.0), are read by their words.
"""

import re

from app.mail.models import Bounce

_CODE = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.])(4\d\d|5\d\d)(?=[ -])")
# About us, or about what we wrote.
_OURS = re.compile(
    r"spam|junk|block|black ?list|deny ?list|\b[a-z]*bl\b|reputation|policy|politique|dmarc|\bspf\b|dkim|unsolicited"
    r"|relay|\bsender\b|authenti|not permitted|not allowed|rate limit|too many|virus|content",
    re.IGNORECASE,
)
_FULL = re.compile(r"quota|full|pleine|over ?limit|insufficient|storage|at a rate|try again|temporar", re.IGNORECASE)
_NOBODY = re.compile(
    r"unknown|no such|not? (?:longer )?exist|not found|no mailbox|invalid (?:recipient|mailbox|user|address)"
    r"|(?:user|mailbox|account|address|recipient)[^.]{0,40}(?:unavailable|inactive|disabled|invalid|closed|deactivated"
    r"|rejected)|doesn['’]t have|no account|unrout(?:e)?able|inconnu|invalide|inexistant|désactivé|null ?mx",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S*@\S*")


def judged(status: str, said: str, otherwise: Bounce = Bounce.SOFT) -> Bounce:
    """HARD, SOFT or BLOCKED, of a *status* ("5.1.1", or "") and what a server *said*; *otherwise* without a hint."""
    said = _ADDRESS.sub(" ", said)  # spam.trap@ and policy@ are addresses like others
    code = _telling(status) or _telling(said)
    if code is not None:
        return _by_code(*code, said)
    plain = _PLAIN.search(said)
    if plain is not None and plain[1].startswith("4"):
        return Bounce.BLOCKED if _OURS.search(said) else Bounce.SOFT
    return _by_words(said, otherwise)


def _telling(text: str) -> tuple[int, int, int] | None:
    """The first code that says more than "something failed"."""
    for found in _CODE.finditer(text):
        code = int(found[1]), int(found[2]), int(found[3])
        if code[1:] != (0, 0):
            return code
    return None


def _by_code(kind: int, subject: int, detail: int, said: str) -> Bounce:
    if subject == 7 or (subject == 1 and detail in {7, 8}):  # security, policy; the sender's own address
        return Bounce.BLOCKED
    if kind == 4:
        return Bounce.BLOCKED if _OURS.search(said) else Bounce.SOFT
    if subject == 1:  # the address
        return Bounce.BLOCKED if _OURS.search(said) and not _NOBODY.search(said) else Bounce.HARD
    if subject == 2:  # the mailbox: 1 is disabled, 2 full
        return Bounce.HARD if detail == 1 and not _FULL.search(said) else Bounce.SOFT
    return _by_words(said, Bounce.SOFT)


def _by_words(said: str, otherwise: Bounce) -> Bounce:
    for words, bounce in ((_FULL, Bounce.SOFT), (_OURS, Bounce.BLOCKED), (_NOBODY, Bounce.HARD)):
        if words.search(said):
            return bounce
    return otherwise
