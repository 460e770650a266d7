"""Removal orders for terrorist content: one hour to carry out (Reg. 2021/784)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.errors import Invalid
from app.locale import Message
from app.moderation.actions import deciding
from app.moderation.actions.judgment import Judgment
from app.moderation.models import Order

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
