"""The worker's side of the outbox: render, send, remember the outcome."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from time import monotonic, sleep

import structlog
from email_validator import EmailNotValidError, validate_email

from app import clock
from app.crypto import Unsealable
from app.db import Database, Session, away
from app.mail import bounced, budget, envelope, headers, outbox, traffic
from app.mail.models import OF_ADDRESSES, Bounce, CaughtMail
from app.mail.names import greeted
from app.mail.transport import Deferred, Rejected, SmtpTransport, Transport, Unavailable
from app.settings import Settings
from app.templating import Templates

# Between two tries to write down what became of a mail, and the tries' end once asked to stop.
RETRY = 0.5
STOPPING = 10.0
GREETED = "given_name"
# Names in mails: of whom it is for, of whoever signs beside them (signatures/seats.py).
TYPED = (GREETED, "other", "beside")
# Our headers are written as they must be; the only one that is not ASCII is an address that needs SMTPUTF8.
AS_WRITTEN = policy.default.clone(refold_source="none", max_line_length=76, utf8=True)
log = structlog.get_logger("mail")


@dataclass(frozen=True)
class Claimed:
    """A mail that is this worker's; ``again``: a killed one may have sent it already."""

    id: int
    attempts: int
    mail: outbox.Mail
    again: bool
    # Never tried before: it counts in its address's budget.
    first: bool


Outcome = Callable[[Session], None]


