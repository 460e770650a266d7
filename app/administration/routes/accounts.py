"""Accounts of those who work here: who they are, whether they are in, and new ones."""

from functools import partial
from typing import Any

import segno
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app import clock
from app.accounts import actions, passwords, queries
from app.accounts.dependencies import Admin, AdminAside, HalfSession, Posted, require_fresh
from app.accounts.models import ROLES, Account
from app.accounts.passwords import Hashed
from app.administration.forms import AccountForm, GivingForm, InvitationForm
from app.administration.routes.base import router
from app.db import Database, Db, Session
from app.errors import Invalid, Refused
from app.lanes import PATIENCE
from app.locale import Message
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.web.admission import in_lane
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, choices, page, see_other, settings_of
from app.web.sorting import in_order, sorting

HOME = "/administration/comptes"
DONE = {
    "invitation": "L’invitation est partie : un lien, bon deux jours, pour créer un compte.",
    "petitions": "C’est confié : ce compte organise aussi ces pétitions.",
}
ROLE_LABELS = {"organiser": "organisation", "moderator": "modération", "admin": "administration"}
STATE_LABELS = {"actifs": "actifs", "desactives": "désactivés", "supprimes": "supprimés"}
# No words to look for: an address would stand in that of the page.
FILTERS = ("role", "etat")
COLUMNS = ("adresse", "role", "vue", "etat", "sessions")


@router.get("/comptes")
def accounts(request: Request, session: Db, admin: Admin, fait: str = "") -> Response:
    return _page(request, session, done=DONE.get(fait, ""))


def _page(request: Request, session: Session, form: Shown = EMPTY_FORM, done: str = "") -> Response:
    order = sorting(request, COLUMNS, "", keep=FILTERS)
    chosen = {name: request.query_params.get(name, "") for name in FILTERS}
    open_sessions = queries.open_sessions(session, clock.now(), clock.now() - actions.IDLE)
    keys = {
        "adresse": lambda account: account.email,
        "role": lambda account: ROLE_LABELS[account.role],
        "vue": lambda account: account.seen_at,
        "etat": lambda account: list(STATE_LABELS).index(_state(account)),
        "sessions": lambda account: open_sessions.get(account.id, 0),
    }
    return page(
        request,
        "administration/accounts.html",
        422 if form["errors"] else 200,
        accounts=in_order(
            [account for account in queries.all_accounts(session) if _wanted(account, chosen)], order, keys
        ),
        order=order,
        filters=chosen,
        states=STATE_LABELS,
        closed=queries.closed_to_strangers(session, clock.now()),
        open_sessions=open_sessions,
        roles=choices(request, ((role, ROLE_LABELS[role]) for role in ROLES)),
        labels=dict(choices(request, ROLE_LABELS.items())),
        launch=settings_of(request).launch,
        factors=queries.factors(session),
        form=form,
        done=done,
    )


def _state(account: Account) -> str:
    return "supprimes" if account.has_ended else "desactives" if account.disabled_at else "actifs"


def _wanted(account: Account, chosen: dict[str, Any]) -> bool:
    """What the filters leave; one that means nothing filters nothing."""
    return (chosen["role"] not in ROLES or chosen["role"] == account.role) and (
        chosen["etat"] not in STATE_LABELS or chosen["etat"] == _state(account)
    )


