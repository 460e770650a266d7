"""The verbs of signing, by what they do. Groups at a time where many come at once."""

from app.signatures.actions.choosing import Chosen
from app.signatures.actions.confirming import (
    Changed,
    Confirmation,
    Draft,
    Target,
    confirm_group,
    confirm_other,
    confirmable,
    find_by_code,
    lock_beside,
    note_wrong_code,
)
from app.signatures.actions.following import Mistyped, follow_group
from app.signatures.actions.incoming import Signing, SignRequest
from app.signatures.actions.mailing import remind, resend, token_of
from app.signatures.actions.setting_aside import invalidate, put_back, set_aside
from app.signatures.actions.signing import sign_group, signing_of
from app.signatures.actions.telling import tell_some
from app.signatures.actions.withdrawing import withdraw

__all__ = [
    "Changed", "Chosen", "Confirmation", "Draft", "Mistyped", "SignRequest", "Signing", "Target", "confirm_group",
    "confirm_other", "confirmable", "find_by_code", "follow_group", "invalidate", "lock_beside", "note_wrong_code",
    "put_back", "remind", "resend", "set_aside", "sign_group", "signing_of", "tell_some", "token_of", "withdraw",
]  # fmt: skip
