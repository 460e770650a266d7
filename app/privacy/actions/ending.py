"""The steps of retention that are more than a DELETE, each safe to repeat."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import actions as account_actions
from app.accounts.models import Account
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind
from app.db import changed
from app.drafting import queries as draft_queries
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import actions as moderation_actions
from app.organisations import actions as organisation_actions
from app.paper import actions as paper_actions
from app.paper import queries as paper
from app.petitions import cells as groups
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions import tags, tallies
from app.petitions.end_of_life import erased_on
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import comments, deliveries, evidence, mailings, people, signatures
from app.register import actions as register
from app.settings import Settings
from app.signatures import queries as signature_queries
from app.subscriptions import actions as subscriptions
from app.templating import in_language
from app.updates import emails as update_emails

# What one stretch of a step did: how many rows went, and whether there may be more to do.
Stretch = tuple[int, bool]


def delete_pending(session: Session, now: datetime, limit: int) -> Stretch:
    """Never confirmed: the row, its draft, its consents and its mails go; a number a day stays."""
    rows, more = signature_queries.expired_pending(session, now - schedule.PENDING, limit)
    signatures.count_unconfirmed(session, rows)
    outbox.cancel(session, *(row.id for row in rows))
    signature_queries.remove(session, rows)
    consent_queries.delete_unconfirmed(session, [(row.petition_id, row.id) for row in rows])
    return len(rows), more


def _ended(session: Session, now: datetime) -> list[tuple[datetime, Petition]]:
    """Petitions whose day D has come and that no legal hold keeps."""
    found = [
        (erased_on(petition, now), petition)
        for petition in petition_queries.with_keys(session)
        if petition.hold_until is None or petition.hold_until <= now
    ]
    return sorted(((day, p) for day, p in found if day <= now), key=lambda pair: pair[0])


def signatures_due(session: Session, now: datetime) -> tuple[int, datetime | None]:
    ended = _ended(session, now)
    return signatures.rows_of(session, [p.id for _, p in ended]), ended[0][0] if ended else None


def purge_some(session: Session, now: datetime, limit: int) -> Stretch:
    """One stretch of one petition's end: count and aggregates, rows, then keys.

    Each stretch is its own transaction: killed between two, the next run goes on from there.
    """
    ended = _ended(session, now)
    if not ended:
        return 0, False
    petition = ended[0][1]
    if petition.final_count is None:
        # One statement gives both, so that they agree while somebody withdraws; no sheet moves meanwhile.
        petition_queries.lock(session, petition.id)
        online, sheets = signature_queries.cells(session, petition.id), paper.cells(session, petition.id)
        petition.final_count, petition.final_count_at = sum(online.values()) + sum(sheets.values()), now
        signatures.add_aggregates(session, merged(petition.id, online, sheets))
        changed(session, petition.id)
        return 0, True
    if n := signature_queries.delete_some(session, petition.id, limit):
        return n, True
    comments.anonymise_comments(session, petition.id)
    deliveries.forget_contacts(session, petition.id)
    petition_queries.replace_counts(session, petition.id, {}, petition_queries.later_counts(session, petition.id))
    register.close(session, petition.id, petition.final_count, now)
    tags.forget(session, petition.id)
    tallies.forget(session, petition.id)
    petition_keys.destroy(session, petition.id)
    petition.purged_at = now
    audit.record(session, "petition.purged", "petition", petition.id, count=petition.final_count)
    changed(session, petition.id)
    return 0, True


def sheets_due(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """What is on the sheets of petitions whose day has come, copies included."""
    ended = {petition.id: day for day, petition in _ended(session, now)}
    ended |= {petition.id: erased_on(petition, now) for petition in paper.counted_for_good(session)}
    n = paper.left(session, list(ended))
    return n, min(ended.values()) if n else None


def forget_sheets(session: Session, now: datetime, limit: int, store: Path) -> Stretch:
    """Once their signatures are counted for good; how many signed on each, and when it was counted, stays."""
    ids = [petition.id for petition in paper.counted_for_good(session)]
    n = paper_actions.forget_some(session, ids, limit, store)
    return n, n > 0


def merged(
    petition_id: int, online: Mapping[tuple[str, str], int], sheets: Mapping[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """``(département, ISO week) → n`` as rows; groups under eleven go together."""
    found = groups.with_paper(online, sheets)
    rows: list[dict[str, Any]] = [
        {"petition_id": petition_id, "departement": place, "week": week, "signatures": n}
        for (place, week), n in sorted(found.kept.items())
    ]
    if found.rest:
        rows.append({"petition_id": petition_id, "departement": "", "week": "", "signatures": found.rest})
    return rows


def end_updates(session: Session, now: datetime, limit: int) -> int:
    rows = mailings.updates_to_end(session, now, limit)
    for row in rows:
        subscriptions.end(session, row, kind=ConsentKind.EXPIRED, channel="retention")
    return len(rows)


def renew(session: Session, now: datetime, limit: int, origin: str) -> Stretch:
    """Ask once whether to go on with the newsletter; end it when thirty days bring no answer."""
    unanswered = mailings.newsletter_unanswered(session, now, limit)
    for row in unanswered:
        subscriptions.end(session, row, kind=ConsentKind.EXPIRED, channel="retention")
    to_ask = mailings.newsletter_to_ask(session, now, limit)
    for row in to_ask:
        row.asked_at = now
        email = subscriptions.email_of(session, row)
        if not subscriptions.may_write(session, row, email):
            continue
        token = subscriptions.unsubscribe_token(session, row)
        site = origin + in_language(row.locale, "")
        mail = update_emails.renewal(
            email,
            row.locale,
            row.id,
            stay_url=f"{site}/rester/{token}",
            unsubscribe=f"{site}/desabonnement/{token}",
        )
        outbox.enqueue(session, [mail])
    return len(unanswered), limit in {len(unanswered), len(to_ask)}


def refuse_unhandled(session: Session, now: datetime, limit: int) -> int:
    """Thirty days without a decision: refused as "non traité", the author is told."""
    ids = comments.waiting_ids(session, now, limit)
    for comment_id in ids:
        moderation_actions.not_handled(session, comment_id)
    return len(ids)


def forget_published(session: Session, now: datetime, limit: int) -> int:
    ids = comments.published_ids(session, now, limit)
    comments.forget_texts(session, ids)
    return len(ids)


def forget_refused(session: Session, now: datetime, limit: int) -> int:
    ids = comments.refused_ids(session, now, limit)
    comments.forget_texts(session, ids)
    return len(ids) + comments.delete_limits(session, now, limit)


def destroy_evidence(session: Session, now: datetime, limit: int) -> Stretch:
    """The evidence key first: then the database lets the events go."""
    for petition_id in evidence.petitions_with_key(session, now):
        petition_keys.destroy(session, petition_id, evidence=True)
    session.flush()
    return evidence.delete_events(session, now, limit)


def end_accounts(session: Session, now: datetime, limit: int, origin: str) -> Stretch:
    """Organisers who have not signed in for two years are warned thirty days before, then go."""
    to_end = people.accounts_to_end(session, now, limit)
    for account in to_end:
        end_account(session, account)
    to_warn = people.accounts_to_warn(session, now, limit)
    for account in to_warn:
        account.warned_at = now
        context = {"url": f"{origin}/connexion", "until": (now + schedule.ACCOUNT_WARNING).date().isoformat()}
        outbox.enqueue(session, [Mail("accounts/idle", account.email, account.locale, context)])
    return len(to_end), limit in {len(to_end), len(to_warn)}


def end_account(session: Session, account: Account) -> None:
    """Its drafts and its memberships go with it."""
    draft_queries.delete_of_account(session, account.id)
    _end_memberships(session, account.id)
    account_actions.end(session, account)


def _end_memberships(session: Session, account_id: int) -> None:
    """An organisation that is left without a member goes too, unless its petitions stay."""
    for organisation_id in organisation_actions.end_memberships(session, account_id):
        if not petition_queries.carries_any(session, organisation_id):
            organisation_actions.end(session, organisation_id)


def alert_requests(session: Session, settings: Settings) -> int:
    """Requests open for twenty days: one mail to whoever answers them."""
    now = clock.now()
    rows = people.requests_to_alert(session, now)
    to = settings.dpo_email or settings.contact_email
    for row in rows:
        row.alerted_at = now
        if to:
            context = {"id": row.id, "due": row.due_on.isoformat(), "url": f"{settings.origin}/administration/demandes"}
            outbox.enqueue(session, [Mail("privacy/request_due", to, "fr", context)])
    return len(rows)


def due_date(received: Any) -> Any:
    """One month after reception (GDPR art. 12.3)."""
    return received + schedule.REQUEST_ANSWERED
