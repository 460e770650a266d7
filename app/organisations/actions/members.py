"""Members get rights, lose them, leave or are removed; one of them always looks after the others."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, NotFound, Refused
from app.mail import outbox
from app.organisations import emails, links, queries
from app.organisations.actions.base import GONE, managed, told
from app.organisations.actions.inviting import take_back
from app.organisations.models import Membership
from app.organisations.rights import GRAVE, Right, spelled

LAST = (
    "Une organisation garde toujours quelqu’un qui gère ses membres. Donnez d’abord ce droit à une autre personne,"
    " puis recommencez."
)


def change_rights(
    session: Session, organisation_id: int, account_id: int, rights: Collection[Right], before: str, by: int
) -> None:
    """*before*: what was on the page, ``spelled``. Raises NotFound, Conflict, Refused."""
    managed(session, organisation_id, by)
    row = _member(session, organisation_id, account_id)
    had = row.rights
    if spelled(had) != before:
        raise Conflict("Ces droits ont changé depuis que vous avez ouvert la page. Relisez-les, puis recommencez.")
    given, taken = frozenset(rights) - had, had - frozenset(rights)
    if not given and not taken:
        return
    if Right.MEMBERS in taken:
        _another(session, row)
        _withdraw_invitations(session, organisation_id, account_id, by)
    for right in Right:
        setattr(row, right, right in rights)
    session.flush()
    audit.record(
        session,
        "organisation.rights_changed",
        "organisation",
        organisation_id,
        by,
        account=account_id,
        given=spelled(given),
        taken=spelled(taken),
    )
    if given & GRAVE:
        _tell_given(session, row, given & GRAVE, by)


def remove(session: Session, organisation_id: int, account_id: int, by: int) -> None:
    """Somebody else than oneself. Raises NotFound, Refused."""
    managed(session, organisation_id, by)
    row = _member(session, organisation_id, account_id)
    if account_id == by:
        raise Refused("On ne se retire pas soi-même : quittez l’organisation.")
    _another(session, row)
    _go(session, row)
    _withdraw_invitations(session, organisation_id, account_id, by)
    audit.record(session, "organisation.member_removed", "organisation", organisation_id, by, account=account_id)


def leave(session: Session, organisation_id: int, by: int) -> None:
    """Raises NotFound, Refused."""
    queries.lock(session, organisation_id)
    row = _member(session, organisation_id, by)
    _another(session, row)
    _go(session, row)
    _withdraw_invitations(session, organisation_id, by, by)
    audit.record(session, "organisation.left", "organisation", organisation_id, by)


def managed_alone(session: Session, account_id: int) -> list[Membership]:
    """Where this person is the only one who looks after the members, and is not the only member."""
    return [
        mine
        for mine in queries.memberships(session, account_id)
        if mine.members
        and not _managers(session, mine.organisation_id, besides=account_id)
        and len(queries.members(session, mine.organisation_id)) > 1
    ]


def end_memberships(session: Session, account_id: int) -> list[int]:
    """The account ends. Gives the organisations that are left without a member.

    Where nobody is left who looks after the members, the one who came first does: told to all, and in the journal.
    """
    empty = []
    for organisation_id in sorted(mine.organisation_id for mine in queries.memberships(session, account_id)):
        queries.lock(session, organisation_id)
        row = queries.member(session, organisation_id, account_id)
        if row is None:
            continue
        _go(session, row)
        _withdraw_invitations(session, organisation_id, account_id, None)
        audit.record(session, "organisation.left", "organisation", organisation_id, None, account=account_id)
        left = queries.members(session, organisation_id)
        if not left:
            empty.append(organisation_id)
        elif not _managers(session, organisation_id):
            _hand_on(session, next((one for one in left if one.account.disabled_at is None), left[0]))
    return empty


def _hand_on(session: Session, heir: Membership) -> None:
    heir.members = True
    session.flush()
    where, who = heir.organisation_id, heir.account_id
    audit.record(session, "organisation.handed_on", "organisation", where, None, account=who)
    _tell_given(session, heir, {Right.MEMBERS}, None)


def _member(session: Session, organisation_id: int, account_id: int) -> Membership:
    row = queries.member(session, organisation_id, account_id)
    if row is None:
        raise NotFound(GONE)
    return row


def _managers(session: Session, organisation_id: int, besides: int = 0) -> list[int]:
    """Whoever is disabled looks after nobody."""
    return [
        one.account_id
        for one in queries.members(session, organisation_id)
        if one.members and one.account.disabled_at is None and one.account_id != besides
    ]


def _another(session: Session, row: Membership) -> None:
    """Raises Refused when nobody else looks after the members."""
    if row.members and not _managers(session, row.organisation_id, besides=row.account_id):
        raise Refused(LAST)


def _go(session: Session, row: Membership) -> None:
    session.delete(row)
    session.flush()


def _withdraw_invitations(session: Session, organisation_id: int, account_id: int, by: int | None) -> None:
    """Whom they have invited does not come in after they have gone."""
    for invitation in queries.pending(session, organisation_id, clock.now() - links.INVITED_FOR, by=account_id):
        take_back(session, invitation, by)


def _tell_given(session: Session, row: Membership, rights: Collection[Right], by: int | None) -> None:
    to = told(session, row.organisation_id, by)
    outbox.enqueue(session, emails.given(to, row.organisation, row.account, rights))
