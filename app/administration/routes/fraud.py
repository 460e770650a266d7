"""The fraud desk: what looks odd in one petition, and what a person does about it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from operator import attrgetter, itemgetter
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin, HalfSession, Posted, require_fresh
from app.administration import acts, fraud, queries
from app.administration.forms import LotForm, PlaceForm
from app.administration.routes.base import router
from app.db import Db, Session
from app.errors import NotFound
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import actions as signature_actions
from app.signatures import queries as signature_queries
from app.signatures.actions.setting_aside import MOST
from app.web.forms import LongForm, Shown, asked, number, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, choices, locale_of, page, see_other
from app.web.sorting import in_order, sorting

HOME = "/administration/fraude"
COLUMNS = {
    "petition": "petition",
    "jour": "day",
    "signatures": "count",
    "cote": "quarantined",
    "ecartees": "invalidated",
}
LINE_COLUMNS = {
    "reference": "reference",
    "quand": "at",
    "nom": "shown",
    "departement": "departement",
    "signaux": "signals",
    "etat": "state",
}
VERBS = {
    "set_aside": signature_actions.set_aside,
    "invalidate": signature_actions.invalidate,
    "put_back": signature_actions.put_back,
}


def signed_petition(slug: str, session: Db, admin: Admin) -> Petition:
    """One that has signatures, or may have. Raises NotFound."""
    petition = petition_queries.public_by_slug(session, slug)
    if petition is None or petition.final_count is not None:
        raise NotFound("Aucune pétition vivante n’est à cette adresse.")
    return petition


Signed = Annotated[Petition, Depends(signed_petition, scope="function")]


@router.get("/fraude")
def fraud_desk(request: Request, session: Db, admin: Admin) -> Response:
    petitions = petition_queries.living(session)
    since = clock.hour_of(clock.now() - timedelta(hours=24))
    day, aside = queries.confirmed_since(session, since), signature_queries.aside_counts(session)
    counts = petition_queries.counts(session, [petition.id for petition in petitions])
    rows = [
        {
            "petition": petition,
            "count": counts[petition.id],
            "day": day.get(petition.id, 0),
            "quarantined": aside.get((petition.id, "quarantined"), 0),
            "invalidated": aside.get((petition.id, "invalidated"), 0),
        }
        for petition in petitions
    ]
    rows.sort(key=lambda row: (row["day"], row["count"]), reverse=True)
    order = sorting(request, COLUMNS, "")
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {name: itemgetter(field) for name, field in COLUMNS.items()}
    keys["petition"] = lambda row: row["petition"].title
    return page(request, "administration/fraud.html", rows=in_order(rows, order, keys), order=order)


@router.get("/fraude/{slug}")
def odd_signatures(
    request: Request, session: Db, admin: Admin, petition: Signed, groupe: str = "", fait: str = "", n: str = ""
) -> Response:
    how_many = asked(n, partial(number, most=MOST), -1)
    done = {"act": fait, "n": how_many} if fait in VERBS and how_many >= 0 else None
    return _page(request, session, petition, groupe, done=done)


def _page(
    request: Request,
    session: Session,
    petition: Petition,
    only: str,
    form: Shown = EMPTY_FORM,
    done: dict[str, Any] | None = None,
) -> Response:
    locale = locale_of(request)
    found = fraud.groups(session, petition.id, locale)
    shown = [group for group in found if group.key == only] or found
    waiting, aside = fraud.waiting(session, petition.id, locale), fraud.aside(session, petition.id, locale)
    order = sorting(request, LINE_COLUMNS, "", keep=("groupe",))
    keys: dict[str, Callable[[fraud.Line], Any]] = {name: attrgetter(field) for name, field in LINE_COLUMNS.items()}
    return page(
        request,
        "administration/fraud_petition.html",
        422 if form["errors"] else 200,
        petition=petition,
        groups=shown,
        alone=bool(only) and len(shown) == 1 and shown[0].key == only,
        others=len(found) - len(shown),
        order=order,
        ordered=lambda lines: in_order(lines, order, keys),
        waiting=waiting,
        aside=aside,
        few=fraud.FEW,
        most=fraud.ALL,
        recent=fraud.RECENT,
        form=form,
        # What was posted from a group that is no longer there.
        astray=form["values"].get("groupe") not in {group.key for group in (*shown, waiting, aside)},
        reasons=choices(request, [("", "Choisissez un motif"), *((code, acts.REASONS[code]) for code in acts.CHOICES)]),
        done=done,
    )


@router.post("/fraude/{slug}/lots")
@limited("staff")
def act_on_lot(
    request: Request,
    session: Db,
    admin: Admin,
    signed: HalfSession,
    petition: Signed,
    fields: Posted,
    values: LongForm,
) -> Response:
    """Set aside, invalidate or put back the lines that were ticked."""
    place = PlaceForm.model_validate(values)
    with shown_again(values, partial(_page, request, session, petition, place.groupe if place.seul else "")):
        form = validated(LotForm, values)
    ids = set(form.toutes)
    if form.act == "put_back":
        require_fresh(request, signed, fields)
        n = signature_actions.put_back(session, petition.id, ids, admin.id)
    else:
        n = VERBS[form.act](session, petition.id, ids, admin.id, form.reason)
    return see_other(request, f"{HOME}/{petition.slug}?fait={form.act}&n={n}")
