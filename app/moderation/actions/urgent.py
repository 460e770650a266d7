"""What the law hurries: removal orders for terrorist content, rights of reply."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.db import changed, vault_of
from app.errors import Conflict, Invalid, NotFound
from app.locale import Message
from app.mail import outbox
from app.moderation import emails
from app.moderation.actions import deciding
from app.moderation.actions.judgment import Judgment
from app.moderation.models import Decision, Order, Reply
from app.moderation.queries import notices

WHOLE = 200


def take_down(
    session: Session,
    comment_ids: Sequence[int],
    moderator: Account,
    authority: str,
    reference: str,
    received_at: datetime,
) -> Order:
    """Carry out an order in one act: everything named is removed, everywhere, at once, or nothing is.

    Raises Invalid.
    """
    errors = {}
    if not authority.strip():
        errors["authority"] = "Nommez l’autorité qui ordonne."
    if not reference.strip():
        errors["reference"] = "Recopiez la référence de l’injonction."
    if not comment_ids:
        errors["comments"] = "Donnez le numéro d’un commentaire au moins."
    if errors:
        raise Invalid(errors)
    provision = f"Règlement (UE) 2021/784, art. 3 : injonction {reference.strip()} ({authority.strip()})"
    named = {comment_id: comment_queries.lock(session, comment_id) for comment_id in sorted(set(comment_ids))}
    unknown = [str(comment_id) for comment_id, comment in named.items() if comment is None]
    if unknown:
        sentence = Message("Aucun commentaire ne porte ces numéros : %(ids)s.", ids=", ".join(unknown))
        raise Invalid({"comments": sentence})
    taken = 0
    for comment in named.values():
        if comment is None or comment.state not in {"waiting", "published"}:
            continue
        judgment = Judgment("remove", (), comment.text[:WHOLE], ground="order", provision=provision)
        deciding.decide(session, comment.id, comment.version, moderator, judgment, source="order")
        taken += 1
    now = clock.now()
    order = Order(
        authority=authority.strip(),
        reference=reference.strip(),
        received_at=received_at,
        executed_at=now,
        executed_by=moderator.id,
        items=taken,
    )
    session.add(order)
    session.flush()
    audit.record(session, "order.executed", "order", order.id, moderator.id, items=taken)
    return order


# Right of reply


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
    reply = notices.lock_reply(session, reply_id)
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
