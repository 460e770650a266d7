"""Signatures on paper: sheets asked for and printed, entered by one person, checked by another."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Invalid, NotFound, Refused
from app.organising import desk
from app.organising.dependencies import NOT_YOURS, PaperPetition
from app.organising.routes.base import router
from app.paper import actions, permissions, printed, queries, scans
from app.paper.choices import AT_ONCE, LINES, MOST_SHEETS
from app.paper.forms import ROWS, SheetsForm, entry
from app.paper.models import Sheet, SheetState
from app.petitions import public
from app.petitions.models import Petition
from app.web.admission import in_lane
from app.web.forms import Form, Shown, Values, asked, number, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.web.sorting import in_order, sorting
from app.web.uploads import Upload, uploading

# Of one PDF: more take longer to set than others wait for theirs.
PRINTED = 100
DONE = {
    "demandees": "Les feuilles sont numérotées : imprimez-les ci-dessous.",
    "saisie": "C’est enregistré. Une autre personne doit maintenant vérifier cette feuille ; elle comptera alors.",
    "comptee": "C’est vérifié : cette feuille compte.",
    "renvoyee": "Vous trouvez un autre nombre que la première personne : la feuille est à saisir de nouveau.",
    "reprise": "Cette feuille est à saisir de nouveau.",
    "retiree": "Cette feuille ne compte plus, et une ligne datée le dit à tout le monde.",
}


def store(request: Request) -> Any:
    return settings_of(request).var / "scans"


def here(petition: Petition, end: str = "") -> str:
    return f"/organisation/petitions/{petition.slug}/papier{end}"


def around(session: Session, petition: Petition, account: Account) -> dict[str, Any]:
    now = clock.now()
    return {
        "petition": petition,
        "desk": desk.of(session, petition, account),
        "here": here(petition),
        "enters": permissions.enters(session, account, petition),
        "alone": len(permissions.people(session, petition)) < 2,
        "closed": permissions.closed(petition, now),
        "until": permissions.entered_until(petition, now),
        "prints": petition.is_open(now),
    }


def own(session: Session, account: Account, petition: Petition) -> None:
    """Not for an administrator, who only stands in for a second person. Raises NotFound."""
    if not permissions.enters(session, account, petition):
        raise NotFound(NOT_YOURS)


# Sheets


# By what the sheets asked for may be in order.
LOT_ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "lot": itemgetter("first"),
    "demandees": itemgetter("at"),
    "texte": itemgetter("version"),
    "vierges": itemgetter("blank"),
}


@router.get("/petitions/{slug}/papier")
def paper(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, fait: str = "", page: str = "1"
) -> Response:
    at = asked(page, partial(number, least=1, most=MOST_SHEETS), 1)
    return _page(request, session, petition, organiser, at=at, done=DONE.get(fait, ""))


def _page(
    request: Request,
    session: Session,
    petition: Petition,
    account: Account,
    form: Shown = EMPTY_FORM,
    *,
    at: int = 1,
    done: str = "",
) -> Response:
    order = sorting(request, queries.ORDERS, "feuille")
    lots = sorting(request, LOT_ORDERS, "")
    waiting = queries.waiting(session, petition.id)
    rows = queries.acted_on(session, petition.id, at, order.column, order.down)
    acted = rows[: queries.PER_PAGE]
    people = {sheet.entered_by for sheet in (*waiting, *acted)} | {sheet.checked_by for sheet in acted}
    return page(
        request,
        "organising/paper.html",
        422 if form["errors"] else 200,
        **around(session, petition, account),
        states=queries.states(session, petition.id),
        counted=queries.counted(session, petition.id),
        batches=in_order([_batch(petition, *row) for row in queries.batches(session, petition.id)], lots, LOT_ORDERS),
        lots=lots,
        order=order,
        waiting=[(sheet, permissions.checks(session, account, petition, sheet)) for sheet in waiting],
        rows=acted,
        names=queries.names(session, {one for one in people if one is not None}),
        pager={"at": at, "more": len(rows) > len(acted)},
        most=AT_ONCE,
        form=form,
        done=done,
    )


def _batch(petition: Petition, issued_at: Any, version: int, first: int, last: int, blank: int) -> dict[str, Any]:
    slices = [(start, min(start + PRINTED - 1, last)) for start in range(first, last + 1, PRINTED)]
    return {
        "at": issued_at,
        "version": version,
        "first": first,
        "last": last,
        "blank": blank,
        "slices": slices if blank and version == petition.version else [],
    }


@router.post("/petitions/{slug}/papier")
@limited("staff")
def issue(request: Request, session: Db, organiser: Organiser, petition: PaperPetition, values: Form) -> Response:
    own(session, organiser, petition)
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        form = validated(SheetsForm, values)
        actions.issue(session, petition, form.how_many, form.return_to, organiser)
    return see_other(request, here(petition, "?fait=demandees#imprimer"))


@router.get("/petitions/{slug}/papier/feuilles.pdf")
@in_lane("setting")
def to_print(
    request: Request, session: Db, organiser: Organiser, petition: PaperPetition, de: str = "", a: str = ""
) -> Response:
    """Blank ones from one number to another: the same at each look, those that are entered by now left out."""
    first, last = (asked(typed, partial(number, least=1, most=MOST_SHEETS), 0) for typed in (de, a))
    if not 1 <= first <= last < first + PRINTED:
        raise NotFound("Ces feuilles n’existent pas : demandez-en d’abord les numéros.")
    settings = settings_of(request)
    content = printed.sheets(
        public.view(session, petition, settings.origin, clock.now()),
        actions.printable(session, petition, first, last),
        controller=settings.publisher_name or settings.site_name,
        contact=settings.dpo_email or settings.contact_email,
    )
    name = f"feuilles-{petition.slug}-{first}-{last}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "private, max-age=60"}
    return Response(content, media_type="application/pdf", headers=headers)


# Entering


@router.get("/petitions/{slug}/papier/saisir")
def entry_page(
    request: Request,
    session: Db,
    organiser: Organiser,
    petition: PaperPetition,
    feuille: str = "",
    fait: str = "",
) -> Response:
    own(session, organiser, petition)
    typed = asked(feuille, partial(number, least=1, most=MOST_SHEETS), 0)
    sheet = queries.sheet(session, petition.id, typed) if typed else None
    form: Shown = EMPTY_FORM
    if sheet is not None and sheet.state == SheetState.ISSUED:
        form = {"values": _as_typed(session, sheet), "errors": {}}
    return _entry_page(request, session, petition, organiser, form, done=fait)


def _as_typed(session: Session, sheet: Sheet) -> Values:
    """What was entered before it was sent back, to be corrected."""
    values = {"sheet": str(sheet.number)}
    french = [line for line in queries.lines(session, sheet.id) if line.postal_code]
    for row, line in enumerate(french, 1):
        values |= {f"code-{row}": line.postal_code, f"n-{row}": str(line.signatures)}
    abroad = sum(line.signatures for line in queries.lines(session, sheet.id) if not line.postal_code)
    return values | ({"abroad": str(abroad)} if abroad else {})


def _entry_page(
    request: Request, session: Session, petition: Petition, account: Account, form: Shown, *, done: str = ""
) -> Response:
    entered = asked(done, partial(number, least=1, most=MOST_SHEETS), 0)
    return page(
        request,
        "organising/paper_entry.html",
        422 if form["errors"] else 200,
        **around(session, petition, account),
        sheet=queries.sheet(session, petition.id, entered) if entered else None,
        rows=ROWS,
        most=LINES,
        form=form,
    )


@router.post("/petitions/{slug}/papier/saisir")
@uploading
@limited("staff")
def enter(
    request: Request, upload: Upload, session: Db, organiser: Organiser, petition: PaperPetition, values: Form
) -> Response:
    own(session, organiser, petition)
    with shown_again(values, partial(_entry_page, request, session, petition, organiser)):
        typed = entry(values)
        try:
            scan = scans.read(upload.read()) if upload is not None else None
        except Refused as refused:
            raise Invalid({"scan": refused.message}) from None
        actions.enter(session, petition, typed.sheet, typed.lines, organiser, scan, store(request))
    return see_other(request, here(petition, f"/saisir?fait={typed.sheet}"))
