"""Mailed links. GET shows, POST acts."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.comments import queries as comment_queries
from app.db import Db, Session, vault_of
from app.errors import Gone, Invalid, Refused
from app.pages.routes.base import router
from app.pages.routes.choices import choices_context, line
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions.keys import Keys
from app.petitions.nearby import nearby
from app.privacy.actions import choosing, self_service, undoing
from app.signatures import actions, bound, doubts, emails, links, queries, seats
from app.signatures.actions import Changed, Chosen
from app.signatures.dependencies import Opened, read_link
from app.signatures.forms import ChoicesForm
from app.signatures.models import Signature, SignatureState
from app.signatures.places import country_name
from app.signatures.public import open_field
from app.web.forms import Form, Shown, Values, shown_again, validated
from app.web.ratelimit import limited, peer_of
from app.web.rendering import locale_of, page, see_other, settings_of

DONE_CHOOSING = "choix"
NO_MORE = "Ce lien ne sert plus : la signature a été retirée, remplacée, ou effacée faute de confirmation."


@router.get("/confirmer/{token}")
def confirm_page(request: Request, session: Db, token: str, fait: str = "") -> Response:
    return confirmation_page(request, session, token, done=fait == DONE_CHOOSING)


def confirmation_page(
    request: Request,
    session: Session,
    token: str,
    values: Values | None = None,
    refused: Refused | None = None,
    *,
    done: bool = False,
) -> Response:
    """What would be confirmed, as it is now; the thanks once it is. With what was typed, and why it is shown again."""
    opened = read_link(session, token)
    signature = opened.signature
    if signature is None:
        raise Gone(NO_MORE)
    people = settings_of(request).people_per_address
    beside = queries.of_address(session, opened.petition_id, seats.address_of(signature.email_key))
    if signature.state == SignatureState.CONFIRMED or doubts.waits(signature):
        return _thanks(request, session, opened, signature, beside, values, refused, done=done)
    taken = seats.taken(beside, people, signature)
    if signature.state != SignatureState.PENDING or taken is None:
        raise Gone("Ce lien ne sert plus.")
    now = clock.now()
    view = petition_public.view(session, opened.petition, settings_of(request).origin, now)
    if not actions.confirmable(opened.petition, signature, now):
        return page(request, "signatures/closed_meanwhile.html", 410, p=view)
    keys = petition_keys.of(session, opened.petition_id)
    shown = bound.shown(keys, signature, taken.instead_of)
    errors = refused.errors if isinstance(refused, Invalid) else {}
    return page(
        request,
        "signatures/confirm.html",
        refused.status if refused else 200,
        p=view,
        token=opened.token,
        shown=shown.hex(),
        changed=isinstance(refused, Changed) or shown != opened.shown,
        other=_other(session, taken.instead_of, keys),
        beside=[
            seats.full_name(keys, row)
            for row in beside
            if row is not signature and row is not taken.instead_of and not seats.waits(row.email_key)
        ],
        waiting=_waiting(request, session, signature, beside),
        typed=_typed(signature, keys, locale_of(request)),
        **choices_context(request, session, opened.petition, signature, values, errors),
    )


def _typed(signature: Signature, keys: Keys, locale: str) -> dict[str, Any]:
    """What the form said that is not chosen here."""
    row_id = signature.id.bytes
    return {
        "given_name": signature.given_name,
        "version": signature.text_version,
        "family_name": open_field(keys, signature.family_name_sealed, row_id, "family_name"),
        "email": open_field(keys, signature.email_sealed, row_id, "email"),
        "postal_code": signature.postal_code,
        "country_name": country_name(signature.country, locale),
    }


def _other(session: Session, row: Signature | None, keys: Keys) -> dict[str, Any] | None:
    """Whom the confirmation would replace, and what goes with them."""
    if row is None:
        return None
    commented = row.comment_sealed is not None or bool(comment_queries.of_signature(session, row.id))
    return {
        "name": seats.full_name(keys, row),
        "counted": row.state == SignatureState.CONFIRMED,
        "commented": commented,
    }


def _waiting(
    request: Request, session: Session, signature: Signature, beside: Sequence[Signature]
) -> list[dict[str, str]]:
    """Other forms that this mailbox has to confirm: no mail may have gone about them, two a day is the most."""
    keys, people = petition_keys.of(session, signature.petition_id), settings_of(request).people_per_address
    return [
        {
            "name": seats.full_name(keys, row),
            "path": f"/confirmer/{actions.token_of(session, row, beside, keys, people)}",
        }
        for row in beside
        if row is not signature
        and row.state == SignatureState.PENDING
        and clock.now() - row.created_at < links.CONFIRM_FOR
    ]


def _thanks(
    request: Request,
    session: Session,
    opened: Opened,
    signature: Signature,
    beside: Sequence[Signature],
    values: Values | None = None,
    refused: Refused | None = None,
    *,
    done: bool = False,
) -> Response:
    """What concerns this signature; all of a person's is opened by a mail of its own."""
    now, keys = clock.now(), petition_keys.of(session, opened.petition_id)
    family = open_field(keys, signature.family_name_sealed, signature.id.bytes, "family_name")
    errors = refused.errors if isinstance(refused, Invalid) else {}
    asked = choices_context(request, session, opened.petition, signature, values, errors)
    if values is not None and refused is None and not asked["choices"]["lost"]:
        return see_other(request, f"/confirmer/{opened.token}")  # the same button, pressed twice
    status = 200 if values is None else refused.status if refused else 409
    return page(
        request,
        "signatures/thanks.html" if signature.state == SignatureState.CONFIRMED else "signatures/awaiting.html",
        status,
        p=petition_public.view(session, opened.petition, settings_of(request).origin, now),
        place=signature.place,
        token=opened.token,
        signer=seats.full_name(keys, signature),
        line=line(signature, family, locale_of(request)),
        withdraw_href=emails.withdraw_path(vault_of(session), opened.petition_id, signature.id, now),
        waiting=_waiting(request, session, signature, beside),
        has_comment=bool(comment_queries.of_signature(session, signature.id)),
        done=done,
        others=petition_public.cards(session, nearby(session, opened.petition, now), settings_of(request).origin, now),
        **asked,
    )


