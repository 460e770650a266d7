"""One sheet: what was entered, its check by a second person, its copy, and how it leaves the count."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import HalfSession, Organiser, Posted, require_fresh
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.organising.dependencies import PaperPetition
from app.organising.routes.base import router
from app.organising.routes.paper import DONE, around, here, own, store
from app.paper import actions, permissions, queries, scans
from app.paper.choices import WHY, SheetReason
from app.paper.forms import CheckForm, SetAsideForm
from app.paper.models import Sheet, SheetState
from app.petitions.models import Petition
from app.signatures.places import is_odd
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, PRIVATE, page, see_other

# A copy is what somebody sent: it runs and asks for nothing; a browser shows a picture with a style of its own.
ALONE = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


def _sheet(session: Session, petition: Petition, number: int) -> Sheet:
    """Raises NotFound."""
    sheet = queries.sheet(session, petition.id, number)
    if sheet is None:
        raise NotFound("Cette feuille n’existe pas.")
    return sheet


@router.get("/petitions/{slug}/papier/feuilles/{number}")
def sheet(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, number: RowId, fait: str = ""
) -> Response:
    return _sheet_page(request, session, petition, organiser, number, done=DONE.get(fait, ""))


def _sheet_page(
    request: Request,
    session: Session,
    petition: Petition,
    account: Account,
    number: int,
    form: Shown = EMPTY_FORM,
    *,
    done: str = "",
) -> Response:
    one = _sheet(session, petition, number)
    lines = queries.lines(session, one.id)
    blind = one.state == SheetState.ENTERED and one.entered_by != account.id
    return page(
        request,
        "organising/paper_sheet.html",
        422 if form["errors"] else 200,
        **around(session, petition, account),
        sheet=one,
        # Whoever checks counts for themselves, before they are told.
        lines=[] if blind else [(line.postal_code, line.signatures, _odd(line.postal_code)) for line in lines],
        odd=[line.postal_code for line in lines if _odd(line.postal_code)],
        checks=one.state == SheetState.ENTERED and permissions.checks(session, account, petition, one),
        mine=one.entered_by == account.id,
        sees_scan=one.scan is not None and permissions.sees_scan(session, account, petition, one),
        names=queries.names(session, {one.entered_by or 0, one.checked_by or 0}),
        corrections=[row for row in queries.corrections(session, petition.id) if row.number == number],
        reasons=WHY,
        blind=blind,
        form=form,
        done=done,
    )


def _odd(code: str) -> bool:
    return bool(code) and is_odd(code, "FR")


@router.post("/petitions/{slug}/papier/feuilles/{number}/verification")
@limited("staff")
def check(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, number: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_sheet_page, request, session, petition, organiser, number)):
        total = validated(CheckForm, values).total
    agreed = actions.check(session, petition, number, total, organiser)
    return see_other(request, here(petition, f"?fait={'comptee' if agreed else 'renvoyee'}"))


@router.post("/petitions/{slug}/papier/feuilles/{number}/reprise")
@limited("staff")
def begin_again(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, number: RowId
) -> Response:
    """One's own entry, before it is checked; or a sheet that was set aside."""
    own(session, organiser, petition)
    if _sheet(session, petition, number).state == SheetState.SET_ASIDE:
        actions.reopen(session, petition, number, organiser)
    else:
        actions.begin_again(session, petition, number, organiser)
    return see_other(request, here(petition, f"/saisir?feuille={number}"))


@router.post("/petitions/{slug}/papier/feuilles/{number}/retrait")
@limited("staff")
def set_aside(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, number: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_sheet_page, request, session, petition, organiser, number)):
        reason = SheetReason(validated(SetAsideForm, values).reason)
    actions.set_aside(session, petition, number, reason, organiser)
    return see_other(request, here(petition, f"/feuilles/{number}?fait=retiree"))


@router.post("/petitions/{slug}/papier/feuilles/{number}/copie")
@limited("staff")
def open_scan(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: PaperPetition,
    number: RowId,
    fields: Posted,
) -> Response:
    """Names leave: asked by a button, because the journal notes it, and after a proof of who asks."""
    require_fresh(request, signed, fields)
    one, content = actions.open_scan(session, petition, number, organiser, store(request))
    kind = "attachment" if one.scan_kind == "pdf" else "inline"
    name = f"feuille-{number}.{one.scan_kind}"
    headers = {
        **PRIVATE,
        "content-disposition": f'{kind}; filename="{name}"',
        "content-security-policy": ALONE,
    }
    return Response(content, media_type=scans.TYPES[one.scan_kind], headers=headers)
