"""Stopping mails. The POST also comes from mail providers (RFC 8058), hence from another origin."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from app.db import Db
from app.errors import Gone, NotFound
from app.privacy.routes.base import router
from app.subscriptions import actions as subscriptions
from app.web.ratelimit import limited
from app.web.rendering import page, see_other


@router.get("/desabonnement/{token}")
def unsubscribe_page(request: Request, session: Db, token: str) -> Response:
    genuine, subscription = subscriptions.read_token(session, token)
    if not genuine:
        raise NotFound("Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message.")
    return page(request, "signatures/unsubscribe.html", token=token, subscription=subscription)


async def _one_click(request: Request) -> bool:
    """``List-Unsubscribe=One-Click``, as a form of either kind (RFC 8058): a provider asks, nobody looks."""
    body = await request.body()
    return b"List-Unsubscribe" in body and b"One-Click" in body


@router.post("/desabonnement/{token}")
@limited("staff")  # a provider has few addresses for all of its people
def unsubscribe(request: Request, one_click: Annotated[bool, Depends(_one_click)], session: Db, token: str) -> Response:
    genuine, subscription = subscriptions.read_token(session, token)
    if not genuine:
        raise NotFound("Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message.")
    if subscription is not None:
        subscriptions.end(session, subscription, channel="unsubscribe")
    if one_click:
        return page(request, "signatures/unsubscribe.html", token=token, subscription=None)
    return see_other(request, f"/desabonnement/{token}")


@router.get("/rester/{token}")
def stay_page(request: Request, session: Db, token: str) -> Response:
    genuine, subscription = subscriptions.read_token(session, token)
    if not genuine or subscription is None:
        raise Gone("Cet abonnement a pris fin.")
    return page(request, "signatures/stay.html", token=token, asked=subscription.asked_at is not None)


@router.post("/rester/{token}")
@limited()
def stay(request: Request, session: Db, token: str) -> Response:
    genuine, subscription = subscriptions.read_token(session, token)
    if not genuine or subscription is None:
        raise Gone("Cet abonnement a pris fin.")
    subscriptions.stay(session, subscription)
    return see_other(request, f"/rester/{token}")
