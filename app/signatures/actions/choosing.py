"""To choose what is optional while one confirms: what the public sees, a comment, mailings."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.consents import queries as consent_queries
from app.consents.models import ConsentKind, said_yes
from app.errors import Invalid
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import bound, queries
from app.signatures.actions.incoming import note_peer
from app.signatures.forms import MAILINGS, ChoicesForm, refuse_more
from app.signatures.public import open_field

# Every purpose that nobody has to agree to.
OPTIONAL = ("public_name", *MAILINGS.values())


@dataclass(frozen=True)
class Chosen:
    """Choices as they were posted; what was not said stays as it was."""

    display: str | None
    comment: str | None
    # Purpose → yes or no.
    agreed: Mapping[str, bool]
    # The ids of the wordings that were on the page, and its language.
    texts: str = ""
    locale: str = "fr"
    # Where this was, and the address and port of who said it: hosts must keep them for a comment.
    channel: str = "confirmation"
    peer: str = field(default="", repr=False)

    @classmethod
    def of(cls, form: ChoicesForm, *, locale: str, channel: str, peer: str = "") -> "Chosen":
        said = form.said
        agreed = {purpose: getattr(form, box) for box, purpose in MAILINGS.items() if box in said}
        if "display" in said:
            agreed["public_name"] = form.display != "hidden"
        return cls(
            form.display if "display" in said else None,
            form.comment if "comment" in said else None,
            agreed,
            form.consent_texts,
            locale,
            channel,
            peer,
        )


def wordings(session: Session, petition: Petition, locale: str, now: datetime) -> dict[str, int]:
    """Of each optional purpose, the wording in force."""
    found = consent_queries.in_force(session, now, locale, petition.delivery_mode)
    return {purpose: found[purpose].id for purpose in OPTIONAL if purpose in found}


def written(texts: Mapping[str, int]) -> str:
    """As a page writes them, to say which it has shown."""
    return ",".join(str(n) for n in sorted(texts.values()))


def refused(
    chosen: Chosen, petition: Petition, texts: Mapping[str, int], now: datetime, draft: str = ""
) -> Invalid | None:
    """Why these are not taken; *draft*: what had been written before, which is nothing new."""
    may_comment = petition.comments_open and (petition.is_open(now) or chosen.comment == draft)
    try:
        refuse_more(chosen.display or "hidden", chosen.comment or "", petition.display_most, may_comment)
    except Invalid as invalid:
        return invalid
    if chosen.texts and chosen.texts != written(texts):
        return Invalid({"": "Le texte d’un de ces accords a changé depuis : relisez-le avant de l’envoyer."})
    return None


def refused_again(
    chosen: Chosen, petition: Petition, texts: Mapping[str, int], now: datetime, said: Sequence[str]
) -> Invalid | None:
    """The same once it is confirmed; *said*: the comments of this signature, of which there is one."""
    if said and chosen.comment and chosen.comment not in said:
        return Invalid({"comment": "Un commentaire accompagne déjà cette signature : il n’en porte qu’un."})
    return refused(chosen, petition, texts, now, draft=chosen.comment if said and chosen.comment else "")


def draft_of(session: Session, petition_id: int, row: Any) -> str:
    """What was written with the form, and waits for its confirmation."""
    if row.comment_sealed is None:
        return ""
    return open_field(petition_keys.of(session, petition_id), row.comment_sealed, row.id.bytes, "comment")


def choose(
    session: Session,
    petition: Petition,
    rows: Mapping[uuid.UUID, Any],
    choices: Mapping[uuid.UUID, Chosen],
    texts: Mapping[str, Mapping[str, int]],
    now: datetime,
) -> dict[uuid.UUID, str]:
    """Put the choices of pending *rows*, which are locked and about to be confirmed, in the place of their forms'.

    *texts*: locale → purpose → wording. Gives the comments that take the place of what had been drafted.
    """
    events: list[dict[str, Any]] = []
    comments = {}
    latest = consent_queries.latest_of(session, petition.id, choices)
    for signature_id, chosen in choices.items():
        row = rows[signature_id]
        events += _answers(session, petition, row, chosen, texts[chosen.locale], latest[signature_id], now)
        if chosen.display not in {None, row.display}:
            queries.show(session, petition.id, signature_id, str(chosen.display))
        if chosen.comment is not None:
            comments[signature_id] = chosen.comment
            if chosen.comment and chosen.comment != draft_of(session, petition.id, row):
                note_peer(session, chosen.peer, petition.id, signature_id, now)
    consent_queries.append(session, events, {"petition_id": petition.id})
    return comments


def _answers(
    session: Session,
    petition: Petition,
    row: Any,
    chosen: Chosen,
    texts: Mapping[str, int],
    latest: Mapping[str, Any],
    now: datetime,
) -> list[dict[str, Any]]:
    """Evidence of what differs from the form: a yes is given and confirmed in one, a no takes the form's back."""
    changes = {purpose: yes for purpose, yes in chosen.agreed.items() if yes != said_yes(latest.get(purpose))}
    if not changes:
        return []
    keys = petition_keys.of(session, petition.id)
    digest = bound.digest_of_choices(keys, row.form_digest or b"", chosen.display, chosen.comment, changes, texts)
    return [
        {
            "signature_id": row.id,
            "purpose": purpose,
            "at": max(now, last.at + timedelta(microseconds=1)) if (last := latest.get(purpose)) else now,
            "kind": ConsentKind.CONFIRMED if yes else ConsentKind.WITHDRAWN,
            "text_id": texts[purpose] if yes else latest[purpose].text_id,
            "channel": chosen.channel,
            "subject": latest["sign"].subject,
            "form_digest": digest,
        }
        for purpose, yes in changes.items()
    ]
