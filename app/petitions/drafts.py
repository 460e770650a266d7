"""A petition as the writing page shows it: the inverse of :class:`forms.DraftForm`."""

from app.petitions.models import Petition, PetitionText
from app.zone import last_day_before


def values_of(petition: Petition, text: PetitionText) -> dict[str, str]:
    """The form's values for a draft that exists."""
    sources = [
        " | ".join([s.title, s.publisher, s.published_on.isoformat() if s.published_on else "", s.url]).rstrip(" |")
        for s in petition.sources
    ]
    return {
        "title": petition.title,
        "author": petition.author,
        "theme": petition.theme,
        "goal": str(petition.goal),
        "recipients": "\n".join(f"{r.name}, {r.role}" for r in petition.recipients),
        "text": text.markdown,
        "sources": "\n".join(sources),
        "closes_on": last_day_before(petition.closes_at).isoformat() if petition.closes_at else "",
        "delivery_mode": petition.delivery_mode,
    }
