"""Organisations are made, say what they are, and end."""

import re
import secrets

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Invalid, NotFound, Refused
from app.folding import fold
from app.organisations import queries
from app.organisations.actions.base import GONE, managed
from app.organisations.models import Membership, Organisation
from app.organisations.rights import EVERY, Right
from app.text import look, romanised

TAKEN = "Une organisation porte déjà ce nom, ou un nom qui se confond avec lui. Précisez le vôtre : un lieu, une année."
# Looked after by one person: enough for whoever has several, too few for whoever fills the site.
MOST = 20


def create(session: Session, name: str, description: str, site: str, by: int) -> Organisation:
    """Its maker has every right. Raises Invalid, Refused."""
    if len(queries.where_may(session, by, Right.MEMBERS)) >= MOST:
        raise Refused("Vous gérez déjà %(most)s organisations : c’est le plus qu’une personne puisse.", most=MOST)
    organisation = Organisation(
        slug=_free_slug(session, name),
        name=name,
        look=_looks(name),
        description=description,
        site=site,
        created_at=clock.now(),
    )
    if queries.look_taken(session, organisation.look):
        raise Invalid({"name": TAKEN})
    try:
        with session.begin_nested():
            session.add(organisation)
    except IntegrityError:  # posted twice at the same moment
        raise Invalid({"name": TAKEN}) from None
    rights = dict.fromkeys(EVERY, True)
    session.add(
        Membership(organisation_id=organisation.id, account_id=by, accepted_at=clock.now(), invited_by=None, **rights)
    )
    session.flush()
    audit.record(session, "organisation.created", "organisation", organisation.id, by)
    return organisation


def edit(session: Session, organisation_id: int, name: str, description: str, site: str, by: int) -> None:
    """Its address stays. Raises Invalid, NotFound."""
    organisation = managed(session, organisation_id, by)
    if queries.look_taken(session, _looks(name), besides=organisation_id):
        raise Invalid({"name": TAKEN})
    before = organisation.name, organisation.description, organisation.site
    if (name, description, site) == before:
        return
    try:
        with session.begin_nested():
            organisation.name, organisation.look = name, _looks(name)
            organisation.description, organisation.site = description, site
    except IntegrityError:
        raise Invalid({"name": TAKEN}) from None
    renamed = name != before[0]
    audit.record(session, "organisation.edited", "organisation", organisation_id, by, renamed=renamed)


def dissolve(session: Session, organisation_id: int, by: int) -> None:
    """By its only member, who cannot leave it. Raises NotFound, Refused."""
    managed(session, organisation_id, by)
    mine, *others = queries.members(session, organisation_id)
    if others:
        raise Refused("Cette organisation a d’autres membres : retirez-les d’abord, ou quittez-la.")
    session.delete(mine)
    end(session, organisation_id, by)


def end(session: Session, organisation_id: int, by: int | None = None) -> None:
    """Nobody is a member any more. Raises NotFound, Refused."""
    organisation = queries.lock(session, organisation_id)
    if organisation is None:
        raise NotFound(GONE)
    queries.forget_invitations(session, organisation_id)
    try:
        with session.begin_nested():
            session.delete(organisation)
    except IntegrityError:  # petitions refer to it, drafts included
        raise Refused("Cette organisation porte des pétitions : reprenez-les d’abord à votre nom.") from None
    audit.record(session, "organisation.ended", "organisation", organisation_id, by)


def _looks(name: str) -> str:
    return " ".join(re.findall(r"\w+", look(name))) or look(name)


def _free_slug(session: Session, name: str) -> str:
    """An address made of the name's first words, or of nothing but chance when no letter of it has a Latin one."""
    words = re.findall(r"[a-z0-9]+", romanised(fold(re.sub(r"[’']", " ", name))))
    slug = "-".join(words)[:60].strip("-")
    if not re.search("[a-z]", slug):
        slug = f"organisation-{slug or secrets.token_hex(4)}"
    candidate, n = slug, 2
    while candidate == RESERVED or queries.slug_taken(session, candidate):
        candidate, n = f"{slug}-{n}", n + 1
    return candidate


# The page where one is made stands where theirs do.
RESERVED = "nouvelle"
