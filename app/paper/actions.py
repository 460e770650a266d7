"""What is done with sheets: numbered, entered, checked by somebody else, counted, taken out of the count."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import changed
from app.errors import Conflict, Invalid, NotFound, Refused
from app.locale import Message, Spoken
from app.paper import permissions, queries, scans
from app.paper.choices import LINES, MOST_SHEETS, SheetReason
from app.paper.models import Sheet, SheetCorrection, SheetState
from app.paper.scans import Scan
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.register import actions as register
from app.signatures.places import departement
from app.templating import long_date

CHANGED = "Cette feuille n’est plus dans cet état : rechargez sa page."


def _still_counted(session: Session, petition: Petition, late: timedelta = timedelta()) -> None:
    """It is neither delivered nor closed until the commit. Raises Refused."""
    petition_queries.lock(session, petition.id)
    if why := permissions.closed(petition, clock.now(), late):
        raise Refused(why)


# Numbering


def issue(session: Session, petition: Petition, how_many: int, return_to: str, by: Account) -> range:
    """Numbers for sheets of the present version, to be printed. Raises Refused, Invalid."""
    petition_queries.lock(session, petition.id)
    now = clock.now()
    if not petition.is_open(now):
        raise Refused("Les feuilles s’impriment tant que la pétition est ouverte : elle ne l’est pas.")
    first = queries.last_number(session, petition.id) + 1
    if first + how_many - 1 > MOST_SHEETS:
        left = MOST_SHEETS + 1 - first
        raise Invalid(
            {
                "how_many": Message(
                    "%(most)s feuilles au plus par pétition : il en reste %(n)s.", most=MOST_SHEETS, n=left
                )
            }
        )
    numbers = range(first, first + how_many)
    same = {
        "petition_id": petition.id,
        "version": petition.version,
        "state": SheetState.ISSUED,
        "issued_at": now,
        "issued_by": by.id,
        "return_to": return_to,
        "scan_kind": "",
    }
    queries.add_sheets(session, numbers, same)
    audit.record(session, "sheet.issued", "petition", petition.id, by.id, first=first, last=numbers[-1])
    return numbers


def printable(session: Session, petition: Petition, first: int, last: int) -> list[Sheet]:
    """Blank sheets of the present version, in their order. Raises NotFound, Refused."""
    found = queries.to_print(session, petition.id, first, last)
    if not found or len(found) != last - first + 1:
        raise NotFound("Ces feuilles n’existent pas : demandez-en d’abord les numéros.")
    if not petition.is_open(clock.now()):
        raise Refused("Les feuilles s’impriment tant que la pétition est ouverte : elle ne l’est pas.")
    if any(sheet.version != petition.version for sheet in found):
        raise Refused("Ces feuilles portent une version précédente du texte : demandez-en de nouvelles.")
    return [sheet for sheet in found if sheet.state == SheetState.ISSUED]


# Entering


def enter(
    session: Session,
    petition: Petition,
    number: int,
    lines: Mapping[str, int],
    by: Account,
    scan: Scan | None,
    store: Path,
) -> None:
    """What is on one sheet; it counts once somebody else has checked it. Raises Refused, Invalid."""
    _still_counted(session, petition)
    total = sum(lines.values())
    if not 1 <= total <= LINES:
        raise Invalid({"n-1": Message("Une feuille porte de 1 à %(most)s signatures.", most=LINES)})
    values = {"signatures": total, "entered_at": clock.now(), "entered_by": by.id, "returned_at": None,
              "checked_at": None, "checked_by": None, "scan": None, "scan_kind": "", "scan_sha256": None}  # fmt: skip
    moved = queries.move(session, petition.id, number, SheetState.ISSUED, SheetState.ENTERED, **values)
    if moved is None:
        raise Invalid({"sheet": _why_not(session, petition, number)})
    rows = [
        {"postal_code": code, "departement": departement(code, "FR"), "signatures": n}
        for code, n in sorted(lines.items())
    ]
    queries.replace_lines(session, moved, rows)
    if scan is not None:
        sheet = queries.lock_sheet(session, petition.id, number)
        assert sheet is not None
        sheet.scan = scans.keep(store, petition_keys.of(session, petition.id), sheet.id, scan)
        sheet.scan_kind, sheet.scan_sha256 = scan.kind, scan.sha256
    audit.record(session, "sheet.entered", "sheet", moved, by.id, petition=petition.id, number=number, n=total)


def _why_not(session: Session, petition: Petition, number: int) -> str:
    """Why a sheet cannot be entered: a sentence."""
    sheet = queries.sheet(session, petition.id, number)
    if sheet is None:
        return Message(
            "La feuille %(number)s n’est pas de cette pétition : son numéro n’a jamais été donné. Relisez-le.",
            number=number,
        )
    if sheet.state == SheetState.SET_ASIDE:
        return Message(
            "La feuille %(number)s a été retirée du compte. Pour la saisir à nouveau, reprenez-la depuis sa page.",
            number=number,
        )
    by = sheet.entered_by or 0
    who = queries.names(session, {by}).get(by, Message("un compte fermé depuis"))
    return Message(
        "La feuille %(number)s a déjà été saisie le %(day)s par %(who)s.",
        number=number,
        day=Spoken(long_date, sheet.entered_at) if sheet.entered_at else "",
        who=who,
    )


def check(session: Session, petition: Petition, number: int, total: int, by: Account) -> bool:
    """By a second person, who counts for themselves: it is in the count, or sent back to be entered anew (False).

    Raises Refused, Conflict, NotFound.
    """
    _still_counted(session, petition, permissions.CHECKED_LATE)
    sheet = _locked(session, petition, number, SheetState.ENTERED)
    if sheet.entered_by == by.id:
        raise Refused("Vous avez saisi cette feuille : une autre personne doit la vérifier.")
    if not permissions.checks(session, by, petition, sheet):
        raise Refused("Une autre personne de cette pétition peut vérifier ses feuilles : c’est à elle de le faire.")
    now, agreed = clock.now(), total == sheet.signatures
    if agreed:
        sheet.state, sheet.checked_at, sheet.checked_by = SheetState.COUNTED, now, by.id
        register.count_paper(session, petition.id, {(clock.hour_of(now), sheet.version): total}, now)
        changed(session, petition.id)
    else:
        sheet.state, sheet.returned_at = SheetState.ISSUED, now
    act = "sheet.counted" if agreed else "sheet.sent_back"
    audit.record(session, act, "sheet", sheet.id, by.id, petition=petition.id, number=number, n=total)
    return agreed


def begin_again(session: Session, petition: Petition, number: int, by: Account) -> None:
    """Whoever entered a sheet saw a mistake before anybody checked it. Raises Refused, Conflict, NotFound."""
    sheet = _locked(session, petition, number, SheetState.ENTERED)
    if sheet.entered_by != by.id:
        raise Refused("Cette feuille a été saisie par une autre personne : vérifiez-la.")
    sheet.state = SheetState.ISSUED
    audit.record(session, "sheet.taken_back", "sheet", sheet.id, by.id, petition=petition.id, number=number)


# Out of the count


def set_aside(session: Session, petition: Petition, number: int, reason: SheetReason, by: Account) -> None:
    """It counts no more, and a dated line says why to everybody. Raises Refused, Conflict, NotFound."""
    petition_queries.lock(session, petition.id)
    if petition.final_count is not None:
        raise Refused("Les signatures de cette pétition ont été effacées, comme prévu ; le nombre reste.")
    sheet = _locked(session, petition, number, SheetState.COUNTED)
    assert sheet.checked_at is not None
    assert sheet.signatures is not None
    sheet.state = SheetState.SET_ASIDE
    # Its signers may be the ones who asked: the copy is swept, and goes with no later entry.
    sheet.scan, sheet.scan_kind, sheet.scan_sha256 = None, "", None
    session.add(
        SheetCorrection(
            petition_id=petition.id,
            number=number,
            signatures=sheet.signatures,
            at=clock.now(),
            reason=reason,
            by_account=by.id,
        )
    )
    hour = clock.hour_of(sheet.checked_at)
    register.count_paper(session, petition.id, {(hour, sheet.version): -sheet.signatures}, clock.now())
    changed(session, petition.id)
    audit.record(
        session, "sheet.set_aside", "sheet", sheet.id, by.id, petition=petition.id, number=number, reason=str(reason)
    )


def reopen(session: Session, petition: Petition, number: int, by: Account) -> None:
    """One that was set aside is entered anew, and checked anew. Raises Refused, Conflict, NotFound."""
    _still_counted(session, petition)
    sheet = _locked(session, petition, number, SheetState.SET_ASIDE)
    sheet.state = SheetState.ISSUED
    audit.record(session, "sheet.reopened", "sheet", sheet.id, by.id, petition=petition.id, number=number)


def _locked(session: Session, petition: Petition, number: int, state: SheetState) -> Sheet:
    sheet = queries.lock_sheet(session, petition.id, number)
    if sheet is None:
        raise NotFound("Cette feuille n’existe pas.")
    if sheet.state != state:
        raise Conflict(CHANGED)
    return sheet


# The copy


def open_scan(session: Session, petition: Petition, number: int, by: Account, store: Path) -> tuple[Sheet, bytes]:
    """What was sent with the entry; the journal says who looked. Raises NotFound, Gone."""
    sheet = queries.sheet(session, petition.id, number)
    if sheet is None or sheet.scan is None or not permissions.sees_scan(session, by, petition, sheet):
        raise NotFound("Aucune copie n’est à cette adresse.")
    content = scans.opened(store, petition_keys.of(session, petition.id), sheet.id, sheet.scan)
    audit.record(session, "sheet.scan_opened", "sheet", sheet.id, by.id, petition=petition.id, number=number)
    return sheet, content


# The end


def forget_some(session: Session, petition_ids: Sequence[int], limit: int, store: Path) -> int:
    """Of petitions that are counted for good: lines, then copies, people and places; returns how many rows went."""
    if n := queries.delete_lines(session, petition_ids, limit):
        return n
    found = queries.to_forget(session, petition_ids, limit)
    for sheet in found:
        if sheet.scan is not None:
            scans.forget(store, sheet.scan)
        sheet.scan = sheet.scan_sha256 = sheet.issued_by = sheet.entered_by = sheet.checked_by = None
        sheet.return_to = ""
    return len(found)
