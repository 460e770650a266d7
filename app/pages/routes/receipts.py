"""Receipts: by the link or the session of the page that offers them, and kept by nobody but their owner.

Who has just confirmed is a second ahead of the register. That is waited for here, in the event loop: no connection,
no thread and no turn is held meanwhile.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from app.db import Database, Session
from app.errors import Busy, Gone, NotFound
from app.pages.routes.base import router
from app.pages.routes.links import NO_MORE
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.privacy.actions import erasing, undoing
from app.privacy.dependencies import person
from app.register import actions as register
from app.register.entries import Kind
from app.signatures import doubts
from app.signatures.dependencies import read_link
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field
from app.web.forms import asked, number
from app.web.rendering import PRIVATE

TRIES, EVERY = 9, 0.25
NOT_YET = "Votre reçu n’est pas encore prêt : le registre s’écrit toutes les secondes. Réessayez dans un instant."
NO_LINE = "Cette signature n’a jamais été comptée : elle n’a pas de ligne dans le registre, ni de reçu."


class Asked(NamedTuple):
    """Whose line, of which kinds: the first that is there. ``ids``: petition and signature."""

    ids: tuple[int, uuid.UUID]
    email: str
    kinds: Sequence[Kind]
    name: str


Find = Callable[[Session], Asked]


@router.get("/confirmer/{token}/recu.txt")
async def after_confirming(request: Request, token: str) -> Response:
    return await _once_there(request, partial(_of_link, token))


@router.get("/mes-signatures/ligne/{line_id}/recu.txt")
async def of_mine(request: Request, line_id: str) -> Response:
    return await _once_there(request, partial(_of_mine, request, line_id))


@router.get("/mes-signatures/annuler/{token}/{n}/recu.txt")
async def after_withdrawing(request: Request, token: str, n: str) -> Response:
    return await _once_there(request, partial(_of_undo, token, n))


async def _once_there(request: Request, find: Find) -> Response:
    """Raises Busy, and whatever *find* does."""
    for nth in range(TRIES):
        if nth:
            await asyncio.sleep(EVERY)
        found = await run_in_threadpool(_look, request.app.state.database, find)
        if found is not None:
            name, text = found
            headers = {**PRIVATE, "content-disposition": f'attachment; filename="{name}"'}
            return PlainTextResponse(text, headers=headers)
    raise Busy(NOT_YET, retry_after=2)


def _look(database: Database, find: Find) -> tuple[str, str] | None:
    with database.read() as session:
        one = find(session)
        for kind in one.kinds:
            found = register.receipt(session, one.ids[0], one.ids[1], one.email, kind)
            if found is not None:
                return one.name, register.as_text(found)
    return None


def _of_link(token: str, session: Session) -> Asked:
    opened = read_link(session, token)
    if opened.signature is None:
        raise Gone(NO_MORE)
    return _of_row(session, opened.petition, opened.signature)


def _of_mine(request: Request, line_id: str, session: Session) -> Asked:
    who = person(request, session)
    for petition, row in erasing.signatures_of(session, who.email):
        if line_id == f"{petition.id}-{row.id.hex}":
            return _of_row(session, petition, row)
    raise NotFound("Cette signature n’existe pas, ou plus.")


def _of_row(session: Session, petition: Petition, row: Signature) -> Asked:
    """What last happened to it; what was withdrawn and taken back, or set aside and put back, is restored."""
    if row.state == SignatureState.PENDING or doubts.waits(row):
        raise NotFound(NO_LINE)
    counted = row.state == SignatureState.CONFIRMED
    kinds = (Kind.RESTORED, Kind.CONFIRMED) if counted else (Kind.SET_ASIDE,)
    email = open_field(petition_keys.of(session, petition.id), row.email_sealed, row.id.bytes, "email")
    return Asked((petition.id, row.id), email, kinds, f"recu-{petition.slug}.txt")


def _of_undo(token: str, n: str, session: Session) -> Asked:
    left, at = undoing.left(session, token), asked(n, number, -1)
    if not 0 <= at < len(left):
        raise NotFound(NO_LINE)
    one = left[at]
    return Asked((one.petition.id, one.id), one.email, (Kind.WITHDRAWN,), f"recu-retrait-{one.petition.slug}.txt")
