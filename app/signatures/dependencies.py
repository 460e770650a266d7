"""What a route may ask for: the signature that a mailed link opens."""

import uuid
from dataclasses import dataclass

from app import crypto
from app.db import Session, vault_of
from app.errors import Gone, NotFound
from app.petitions.models import Petition
from app.signatures import links, queries
from app.signatures.models import Signature

NOT_OURS = "Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message."


@dataclass(frozen=True)
class Opened:
    """A genuine link and what it opens; ``signature`` is None when it is gone."""

    petition: Petition
    petition_id: int
    signature_id: uuid.UUID
    signature: Signature | None
    # The link's own part, without what was typed after it; and what its mail showed (bound.py).
    token: str
    shown: bytes


def read_link(session: Session, token: str, *purposes: str) -> Opened:
    """A link to confirm, or of other *purposes*.

    Raises NotFound for a link that we never made, Gone for one that has expired.
    """
    found = links.read(vault_of(session), token, *purposes or links.CONFIRM)
    if found is None:
        raise NotFound(NOT_OURS)
    petition = session.get(Petition, found.petition_id)
    if petition is None or not links.alive(found):
        raise Gone("Ce lien a expiré.")
    signature = queries.get(session, found.petition_id, found.signature_id)
    return Opened(petition, found.petition_id, found.signature_id, signature, crypto.trimmed(token), found.shown)
