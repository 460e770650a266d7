"""After the form: look in your mailbox, ask for the mail again, type its code."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db, Session
from app.errors import Refused
from app.moderation.actions import receiving
from app.pages.routes.base import router
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.signatures import actions, seats
from app.signatures.actions import Target
from app.signatures.forms import CodeForm, EmailForm
from app.signatures.models import SignatureState
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of


@router.get("/petitions/{slug}/verifier")
def check_inbox(request: Request, session: Db, petition: PublicPetition) -> Response:
    return _page(request, session, petition)


def _page(request: Request, session: Session, petition: Petition, form: Shown = EMPTY_FORM) -> Response:
    settings = settings_of(request)
    return page(
        request,
        "signatures/check_inbox.html",
        422 if form["errors"] else 200,
        p=petition_public.view(session, petition, settings.origin, clock.now()),
        sender=settings.sender,
        form=form,
    )


@router.post("/petitions/{slug}/renvoi")
@limited()
def resend(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session, petition)):
        form = validated(EmailForm, values)
    settings = settings_of(request)
    actions.resend(session, petition, form.email, settings.origin, settings.people_per_address)
    return see_other(request, f"/petitions/{petition.slug}/verifier")


@router.post("/petitions/{slug}/code")
@limited("login")
def confirm_with_code(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session, petition)):
        form = validated(CodeForm, values)
    try:
        row, beside = actions.find_by_code(session, petition, form.email, form.code)
    except Refused as refused:
        actions.note_wrong_code(session, petition, form.email)
        # Returned, not raised: the wrong try must be counted.
        return _page(request, session, petition, {"values": values, "errors": {"code": refused.message}})
    keys, people = petition_keys.of(session, petition.id), settings_of(request).people_per_address
    there = f"/confirmer/{actions.token_of(session, row, beside, keys, people)}"
    if row.state == SignatureState.PENDING and seats.waits(row.email_key):
        return see_other(request, there)  # whom it would replace is shown before it is confirmed
    outcome = actions.confirm_group(session, [Target(petition.id, row.id)], receiving.receive_drafts)[0]
    if isinstance(outcome, Refused):
        raise outcome
    return see_other(request, there)
