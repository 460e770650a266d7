"""The last page: the petition as it will be, its author's address, and the one button."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts import actions as account_actions
from app.accounts.models import Account
from app.db import Db, Session
from app.drafting import actions, preview, steps
from app.drafting.dependencies import OpenDraft, Writer
from app.drafting.forms import AddressForm, ProposalForm
from app.drafting.models import Draft
from app.drafting.routes.base import around, clear_draft_cookie, router
from app.errors import NotFound
from app.moderation import charter
from app.organisations.queries import where_may
from app.organisations.rights import Right
from app.petitions import search
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other, settings_of


@router.get("/{address}/relire")
def whole(request: Request, session: Db, draft: OpenDraft, writer: Writer, fait: str = "") -> Response:
    return _page(request, session, draft, writer, done=fait)


def _page(
    request: Request,
    session: Session,
    draft: Draft,
    writer: Account | None,
    form: Shown = EMPTY_FORM,
    *,
    done: str = "",
) -> Response:
    now = clock.now()
    theirs = where_may(session, writer.id, Right.PETITIONS) if writer is not None else ()
    view = preview.page(draft.typed, settings_of(request).origin, now)
    return page(
        request,
        "drafting/relire.html",
        422 if form["errors"] else 200,
        **around(session, draft),
        p=view,
        writer=writer,
        organisations=[(one.slug, one.name) for one in theirs],
        charter=charter.in_force(session, now),
        similar=search.similar(session, now, view.title, besides=draft.petition_id or 0),
        missing=steps.lacking(draft.typed),
        done=done,
        form=form,
    )


@router.post("/{address}/adresse")
@limited("login")
def confirm_address(request: Request, session: Db, draft: OpenDraft, writer: Writer, values: Form) -> Response:
    """A link to this draft, which makes the account; or to sign in, for whoever has one: the answer is the same."""
    then = f"{around(session, draft)['base']}/relire"
    with shown_again(values, partial(_page, request, session, draft, writer)):
        form = validated(AddressForm, values)
        account_actions.welcome(session, settings_of(request), form.email, then, locale_of(request))
    return see_other(request, f"{around(session, draft)['base']}/envoye")


@router.get("/{address}/envoye")
def sent(request: Request, session: Db, draft: OpenDraft) -> Response:
    return page(request, "drafting/sent.html", **around(session, draft))


@router.post("/{address}/garder")
@limited()
def keep(request: Request, session: Db, draft: OpenDraft, writer: Writer) -> Response:
    """In the space of whoever is signed in; the address alone opens it no more."""
    if writer is None:
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    actions.claim(session, draft.id, writer)
    return see_other(request, f"{around(session, draft)['base']}/relire?fait=garde")


@router.post("/{address}/proposer")
@limited()
def propose(request: Request, session: Db, draft: OpenDraft, writer: Writer, values: Form) -> Response:
    """To the moderators. A session that ended meanwhile loses nothing: one signs in, and is here again."""
    base = around(session, draft)["base"]
    if writer is None:
        return see_other(request, f"/connexion?suite={base}/relire")
    with shown_again(values, partial(_page, request, session, draft, writer)):
        carrier = validated(ProposalForm, values).organisation
        petition = actions.propose(session, draft.id, writer, settings_of(request).var / "images", carrier)
    response = see_other(request, f"/organisation/petitions/{petition.slug}?fait=proposee")
    clear_draft_cookie(request, response)
    return response


@router.post("/{address}/supprimer")
@limited()
def throw_away(request: Request, session: Db, draft: OpenDraft, writer: Writer) -> Response:
    actions.throw_away(session, draft.id, writer)
    response = see_other(request, "/organisation" if writer is not None else "/lancer?fait=supprime")
    clear_draft_cookie(request, response)
    return response
