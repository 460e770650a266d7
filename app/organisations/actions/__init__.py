"""The verbs of organisations: made, edited; people invited, in, given rights, out."""

from app.organisations.actions.base import tell_taken_back
from app.organisations.actions.founding import create, dissolve, edit, end
from app.organisations.actions.inviting import accept, invite, opened, revoke
from app.organisations.actions.members import change_rights, end_memberships, leave, managed_alone, remove

__all__ = [
    "accept",
    "change_rights",
    "create",
    "dissolve",
    "edit",
    "end",
    "end_memberships",
    "invite",
    "leave",
    "managed_alone",
    "opened",
    "remove",
    "revoke",
    "tell_taken_back",
]
