"""Mailings that leave over SMTP, and what comes back of them."""

from collections.abc import Sequence
from contextlib import closing

from app.bounces import actions, reading
from app.mail import bounced
from app.mail.models import Bounce
from app.mail.sending import Sender
from app.updates import jobs as update_jobs
from tests.mailserver import Mail, MailServer
from tests.site import Site, text_of

BOUNCES = "retours@exemple.fr"
LETTER = "/administration/lettre"


def leave(site: Site, server: MailServer) -> list[Mail]:
    """Send what is due; those that left."""
    server.mails.clear()
    with closing(Sender(site.settings, site.database, site.app.state.templates)) as sender:
        while sender.send_due():
            pass
    return list(server.mails)


def subscribed(site: Site, server: MailServer, slug: str, *names: str, consent: str = "consent_newsletter") -> None:
    for name in names:
        assert site.sign(slug, email=f"{name}@exemple.test", **{consent: "on"}).status_code == 303
        (mail,) = leave(site, server)
        confirm(site, mail)


def confirm(site: Site, mail: Mail) -> None:
    body = mail.message.get_body(("plain",))
    assert body is not None
    path = next(word for word in body.get_content().split() if "/confirmer/" in word).partition("8000")[2]
    assert site.client.post(path).status_code == 303


def letter(site: Site, server: MailServer, title: str, *, by: str = "admin@exemple.test") -> dict[str, Mail]:
    """The platform's letter, to whoever still gets it: address → mail."""
    admin = site.staff("admin", email=by)
    form = {"title": title, "text": "Bonjour à toutes et à tous.", "act": "send"}
    assert admin.post(LETTER, data=form).status_code == 303
    update_jobs.send_updates(site.database, site.settings.origin)
    return {mail.recipients[0]: mail for mail in leave(site, server)}


def comes_back(site: Site, raw: bytes) -> Bounce | None:
    """A message to where bounces go."""
    said = reading.read(raw)
    with site.database.write() as session:
        return actions.receive(session, raw, said, BOUNCES)


def counted(site: Site) -> dict[str, int]:
    """What came back, without what did not."""
    with site.database.read() as session:
        return {kind: n for kind, n in bounced.counts(session).items() if n}


def stopped(site: Site, *emails: str) -> set[str]:
    with site.database.read() as session:
        return bounced.stopped(session, emails)


def shown(site: Site, path: str, texts: Sequence[str], *, role: str = "admin", slug: str = "") -> None:
    page = text_of(site.staff(role, *filter(None, [slug]), email=f"{role}-{len(texts)}@exemple.test").get(path).text)
    for text in texts:
        assert text in page, page
