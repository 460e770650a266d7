"""What is done to petitions: made, published, closed, delivered."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict, Refused
from app.folding import fold
from app.petitions import images, indexing, keys, markdown, queries, themes
from app.petitions.goals import passed
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition, PetitionOwner, PetitionState, PetitionText, Recipient, Source
from app.petitions.typed import latest_day
from app.text import romanised
from app.zone import end_of

# Its text may still change.
WRITABLE = (PetitionState.DRAFT, PetitionState.REFUSED)


@dataclass(frozen=True)
class Picture:
    """One that is in the store already, and its words; *focus*: percent from the left and from the top."""

    kept: images.Kept
    alt: str
    caption: str = ""
    credit: str = ""
    focus: tuple[int, int] = (50, 50)


def create(
    session: Session,
    file: PetitionFile,
    *,
    folder: Path | None,
    image_store: Path,
    by: int | None = None,
    picture: Picture | None = None,
) -> Petition:
    """A draft made of *file*, with *picture*, or the one that it names, which is looked for in *folder*."""
    now = clock.now()
    petition = Petition(
        slug=_free_slug(session, file.title),
        state=PetitionState.DRAFT,
        title=file.title,
        theme=file.theme,
        author=file.author,
        goal=file.goal,
        search=_searched(file),
        created_at=now,
        closes_at=_end_of(file),
        version=1,
    )
    set_picture(petition, picture or picture_of(file, folder, image_store))
    _place(petition, file)
    _fill(petition, file)
    petition.texts = [
        PetitionText(
            version=1,
            title=file.title,
            markdown=file.text,
            html=markdown.render(file.text),
            created_at=now,
        )
    ]
    session.add(petition)
    session.flush()
    themes.give(session, petition, file.all_themes)
    audit.record(session, "petition.created", "petition", petition.id, by)
    return petition


def picture_of(file: PetitionFile, folder: Path | None, image_store: Path) -> Picture | None:
    """The one that *file* names, put in the store: takes a second, best before the transaction. Raises Refused."""
    if file.image is None:
        return None
    if folder is None:
        raise Refused("champ image : aucun dossier où chercher cette image.")
    try:
        kept = images.kept(images.read(folder / file.image.file), image_store)
    except Refused as refused:
        raise Refused("champ image.file : %(why)s.", why=refused.message) from None
    return Picture(kept, file.image.alt, file.image.caption, file.image.credit, file.image.focus)


def set_picture(petition: Petition, picture: Picture | None) -> None:
    """None: it has none any more. Its files stay, other petitions may show them."""
    if picture is None:
        petition.image, petition.image_width, petition.image_height = None, 0, 0
        petition.image_alt = petition.image_caption = petition.image_credit = ""
        petition.image_focus_x = petition.image_focus_y = 50
        return
    kept = picture.kept
    petition.image, petition.image_width, petition.image_height = kept.name, kept.width, kept.height
    petition.image_alt, petition.image_caption, petition.image_credit = picture.alt, picture.caption, picture.credit
    petition.image_focus_x, petition.image_focus_y = picture.focus


def _place(petition: Petition, file: PetitionFile) -> None:
    """Where it is about, and what signers may show: as the file says, if it does."""
    if "place" in file.model_fields_set:
        petition.place_kind, petition.place_code = (file.place.kind, file.place.code) if file.place else ("", "")
    if "display" in file.model_fields_set and petition.opened_at is None:
        petition.display_most = file.display


def _fill(petition: Petition, file: PetitionFile) -> None:
    """People and sources of *file*, in its order."""
    petition.recipients = [
        Recipient(position=i, name=entry.name, role=entry.role) for i, entry in enumerate(file.recipients)
    ]
    petition.sources = [
        Source(
            position=i,
            title=entry.title,
            publisher=entry.publisher,
            published_on=entry.date,
            url=entry.url,
            kind=entry.kind,
        )
        for i, entry in enumerate(file.sources)
    ]


def rewrite(
    session: Session, petition: Petition, file: PetitionFile, by: int | None = None, picture: Picture | None = None
) -> None:
    """Replace the text of a petition that is not published; earlier versions stay, as does its picture without another.

    Raises Conflict.
    """
    if petition.state not in WRITABLE:
        raise Conflict("Cette pétition est en relecture ou publiée : son texte ne change plus.")
    petition.title, petition.author, petition.goal = file.title, file.author, file.goal
    themes.give(session, petition, file.all_themes)
    petition.search, petition.closes_at = _searched(file), _end_of(file)
    if picture is not None:
        set_picture(petition, picture)
    _place(petition, file)
    petition.recipients.clear()
    petition.sources.clear()
    session.flush()
    _fill(petition, file)
    petition.version += 1
    html = markdown.render(file.text)
    petition.texts.append(
        PetitionText(version=petition.version, title=file.title, markdown=file.text, html=html, created_at=clock.now())
    )
    session.flush()
    audit.record(session, "petition.rewritten", "petition", petition.id, by, version=petition.version)


def publish(session: Session, petition: Petition, by: int | None = None) -> None:
    """Open it for signatures, for twelve months at most. Raises Conflict.

    A last day that passed while it waited binds nobody: whoever decides is not refused for that.
    """
    now = clock.now()
    if petition.state not in {PetitionState.DRAFT, PetitionState.SUBMITTED}:
        raise Conflict("Cette pétition est déjà publiée.")
    petition.closes_at = planned_end(petition, now)
    petition.state, petition.opened_at = PetitionState.OPEN, now
    keys.create(session, petition.id)
    indexing.keep(session, petition)
    audit.record(session, "petition.published", "petition", petition.id, by)
    changed(session, petition.id)


def planned_end(petition: Petition, now: datetime) -> datetime:
    """When signing would end if it was published at *now*."""
    latest = end_of(latest_day(now))
    wanted = petition.closes_at
    return latest if wanted is None or wanted <= now else min(wanted, latest)


def close(session: Session, petition: Petition, by: int | None = None) -> None:
    if petition.state != PetitionState.OPEN:
        raise Conflict("Cette pétition n’est pas ouverte.")
    petition.state, petition.closed_at = PetitionState.CLOSED, clock.now()
    audit.record(session, "petition.closed", "petition", petition.id, by)
    changed(session, petition.id)


def close_ended(session: Session) -> int:
    """Petitions whose last day is over close by themselves; returns how many."""
    ended = queries.past_their_end(session, clock.now())
    for petition in ended:
        petition.state, petition.closed_at = PetitionState.CLOSED, petition.closes_at
        audit.record(session, "petition.closed", "petition", petition.id)
        changed(session, petition.id)
    return len(ended)


def deliver(session: Session, petition: Petition, by: int | None = None) -> None:
    """Handed to its recipients: the one-month clock starts. Raises Conflict."""
    if petition.state not in {PetitionState.OPEN, PetitionState.CLOSED}:
        raise Conflict("Cette pétition ne peut pas être remise dans cet état.")
    now = clock.now()
    petition.closed_at = petition.ended_at(now) or now
    petition.state, petition.delivered_at = PetitionState.DELIVERED, now
    audit.record(session, "petition.delivered", "petition", petition.id, by)
    changed(session, petition.id)


def hold(session: Session, petition: Petition, until: datetime, reason: str, by: int | None = None) -> None:
    """A legal hold suspends the purge until *until*, for a stated reason. Raises Refused."""
    if until <= clock.now() or not reason.strip():
        raise Refused("Un gel légal a un motif et une fin à venir.")
    petition.hold_until, petition.hold_reason = until, reason.strip()
    audit.record(session, "petition.held", "petition", petition.id, by)


def set_comments_open(session: Session, petition: Petition, is_open: bool, by: int | None = None) -> None:
    petition.comments_open = is_open
    act = "petition.comments_opened" if is_open else "petition.comments_closed"
    audit.record(session, act, "petition", petition.id, by)
    changed(session, petition.id)


def add_owner(session: Session, petition: Petition, account_id: int, by: int | None = None) -> None:
    if not queries.owns(session, account_id, petition.id):
        session.add(PetitionOwner(petition_id=petition.id, account_id=account_id))
        audit.record(session, "petition.owner_added", "petition", petition.id, by, account=account_id)


def fold_counts(session: Session) -> int:
    """Fold count deltas and date the steps that were passed; returns petitions touched."""
    now = clock.now()
    folded = queries.fold_counts(session)
    for petition_id, count in folded.items():
        petition = session.get(Petition, petition_id)
        if petition is not None:
            queries.add_steps(session, petition_id, passed(count, petition.goal), now)
    return len(folded)


def _free_slug(session: Session, title: str) -> str:
    """An address made of the title's first words, or of nothing but chance when no letter of it has a Latin one."""
    words = re.findall(r"[a-z0-9]+", romanised(fold(re.sub(r"[’']", " ", title))))
    slug = ""
    for word in words:
        if slug and len(slug) + len(word) > 60:
            break
        slug = f"{slug}-{word}".strip("-")[:80]
    if not re.search("[a-z]", slug):
        slug = f"petition-{slug or secrets.token_hex(4)}"
    candidate, n = slug, 2
    while queries.slug_taken(session, candidate):
        candidate, n = f"{slug}-{n}", n + 1
    return candidate


def _searched(file: PetitionFile) -> str:
    people = " ".join(f"{entry.name} {entry.role}" for entry in file.recipients)
    about = f"{' '.join(file.all_themes)} {file.place or ''}"
    return fold(f"{file.title} {about} {file.author} {people} {file.text}")


def _end_of(file: PetitionFile) -> datetime | None:
    return end_of(file.closes_on) if file.closes_on else None
