"""After the form: look in your mailbox, correct its address, ask for the mail again, type its code.

What this browser has just sent is in a cookie of this page alone (just_sent.py), and nothing is typed twice. Whoever
has none, or had it half an hour ago, types the address again, at the addresses that this page had before.
"""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Database, Db, Session
from app.errors import Refused
from app.mail import queries as mail_queries
from app.mail.accents import has_accents, reachable
from app.moderation.actions import receiving
from app.pages.routes.base import router
from app.petitions import addresses
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.signatures import actions, just_sent, mailboxes, seats
from app.signatures.actions import Target
from app.signatures.forms import CodeForm, EmailForm
from app.signatures.just_sent import JustSent
from app.signatures.models import SignatureState
from app.web.cookies import clear_inbox_cookie, inbox_cookie, set_inbox_cookie
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import time_of


def just_sent_by(request: Request, petition_id: int) -> JustSent | None:
    cookie = inbox_cookie(request)
    return just_sent.opened(request.app.state.vault, petition_id, cookie) if cookie else None


def remember(request: Request, response: Response, petition_id: int, slug: str, sent: JustSent) -> None:
    if cookie := just_sent.sealed(request.app.state.vault, petition_id, sent):
        set_inbox_cookie(request, response, slug, cookie, sent.seconds_left)


@router.get("/petitions/{slug}/verifier")
def check_inbox(request: Request, session: Db, petition: PublicPetition) -> Response:
    return _page(request, session, petition)


def _page(request: Request, session: Session, petition: Petition, form: Shown = EMPTY_FORM) -> Response:
    settings = settings_of(request)
    sent = just_sent_by(request, petition.id)
    return page(
        request,
        "signatures/check_inbox.html",
        422 if form["errors"] else 200,
        p=petition_public.view(session, petition, settings.origin, clock.now()),
        sender=settings.sender,
        sent=sent,
        sent_at=sent and time_of(sent.at),
        again_at=sent and sent.again and time_of(sent.again),
        mailbox=mailboxes.of(sent.email) if sent else None,
        unreachable=sent is not None and has_accents(sent.email) and not mail_queries.takes_accents(session),
        late=mail_queries.no_way_out(session, clock.now()) is not None,
        form=form,
    )


def inbox_again(request: Request, form: Shown) -> Response:
    """The page with an address to correct once more. Raises NotFound, Moved."""
    database: Database = request.app.state.database
    with database.read() as session:
        return _page(request, session, addresses.public(session, request.path_params["slug"]), form)


@router.post("/petitions/{slug}/verifier/renvoi")
@router.post("/petitions/{slug}/renvoi")
@limited()
def resend(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    sent = just_sent_by(request, petition.id)
    with shown_again(values, partial(_page, request, session, petition)):
        email = sent.email if sent else validated(EmailForm, values).email
        reachable(session, email)
    settings = settings_of(request)
    actions.resend(session, petition, email, settings.origin, settings.people_per_address)
    answer = see_other(request, f"/petitions/{petition.slug}/verifier")
    if sent:
        remember(request, answer, petition.id, petition.slug, just_sent.asked_again(sent))
    return answer


@router.post("/petitions/{slug}/verifier/code")
@router.post("/petitions/{slug}/code")
@limited("login")
def confirm_with_code(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    sent = just_sent_by(request, petition.id)
    with shown_again(values, partial(_page, request, session, petition)):
        form = validated(CodeForm, values | ({"email": sent.email} if sent else {}))
    try:
        row, beside = actions.find_by_code(session, petition, form.email, form.code)
    except Refused as refused:
        actions.note_wrong_code(session, petition, form.email)
        # Returned, not raised: the wrong try must be counted.
        return _page(request, session, petition, {"values": values, "errors": {"code": refused.message}})
    keys, people = petition_keys.of(session, petition.id), settings_of(request).people_per_address
    there = see_other(request, f"/confirmer/{actions.token_of(session, row, beside, keys, people)}")
    if row.state == SignatureState.PENDING and seats.waits(row.email_key):
        return there  # whom it would replace is shown before it is confirmed
    outcome = actions.confirm_group(session, [Target(petition.id, row.id)], receiving.receive_drafts)[0]
    if isinstance(outcome, Refused):
        raise outcome
    if sent:
        clear_inbox_cookie(request, there, petition.slug)
    return there


@router.post("/petitions/{slug}/verifier/oubli")
@limited()
def forget(request: Request, petition: PublicPetition) -> Response:
    """On a computer of others: nothing of what was typed stays in this browser; the signature waits all the same."""
    answer = see_other(request, f"/petitions/{petition.slug}")
    clear_inbox_cookie(request, answer, petition.slug)
    return answer
