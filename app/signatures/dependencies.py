"""What a route may ask for: the signature that a mailed link opens."""

import uuid
from dataclasses import dataclass

from app import clock
from app.db import Session, vault_of
from app.errors import Gone, NotFound
from app.petitions.models import Petition
from app.signatures import links, queries
from app.signatures.models import Signature


@dataclass(frozen=True)
class Opened:
    """A genuine link and what it opens; ``signature`` is None when it is gone."""

    petition: Petition
    petition_id: int
    signature_id: uuid.UUID
    signature: Signature | None


def read_link(session: Session, token: str, purpose: str = "confirm") -> Opened:
    """Raises NotFound for a link that we never made, Gone for one that has expired."""
    found = links.read(vault_of(session), purpose, token)
    if found is None:
        raise NotFound("Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message.")
    petition_id, signature_id, expires = found
    petition = session.get(Petition, petition_id)
    if petition is None or clock.now().timestamp() >= expires:
        raise Gone("Ce lien a expiré.")
    return Opened(petition, petition_id, signature_id, queries.get(session, petition_id, signature_id))
