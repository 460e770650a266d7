"""A draft read as a petition, and a petition written as a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.drafting import forms, steps
from app.drafting.forms import PICTURE, PictureForm
from app.errors import Invalid
from app.petitions.actions import Picture
from app.petitions.images import Kept
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition, PetitionText
from app.petitions.places import named
from app.web.forms import validated
from app.zone import last_day_before


@dataclass(frozen=True)
class Read:
    """A petition as it may be proposed, and what its author settled for signers."""

    file: PetitionFile
    delivery_mode: str
    comments_open: bool
    picture: Picture | None


def read(typed: Mapping[str, Any]) -> Read:
    """Raises Invalid: step → a sentence, for the page that shows what is missing."""
    lacking = steps.lacking(typed)
    if lacking:
        raise Invalid({path: next(iter(errors.values())) for path, errors in lacking.items()})
    held = {path: step.held(typed) for path, step in steps.BY_PATH.items()}
    terms = validated(forms.TermsForm, held["reglages"])
    file = PetitionFile.model_validate(
        {
            "title": validated(forms.DemandForm, held["demande"]).title,
            "text": validated(forms.StoryForm, held["histoire"]).text,
            "recipients": [row.model_dump() for row in forms.recipients(held["destinataires"])],
            "sources": [row.model_dump() for row in forms.sources(held["sources"])],
            "author": terms.author,
            "themes": terms.themes,
            "place": terms.place,
            "display": terms.display,
            "goal": terms.goal,
            "closes_on": terms.closes_on,
        }
    )
    return Read(file, terms.delivery_mode, not terms.comments_closed, picture(held["image"]))


def kept_picture(typed: Mapping[str, Any]) -> Kept | None:
    """The picture that a draft holds."""
    if not typed.get(PICTURE):
        return None
    name, width, height = typed[PICTURE].split()
    return Kept(name, int(width), int(height))


def picture(typed: Mapping[str, Any]) -> Picture | None:
    """The one of these values, with its words; None when there is none. Raises Invalid."""
    found, kept = validated(PictureForm, dict(typed)), kept_picture(typed)
    if kept is None:
        return None
    return Picture(kept, found.alt, found.caption, found.credit, (found.focus_x, found.focus_y))


def written(petition: Petition, text: PetitionText) -> dict[str, str]:
    """What would have been typed for *petition*: the inverse of :func:`read`."""
    typed = {
        "title": petition.title,
        "text": text.markdown,
        "author": petition.author,
        "goal": str(petition.goal),
        "closes_on": last_day_before(petition.closes_at).isoformat() if petition.closes_at else "",
        "delivery_mode": petition.delivery_mode,
        "comments_closed": "" if petition.comments_open else "on",
        "place": named(petition.place_kind, petition.place_code),
        "display": petition.display_most,
    }
    if petition.image is not None:
        typed |= {
            PICTURE: f"{petition.image} {petition.image_width} {petition.image_height}",
            "alt": petition.image_alt,
            "caption": petition.image_caption,
            "credit": petition.image_credit,
            "rights": "on",
            "focus_x": str(petition.image_focus_x),
            "focus_y": str(petition.image_focus_y),
        }
    typed |= {f"theme-{theme.id}": theme.name for theme in petition.themes}
    for n, recipient in enumerate(petition.recipients, 1):
        typed |= {f"name-{n}": recipient.name, f"role-{n}": recipient.role}
    for n, source in enumerate(petition.sources, 1):
        day = source.published_on.isoformat() if source.published_on else ""
        typed |= {f"kind-{n}": source.kind, f"title-{n}": source.title, f"publisher-{n}": source.publisher}
        typed |= {f"date-{n}": day, f"url-{n}": source.url}
    return {name: value for name, value in typed.items() if value}
