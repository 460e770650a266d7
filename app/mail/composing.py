"""A mail as it goes over the wire: text and HTML in one message, all of it ASCII but for an address with accents.

The standard library's messages take a millisecond each to make, which a crowd does not have: here they are put
together from what it encodes, and the tests read them with it.
"""

import re
import secrets
from binascii import b2a_qp
from email.utils import format_datetime
from hashlib import sha256

from email_validator import EmailNotValidError, validate_email

from app import clock
from app.mail import headers
from app.mail.names import greeted
from app.mail.outbox import Mail
from app.mail.transport import Rejected
from app.naming import From
from app.templating import Templates

GREETED = "given_name"
# Names in mails: of whom it is for, of whoever signs beside them (signatures/seats.py).
TYPED = (GREETED, "other", "beside")
CRLF = "\r\n"


def compose(templates: Templates, sender: From, mail: Mail) -> bytes:
    """With the headers that mail providers ask for. Raises Rejected when nobody can be written to at this address."""
    folder = f"email/{mail.template}"
    name, address = sender
    domain = address.rpartition("@")[2]
    boundary = f"={secrets.token_hex(8)}="  # no quoted-printable text has it
    lines = [
        f"Subject: {headers.text('Subject', part(templates, mail, f'{folder}/subject.txt'))}",
        f"From: {headers.mailbox('From', name, address)}",
        f"To: {written_to(mail.to)}",
        f"Date: {format_datetime(clock.now())}",
        f"Message-ID: <{_mark(mail)}@{domain}>",
        "Auto-Submitted: auto-generated",
        f"Feedback-ID: {_feedback(mail, domain)}",
        *_unsubscribe(mail.unsubscribe),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]
    text, html = (_body(part(templates, mail, f"{folder}/body.{kind}"), boundary, kind) for kind in ("txt", "html"))
    return CRLF.join(lines).encode() + b"\r\n\r\n" + text + html + f"--{boundary}--{CRLF}".encode()


def _mark(mail: Mail) -> str:
    """The same at every try: a mail that leaves twice is shown once. Nothing that is kept leads back to it."""
    return sha256(b"message-id" + (mail.sealed or secrets.token_bytes(16))).hexdigest()[:32]


def _feedback(mail: Mail, domain: str) -> str:
    """What Gmail counts complaints by: which news or letter, which kind of mail, who sends; of no person.

    From the narrowest to the widest, no two alike; the last one is of this domain, for ever, of 15 signs at most.
    """
    campaign = re.sub(r"[^a-z0-9-]", "", mail.context.get("campaign", ""))
    kind, family = mail.template.replace("/", "-"), mail.template.partition("/")[0]
    us = f"signons{sha256(domain.encode()).hexdigest()[:8]}"
    return ":".join(filter(None, (campaign, kind, family, us)))


def _unsubscribe(url: str) -> list[str]:
    if not url:
        return []
    return [f"List-Unsubscribe: {headers.link(url)}", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]


def _body(text: str, boundary: str, kind: str) -> bytes:
    """Not every server on the way takes more than seven bits."""
    plain = {"txt": "plain"}.get(kind, kind)
    head = (
        f'--{boundary}{CRLF}Content-Type: text/{plain}; charset="utf-8"{CRLF}'
        f"Content-Transfer-Encoding: quoted-printable{CRLF}{CRLF}"
    )
    lines = CRLF.join(text.splitlines()) + CRLF
    return head.encode() + b2a_qp(lines.encode(), istext=True)


def part(templates: Templates, mail: Mail, name: str) -> str:
    """One template of a mail, as its reader gets it."""
    # Names that somebody typed: each is one, or is not said.
    named = {key: greeted(mail.context.get(key, "")) for key in TYPED if key in mail.context or key == GREETED}
    context = {"unsubscribe_url": mail.unsubscribe, **mail.context, **named}
    return templates.render(name, mail.locale, **context)


def written_to(address: str) -> str:
    """As mail servers write it: the domain's accents in Punycode, those before the @ as they are. Raises Rejected."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Rejected("not an address") from None
    return found.ascii_email or f"{found.local_part}@{found.ascii_domain}"
