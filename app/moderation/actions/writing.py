"""Writing the charter's next version: an old one never changes, those concerned are told."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.errors import Gone, Invalid
from app.locale import Message
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import emails, queries
from app.moderation.models import CharterArticle, CharterVersion
from app.moderation.queries import workbench
from app.petitions import keys as petition_keys
from app.signatures.public import open_field

KEPT = ("effect", "severity", "law", "category")


def publish(
    session: Session,
    summary: str,
    starts: datetime,
    texts: dict[int, dict[str, str]],
    retired: set[int],
    admin: Account,
) -> CharterVersion:
    """Add a version that applies from *starts* to what is written from then on. Raises Invalid."""
    latest = queries.charter_versions(session)[0]
    errors = {}
    if not summary.strip():
        errors["summary"] = "Résumez en une phrase ce qui change."
    if starts <= max(clock.now(), latest.effective_from):
        errors["effective_from"] = "Une version s’applique à partir d’un jour à venir, après la précédente."
    for n, fields in texts.items():
        for name, text in fields.items():
            if n not in retired and not text.strip():
                errors[f"{name}-{n}"] = Message(
                    "Article %(n)s : chaque article a un texte, un exemple qui l’enfreint et un autre.", n=n
                )
    if not set(texts) - retired:
        errors["summary"] = "Une charte a un article au moins."
    if errors:
        raise Invalid(errors)
    version = CharterVersion(number=latest.number + 1, summary=summary.strip(), effective_from=starts)
    for article in latest.articles:
        if article.n not in retired:
            kept = {name: getattr(article, name) for name in KEPT}
            fields = {name: text.strip() for name, text in texts[article.n].items()}
            version.articles.append(CharterArticle(n=article.n, **fields, **kept))
    session.add(version)
    session.flush()
    outbox.enqueue(session, _mails(session, version))
    audit.record(session, "charter.published", "charter", version.number, admin.id)
    return version


def _mails(session: Session, version: CharterVersion) -> list[Mail]:
    """Moderators, organisers of living petitions, and authors of comments that wait."""
    context = {
        "number": version.number,
        "summary": version.summary,
        "starts": version.effective_from.isoformat(),
        "path": f"/charte?version={version.number}",
        "given_name": "",
    }
    staff = {
        account.email: account.locale for account in (*workbench.moderators(session), *queries.organisers(session))
    }
    mails = [emails.charter_changes(email, locale, context, None) for email, locale in sorted(staff.items())]
    for signature in queries.waiting_authors(session):
        try:
            keys = petition_keys.of(session, signature.petition_id)
        except Gone:
            continue
        email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
        told = context | {"given_name": signature.given_name}
        mails.append(emails.charter_changes(email, signature.locale, told, signature.id))
    return mails
