"""Where the sending service posts what came back. No browser comes here."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.responses import Response

from app.bounces import actions, reading
from app.bounces.forms import Event
from app.bounces.reading import Said
from app.db import Db
from app.errors import NotFound
from app.web.ratelimit import limited
from app.web.rendering import settings_of

router = APIRouter()
PATH = "/retours/courriel"


async def _signed(request: Request) -> tuple[str, Event]:
    """The event and its number, once the signature is right. Raises NotFound, HTTPException 400, 401."""
    secret = settings_of(request).bounce_webhook_secret
    if not secret:
        raise NotFound("Aucune page n’est à cette adresse.")
    body = await request.body()
    try:
        Webhook(secret).verify(body, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # also what is no base64, no UTF-8
        raise HTTPException(401, "La signature de cet envoi n’est pas la bonne, ou son heure.") from None
    try:
        return request.headers["webhook-id"], Event.model_validate(json.loads(body))
    except (ValueError, RecursionError, ValidationError):
        raise HTTPException(400, "Cet envoi n’a pas la forme attendue.") from None


Signed = Annotated[tuple[str, Event], Depends(_signed)]


def _read(signed: Signed) -> list[Said]:
    """What the report that it passes on says: in a thread, before anything is held."""
    return reading.read(signed[1].message.encode("utf-8", "replace"))


@router.post(PATH)
@limited("machine")
def came_back(request: Request, signed: Signed, said: Annotated[list[Said], Depends(_read)], session: Db) -> Response:
    """Taken, whatever it says: what is posted again counts once."""
    event_id, event = signed
    actions.receive_event(session, event_id, event, said, settings_of(request).bounce_address)
    return Response(status_code=204)