class Sender:
    """Sends what is due, until *stop*. One per worker; not shared between threads."""

    def __init__(
        self, settings: Settings, database: Database, templates: Templates, stop: threading.Event | None = None
    ) -> None:
        self.settings = settings
        self.database = database
        self.templates = templates
        self.stop = stop or threading.Event()
        # What left and is not counted yet, by the hour.
        self.left = Counter[datetime]()
        self.transport: Transport | None = SmtpTransport(settings.smtp_url) if settings.smtp_url else None

    def send_due(self) -> int:
        """One batch; returns how many mails it was done with, 0 when nothing is due. Ends early when asked to stop."""
        with self.database.write() as session:
            claimed = self._claim(session)
            affordable = self._affordable(session, claimed)
            leaving, left = self._next(session, affordable)
        tried = len(claimed) - len(affordable)
        while leaving is not None:
            tried += 1
            leaving, left = self._record(self._try(leaving), left)
        return tried

    def _next(self, session: Session, claimed: list[Claimed]) -> tuple[Claimed | None, list[Claimed]]:
        """The first of *claimed* that is still this worker's, and those behind it; none when asked to stop."""
        if self.stop.is_set():
            for mail in claimed:
                outbox.release(session, mail.id, mail.attempts, again=mail.again)
            first = [mail.mail for mail in claimed if mail.first]
            budget.give_back(session, first)
            bounced.give_back(session, first)
            return None, []
        for n, mail in enumerate(claimed, 1):
            if outbox.lease(session, mail.id, mail.attempts, again=mail.again):
                return mail, claimed[n:]
        return None, []

    def _claim(self, session: Session) -> list[Claimed]:
        claimed = []
        for row, first in outbox.claim(session):
            try:
                mail = outbox.opened(session, row)
            except (Unsealable, ValueError):
                # The key is another's, perhaps: with the right one it leaves.
                log.error("mail_unreadable", id=row.id, template=row.template)
                outbox.postponed(session, row.id, row.attempts, "cannot be opened")
                continue
            claimed.append(Claimed(row.id, row.attempts, mail, again=row.error == outbox.LEAVING_AGAIN, first=first))
        return claimed

    def _affordable(self, session: Session, claimed: list[Claimed]) -> list[Claimed]:
        """Without those whose address does not answer, or has had enough; what is tried again was counted before."""
        first, left = [mail for mail in claimed if mail.first], set[int]()
        for why, too_many in ((outbox.BOUNCED, bounced.held), (outbox.OVER_BUDGET, budget.over)):
            places = too_many(session, [mail.mail for mail in first])
            for place in places:
                outbox.refused(session, first[place].id, why)
            left |= {first[place].id for place in places}
            first = [mail for mail in first if mail.id not in left]
        return [mail for mail in claimed if mail.id not in left]

    def _try(self, claimed: Claimed) -> Outcome:
        """Send it; what is to be written of that."""
        name, final, bounce = claimed.mail.template, False, None
        try:
            message = self.compose(claimed.mail)
            if self.transport is not None:
                self.transport.send(message, self._envelope(claimed))
        except (Deferred, Rejected) as error:
            reason, final, bounce = str(error), isinstance(error, Rejected), getattr(error, "bounce", None)
            log.warning("mail_rejected" if final else "mail_deferred", id=claimed.id, template=name, reason=reason)
        except Unavailable as error:
            log.warning("mail_postponed", id=claimed.id, template=name, reason=str(error))
            return self._postponed(claimed, str(error))
        except Exception as error:  # a poison mail must not stop those behind it
            log.error("mail_poison", id=claimed.id, template=name, reason=type(error).__name__)
            return self._postponed(claimed, type(error).__name__)
        else:
            self.left[traffic.hour_of(clock.now())] += 1
            return lambda session: self._sent(session, claimed, message)

        def failed(session: Session) -> None:
            outbox.failed(session, claimed.id, claimed.attempts, reason, final=final)
            _note(session, claimed.mail.to, bounce)

        return failed

    def _envelope(self, claimed: Claimed) -> str:
        """Where this mail comes back to."""
        address = self.settings.bounce_address
        if not address:
            return self.settings.sender.address
        return envelope.sender_of(self.database.info["vault"].bounces, address, claimed.id, claimed.mail.to)

    @staticmethod
    def _postponed(claimed: Claimed, reason: str) -> Outcome:
        return lambda session: outbox.postponed(
            session, claimed.id, claimed.attempts, outbox.LEAVING if claimed.again else reason
        )

    def _sent(self, session: Session, claimed: Claimed, message: EmailMessage) -> None:
        if self.transport is None:
            session.add(
                CaughtMail(
                    recipient=claimed.mail.to,
                    title=str(message["Subject"]),
                    source=message.as_bytes(),
                    caught_at=clock.now(),
                    mail_subject=claimed.mail.subject,
                )
            )
        outbox.sent(session, claimed.id, again=claimed.again)

    def _record(self, outcome: Outcome, left: list[Claimed]) -> tuple[Claimed | None, list[Claimed]]:
        """Write it, however long the database is away: a mail that left must not leave again.

        The same transaction tells which mail leaves next, or that none does.
        """
        until = monotonic() + outbox.CLAIM.total_seconds()
        while True:
            try:
                with self.database.write() as session:
                    outcome(session)
                    following = self._next(session, left)
                    if following[0] is None:
                        traffic.add(session, self.left)
                if following[0] is None:
                    self.left.clear()
                return following
            except Exception as error:
                if not away(error) or monotonic() > until:
                    raise
            sleep(RETRY)
            if self.stop.is_set():
                until = min(until, monotonic() + STOPPING)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def compose(self, mail: outbox.Mail) -> EmailMessage:
        """Text and HTML in one message, with the headers that mail providers ask for, all of it ASCII.

        Raises Rejected when nobody can be written to at this address.
        """
        folder = f"email/{mail.template}"
        name, address = self.settings.sender
        message = EmailMessage(AS_WRITTEN)
        message.set_raw("Subject", headers.text("Subject", self._part(mail, f"{folder}/subject.txt")))
        message.set_raw("From", headers.mailbox("From", name, address))
        message.set_raw("To", _address(mail.to))
        message.set_raw("Date", format_datetime(clock.now()))
        message.set_raw("Message-ID", make_msgid(domain=address.rpartition("@")[2]))
        message.set_raw("Auto-Submitted", "auto-generated")
        if mail.unsubscribe:
            message.set_raw("List-Unsubscribe", headers.link(mail.unsubscribe))
            message.set_raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        # Not every server on the way takes more than seven bits.
        message.set_content(self._part(mail, f"{folder}/body.txt"), cte="quoted-printable")
        message.add_alternative(self._part(mail, f"{folder}/body.html"), subtype="html", cte="quoted-printable")
        return message

    def _part(self, mail: outbox.Mail, name: str) -> str:
        return part(self.templates, mail, name)


def part(templates: Templates, mail: outbox.Mail, name: str) -> str:
    """One template of a mail, as its reader gets it."""
    # Names that somebody typed: each is one, or is not said.
    named = {key: greeted(mail.context.get(key, "")) for key in TYPED if key in mail.context or key == GREETED}
    context = {"unsubscribe_url": mail.unsubscribe, **mail.context, **named}
    return templates.render(name, mail.locale, **context)


def _note(session: Session, email: str, bounce: Bounce | None) -> None:
    """What its server said of an address while the mail was handed over: nobody can have forged that."""
    if bounce is not None:
        bounced.count(session, bounce)
        if bounce in OF_ADDRESSES:
            bounced.note(session, email, bounce)


def _address(address: str) -> str:
    """As mail servers write it: the domain's accents in Punycode. Raises Rejected."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Rejected("not an address") from None
    return found.ascii_email or found.normalized