@router.post("/comptes/invitations")
@limited("staff")
def invite(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    """The link that makes an account, whoever may launch by the setting."""
    with shown_again(values, partial(_page, request, session)):
        form = validated(InvitationForm, values)
        try:
            actions.invite(session, form.invitation, admin.id)
        except Refused as refused:
            raise Invalid({"invitation": refused.message}) from None
    return see_other(request, f"{HOME}?fait=invitation")


@router.post("/comptes")
@in_lane("hashing")
@limited("staff")
def create_account(request: Request, signed: AdminAside, fields: Posted, values: Form) -> Response:
    """What opens the account is shown in this answer, and nowhere else, ever."""
    database: Database = request.app.state.database
    password = passwords.drawn()

    def again(form: Shown) -> Response:
        with database.read() as session:
            return _page(request, session, form)

    with shown_again(values, again):
        form = validated(AccountForm, values)
        if form.role == "admin":
            require_fresh(request, signed, fields)
        kept = passwords.hashed(password)
        with database.write(PATIENCE) as session:
            account, uri = _created(request, session, form, kept, signed.account_id)
    code = segno.make(uri, error="m").svg_inline(scale=5, dark="#000", light="#fff", border=3)
    return page(
        request,
        "administration/account_created.html",
        account=account,
        role=ROLE_LABELS[account.role],
        password=password,
        uri=uri,
        code=Markup(code),  # noqa: S704 drawn by ourselves
    )


def _created(request: Request, session: Session, form: AccountForm, password: Hashed, by: int) -> tuple[Account, str]:
    """The account, owner of its petitions, and its otpauth:// URI. Raises Invalid."""
    if form.slugs and form.role != "organiser":
        raise Invalid({"petitions": "Seul un compte d’organisation a des pétitions. Videz ce champ."})
    petitions = _petitions(session, "petitions", form.slugs)
    try:
        site = settings_of(request).site_name
        account, uri = actions.create(session, form.email, form.role, password, site=site, by=by)
    except Refused as refused:
        raise Invalid({"email": refused.message}) from None
    for petition in petitions:
        petition_actions.add_owner(session, petition, account.id, by)
    return account, uri


def _petitions(session: Session, field: str, slugs: list[str]) -> list[Petition]:
    """Raises Invalid."""
    found = {slug: petition_queries.by_slug(session, slug) for slug in slugs}
    for slug, petition in found.items():
        if petition is None:
            raise Invalid({field: Message("Aucune pétition n’a l’adresse « %(slug)s ».", slug=slug)})
    return [petition for petition in found.values() if petition is not None]


@router.post("/comptes/petitions")
@limited("staff")
def give_petitions(
    request: Request, session: Db, admin: Admin, signed: HalfSession, fields: Posted, values: Form
) -> Response:
    """To an account that exists, beside those who have them already."""
    require_fresh(request, signed, fields)
    with shown_again(values, partial(_page, request, session)):
        form = validated(GivingForm, values)
        account = queries.by_email(session, form.compte)
        if account is None or account.disabled_at is not None or account.role == "moderator":
            raise Invalid({"compte": "Aucun compte d’organisation en service n’a cette adresse."})
        if not form.slugs:
            raise Invalid({"donnees": "Indiquez l’adresse d’une pétition au moins."})
        for petition in _petitions(session, "donnees", form.slugs):
            petition_actions.add_owner(session, petition, account.id, admin.id)
    return see_other(request, f"{HOME}?fait=petitions")


@router.post("/comptes/{account_id}/sessions")
@limited("staff")
def close_sessions(
    request: Request, session: Db, admin: Admin, signed: HalfSession, fields: Posted, account_id: RowId
) -> Response:
    require_fresh(request, signed, fields)
    actions.close_sessions(session, account_id, admin.id)
    return see_other(request, f"{HOME}#compte-{account_id}")


@router.post("/comptes/{account_id}/desactivation")
@limited("staff")
def disable_account(
    request: Request, session: Db, admin: Admin, signed: HalfSession, fields: Posted, account_id: RowId
) -> Response:
    require_fresh(request, signed, fields)
    actions.disable(session, account_id, admin.id)
    return see_other(request, f"{HOME}#compte-{account_id}")


@router.post("/comptes/{account_id}/reactivation")
@limited("staff")
def enable_account(
    request: Request, session: Db, admin: Admin, signed: HalfSession, fields: Posted, account_id: RowId
) -> Response:
    require_fresh(request, signed, fields)
    actions.enable(session, account_id, admin.id)
    return see_other(request, f"{HOME}#compte-{account_id}")
