"""What became of a petition: obtained, partly, refused, without an answer; and where that can be verified.

Its organiser tells it as news (app/updates), which a moderator reads: nobody declares a victory alone. What is on the
petition is what everybody may read by then.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.locale import Message, Spoken
from app.petitions import indexing
from app.petitions.models import Outcome, Petition, PetitionState
from app.templating import long_date
from app.zone import day_of

# Nobody is silent before that.
SILENCE = timedelta(days=60)
# The news that tells it is called so, where its author gives no other title.
TITLES = {
    Outcome.OBTAINED: "Pétition obtenue",
    Outcome.PARTLY: "Pétition obtenue en partie",
    Outcome.REFUSED: "Pétition refusée",
    Outcome.UNANSWERED: "Pétition restée sans réponse",
}
# When it may be told: what is not public has no page to say it on.
TOLD_OF = (PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED)


@dataclass(frozen=True)
class Told:
    """What is told, as the news that tells it keeps it (``facts``)."""

    kind: Outcome
    on: date
    source_title: str = ""
    source_url: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        source = {"source_title": self.source_title, "source_url": self.source_url}
        return {"kind": self.kind.value, "at": self.on.isoformat(), **source}

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Self:
        on = date.fromisoformat(facts["at"])
        return cls(Outcome(facts["kind"]), on, facts["source_title"], facts["source_url"])


def check(petition: Petition, told: Told, now: datetime) -> None:
    """Raises Invalid: a day that cannot be, no source, a silence that is none yet."""
    errors: dict[str, str] = {}
    if told.on > day_of(now):
        errors["on"] = "Cette date est à venir : indiquez le jour où cela s’est su."
    elif petition.opened_at is not None and told.on < day_of(petition.opened_at):
        errors["on"] = "Cette date est d’avant la publication de la pétition."
    if told.kind == Outcome.UNANSWERED:
        silent = _silent_from(petition)
        if silent is None:
            errors["kind"] = "« Sans réponse » se dit soixante jours après la remise, qui n’est pas notée ici."
        elif now < silent:
            why = "« Sans réponse » se dit soixante jours après la remise : à partir du %(day)s."
            errors["kind"] = Message(why, day=Spoken(long_date, silent))
    elif not told.source_title:
        errors["source_title"] = (
            "Dites où cela se vérifie : un article, un texte officiel, ou « annonce orale du maire au conseil »."
        )
    if errors:
        raise Invalid(errors)


def _silent_from(petition: Petition) -> datetime | None:
    return petition.delivered_at + SILENCE if petition.delivered_at is not None else None


def show(session: Session, petition: Petition, told: Told | None) -> None:
    """It is what everybody reads from now on; None: nothing is."""
    petition.outcome = told.kind if told is not None else ""
    petition.outcome_at = told.on if told is not None else None
    petition.outcome_source_title = told.source_title if told is not None else ""
    petition.outcome_source_url = told.source_url if told is not None else ""
    indexing.keep(session, petition)
