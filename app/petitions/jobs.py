"""Periodic work on petitions."""

from app import clock
from app.db import Database
from app.petitions import actions, front, indexing, themes

# Petitions put into the index while others wait to write (SQLite).
AT_ONCE = 200


def fold_counts(database: Database) -> int:
    with database.write() as session:
        return actions.fold_counts(session)


def fold_tags(database: Database) -> int:
    with database.write() as session:
        return actions.fold_tags(session)


def close_ended(database: Database) -> int:
    with database.write() as session:
        return actions.close_ended(session)


def rank_front(database: Database) -> bool:
    """What the home page brings forward; written only where it has changed."""
    with database.read() as session:
        ranked, before = front.ranked(session, clock.now()), front.standings(session)
    if ranked == before:
        return False
    with database.write() as session:
        front.keep(session, ranked)
    return True


def index(database: Database) -> int:
    """The search finds what is public, whatever program made it so; returns how many petitions it did not."""
    with database.read() as session:
        late, untold = indexing.behind(session), themes.without(session)
    for start in range(0, len(untold), AT_ONCE):
        with database.write() as session:
            themes.catch_up(session, untold[start : start + AT_ONCE])
    for start in range(0, len(late), AT_ONCE):
        with database.write() as session:
            indexing.refresh(session, late[start : start + AT_ONCE])
    return len(late)
