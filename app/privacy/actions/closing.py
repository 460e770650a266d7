"""The end of an account, by whoever it is: what becomes of their petitions, then the account is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.accounts import emails as account_emails
from app.accounts import queries as account_queries
from app.errors import Invalid, NotFound, Refused
from app.mail import outbox
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionState
from app.privacy.actions import ending


@dataclass(frozen=True)
class Left:
    """What somebody leaves of their own: petitions that others go on with; open ones and others that nobody will.

    Those of an organisation are its own, see :func:`ending.end_account`.
    """

    shared: Sequence[Petition]
    open: Sequence[Petition]
    others: Sequence[Petition]


def left_by(session: Session, account_id: int) -> Left:
    desk = petition_queries.owned(session, account_id)
    owned = [petition for petition in desk if petition_queries.owner(session, account_id, petition.id)]
    alone = [petition for petition in owned if len(petition.owners) == 1]
    return Left(
        shared=[petition for petition in owned if len(petition.owners) > 1],
        open=[petition for petition in alone if petition.state == PetitionState.OPEN],
        others=[petition for petition in alone if petition.state != PetitionState.OPEN],
    )


def close_account(session: Session, account_id: int, answer: str, locale: str) -> None:
    """Petitions first. *answer*: open ones that nobody else has are closed ("close"), or stay to their end ("keep").

    Raises Invalid without an answer where one is needed, NotFound, Refused.
    """
    found = account_queries.by_id(session, account_id)
    if found is not None and found.role == "admin" and account_queries.is_last_administrator(session, account_id):
        raise Refused(
            "Vous êtes la seule personne de l’administration. Créez d’abord un autre compte d’administration."
        )
    account = account_queries.lock(session, account_id)
    if account.has_ended:
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    petition_queries.lock_owned(session, account_id)  # of two owners who leave at once, one is the last
    left = left_by(session, account_id)
    if left.open and answer not in {"keep", "close"}:
        raise Invalid({"devenir": "Choisissez ce que deviennent vos pétitions ouvertes."})
    for petition in left.open if answer == "close" else []:
        petition_actions.close(session, petition, account_id)
    for petition in (*left.shared, *left.open, *left.others):
        petition_actions.remove_owner(session, petition, account_id, account_id)
    email = account.email
    ending.end_account(session, account)
    outbox.enqueue(session, [account_emails.closed(email, locale)])
