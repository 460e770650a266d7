"""A published text changes in two ways: a slip of the pen at once, anything more once a moderator has read it.

What else changes on a published petition is a dated line that everybody reads. Each verb locks the petition first.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict, Invalid, NotFound, Refused
from app.folding import fold
from app.locale import Message, Spoken
from app.petitions import edits, indexing, markdown, queries, texts
from app.petitions.actions import Picture, set_picture
from app.petitions.models import Amendment, AmendmentState, Change, ChangeKind, Petition, PetitionText, Recipient
from app.petitions.typed import latest_day
from app.templating import long_date
from app.zone import day_of, end_of, last_day_before

CLOSED = "Cette pétition n’est pas ouverte à la signature : son texte ne change plus."
WAITS = "Un amendement attend déjà la modération : reprenez-le d’abord, ou attendez sa réponse."
SAME = "Rien n’a changé : corrigez le titre ou le texte."
IMAGE = ("image_alt", "image_caption", "image_credit")


def _open(session: Session, petition_id: int) -> Petition:
    """Locked. Raises Conflict when nobody can sign it any more."""
    petition = queries.lock(session, petition_id)
    if petition is None or not petition.is_open(clock.now()):
        raise Conflict(CLOSED)
    return petition


def mark(text: PetitionText) -> str:
    """What a page keeps of the text that it shows: whoever writes from an older one is told."""
    return hashlib.sha256(f"{text.title}\n{text.markdown}".encode()).hexdigest()[:16]


def _not_stale(present: PetitionText, seen: str) -> None:
    """Raises Conflict."""
    if seen and seen != mark(present):
        raise Conflict(
            "Ce texte a changé depuis que vous avez ouvert cette page. Rien n’est écrasé : voyez ce qui change."
        )


def not_a_typo(session: Session, petition: Petition, title: str, text: str) -> str | None:
    """Why it takes an amendment; None when a correction will do. Raises Invalid (nothing changed)."""
    present = queries.text_of(session, petition)
    if (present.title, present.markdown) == (title, text):
        raise Invalid({"text": SAME})
    names = [petition.author, *(part for r in petition.recipients for part in (r.name, r.role))]
    before = texts.corrected(session, petition.id, petition.version)
    return edits.refusal((present.title, present.markdown), (title, text), names, before)


def correct(session: Session, petition_id: int, title: str, text: str, by: int, seen: str = "") -> None:
    """A slip of the pen, published at once with what it changed. Raises Conflict, Invalid."""
    petition = _open(session, petition_id)
    if texts.waiting_amendment(session, petition.id) is not None:
        raise Conflict(WAITS)
    _not_stale(queries.text_of(session, petition), seen)
    why = not_a_typo(session, petition, title, text)
    if why is not None:
        raise Invalid({"text": why})
    present = queries.text_of(session, petition)
    old = present.title, present.markdown
    details = {
        name: [list(piece) for piece in edits.excerpts(edits.diff(was, now))]
        for name, was, now in (("title", old[0], title), ("text", old[1], text))
        if was != now
    }
    _note(session, petition, ChangeKind.TYPO, details, edits.size(old, (title, text)))
    petition.title = present.title = title
    present.markdown, present.html = text, markdown.render(text)
    _changed(session, petition)
    audit.record(session, "petition.typo_corrected", "petition", petition.id, by, version=petition.version)


def propose(
    session: Session,
    petition_id: int,
    title: str,
    text: str,
    reason: str,
    by: int | None = None,
    seen: str = "",
) -> Amendment:
    """Another text, for a moderator to read; one at a time. Raises Conflict, Invalid."""
    petition = _open(session, petition_id)
    present = queries.text_of(session, petition)
    _not_stale(present, seen)
    if (present.title, present.markdown) == (title, text):
        raise Invalid({"text": SAME})
    amendment = Amendment(
        petition_id=petition.id,
        state=AmendmentState.WAITING,
        title=title,
        markdown=text,
        reason=reason,
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(amendment)
    except IntegrityError:
        raise Conflict(WAITS) from None
    audit.record(session, "petition.amendment_proposed", "petition", petition.id, by, amendment=amendment.id)
    return amendment


def take_back(session: Session, petition_id: int, by: int) -> None:
    """Its author gives it up while it waits. Raises Conflict."""
    queries.lock(session, petition_id)
    amendment = texts.waiting_amendment(session, petition_id)
    if amendment is None:
        raise Conflict("Cet amendement n’attend plus : il a été décidé ou repris entre-temps.")
    amendment.state, amendment.decided_at = AmendmentState.TAKEN_BACK, clock.now()
    audit.record(session, "petition.amendment_taken_back", "petition", petition_id, by, amendment=amendment.id)


def waiting(session: Session, amendment_id: int) -> tuple[Petition, Amendment]:
    """To be decided, its petition locked. Raises NotFound, Conflict (decided, taken back or closed meanwhile)."""
    found = texts.amendment(session, amendment_id)
    petition = queries.lock(session, found.petition_id) if found is not None else None
    found = texts.amendment(session, amendment_id)
    if petition is None or found is None:
        raise NotFound("Cet amendement n’existe pas.")
    if found.state != AmendmentState.WAITING:
        raise Conflict("Cet amendement a été décidé ou repris entre-temps.")
    if not petition.is_open(clock.now()):
        raise Conflict("Cette pétition s’est close entre-temps : son texte ne change plus.")
    return petition, found


def adopt(session: Session, petition: Petition, amendment: Amendment) -> None:
    """It is the text from now on, under the next number; who signed before is told by the worker."""
    now = clock.now()
    petition.version += 1
    petition.title = amendment.title
    session.add(
        PetitionText(
            petition_id=petition.id,
            version=petition.version,
            title=amendment.title,
            markdown=amendment.markdown,
            html=markdown.render(amendment.markdown),
            created_at=amendment.created_at,
            published_at=now,
            reason=amendment.reason,
        )
    )
    amendment.state, amendment.decided_at, amendment.version = AmendmentState.PUBLISHED, now, petition.version
    session.flush()
    _changed(session, petition)


def adopt_rewritten(session: Session, petition: Petition) -> None:
    """What was taken down comes back with another text, read already: who signed the one before is told."""
    now, text = clock.now(), queries.text_of(session, petition)
    if text.published_at is not None:
        return
    text.published_at = now
    session.add(
        Amendment(
            petition_id=petition.id,
            state=AmendmentState.PUBLISHED,
            title=text.title,
            markdown=text.markdown,
            reason="",
            created_at=text.created_at,
            decided_at=now,
            version=text.version,
        )
    )


def back_to_published(session: Session, petition: Petition) -> None:
    """What its author wrote while it was taken down was read by nobody: put online again, it says what it said."""
    present = queries.text_of(session, petition)
    published = texts.numbers(session, petition.id)
    if present.published_at is None and published:
        petition.version = published[-1]
        petition.title = queries.text_of(session, petition).title
        petition.search = _searched(session, petition)
        session.delete(present)
        session.flush()


def change(
    session: Session,
    petition_id: int,
    *,
    goal: int,
    last_day: date | None,
    recipients: Sequence[dict[str, str]],
    image: dict[str, str],
    by: int,
) -> list[Change]:
    """A dated line for each thing that changes. Raises Conflict, Refused, Invalid."""
    petition = queries.lock(session, petition_id)
    if petition is None or not petition.is_open(clock.now()):
        raise Conflict("Cette pétition n’est pas ouverte à la signature : plus rien n’y change.")
    found = [
        *_goal(session, petition, goal),
        *_last_day(session, petition, last_day),
        *_recipients(session, petition, recipients),
        *_image(session, petition, image),
    ]
    if not found:
        raise Refused("Rien n’a changé.")
    _changed(session, petition)
    kinds = [line.kind for line in found]
    audit.record(session, "petition.changed", "petition", petition.id, by, what=kinds)
    return found


def _goal(session: Session, petition: Petition, goal: int) -> list[Change]:
    if goal == petition.goal:
        return []
    details = {"from": petition.goal, "to": goal}
    petition.goal = goal
    return [_note(session, petition, ChangeKind.GOAL, details)]


def _last_day(session: Session, petition: Petition, wanted: date | None) -> list[Change]:
    assert petition.closes_at is not None, "of every open petition"
    assert petition.opened_at is not None
    now, present = clock.now(), last_day_before(petition.closes_at)
    if wanted is None or wanted == present:
        return []
    latest = latest_day(petition.opened_at)
    if wanted < day_of(now):
        raise Invalid({"closes_on": "Cette date est passée."})
    if wanted > latest:
        too_far = "Au plus tard le %(day)s, un an après l’ouverture."
        raise Invalid({"closes_on": Message(too_far, day=Spoken(long_date, latest))})
    petition.closes_at = end_of(wanted)
    details = {"from": present.isoformat(), "to": wanted.isoformat()}
    return [_note(session, petition, ChangeKind.LAST_DAY, details)]


def _recipients(session: Session, petition: Petition, wanted: Sequence[dict[str, str]]) -> list[Change]:
    present = [{"name": r.name, "role": r.role} for r in petition.recipients]
    if present == list(wanted):
        return []
    petition.recipients.clear()
    session.flush()
    petition.recipients = [Recipient(position=i, **entry) for i, entry in enumerate(wanted)]
    return [_note(session, petition, ChangeKind.RECIPIENTS, {"from": present, "to": list(wanted)})]


def _image(session: Session, petition: Petition, wanted: dict[str, str]) -> list[Change]:
    """What is said of the picture; another picture would be one more line of this kind."""
    if petition.image is None:
        return []
    if not wanted["image_alt"]:
        raise Invalid({"image_alt": "Décrivez l’image pour qui ne la voit pas."})
    present = {name: getattr(petition, name) for name in IMAGE}
    differ = [name for name in IMAGE if present[name] != wanted[name]]
    for name in differ:
        setattr(petition, name, wanted[name])
    details = {name: {"from": present[name], "to": wanted[name]} for name in differ}
    return [_note(session, petition, ChangeKind.IMAGE, details)] if differ else []


def change_picture(session: Session, petition_id: int, picture: Picture, by: int) -> None:
    """Another picture, with a dated line; what stood in its place is named, not kept. Raises Conflict."""
    petition = queries.lock(session, petition_id)
    if petition is None or not petition.is_open(clock.now()):
        raise Conflict("Cette pétition n’est pas ouverte à la signature : plus rien n’y change.")
    details = {"picture": {"from": petition.image_alt, "to": picture.alt}}
    set_picture(petition, picture)
    _note(session, petition, ChangeKind.IMAGE, details)
    _changed(session, petition)
    audit.record(session, "petition.changed", "petition", petition.id, by, what=[ChangeKind.IMAGE])


def _note(session: Session, petition: Petition, kind: ChangeKind, details: dict[str, Any], size: int = 0) -> Change:
    line = Change(
        petition_id=petition.id, at=clock.now(), kind=kind, version=petition.version, size=size, details=details
    )
    session.add(line)
    return line


def _changed(session: Session, petition: Petition) -> None:
    """Wherever its words are."""
    session.flush()
    petition.search = _searched(session, petition)
    indexing.keep(session, petition)
    changed(session, petition.id)


def _searched(session: Session, petition: Petition) -> str:
    people = " ".join(f"{r.name} {r.role}" for r in petition.recipients)
    text = queries.text_of(session, petition)
    return fold(f"{text.title} {petition.theme} {petition.author} {people} {text.markdown}")
