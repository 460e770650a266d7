"""The list of themes, which the operator keeps, and the themes of petitions.

A theme is one whatever its spelling (``words.theme_key``), as the database decides. It is retired or merged, never
deleted: its old addresses lead to what it became.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from app import audit, clock
from app.bulk import insert_for
from app.errors import Conflict, Invalid
from app.locale import Message
from app.petitions import indexing
from app.petitions.models import Petition, PetitionTheme, Theme
from app.petitions.words import theme_key

# Of one petition.
MOST = 3
# Of an instance that begins; the operator makes them their own.
FIRST = (
    ("Climat et environnement", "Climate and environment"),
    ("Santé", "Health"),
    ("Éducation", "Education"),
    ("Transports", "Transport"),
    ("Logement et urbanisme", "Housing and planning"),
    ("Travail et économie", "Work and economy"),
    ("Droits et libertés", "Rights and freedoms"),
    ("Numérique", "Digital"),
    ("Culture", "Culture"),
    ("Animaux", "Animals"),
    ("Solidarités", "Solidarity"),
    ("Démocratie et services publics", "Democracy and public services"),
)
KNOWN = "Ce thème existe déjà : « %(name)s »."


# Reading


def offered(session: Session) -> Sequence[Theme]:
    """What an author may choose from, in the operator's order."""
    return session.scalars(select(Theme).where(Theme.retired_at.is_(None)).order_by(Theme.position, Theme.id)).all()


def all_of_them(session: Session) -> Sequence[tuple[Theme, int]]:
    """Each with how many petitions have it, those that are offered first."""
    count = select(func.count()).where(PetitionTheme.theme_id == Theme.id).scalar_subquery()
    order = (Theme.retired_at.is_not(None), Theme.position, Theme.id)
    return [(theme, n) for theme, n in session.execute(select(Theme, count).order_by(*order))]


def by_id(session: Session, theme_id: int) -> Theme | None:
    """Locked: what is done to it is done once."""
    return session.get(Theme, theme_id, with_for_update=True)


def find(session: Session, name: str) -> Theme | None:
    """By any spelling; what it became where it was merged."""
    theme = session.scalars(select(Theme).where(Theme.key == theme_key(name))).one_or_none()
    while theme is not None and theme.merged_into is not None:
        theme = session.get_one(Theme, theme.merged_into)
    return theme


def known_as(session: Session, theme: Theme | None) -> Sequence[int]:
    """Its number, and those of the themes that became it."""
    if theme is None:
        return ()
    return [theme.id, *session.scalars(select(Theme.id).where(Theme.merged_into == theme.id))]


def having(theme: Theme | None) -> Select[int]:
    """The ids of the petitions that have it."""
    return select(PetitionTheme.petition_id).where(PetitionTheme.theme_id == (theme.id if theme else 0))


# Of a petition


def give(session: Session, petition: Petition, names: Iterable[str]) -> None:
    """These are its themes, in this order; the list learns those that it did not know."""
    found = {theme.id: theme for theme in (find(session, name) or _added(session, name) for name in names)}
    session.flush()
    session.execute(delete(PetitionTheme).where(PetitionTheme.petition_id == petition.id))
    rows = [
        {"petition_id": petition.id, "position": position, "theme_id": theme_id}
        for position, theme_id in enumerate(list(found)[:MOST])
    ]
    session.execute(insert(PetitionTheme), rows)
    petition.theme = next(iter(found.values())).name
    session.flush()
    session.expire(petition, ["themes"])


def without(session: Session) -> Sequence[int]:
    """Petitions that the release before made meanwhile: it knows their column only."""
    none = ~exists().where(PetitionTheme.petition_id == Petition.id)
    return session.scalars(select(Petition.id).where(none, Petition.theme != "")).all()


def catch_up(session: Session, petition_ids: Sequence[int]) -> None:
    for petition in session.scalars(select(Petition).where(Petition.id.in_(petition_ids))):
        give(session, petition, [petition.theme])


# The list


def install_first(session: Session) -> None:
    """Where there is none: an instance that begins."""
    if session.scalar(select(func.count()).select_from(Theme)):
        return
    for name, english in FIRST:
        _added(session, name, english)


