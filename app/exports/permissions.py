"""An administrator exports people of a petition that is not theirs with another administrator's agreement.

Whoever keeps a platform running needs no names: the file of states is theirs to take. The two others
(*delivery*, *contact*) are asked for, with a reason, of a second person; an agreement holds for a day.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.errors import Conflict, Invalid, NotFound, Refused
from app.exports import queries
from app.exports.models import ExportPermission
from app.locale import Message
from app.organisations.rights import Right
from app.petitions import permissions as petition_permissions
from app.petitions.models import Petition
from app.text import clean_text, has_ink

OF_PEOPLE = ("delivery", "contact")
# A request waits as long for its answer as an agreement holds.
HOLDS = timedelta(hours=24)
SHORTEST, LONGEST = 10, 500


def needed(session: Session, petition: Petition, account: Account) -> bool:
    """True when exporting this petition is not this account's right: it sees it as an administrator."""
    return not petition_permissions.holds(session, account, petition, Right.SIGNATURES)


def check(session: Session, petition: Petition, purpose: str, account: Account) -> None:
    """Raises Refused when somebody else has to agree first."""
    if purpose not in OF_PEOPLE or not needed(session, petition, account):
        return
    if purpose not in held(session, petition, account):
        raise Refused(
            "Cette pétition n’est pas la vôtre : ses signataires ne s’exportent qu’avec l’accord d’une autre personne"
            " de l’administration. Demandez-le depuis la page de la pétition, avec votre motif."
        )


def held(session: Session, petition: Petition, account: Account) -> set[str]:
    """What another administrator has agreed to within a day."""
    return queries.granted(session, petition.id, account.id, clock.now() - HOLDS)


def reasoned(reason: str) -> str:
    """*reason*, cleaned. Raises Invalid."""
    reason = clean_text(reason)
    if not SHORTEST <= len(reason) <= LONGEST or not has_ink(reason):
        said = Message("Dites pourquoi, en %(least)s à %(most)s caractères.", least=SHORTEST, most=LONGEST)
        raise Invalid({"reason": said})
    return reason


def ask(session: Session, petition: Petition, purpose: str, reason: str, by: Account) -> None:
    """Raises Invalid, Conflict."""
    errors = {}
    if purpose not in OF_PEOPLE:
        errors["asked"] = "Choisissez ce que vous demandez à exporter."
    try:
        reason = reasoned(reason)
    except Invalid as invalid:
        errors |= invalid.errors
    if errors:
        raise Invalid(errors)
    now = clock.now()
    if any(row.asked_by == by.id and row.petition_id == petition.id and row.purpose == purpose
           for row, _, _ in queries.waiting_permissions(session, now - HOLDS)):  # fmt: skip
        raise Conflict("Vous l’avez déjà demandé : une autre personne de l’administration doit répondre.")
    session.add(
        ExportPermission(
            petition_id=petition.id, purpose=purpose, reason=reason, asked_by=by.id, asked_at=now, granted=False
        )
    )
    audit.record(session, "export.asked", "petition", petition.id, by.id, purpose=purpose)


def answer(session: Session, permission_id: int, granted: bool, by: Account) -> None:
    """Never by whoever asked. Raises NotFound, Refused, Conflict."""
    row = queries.lock_permission(session, permission_id)
    if row is None:
        raise NotFound("Cette demande n’existe pas.")
    if row.asked_by == by.id:
        raise Refused("On ne répond pas à sa propre demande. Une autre personne de l’administration doit la lire.")
    if row.answered_at is not None or clock.now() - row.asked_at > HOLDS:
        raise Conflict("Cette demande a déjà sa réponse, ou a attendu plus d’un jour.")
    row.answered_by, row.answered_at, row.granted = by.id, clock.now(), granted
    act = "export.granted" if granted else "export.denied"
    audit.record(session, act, "petition", row.petition_id, by.id, purpose=row.purpose, account=row.asked_by)
