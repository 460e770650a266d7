"""What every act on an organisation begins with: it is locked, and whoever acts may do so now."""

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.errors import NotFound
from app.mail import outbox
from app.organisations import emails, queries
from app.organisations.models import Organisation

GONE = "Aucune de vos organisations n’est à cette adresse."


def managed(session: Session, organisation_id: int, by: int) -> Organisation:
    """Locked. Raises NotFound when *by* does not, or no longer, look after its members."""
    organisation = queries.lock(session, organisation_id)
    me = queries.member(session, organisation_id, by)
    if organisation is None or me is None or not me.members:
        raise NotFound(GONE)
    return organisation


def tell_taken_back(session: Session, organisation: Organisation, who: Account, title: str) -> None:
    """*who* carries alone from now on what the organisation carried."""
    outbox.enqueue(session, emails.taken_back(told(session, organisation.id, who.id), organisation, who, title))


def told(session: Session, organisation_id: int, besides: int | None) -> list[Account]:
    """The members in use, without whoever has just acted."""
    everybody = queries.members(session, organisation_id)
    return [one.account for one in everybody if one.account_id != besides and one.account.disabled_at is None]
