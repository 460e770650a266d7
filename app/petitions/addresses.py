"""The address of a petition: made of its title, and for good. An earlier one leads to the present one."""

import re
import secrets

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Moved, NotFound, Refused
from app.folding import fold
from app.petitions import queries
from app.petitions.models import Petition, PetitionAddress
from app.text import romanised

LONGEST = 80
# What stands in its place elsewhere: /organisation/petitions/nouvelle.
RESERVED = {"nouvelle"}
NOWHERE = "Aucune pétition n’est à cette adresse."


def public(session: Session, slug: str) -> Petition:
    """The petition that everybody may open. Raises NotFound, Moved."""
    petition = queries.public_by_slug(session, slug)
    if petition is not None:
        return petition
    now = queries.slug_now(session, slug)
    if now is not None and queries.public_by_slug(session, now) is not None:
        raise Moved(NOWHERE, slug, now)
    raise NotFound(NOWHERE)


def public_wherever(session: Session, slug: str) -> Petition:
    """The same, by an earlier address too. Raises NotFound."""
    return public(session, slug if queries.public_by_slug(session, slug) else queries.slug_now(session, slug) or slug)


def free(session: Session, title: str) -> str:
    """An address made of the title's first words, or of nothing but chance when no letter of it has a Latin one."""
    slug = _of_title(title) or f"petition-{secrets.token_hex(4)}"
    candidate, n = slug, 2
    while candidate in RESERVED or queries.slug_taken(session, candidate):
        candidate, n = f"{slug}-{n}", n + 1
    return candidate


def _of_title(title: str) -> str:
    """ "" when it has no letter that could be Latin, nor a figure."""
    words = re.findall(r"[a-z0-9]+", romanised(fold(re.sub(r"[’']", " ", title))))
    slug = ""
    for word in words:
        if slug and len(slug) + len(word) > 60:
            break
        slug = f"{slug}-{word}".strip("-")[:LONGEST]
    return f"petition-{slug}" if slug and not re.search("[a-z]", slug) else slug


def follow_title(session: Session, petition: Petition) -> None:
    """Before its first publication: the title may have changed since the draft was begun."""
    wanted = _of_title(petition.title)
    if wanted and not re.fullmatch(rf"{wanted}(-[0-9]+)?", petition.slug):
        _move(session, petition, free(session, petition.title))


def rename(session: Session, petition: Petition, slug: str, by: int | None = None) -> None:
    """Raises Refused (not an address, or another petition's)."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or not re.search("[a-z]", slug) or len(slug) > LONGEST:
        raise Refused("Une adresse a 80 signes au plus : des lettres sans accent, des chiffres, des traits d’union.")
    if slug == petition.slug:
        raise Refused("C’est déjà son adresse.")
    own = session.get(PetitionAddress, slug)
    if own is not None and own.petition_id == petition.id:  # it goes back where it was
        session.delete(own)
        session.flush()
    if slug in RESERVED or queries.slug_taken(session, slug):
        raise Refused("L’adresse « %(slug)s » est prise, ou l’a été.", slug=slug)
    _move(session, petition, slug)
    audit.record(session, "petition.renamed", "petition", petition.id, by)
    changed(session, petition.id)


def _move(session: Session, petition: Petition, slug: str) -> None:
    session.add(PetitionAddress(slug=petition.slug, petition_id=petition.id, until=clock.now()))
    petition.slug = slug
    session.flush()
