"""Mailed links. GET shows, POST acts."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.comments import queries as comment_queries
from app.consents import queries as consent_queries
from app.db import Db, Session, vault_of
from app.errors import Gone
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.privacy import erasure
from app.signatures import actions, emails
from app.signatures.dependencies import Opened, read_link
from app.signatures.places import country_name
from app.signatures.public import open_field, shown
from app.signatures.routes.base import router
from app.web.ratelimit import limited
from app.web.rendering import locale_of, page, see_other, settings_of

DISPLAY_LABELS = {
    "hidden": "Anonyme : ni nom ni lieu",
    "initial": "Prénom, initiale et département",
    "full": "Prénom, nom et code postal",
}
CONSENT_LABELS = {
    "sign": "Enregistrer et compter ma signature",
    "public_name": "Publier la ligne ci-dessus",
    "updates": "Recevoir les suites de cette pétition",
    "newsletter": "Recevoir la lettre de la plateforme",
    "organiser_contact": "Être contacté par l’organisateur",
}


@router.get("/confirmer/{token}")
def confirm_page(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    signature = opened.signature
    if signature is None:
        raise Gone("Ce lien ne sert plus : la signature a été retirée, ou effacée faute de confirmation.")
    if signature.state == "confirmed":
        return _thanks(request, session, opened)
    if signature.state != "pending":
        raise Gone("Ce lien ne sert plus.")
    now = clock.now()
    view = petition_public.view(session, opened.petition, settings_of(request).origin, now)
    if not actions.confirmable(opened.petition, signature, now):
        return page(request, "signatures/closed_meanwhile.html", 410, p=view)
    keys, locale = petition_keys.of(session, opened.petition_id), locale_of(request)
    row_id = signature.id.bytes
    family = open_field(keys, signature.family_name_sealed, row_id, "family_name")
    name, place = shown(
        signature.display,
        signature.given_name,
        family,
        signature.postal_code,
        signature.country,
        signature.departement,
        locale,
    )
    given = consent_queries.latest(session, opened.petition_id, signature.id)
    typed = {
        "given_name": signature.given_name,
        "family_name": family,
        "email": open_field(keys, signature.email_sealed, row_id, "email"),
        "postal_code": signature.postal_code,
        "country_name": country_name(signature.country, locale),
        "display_label": DISPLAY_LABELS[signature.display],
        "preview": f"{name} · {place}" if place else name,
        "consents": [
            label for purpose, label in CONSENT_LABELS.items() if purpose in given and given[purpose].kind == "given"
        ],
        "comment": open_field(keys, signature.comment_sealed, row_id, "comment") if signature.comment_sealed else "",
    }
    return page(request, "signatures/confirm.html", p=view, token=token, typed=typed)


def _thanks(request: Request, session: Session, opened: Opened) -> Response:
    signature = opened.signature
    assert signature is not None
    now = clock.now()
    keys = petition_keys.of(session, opened.petition_id)
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    manage = emails.manage_token(vault_of(session), email, now)
    return page(
        request,
        "signatures/thanks.html",
        p=petition_public.view(session, opened.petition, settings_of(request).origin, now),
        place=signature.place,
        token="",
        manage_href=f"/mes-signatures/{manage}",
        has_comment=bool(comment_queries.of_signature(session, signature.id)),
    )


@router.get("/pas-moi/{token}")
def not_me_page(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    if opened.signature is None:
        return page(request, "signatures/not_me_done.html", p=opened.petition)
    return page(request, "signatures/not_me.html", p=opened.petition, token=token)


@router.post("/pas-moi/{token}")
@limited()
def not_me(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    erasure.withdraw(session, opened.petition_id, opened.signature_id, "not_me")
    return see_other(request, f"/pas-moi/{token}")
