"""The worker's side of the outbox: render, send, remember the outcome."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

import structlog

from app import clock
from app.crypto import Unsealable
from app.db import Database
from app.mail import outbox
from app.mail.models import CaughtMail
from app.mail.transport import Rejected, SmtpTransport, Transport, Unavailable
from app.settings import Settings
from app.templating import Templates

log = structlog.get_logger("mail")


class Sender:
    """Sends what is due. One per worker; not shared between threads."""

    def __init__(self, settings: Settings, database: Database, templates: Templates) -> None:
        self.settings = settings
        self.database = database
        self.templates = templates
        self.transport: Transport | None = SmtpTransport(settings.smtp_url) if settings.smtp_url else None

    def send_due(self) -> int:
        """One batch; returns how many mails were tried, 0 when nothing is due."""
        with self.database.write() as session:
            rows = outbox.claim(session)
            claimed = []
            for row in rows:
                try:
                    claimed.append((row.id, row.attempts, outbox.opened(session, row)))
                except (Unsealable, ValueError):
                    outbox.failed(session, row.id, row.attempts, "cannot be opened", final=True)
        for mail_id, attempts, mail in claimed:
            self._send_one(mail_id, attempts, mail)
        return len(rows)

    def _send_one(self, mail_id: int, attempts: int, mail: outbox.Mail) -> None:
        try:
            message = self.compose(mail)
            if self.transport is not None:
                self.transport.send(message)
        except Unavailable as error:
            log.warning("mail_postponed", id=mail_id, template=mail.template, reason=str(error))
            with self.database.write() as session:
                outbox.failed(session, mail_id, attempts, str(error))
            return
        except Rejected as error:
            log.warning("mail_rejected", id=mail_id, template=mail.template, reason=str(error))
            with self.database.write() as session:
                outbox.failed(session, mail_id, attempts, str(error), final=True)
            return
        except Exception as error:  # a poison mail must not stop those behind it
            log.error("mail_poison", id=mail_id, template=mail.template, reason=type(error).__name__)
            with self.database.write() as session:
                outbox.failed(session, mail_id, attempts, type(error).__name__, final=True)
            return
        with self.database.write() as session:
            if self.transport is None:
                session.add(
                    CaughtMail(
                        recipient=mail.to,
                        title=str(message["Subject"]),
                        source=message.as_bytes(),
                        caught_at=clock.now(),
                        mail_subject=mail.subject,
                    )
                )
            outbox.sent(session, mail_id)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def compose(self, mail: outbox.Mail) -> EmailMessage:
        """Text and HTML in one message, with the headers that mail providers ask for."""
        folder = f"email/{mail.template}"
        message = EmailMessage()
        message["Subject"] = self._part(mail, f"{folder}/subject.txt").strip()
        name, address = parseaddr(self.settings.mail_from)
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=mail.to)
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        if mail.unsubscribe:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self._part(mail, f"{folder}/body.txt"))
        message.add_alternative(self._part(mail, f"{folder}/body.html"), subtype="html")
        return message

    def _part(self, mail: outbox.Mail, name: str) -> str:
        context = {"unsubscribe_url": mail.unsubscribe, **mail.context}
        return self.templates.render(name, mail.locale, **context)
