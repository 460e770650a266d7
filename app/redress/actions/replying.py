"""Rights of reply: three days to publish, or to refuse with reasons."""

import json
import secrets

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts.models import Account
from app.db import changed, vault_of
from app.errors import Conflict, Invalid, NotFound
from app.mail import outbox
from app.moderation.models import Decision, Reply
from app.redress import emails, queries


def ask_reply(
    session: Session,
    petition_id: int,
    comment_id: int | None,
    *,
    name: str,
    capacity: str,
    email: str,
    passage: str,
    text: str,
    locale: str,
) -> Reply:
    """A person named in a text answers it; three days to publish. The receipt is in the same transaction."""
    now = clock.now()
    reply = Reply(
        reference=f"DR-{now:%Y%m%d}-{secrets.token_hex(4)}",
        petition_id=petition_id,
        comment_id=comment_id,
        state="waiting",
        version=1,
        name=name,
        capacity=capacity,
        passage=passage,
        text=text,
        locale=locale,
        created_at=now,
    )
    session.add(reply)
    session.flush()
    sealed = crypto.seal(vault_of(session).requests, json.dumps([name, email]).encode(), f"reply {reply.id}".encode())
    reply.identity_sealed = sealed
    outbox.enqueue(session, [emails.reply_received(email, locale, {"reference": reply.reference})])
    return reply


def decide_reply(
    session: Session, reply_id: int, version: int, moderator: Account, publish: bool, reasons: str
) -> Decision | None:
    """Show it under what it answers, or refuse it with reasons. Raises NotFound, Conflict, Invalid."""
    reply = queries.lock_reply(session, reply_id)
    if reply is None:
        raise NotFound("Cette demande n’existe pas.")
    if reply.state != "waiting" or (version and version != reply.version):
        raise Conflict("Cette demande a déjà sa décision.")
    if not publish and not reasons.strip():
        raise Invalid({"reasons": "Un refus se motive : dites pourquoi."})
    reply.state = "published" if publish else "refused"
    reply.version += 1
    reply.decided_at = clock.now()
    if reply.identity_sealed is not None:
        plain = crypto.unseal(vault_of(session).requests, reply.identity_sealed, f"reply {reply.id}".encode())
        _name, email = json.loads(plain)
        context = {"reference": reply.reference, "published": publish, "reasons": reasons.strip()}
        outbox.enqueue(session, [emails.reply_decided(email, reply.locale, context)])
    audit.record(session, f"reply.{reply.state}", "reply", reply.id, moderator.id)
    changed(session, reply.petition_id)
    return None
