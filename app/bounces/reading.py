"""What a message that came back says: by the standards first, then in the words of the servers that follow none.

Strangers write here: whatever the bytes, the answer is a list, perhaps empty, and takes no longer for it.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

from flufl.bounce import all_failures

from app.mail.models import Bounce
from app.mail.verdicts import judged

# What is read of a message: reports come first, what they give back comes last.
LONGEST = 256 * 1024
# By the detectors, which go through it seventeen times.
DETECTED = 32 * 1024
# And of what it says in words: a line, lines, all.
WORDS, LINES, LINE = 4000, 200, 2000
MOST = 20
# Lines that may begin a part of a message: a report has a dozen.
PARTS = 500
# It writes down what it cannot read, addresses and all.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
_DAEMON = re.compile(
    r"mailer[-_.]?daemon|postmaster|mail[-_ ]?(delivery|system)|mailsystem|returned mail", re.IGNORECASE
)
_MACHINE = re.compile(
    r"^\s*(re ?:|auto(matic)?[ -]?(reply|response)|r[ée]ponse auto|out of (the )?office|absen|vacation|cong[ée]s)",
    re.IGNORECASE,
)
# Where the mail that is given back begins, in a text of one piece.
_GIVEN_BACK = re.compile(
    r"^(-{2,}.*(copy|copie|original|returned|below this line).*|return-path:.*|received: .*)$",
    re.IGNORECASE | re.MULTILINE,
)
# "Opted out" is no complaint by name, and means the same.
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}


@dataclass(frozen=True)
class Said:
    """What is said of one mail, and how its address is written there, if it is."""

    bounce: Bounce
    addresses: tuple[str, ...]


def read(raw: bytes) -> list[Said]:
    """What *raw* says of mails; nothing when it is no report, or cannot be understood."""
    if raw[:LONGEST].count(b"\n--") > PARTS:
        return []
    try:
        bounded = _bounded(raw)
        message = message_from_bytes(bounded)
        given_back = [address for part in message.walk() for address in _given_back(part)]
        said = _complaints(message) or _statuses(message) or _words(message, bounded)
        return [Said(each.bounce, addresses(*each.addresses, *given_back)) for each in said[:MOST]]
    except Exception:  # the standard library has its own troubles with what strangers write
        return []


def _bounded(raw: bytes) -> bytes:
    """No line is longer than a mail's may be: what looks for words in them must not look for hours."""
    return b"\n".join(line[:LINE] for line in raw[:LONGEST].split(b"\n"))


def _complaints(message: Message) -> list[Said]:
    """RFC 5965; often without address: what is given back has ours."""
    said = []
    for part in _parts(message, "message/feedback-report"):
        inner = part.get_payload(0) if part.is_multipart() else None
        fields = inner if isinstance(inner, Message) else message_from_bytes(_content(part))
        if _field(fields, "feedback-type").lower() in COMPLAINTS:
            names = ("original-rcpt-to", "removal-recipient")
            named = [_address(value) for name in names for value in fields.get_all(name, [])]
            said.append(Said(Bounce.COMPLAINT, addresses(*named)))
        else:  # "not spam", "auth-failure": said of a mail, and of nobody
            said.append(Said(Bounce.IGNORED, ()))
    return said


def _statuses(message: Message) -> list[Said]:
    """RFC 3464: a block about the mail, then one an address."""
    said, failed = [], addresses(*_field(message, "x-failed-recipients").split(","))
    for part in _parts(message, "message/delivery-status"):
        blocks = part.get_payload() if part.is_multipart() else [message_from_bytes(_content(part))]
        for block in blocks:
            named = [_address(_field(block, name)) for name in ("original-recipient", "final-recipient")]
            action = _field(block, "action").lower()
            if not any(named) or not action:
                continue
            if action.startswith(("fail", "error")):
                bounce = judged(_field(block, "status"), _field(block, "diagnostic-code"))
            else:  # delayed; or delivered, relayed, expanded
                bounce = Bounce.DELAYED if action.startswith("delay") else Bounce.IGNORED
            said.append(Said(bounce, addresses(*named, *failed)))
    return said


def _words(message: Message, raw: bytes) -> list[Said]:
    """Servers that follow no standard; an answering machine is none of them."""
    if _from_a_machine(message):
        return []
    text = _text(message)
    temporary, permanent = _detected(message_from_bytes(raw[:DETECTED]))
    said = [Said(judged("", text, Bounce.HARD), (address,)) for address in permanent]
    said += [Said(judged("4.0.0", text), (address,)) for address in temporary]
    if not said and _from_a_server(message):
        bounce = judged("", text, Bounce.IGNORED)
        said = [Said(bounce, ())] if bounce != Bounce.IGNORED else []
    return said


def _detected(message: Message) -> tuple[list[str], list[str]]:
    """What the detectors of Mailman find."""
    try:
        temporary, permanent = all_failures(message)
    except (LookupError, ValueError, TypeError, AttributeError):  # a charset that does not exist, and the like
        return [], []
    return [address.decode("ascii", "replace") for address in temporary], [
        address.decode("ascii", "replace") for address in permanent
    ]


def _from_a_server(message: Message) -> bool:
    return _DAEMON.search(_field(message, "from")) is not None or "x-failed-recipients" in message


def _from_a_machine(message: Message) -> bool:
    """On holiday. Servers call their reports "auto-replied" too."""
    if any(f"x-auto{name}" in message for name in ("reply", "respond", "response", "-reply")):
        return True
    if _field(message, "precedence").lower() == "auto_reply" or _MACHINE.match(_field(message, "subject")):
        return True
    return not _from_a_server(message) and _field(message, "auto-submitted").lower().startswith("auto-replied")


def _text(message: Message) -> str:
    """What it says itself, without the mail that it gives back."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            text = _content(part).decode("utf-8", "replace")
            return "\n".join(_GIVEN_BACK.split(text, 1)[0].splitlines()[:LINES])[:WORDS]
    return ""


def _parts(message: Message, kind: str) -> Iterator[Message]:
    return (part for part in message.walk() if part.get_content_type() == kind)


def _given_back(part: Message) -> list[str]:
    """Whom a mail that is given back was to."""
    kind = part.get_content_type()
    if kind == "text/rfc822-headers":
        return [_address(_field(message_from_bytes(_content(part)), "to"))]
    if kind == "message/rfc822" and part.is_multipart():
        return [_address(_field(part.get_payload(0), "to"))]
    return []


def _field(message: object, name: str) -> str:
    """One header on one line, whatever bytes it is made of."""
    assert isinstance(message, Message)
    return " ".join(str(message.get(name, "")).split())


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _address(value: object) -> str:
    """``rfc822; <marie@exemple.fr>``, ``Marie <…>`` or the address alone; "" for none."""
    text = str(value).rpartition(";")[2].strip()
    return (parseaddr(text)[1] or text.strip("<>'\" ")).strip()


def addresses(*said: str) -> tuple[str, ...]:
    """Those that may be addresses, once each."""
    return tuple(dict.fromkeys(each.strip() for each in said if 2 < len(each.strip()) <= 320 and "@" in each))[:MOST]
