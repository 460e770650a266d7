"""What organisers do with their own drafts."""

from pathlib import Path

from sqlalchemy.orm import Session

from app import audit
from app.db import changed
from app.errors import Conflict, Refused
from app.petitions import actions as petition_actions
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition
from app.signatures import queries as signature_queries


def write(session: Session, file: PetitionFile, delivery_mode: str, image_store: Path, by: int) -> Petition:
    """A new draft, its writer's own. Raises Refused."""
    petition = petition_actions.create(session, file, folder=None, image_store=image_store, by=by)
    set_delivery_mode(session, petition, delivery_mode, by)
    petition_actions.add_owner(session, petition, by, by)
    return petition


def rewrite(session: Session, petition: Petition, file: PetitionFile, delivery_mode: str, by: int) -> None:
    """Another text in a draft's place. Raises Conflict once it is proposed, Refused."""
    petition_actions.rewrite(session, petition, file, by)
    set_delivery_mode(session, petition, delivery_mode, by)


def set_delivery_mode(session: Session, petition: Petition, mode: str, by: int | None = None) -> None:
    """What the recipient will get: shown before signing, frozen by the first signature. Raises Conflict, Refused."""
    if mode != petition.delivery_mode and signature_queries.any_signature(session, petition.id):
        raise Conflict("Des personnes ont signé sur cette promesse : elle ne change plus.")
    if mode not in {"identities", "count"}:
        raise Refused("Choisissez ce que le destinataire recevra.")
    petition.delivery_mode = mode
    audit.record(session, "petition.delivery_mode", "petition", petition.id, by, mode=mode)
    changed(session, petition.id)
