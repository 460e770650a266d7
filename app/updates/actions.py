"""News are written once and sent in batches that may be interrupted anywhere."""

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed, vault_of
from app.mail import outbox
from app.petitions import markdown
from app.petitions.models import Petition
from app.signatures import emails as signature_emails
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import Subscription
from app.templating import in_language
from app.updates import emails, queries
from app.updates.models import Update

BATCH = 200


def write(session: Session, petition: Petition, title: str, text: str, by: int) -> Update:
    """Publish the news on the page; the worker sends it."""
    update = Update(
        petition_id=petition.id, title=title, markdown=text, html=markdown.render(text), created_at=clock.now()
    )
    session.add(update)
    session.flush()
    audit.record(session, "update.written", "petition", petition.id, by, update=update.id)
    changed(session, petition.id)
    return update


def send_some(session: Session, origin: str) -> int:
    """Write one batch of mails to the outbox; 0 when there is nothing left to do."""
    update = queries.unfinished(session)
    if update is None:
        return 0
    petition = session.get_one(Petition, update.petition_id)
    people = subscription_queries.batch(session, "updates", petition.id, update.sent_after, BATCH)
    mails = []
    for subscription in people:
        email = subscriptions.email_of(session, subscription)
        if not subscriptions.may_write(session, subscription, email):
            continue
        token = subscriptions.unsubscribe_token(session, subscription)
        site = origin + in_language(subscription.locale, "")
        mails.append(
            emails.news(
                email,
                subscription.locale,
                subscription.id,
                petition=petition.title,
                title=update.title,
                text=update.markdown,
                url=f"{site}/petitions/{petition.slug}#nouvelles",
                unsubscribe=f"{site}/desabonnement/{token}",
                withdraw_url=_withdraw_url(session, subscription, site),
            )
        )
    outbox.enqueue(session, mails)
    update.sent += len(mails)
    if len(people) < BATCH:
        update.finished_at = clock.now()
    else:
        update.sent_after = people[-1].id
    return len(people) or 1


def _withdraw_url(session: Session, subscription: Subscription, origin: str) -> str:
    """Nothing to withdraw once the signature's own time is over."""
    if subscription.signature_id is None:
        return ""
    return signature_emails.withdraw_url(
        vault_of(session), origin, subscription.consent_petition_id, subscription.signature_id, clock.now()
    )
