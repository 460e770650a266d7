"""What an administrator watches over: retention, mails, papers, and the register of requests."""

from datetime import timedelta
from functools import partial

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app import clock, crypto
from app.accounts.dependencies import Admin
from app.administration import documents, queries
from app.administration.routes.base import router
from app.db import Db, Session, vault_of
from app.errors import NotFound
from app.mail import bounced, outbox
from app.paper import permissions as paper
from app.privacy import retention
from app.privacy.actions import requests
from app.privacy.forms import AnswerForm, RequestForm
from app.privacy.models import RequestState
from app.privacy.queries import people, runs
from app.privacy.schedule import SCHEDULE, shortened
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, said, see_other, settings_of

MAIL_NAMES = {
    "accounts/address_confirm": "adresse à confirmer",
    "accounts/address_notice": "changement d’adresse",
    "accounts/closed": "compte fermé",
    "accounts/code_used": "code de secours utilisé",
    "accounts/factor_changed": "façon d’entrer changée",
    "accounts/idle": "compte sans connexion",
    "accounts/known": "compte déjà créé",
    "accounts/locked": "essais de connexion manqués",
    "accounts/new_administrator": "nouveau compte d’administration",
    "accounts/new_browser": "connexion depuis un nouveau navigateur",
    "accounts/new_factor": "second facteur perdu",
    "accounts/new_password": "mot de passe oublié",
    "accounts/passkey_copied": "clé d’accès copiée, peut-être",
    "accounts/password_changed": "mot de passe changé",
    "accounts/sign_in_link": "lien de connexion",
    "accounts/welcome": "lien pour créer un compte",
    "deliveries/link": "lien pour un destinataire",
    "deliveries/told": "accusé de réception ou réponse d’un destinataire",
    "exports/made": "export fait par une autre personne",
    "moderation/amendment": "décision sur un amendement",
    "moderation/appeal_judged": "recours jugé",
    "moderation/charter": "nouvelle version de la charte",
    "moderation/digest": "résumé pour l’équipe",
    "moderation/limited": "auteur limité",
    "moderation/news": "décision sur une nouvelle",
    "moderation/notice_decided": "suite d’un signalement, sans détail",
    "moderation/notice_outcome": "suite d’un signalement",
    "moderation/notice_receipt": "accusé de réception d’un signalement",
    "moderation/petition": "décision sur une pétition",
    "moderation/published": "commentaire publié",
    "moderation/refused": "commentaire refusé",
    "moderation/reply_decided": "décision sur un droit de réponse",
    "moderation/reply_received": "droit de réponse reçu",
    "moderation/restored": "commentaire rétabli",
    "moderation/submitted": "accusé de réception d’une pétition proposée",
    "organisations/given": "droit donné dans une organisation",
    "organisations/invited": "invitation à rejoindre une organisation",
    "organisations/joined": "nouveau membre d’une organisation",
    "organisations/taken_back": "pétition reprise à une organisation",
    "privacy/request_due": "demande à traiter",
    "signatures/already": "signature déjà confirmée",
    "signatures/amended": "nouvelle version d’un texte signé",
    "signatures/confirm": "signature à confirmer",
    "signatures/replacement": "signature d’un autre nom à la même adresse",
    "signatures/manage_link": "lien vers « Mes signatures »",
    "signatures/reminder": "rappel avant effacement",
    "updates/letter": "lettre de la plateforme",
    "updates/news": "nouvelle d’une pétition",
    "updates/test": "essai d’une nouvelle",
    "updates/renewal": "abonnement à renouveler",
}


@router.get("")
def home(request: Request, session: Db, admin: Admin) -> Response:
    settings = settings_of(request)
    now = clock.now()
    return page(
        request,
        "administration/home.html",
        labels={line.name: shortened(said(request, line.data)) for line in SCHEDULE},
        runs=runs.runs(session, 10),
        due=[(step, *step.due(session, now)) for step in retention.steps(settings)],
        overdue_hours=int(retention.overdue_seconds(session, settings) // 3600),
        mail=outbox.health(session, now),
        bounces=bounced.counts(session, (now - timedelta(days=30)).date()),
        written_off=bounced.written_off(session),
        aside=queries.mails_aside(session),
        mail_names=MAIL_NAMES,
        open_requests=[r for r in people.open_requests(session) if r.state == RequestState.OPEN],
        papers=documents.PAPERS,
        sheets=paper.left_alone(session),
    )


@router.get("/documents/{name}")
def document(request: Request, admin: Admin, name: str) -> Response:
    html = documents.html_of(name)
    if html is None:
        raise NotFound("Ce document n’existe pas.")
    return page(
        request,
        "administration/document.html",
        title=documents.PAPERS[name],
        html=Markup(html),  # noqa: S704 made and sanitised from our own files
    )


@router.get("/demandes")
def data_requests(request: Request, session: Db, admin: Admin) -> Response:
    return _requests_page(request, session)


def _requests_page(
    request: Request,
    session: Session,
    form: Shown = EMPTY_FORM,
    *,
    answering: int = 0,
    answer: Shown = EMPTY_FORM,
) -> Response:
    """With what was typed: of a new request, or of the answer to one."""
    key = vault_of(session).requests
    rows = [
        {"row": row, "text": crypto.unseal(key, row.request_sealed).decode(), "late": row.due_on < clock.now().date()}
        for row in people.open_requests(session)
    ]
    today = clock.now().date().isoformat()
    return page(
        request,
        "administration/requests.html",
        422 if form["errors"] or answer["errors"] else 200,
        requests=rows,
        form=form,
        today=today,
        answering=answering,
        answer=answer,
    )


@router.post("/demandes")
@limited("staff")
def note_request(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    with shown_again(values, partial(_requests_page, request, session)):
        form = validated(RequestForm, values)
    assert form.received_on is not None
    requests.note(session, form.received_on, form.channel, form.request, admin.id)
    return see_other(request, "/administration/demandes")


@router.post("/demandes/{request_id}/reponse")
@limited("staff")
def answer_request(request: Request, session: Db, admin: Admin, request_id: RowId, values: Form) -> Response:
    with shown_again(values, lambda answer: _requests_page(request, session, answering=request_id, answer=answer)):
        form = validated(AnswerForm, values)
    requests.close(session, request_id, form.state, form.answer, admin.id)
    return see_other(request, "/administration/demandes")
