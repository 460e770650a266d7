"""Displayed counts against rows (signatures confirmed online, sheets that two people have counted) and the register."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Session

from app import clock
from app.bulk import insert_for
from app.db import changed
from app.paper import queries as paper_queries
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy.models import CountCheck
from app.register import actions as register
from app.register import queries as register_queries
from app.signatures import queries as signature_queries

Difference = tuple[str, int, int]
# (hour in which they joined the count, version of the text) → signatures.
Sheets = dict[tuple[datetime, int], int]


def differences(session: Session) -> list[Difference]:
    """``(slug, displayed, rows)`` wherever they differ; purged petitions have no rows to compare."""
    online, sheets = signature_queries.confirmed_rows(session), paper_queries.counted_rows(session)
    living = petition_queries.living(session)
    shown = petition_queries.counts(session, [petition.id for petition in living])
    found = []
    for petition in living:
        mine = sheets.get(petition.id, {})
        rows = online.get(petition.id, 0) + sum(mine.values())
        if shown[petition.id] != rows:
            found.append((petition.slug, shown[petition.id], rows))
        if petition.version > 1:
            found += _by_version(session, petition, mine)
        told = on_paper.totals(session, petition.id)
        if told != mine:
            found.append((f"{petition.slug}, papier", sum(told.values()), sum(mine.values())))
    found += [(f"{one.slug}, registre", one.shown, one.told) for one in register_queries.differences(session)]
    return found


def verify(session: Session) -> list[Difference]:
    """The same, of one moment, while people sign; *session* has read nothing yet."""
    register_queries.one_moment(session)
    return differences(session)


def look(session: Session) -> dict[int, tuple[int, bool]]:
    """The displayed count of each living petition, and whether nothing in :func:`verify` tells of it."""
    wrong = {slug.partition(",")[0] for slug, _, _ in verify(session)}
    living = petition_queries.living(session)
    shown = petition_queries.counts(session, [petition.id for petition in living])
    return {petition.id: (shown[petition.id], petition.slug not in wrong) for petition in living}


def keep(session: Session, found: Mapping[int, tuple[int, bool]], now: datetime) -> None:
    """For the public page; the last time that they agreed stays when they do not any more."""
    table = CountCheck.__table__
    statement = insert_for(session)(table)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id"],
        set_={"at": new.at, "count": new.count, "agreed_at": func.coalesce(new.agreed_at, table.c.agreed_at)},
    )
    rows = [
        {"petition_id": petition_id, "at": now, "count": n, "agreed_at": now if agreed else None}
        for petition_id, (n, agreed) in sorted(found.items())
    ]
    if rows:
        session.execute(statement, rows)


def last(session: Session, petition_id: int) -> CountCheck | None:
    return session.get(CountCheck, petition_id)


def _by_version(session: Session, petition: Petition, sheets: Sheets) -> list[Difference]:
    said = {version: n for version, n in petition_queries.later_counts(session, petition.id).items() if n}
    counted = _versions(session, petition, sheets)
    return [
        (f"{petition.slug}, version {version}", said.get(version, 0), counted.get(version, 0))
        for version in sorted(said.keys() | counted.keys())
        if said.get(version) != counted.get(version)
    ]


def _versions(session: Session, petition: Petition, sheets: Sheets) -> dict[int, int]:
    """Rows of the later versions."""
    counted = Counter(signature_queries.confirmed_by_version(session, petition.id))
    for (_, version), n in sheets.items():
        if version > 1:
            counted[version] += n
    return {version: n for version, n in counted.items() if n}


def repair(session: Session) -> int:
    """Count again, hour by hour; returns how many petitions were wrong."""
    wrong = {slug.partition(",")[0] for slug, _, _ in differences(session)}
    sheets = paper_queries.counted_rows(session)
    for petition in petition_queries.living(session):
        if petition.slug in wrong:
            mine = sheets.get(petition.id, {})
            hours = Counter(signature_queries.confirmed_by_hour(session, petition.id))
            for (hour, _), n in mine.items():
                hours[hour] += n
            petition_queries.replace_counts(session, petition.id, hours, _versions(session, petition, mine))
            on_paper.replace(session, petition.id, mine)
            changed(session, petition.id)
    for one in register_queries.differences(session):
        register.correct(session, one.petition_id, one.shown - one.told, clock.now())
    return len(wrong)
