"""What is written to those who are invited, and to members about who may what."""

from collections.abc import Iterable, Sequence

from app.accounts.models import Account
from app.mail.names import greeted
from app.mail.outbox import Mail
from app.organisations.models import Invitation, Organisation
from app.organisations.rights import Right
from app.templating import in_language


def invited(invitation: Invitation, token: str, locale: str) -> Mail:
    """To an address that nobody has confirmed: of what members have typed, a name made of letters at most."""
    context = {
        "organisation": greeted(invitation.organisation.name),
        "rights": _codes(invitation.rights),
        "path": in_language(locale, f"/invitation/{token}"),
    }
    return Mail("organisations/invited", invitation.email, locale, context, invitation.about)


def joined(to: Sequence[Account], organisation: Organisation, who: Account, rights: Iterable[Right]) -> list[Mail]:
    return _to_members("organisations/joined", to, organisation, who, rights)


def given(to: Sequence[Account], organisation: Organisation, who: Account, rights: Iterable[Right]) -> list[Mail]:
    """*rights*: those that somebody has now and had not before."""
    return _to_members("organisations/given", to, organisation, who, rights)


def taken_back(to: Sequence[Account], organisation: Organisation, who: Account, title: str) -> list[Mail]:
    return _to_members("organisations/taken_back", to, organisation, who, (), title=title)


def _to_members(
    template: str,
    to: Sequence[Account],
    organisation: Organisation,
    who: Account,
    rights: Iterable[Right],
    **more: str,
) -> list[Mail]:
    context = {
        "organisation": organisation.name,
        "who": who.email,
        "rights": _codes(rights),
        "path": f"/organisation/organisations/{organisation.slug}",
        **more,
    }
    return [Mail(template, one.email, one.locale, context | {"you": one.id == who.id}, one.about) for one in to]


def _codes(rights: Iterable[Right]) -> list[str]:
    held = set(rights)
    return [right for right in Right if right in held]
