"""People are invited by mail, accept, or are not awaited any more."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import vault_of
from app.errors import Conflict, Gone, Invalid, NotFound, Refused
from app.mail import accents, outbox
from app.organisations import emails, links, queries
from app.organisations.actions.base import managed, told
from app.organisations.models import Invitation, InvitationState, Membership
from app.organisations.rights import Right, spelled

NOT_OURS = "Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message."
OVER = "Cette invitation a été acceptée, annulée ou remplacée, ou ses sept jours ont passé. Demandez-en une autre."
MOST_PENDING, MOST_MEMBERS = 30, 200


def invite(session: Session, organisation_id: int, email: str, rights: Collection[Right], by: int) -> Invitation:
    """Written to *email*, which replaces an earlier invitation. Raises Invalid, NotFound."""
    accents.reachable(session, email)
    organisation = managed(session, organisation_id, by)
    people = queries.members(session, organisation_id)
    if any(one.account.email == email for one in people):
        raise Invalid({"email": "Cette personne est déjà membre : changez ses droits dans le tableau."})
    waiting = queries.pending(session, organisation_id, clock.now() - links.INVITED_FOR)
    if len(waiting) >= MOST_PENDING or len(people) >= MOST_MEMBERS:
        raise Invalid({"email": "Trop d’invitations attendent déjà une réponse : annulez-en, ou attendez."})
    earlier = queries.of_address(session, organisation_id, email)
    if earlier is not None:
        outbox.cancel(session, earlier.about)
        session.delete(earlier)
        session.flush()
    invitation = Invitation(
        organisation=organisation,
        email=email,
        state=InvitationState.PENDING,
        invited_by=by,
        invited_at=clock.now(),
        **{right: right in rights for right in Right},
    )
    session.add(invitation)
    session.flush()
    audit.record(
        session,
        "organisation.invited",
        "organisation",
        organisation_id,
        by,
        invitation=invitation.id,
        rights=spelled(rights),
    )
    # Of whoever is invited, nobody knows the language yet: they share that of who invites them, most often.
    locale = session.get_one(Account, by).locale
    outbox.enqueue(session, [emails.invited(invitation, links.make(vault_of(session), invitation), locale)])
    return invitation


def revoke(session: Session, organisation_id: int, invitation_id: int, by: int) -> None:
    """Its link opens nothing any more. Raises NotFound, Conflict."""
    managed(session, organisation_id, by)
    invitation = queries.invitation(session, invitation_id)
    if invitation is None or invitation.organisation_id != organisation_id:
        raise NotFound("Cette invitation n’existe pas.")
    if invitation.state != InvitationState.PENDING:
        raise Conflict("Cette invitation a déjà été acceptée ou annulée.")
    take_back(session, invitation, by)


def take_back(session: Session, invitation: Invitation, by: int | None) -> None:
    invitation.state = InvitationState.REVOKED
    outbox.cancel(session, invitation.about)
    audit.record(
        session, "organisation.revoked", "organisation", invitation.organisation_id, by, invitation=invitation.id
    )


def opened(session: Session, token: str) -> Invitation:
    """The invitation that a link still opens. Raises NotFound for a link that we never made, Gone for an old one."""
    vault = vault_of(session)
    found = links.read(vault, token)
    if found is None:
        raise NotFound(NOT_OURS)
    invitation_id, expires = found
    invitation = queries.invitation(session, invitation_id)
    if (
        invitation is None
        or expires <= clock.now().timestamp()
        or invitation.state != InvitationState.PENDING
        or not links.is_of(vault, token, invitation)
    ):
        raise Gone(OVER)
    return invitation


def accept(session: Session, token: str, account: Account) -> Membership:
    """Whoever has that address is a member now. Raises NotFound, Gone, Refused, Conflict."""
    organisation_id = opened(session, token).organisation_id
    queries.lock(session, organisation_id)
    invitation = opened(session, token)  # as it stands, now that it is ours
    if account.email != invitation.email:
        raise Refused("Cette invitation est pour une autre adresse que la vôtre : demandez-en une à la vôtre.")
    if queries.member(session, organisation_id, account.id) is not None:
        raise Conflict("Vous êtes déjà membre de cette organisation.")
    membership = Membership(
        organisation_id=organisation_id,
        account_id=account.id,
        accepted_at=clock.now(),
        invited_by=invitation.invited_by,
        **{right: right in invitation.rights for right in Right},
    )
    session.add(membership)
    invitation.state = InvitationState.ACCEPTED
    session.flush()
    rights = spelled(membership.rights)
    audit.record(session, "organisation.joined", "organisation", organisation_id, account.id, rights=rights)
    others = told(session, organisation_id, account.id)
    outbox.enqueue(session, emails.joined(others, membership.organisation, account, membership.rights))
    return membership
