"""What the confirmation page and the thanks ask beside: what the public sees, a comment, mailings."""

from typing import Any

from fastapi import Request

from app import clock
from app.comments import queries as comment_queries
from app.consents import queries as consent_queries
from app.consents.models import said_yes
from app.db import Session
from app.pages.routes.wording import consent_context
from app.petitions import keys as petition_keys
from app.petitions.choices import DISPLAYS
from app.petitions.models import Petition
from app.signatures.actions.choosing import OPTIONAL, draft_of
from app.signatures.forms import MAILINGS, typed_over
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field, shown
from app.web.forms import Shown, Values
from app.web.rendering import locale_of


def line(signature: Signature, family: str, locale: str, display: str | None = None) -> str:
    """What the public sees, or will; or would, of another *display*."""
    name, place = shown(signature, family, locale, display)
    return f"{name} · {place}" if place else name


def choices_context(
    request: Request,
    session: Session,
    petition: Petition,
    signature: Signature,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
) -> dict[str, Any]:
    """As they are, or as they were typed in *values*."""
    now, locale = clock.now(), locale_of(request)
    keys = petition_keys.of(session, petition.id)
    family = open_field(keys, signature.family_name_sealed, signature.id.bytes, "family_name")
    present = _present(session, petition, signature)
    form: Shown = {"values": typed_over(present, values), "errors": errors or {}}
    said = [comment.text for comment in comment_queries.of_signature(session, signature.id)]
    return {
        "choices": {
            "form": form,
            # The line itself, for each choice that this petition offers.
            "lines": [(each, line(signature, family, locale, each)) for each in petition.displays],
            "public": signature.display != "hidden",
            "comments_open": petition.comments_open and petition.is_open(now),
            "draft": present["comment"],
            "commented": bool(said),
            "lost": _lost(present, values, said, signature),
            **consent_context(request, session, petition, now, OPTIONAL),
        }
    }


def _present(session: Session, petition: Petition, signature: Signature) -> Values:
    latest = consent_queries.latest(session, petition.id, signature.id)
    most = DISPLAYS.index(petition.display_most)
    return {
        "display": DISPLAYS[min(DISPLAYS.index(signature.display), most)],
        "comment": draft_of(session, petition.id, signature),
        **{box: "on" if said_yes(latest.get(purpose)) else "" for box, purpose in MAILINGS.items()},
    }


def _lost(present: Values, values: Values | None, said: list[str], signature: Signature) -> bool:
    """Whether something was typed that is not what stands: it came after another tab's."""
    if values is None or signature.state == SignatureState.PENDING:
        return False
    typed = typed_over(present, values)
    same_comment = not typed["comment"].strip() or typed["comment"].split() in [text.split() for text in said]
    return (
        not same_comment
        or any(bool(typed[box]) != bool(present[box]) for box in MAILINGS)
        or ((typed["display"] or "hidden") != present["display"])
    )
