"""Displayed counts against rows."""

from sqlalchemy.orm import Session

from app.db import changed
from app.petitions import queries as petition_queries
from app.signatures import queries as signature_queries


def differences(session: Session) -> list[tuple[str, int, int]]:
    """``(slug, displayed, rows)`` wherever they differ; purged petitions have no rows to compare."""
    rows = signature_queries.confirmed_rows(session)
    living = petition_queries.living(session)
    shown = petition_queries.counts(session, [petition.id for petition in living])
    found = [
        (petition.slug, shown[petition.id], rows.get(petition.id, 0))
        for petition in living
        if shown[petition.id] != rows.get(petition.id, 0)
    ]
    for petition in living:
        if petition.version > 1:
            said, counted = (
                {version: n for version, n in by_version.items() if n}
                for by_version in (
                    petition_queries.later_counts(session, petition.id),
                    signature_queries.confirmed_by_version(session, petition.id),
                )
            )
            found += [
                (f"{petition.slug}, version {version}", said.get(version, 0), counted.get(version, 0))
                for version in sorted(said.keys() | counted.keys())
                if said.get(version) != counted.get(version)
            ]
    return found


def repair(session: Session) -> int:
    """Count again, hour by hour; returns how many petitions were wrong."""
    wrong = {slug.partition(",")[0] for slug, _, _ in differences(session)}
    for petition in petition_queries.living(session):
        if petition.slug in wrong:
            hours = signature_queries.confirmed_by_hour(session, petition.id)
            versions = signature_queries.confirmed_by_version(session, petition.id)
            petition_queries.replace_counts(session, petition.id, hours, versions)
            changed(session, petition.id)
    return len(wrong)