def add(session: Session, name: str, english: str, by: int) -> Theme:
    """Raises Invalid when one is spelled alike; one that was retired comes back."""
    known = session.scalars(select(Theme).where(Theme.key == theme_key(name))).one_or_none()
    if known is None:
        theme = _added(session, name, english)
        audit.record(session, "theme.added", "theme", theme.id, by)
        return theme
    if known.retired_at is None or known.merged_into is not None:
        became = find(session, name) or known
        raise Invalid({"name": Message(KNOWN, name=became.name)})
    restore(session, known, by)
    return known


def rename(session: Session, theme: Theme, name: str, english: str, by: int) -> None:
    """Raises Invalid when another one is spelled alike."""
    key = theme_key(name)
    other = session.scalars(select(Theme).where(Theme.key == key, Theme.id != theme.id)).one_or_none()
    if other is not None:
        raise Invalid({"name": Message(KNOWN, name=other.name)})
    theme.name, theme.english, theme.key = name, english, key
    _say(session, theme)
    audit.record(session, "theme.renamed", "theme", theme.id, by)


def move(session: Session, theme: Theme, steps: int, by: int) -> None:
    """Earlier (-1) or later (1) among those that are offered."""
    order = list(offered(session))
    if theme not in order:
        raise Conflict("Ce thème n’est plus proposé.")
    place = order.index(theme)
    order.insert(max(0, place + steps), order.pop(place))
    for position, one in enumerate(order):
        one.position = position
    audit.record(session, "theme.moved", "theme", theme.id, by)


def retire(session: Session, theme: Theme, by: int) -> None:
    """Nobody may choose it any more; petitions that have it keep it."""
    if theme.retired_at is not None:
        raise Conflict("Ce thème n’est déjà plus proposé.")
    theme.retired_at = clock.now()
    audit.record(session, "theme.retired", "theme", theme.id, by)


def restore(session: Session, theme: Theme, by: int) -> None:
    if theme.retired_at is None or theme.merged_into is not None:
        raise Conflict("Ce thème est proposé, ou réuni à un autre.")
    theme.retired_at, theme.position = None, _last(session)
    audit.record(session, "theme.restored", "theme", theme.id, by)


def merge(session: Session, theme: Theme, into: Theme, by: int) -> None:
    """Its petitions have *into* instead. Raises Conflict."""
    if theme.id == into.id or theme.merged_into is not None or into.merged_into is not None:
        raise Conflict("Ces deux thèmes ne se réunissent pas.")
    both = having(into)
    session.execute(
        delete(PetitionTheme).where(PetitionTheme.theme_id == theme.id, PetitionTheme.petition_id.in_(both))
    )
    session.execute(update(PetitionTheme).where(PetitionTheme.theme_id == theme.id).values(theme_id=into.id))
    session.execute(update(Theme).where(Theme.merged_into == theme.id).values(merged_into=into.id))
    theme.merged_into, theme.retired_at = into.id, theme.retired_at or clock.now()
    _say(session, into)
    audit.record(session, "theme.merged", "theme", theme.id, by, into=into.id)


def _say(session: Session, theme: Theme) -> None:
    """What is written of it elsewhere: the column of the release before; the search looks again by itself."""
    session.flush()
    before = aliased(PetitionTheme)
    earlier = exists().where(before.petition_id == PetitionTheme.petition_id, before.position < PetitionTheme.position)
    session.execute(update(Petition).where(Petition.id.in_(having(theme).where(~earlier))).values(theme=theme.name))
    indexing.look_again(session, having(theme))


def _added(session: Session, name: str, english: str = "") -> Theme:
    """The one that somebody else adds at the same moment is the same."""
    row = {"name": name, "english": english, "key": theme_key(name), "position": _last(session)}
    session.execute(insert_for(session)(Theme).values(row).on_conflict_do_nothing(index_elements=["key"]))
    return session.scalars(select(Theme).where(Theme.key == row["key"])).one()


def _last(session: Session) -> int:
    return 1 + (session.scalar(select(func.max(Theme.position))) or 0)
