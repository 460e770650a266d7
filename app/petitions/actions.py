"""What is done to petitions: made, published, closed, delivered."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import changed
from app.errors import Conflict, NotFound, Refused
from app.folding import fold
from app.organisations import actions as organisations
from app.organisations.queries import where_may
from app.organisations.rights import Right
from app.petitions import addresses, images, indexing, keys, markdown, queries, tags, tallies, themes
from app.petitions.end_of_life import delivery_clock
from app.petitions.goals import passed
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition, PetitionOwner, PetitionState, PetitionText, Recipient, Source
from app.petitions.typed import latest_day
from app.zone import end_of

# Its text may still change.
WRITABLE = (PetitionState.DRAFT, PetitionState.REFUSED)
# It may be handed over, which ends it.
DELIVERABLE = (PetitionState.OPEN, PetitionState.CLOSED)


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
    organisation_id: int | None = None,
) -> Petition:
    """A draft made of *file*, with *picture*, or the one that it names, which is looked for in *folder*.

    *organisation_id*: one where *by* may write petitions, as the caller knows.
    """
    now = clock.now()
    petition = Petition(
        slug=addresses.free(session, file.title),
        organisation_id=organisation_id,
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
    carried = {"organisation": organisation_id} if organisation_id is not None else {}
    audit.record(session, "petition.created", "petition", petition.id, by, **carried)
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
    """Another text for a petition that is not published; its picture stays without another. Raises Conflict."""
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
    _write(session, petition, file)
    session.flush()
    audit.record(session, "petition.rewritten", "petition", petition.id, by, version=petition.version)


def _write(session: Session, petition: Petition, file: PetitionFile) -> None:
    """In the place of a text that nobody could sign; after one that was published and taken down."""
    now, present = clock.now(), queries.text_of(session, petition)
    written = {"title": file.title, "markdown": file.text, "html": markdown.render(file.text), "created_at": now}
    if petition.opened_at is not None and present.published_at is not None:
        petition.version += 1
        session.add(PetitionText(petition_id=petition.id, version=petition.version, **written))
        return
    for name, value in (written | {"published_at": None}).items():
        setattr(present, name, value)


def publish(session: Session, petition: Petition, by: int | None = None) -> None:
    """Open it for signatures, for twelve months at most. Raises Conflict.

    A last day that passed while it waited binds nobody: whoever decides is not refused for that.
    """
    now = clock.now()
    if petition.state not in {PetitionState.DRAFT, PetitionState.SUBMITTED} or petition.opened_at is not None:
        raise Conflict("Cette pétition est déjà publiée.")
    petition.closes_at = planned_end(petition, now)
    addresses.follow_title(session, petition)
    queries.text_of(session, petition).published_at = now
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
    """Nobody can sign any more; undone for seven days, see reopening.py. Raises Conflict."""
    queries.lock(session, petition.id)
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


def deliver(session: Session, petition: Petition, by: int | None = None, on: date | None = None) -> None:
    """Handed to its recipients *on* that day, or now: the one-month clock starts then. Raises Conflict."""
    queries.lock(session, petition.id)
    if petition.state not in DELIVERABLE:
        raise Conflict("Cette pétition ne peut pas être remise dans cet état.")
    now = clock.now()
    petition.closed_at = petition.ended_at(now) or now
    petition.state, petition.delivered_at = PetitionState.DELIVERED, delivery_clock(end_of(on), now) if on else now
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
    if queries.owner(session, account_id, petition.id) is None:
        session.add(PetitionOwner(petition_id=petition.id, account_id=account_id))
        audit.record(session, "petition.owner_added", "petition", petition.id, by, account=account_id)


def entrust(session: Session, petition: Petition, organisation_id: int, by: int) -> None:
    """From a person to an organisation where they write petitions; other owners stay. Raises NotFound, Conflict."""
    queries.lock_carried(session, petition)
    mine = queries.owner(session, by, petition.id)
    if mine is None or organisation_id not in {one.id for one in where_may(session, by, Right.PETITIONS)}:
        raise NotFound("Aucune de vos pétitions n’est à cette adresse.")
    if petition.organisation_id is not None:
        raise Conflict("Une organisation porte déjà cette pétition.")
    session.delete(mine)
    petition.organisation_id = organisation_id
    audit.record(session, "petition.entrusted", "petition", petition.id, by, organisation=organisation_id)
    changed(session, petition.id)


# What an owner may do with a petition, hence what whoever takes one back has to have already.
OWNING = (Right.PETITIONS, Right.UPDATES, Right.SIGNATURES)


def take_back(session: Session, petition: Petition, by: Account) -> None:
    """From its organisation to one of its members, the others being told. Raises NotFound, Conflict, Refused."""
    queries.lock_carried(session, petition)
    organisation = petition.organisation
    if organisation is None:
        raise Conflict("Cette pétition n’est plus portée par une organisation.")
    theirs = [right for right in OWNING if organisation in where_may(session, by.id, right)]
    if Right.PETITIONS not in theirs:
        raise NotFound("Aucune de vos pétitions n’est à cette adresse.")
    if len(theirs) < len(OWNING):
        raise Refused(
            "Reprendre une pétition donne tous les droits sur elle, les exports compris : il faut les avoir déjà dans"
            " l’organisation. Demandez-les à qui gère ses membres."
        )
    petition.organisation = None
    if queries.owner(session, by.id, petition.id) is None:
        session.add(PetitionOwner(petition_id=petition.id, account_id=by.id))
    audit.record(session, "petition.taken_back", "petition", petition.id, by.id, organisation=organisation.id)
    organisations.tell_taken_back(session, organisation, by, petition.title)
    changed(session, petition.id)


def remove_owner(session: Session, petition: Petition, account_id: int, by: int | None = None) -> None:
    queries.disown(session, account_id, petition.id)
    audit.record(session, "petition.owner_removed", "petition", petition.id, by, account=account_id)


def fold_counts(session: Session) -> int:
    """Fold count deltas and date the steps that were passed; returns petitions touched."""
    now = clock.now()
    folded = queries.fold_counts(session)
    for petition_id, count in folded.items():
        petition = session.get(Petition, petition_id)
        if petition is not None:
            queries.add_steps(session, petition_id, passed(count, petition.goal), now)
    tallies.note(session, folded, now)
    return len(folded)


def fold_tags(session: Session) -> int:
    """Fold what confirmations said of where they came from; returns rows folded."""
    return tags.fold(session)


def _searched(file: PetitionFile) -> str:
    people = " ".join(f"{entry.name} {entry.role}" for entry in file.recipients)
    about = f"{' '.join(file.all_themes)} {file.place or ''}"
    return fold(f"{file.title} {about} {file.author} {people} {file.text}")


def _end_of(file: PetitionFile) -> datetime | None:
    return end_of(file.closes_on) if file.closes_on else None
