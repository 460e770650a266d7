"""One's own factors: recovery codes made again, the application of codes changed."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts import actions, seeds
from app.accounts.dependencies import HalfSession, Posted, SignedAside, Staff, require_fresh
from app.accounts.forms import JoinForm
from app.accounts.models import Account
from app.accounts.places import OWN
from app.accounts.routes.base import database_of, router
from app.accounts.routes.joining import checked, offer
from app.db import Db
from app.lanes import PATIENCE
from app.web.admission import in_lane
from app.web.forms import Form, Shown, shown_again
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other


@router.post("/compte/codes")
@limited("staff")
def renew_codes(request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted) -> Response:
    """Shown in this answer, and nowhere else, ever."""
    require_fresh(request, signed, fields)
    return page(request, "accounts/codes.html", codes=actions.renew_codes(session, person))


@router.post("/compte/code")
@limited("staff")
def code_page(request: Request, signed: SignedAside, fields: Posted) -> Response:
    """A page that opens by a POST: the proof comes before the new secret."""
    require_fresh(request, signed, fields)
    return _code_page(request, signed.account, seeds.drawn())


def _code_page(request: Request, person: Account, seed: str, form: Shown = EMPTY_FORM) -> Response:
    return page(
        request,
        "accounts/new_code.html",
        422 if form["errors"] else 200,
        form=form,
        person=person,
        offer=offer(request, request.app.state.vault, seed, person.email, _to(person)),
    )


def _to(person: Account) -> str:
    return f"account {person.id}"


@router.post("/compte/code/nouveau")
@in_lane("hashing")
@limited("login")
def change_code(request: Request, signed: SignedAside, fields: Posted, values: Form) -> Response:
    """A password with it, for whoever has none."""
    require_fresh(request, signed, fields)
    person, form = signed.account, JoinForm.model_validate(values)
    seed = seeds.accepted(request.app.state.vault, form.graine, _to(person)) or seeds.drawn()
    with shown_again({}, partial(_code_page, request, person, seed)):
        factors = checked(request, form, seed, person.email, with_password=not person.password_hash)
    with database_of(request).write(PATIENCE) as session:
        actions.change_code(session, signed.key, factors, locale_of(request))
    return see_other(request, f"{OWN}?fait=code")
