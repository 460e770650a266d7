"""Rows as they were before an act, and what puts them back: of what was changed, the columns that were.

Tables are read and written as they are, whatever the session believes of them.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Table, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.db import Base

# Rows of one table.
Which = tuple[type[Base], ColumnElement[bool]]
Row = dict[str, Any]
Key = tuple[str, tuple[Any, ...]]
Image = dict[Key, Row]
# What an act did: ``gone`` and ``came`` are rows, ``changed`` their keys with the columns before and after.
Changes = dict[str, list[list[Any]]]

_KINDS: dict[str, Callable[[str], Any]] = {
    "b": bytes.fromhex,
    "u": uuid.UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
}


def look(session: Session, which: Sequence[Which]) -> Image:
    """These rows as they are now."""
    session.flush()
    found: Image = {}
    for model, where in which:
        table = _table(model)
        found |= _read(session, table, where)
    return found


def _read(session: Session, table: Table, where: ColumnElement[bool]) -> Image:
    rows = session.execute(select(table).where(where)).mappings()
    return {(table.name, tuple(row[column.name] for column in table.primary_key)): dict(row) for row in rows}


def compare(session: Session, before: Image, new: Sequence[Which]) -> Changes:
    """What became of the rows of *before*, and which of *new* had not been there."""
    by_table: dict[str, list[tuple[Any, ...]]] = {}
    for name, key in before:
        by_table.setdefault(name, []).append(key)
    session.flush()
    after: Image = {}
    for name, keys in by_table.items():
        table = Base.metadata.tables[name]
        after |= _read(session, table, _any_of(table, keys))
    found: Changes = {"gone": [], "changed": [], "came": []}
    for (name, key), row in before.items():
        now = after.get((name, key))
        if now is None:
            found["gone"].append([name, _plain(row)])
        elif differs := [column for column, value in row.items() if now[column] != value]:
            was, is_ = ({column: image[column] for column in differs} for image in (row, now))
            found["changed"].append([name, _plain(_key_of(name, key)), _plain(was), _plain(is_)])
    for name, key in look(session, new).keys() - before.keys():
        found["came"].append([name, _plain(_key_of(name, key))])
    return found


def rows(changes: Changes, what: str, model: type[Base]) -> Iterator[Row]:
    """The rows of one table that went, or the keys of those that came."""
    for name, row, *_ in changes[what]:
        if name == _table(model).name:
            yield _typed(row)


def changed(changes: Changes, model: type[Base]) -> Iterator[tuple[Row, Row, Row]]:
    """Of one table: ``(key, columns before, columns after)``."""
    for name, key, was, is_ in changes["changed"]:
        if name == _table(model).name:
            yield _typed(key), _typed(was), _typed(is_)


def put_back(session: Session, changes: Changes) -> set[str]:
    """Undo *changes*; what somebody else has changed since stays as they left it.

    Gives the tables where a row found another in its place: who inserts waits for nobody's lock.
    """
    for name, key in changes["came"]:
        table = Base.metadata.tables[name]
        session.execute(delete(table).where(_these(table, _typed(key))))
    for name, key, was, is_ in changes["changed"]:
        table = Base.metadata.tables[name]
        where = and_(_these(table, _typed(key)), _these(table, _typed(is_)))
        session.execute(update(table).where(where).values(_typed(was)))
    left = {name for name, row in changes["gone"] if not _insert(session, Base.metadata.tables[name], _typed(row))}
    session.expire_all()
    return left


def _insert(session: Session, table: Table, row: Row) -> bool:
    """With its number, or another where SQLite has given that one away; not where its like has come meanwhile."""
    number = table.autoincrement_column
    if _inserted(session, table, row):
        return True
    return number is not None and _inserted(session, table, {name: row[name] for name in row if name != number.name})


def _inserted(session: Session, table: Table, row: Row) -> bool:
    statement = insert_for(session)(table).on_conflict_do_nothing()
    done = session.execute(statement, row, execution_options={"preserve_rowcount": True})
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _key_of(name: str, key: tuple[Any, ...]) -> Row:
    return dict(zip((column.name for column in Base.metadata.tables[name].primary_key), key, strict=True))


def _these(table: Table, values: Row) -> ColumnElement[bool]:
    return and_(*(table.c[name].is_not_distinct_from(value) for name, value in values.items()))


def _any_of(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return or_(*(_these(table, _key_of(table.name, key)) for key in keys))


def _plain(row: Row) -> dict[str, list[Any]]:
    """As JSON: each value after a letter for what JSON has no word for."""
    return {name: _tagged(value) for name, value in row.items()}


def _tagged(value: Any) -> list[Any]:
    match value:
        case bytes():
            return ["b", value.hex()]
        case uuid.UUID():
            return ["u", value.hex]
        case datetime():
            return ["t", value.isoformat()]
        case date():
            return ["d", value.isoformat()]
    return ["", value]


def _typed(row: dict[str, list[Any]]) -> Row:
    return {name: _KINDS[kind](value) if kind else value for name, (kind, value) in row.items()}
