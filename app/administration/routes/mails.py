"""Mails that could not leave, and those that came back."""

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin
from app.administration import queries
from app.administration.routes.base import router
from app.administration.ways import in_words, ways
from app.db import Db
from app.mail import bounced, outbox
from app.mail import queries as mail_queries
from app.mail.models import OutboxMail
from app.web.rendering import page, settings_of
from app.web.sorting import in_order, sorting

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
ORDERS: dict[str, Callable[[OutboxMail], Any]] = {
    "numero": attrgetter("id"),
    "quoi": lambda row: MAIL_NAMES.get(row.template, row.template),
    "quand": attrgetter("created_at"),
    "pourquoi": attrgetter("error"),
}


@router.get("/courriels")
def mails(request: Request, session: Db, admin: Admin) -> Response:
    now = clock.now()
    order = sorting(request, ORDERS, "-quand")
    return page(
        request,
        "administration/mails.html",
        aside=in_order(queries.mails_aside(session), order, ORDERS),
        order=order,
        mail=outbox.health(session, now),
        mail_names=MAIL_NAMES,
        ways=ways(session, now),
        connections=settings_of(request).smtp_connections,
        takes_accents=mail_queries.takes_accents(session),
        in_words=in_words,
        bounces=bounced.counts(session, (now - timedelta(days=30)).date()),
        written_off=bounced.written_off(session),
    )