@router.post("/confirmer/{token}/choix")
@limited()
def choose(request: Request, session: Db, token: str, values: Form) -> Response:
    """From the thanks: why one signs, what the public sees, which mails one gets."""
    opened = read_link(session, token)

    def again(form: Shown) -> Response:
        return confirmation_page(request, session, token, values, Invalid(form["errors"]))

    with shown_again(values, again):
        form = validated(ChoicesForm, values)
        chosen = Chosen.of(form, locale=locale_of(request), channel="thanks", peer=peer_of(request))
        choosing.choose_again(session, opened.petition, opened.signature_id, chosen)
    return see_other(request, f"/confirmer/{opened.token}?fait={DONE_CHOOSING}")


@router.post("/mes-signatures/lien/{token}")
@limited()
def mail_the_way_in(request: Request, session: Db, token: str) -> Response:
    """From the thanks: the link over everything goes to the mailbox, whoever holds this one."""
    opened = read_link(session, token)
    if opened.signature is None:
        raise Gone(NO_MORE)
    keys = petition_keys.of(session, opened.petition_id)
    email = open_field(keys, opened.signature.email_sealed, opened.signature.id.bytes, "email")
    self_service.mail_link(session, email, locale_of(request), settings_of(request).origin)
    return see_other(request, "/mes-signatures/envoye")


@router.get("/pas-moi/{token}")
def not_me_page(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    if opened.signature is None:
        return page(request, "signatures/not_me_done.html", p=opened.petition)
    counted = opened.signature.state != SignatureState.PENDING
    return page(request, "signatures/not_me.html", p=opened.petition, token=opened.token, counted=counted)


@router.post("/pas-moi/{token}")
@limited()
def not_me(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    undo_token = undoing.withdraw(session, opened.petition_id, opened.signature_id, "not_me")
    return see_other(request, f"/mes-signatures/annuler/{undo_token}" if undo_token else f"/pas-moi/{opened.token}")
