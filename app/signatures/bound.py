"""What a link, a code and a page are bound to: the form as it was sent, and whom confirming it would replace.

Sent again with a change, it has another digest: what was mailed or shown before confirms nothing any more.
"""

from collections.abc import Mapping

from app import crypto
from app.petitions.keys import Keys
from app.signatures.forms import SignForm
from app.signatures.models import Signature


def digest_of(keys: Keys, form: SignForm, text_version: int, texts: dict[str, int]) -> bytes:
    """Keyed, so that it proves what was typed and tells nothing of it; *texts*: purpose → id of its wording."""
    agreed = " ".join([f"{purpose}:{texts[purpose]}" for purpose in form.purposes])
    typed = (
        "form", form.given_name, form.family_name, form.email, form.postal_code, form.country, form.display,
        form.comment, str(text_version), agreed,
    )  # fmt: skip
    # No form has a NUL in it.
    return crypto.digest(keys.evidence, "\0".join(typed).encode())


def digest_of_choices(
    keys: Keys,
    form_digest: bytes,
    display: str | None,
    comment: str | None,
    agreed: Mapping[str, bool],
    texts: Mapping[str, int],
) -> bytes:
    """The same of what was chosen while that form was confirmed, or afterwards; *agreed*: what changed, and how."""
    said = " ".join(f"{purpose}:{texts[purpose] if yes else 'no'}" for purpose, yes in sorted(agreed.items()))
    typed = ("choices", form_digest.hex(), display or "", comment or "", said)
    return crypto.digest(keys.evidence, "\0".join(typed).encode())


def shown(keys: Keys, row: Signature, instead_of: Signature | None) -> bytes:
    """What the confirmation page of *row* shows, as it is now."""
    form = row.form_digest or b""
    if instead_of is None:
        return form
    other = (instead_of.id.bytes, instead_of.state.encode(), instead_of.form_digest or b"")
    return crypto.digest(keys.evidence, form, *other)


def read(typed: str) -> bytes:
    """What a page sends back of it; anything else is nothing that was ever shown."""
    try:
        return bytes.fromhex(typed)
    except ValueError:
        return b"?"
