"""What anybody reads of a register: static resources, the same for everybody, for as long as they may be kept.

C2SP ``tlog-tiles``: the head changes, nothing else does. What no signed head has is not there.
"""

import re

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from app.db import Database, Db, Session
from app.errors import Moved, NotFound
from app.register import actions, queries, tree
from app.register.actions import downloads
from app.register.actions.writing import Pen
from app.register.forms import CosignatureForm
from app.register.models import RegisterHead
from app.register.tree import ENTRIES
from app.web.encodings import PLAIN, chosen, packed
from app.web.forms import Form, validated
from app.web.ratelimit import limited
from app.web.rendering import settings_of
from app.web.static import FOREVER

router = APIRouter()
NOWHERE = "Ce registre n’a rien à cette adresse."
EVERYWHERE = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
SHORTLY = {"cache-control": "public, max-age=1", **EVERYWHERE}
BYTES = "application/octet-stream"


def public_register(session: Session, slug: str) -> RegisterHead:
    """A register that has a signed head, by its name. Raises NotFound, Moved."""
    head = queries.by_name(session, slug)
    if head is None:
        name = queries.name_by_slug(session, slug)
        if name is not None:
            raise Moved(NOWHERE, slug, name)
    if head is None or not head.note:
        raise NotFound(NOWHERE)
    return head


@router.get("/registre/{slug}/checkpoint")
def checkpoint(session: Db, slug: str) -> Response:
    head = public_register(session, slug)
    return PlainTextResponse(actions.checkpoint(session, head), headers=SHORTLY)


@router.get("/registre/{slug}/tile/{path:path}")
def tile(request: Request, session: Db, slug: str, path: str) -> Response:
    """Hashes, or entries (packed, where the reader likes it: they are half figures)."""
    head, wanted = public_register(session, slug), tree.parse_path(f"tile/{path}")
    if wanted is None or not wanted.within(head.signed_size):
        raise NotFound(NOWHERE)
    content = tree.first_of(queries.tile(session, head.petition_id, wanted.level, wanted.number), wanted)
    headers = {"cache-control": FOREVER, **EVERYWHERE}
    if wanted.level == ENTRIES:
        headers["vary"] = "accept-encoding"
        coding = chosen(request.headers.get("accept-encoding", "").encode("latin-1"))
        if coding != PLAIN:
            content, headers["content-encoding"] = packed(coding, content), coding
    return Response(content, media_type=BYTES, headers=headers)


@router.get("/registre/{slug}/preuve/{commitment}")
def proof(session: Db, slug: str, commitment: str) -> Response:
    """That a line with this commitment is in the log: what a receipt is made of, without its secret."""
    head = public_register(session, slug)
    found = None
    if re.fullmatch("[0-9a-f]{64}", commitment):
        found = actions.proof_of(session, head.petition_id, bytes.fromhex(commitment))
    if found is None:
        raise NotFound(
            "Aucune ligne signée de ce registre ne porte cette empreinte ; une ligne récente y est en deux secondes."
        )
    return PlainTextResponse(found.text, headers=SHORTLY)


@router.get("/registre/{slug}/registre.txt")
def download(request: Request, session: Db, slug: str) -> Response:
    """The whole of it: a line an entry, an empty one, the head that they lead to."""
    head = public_register(session, slug)
    database: Database = request.app.state.database
    pieces = downloads.whole(database, head.petition_id, head.signed_size, actions.checkpoint(session, head))
    headers = {"content-disposition": f'attachment; filename="registre-{slug}.txt"', **SHORTLY}
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/registre/{slug}/cosignatures")
@limited("machine")
def cosign(request: Request, session: Db, slug: str, values: Form) -> Response:
    """A witness has looked, and signs too. No browser comes here, nor does it say where it is from."""
    settings = settings_of(request)
    if not settings.register_witnesses:
        raise NotFound(NOWHERE)
    register, note = public_register(session, slug), validated(CosignatureForm, values).note
    pen = Pen.of(settings, request.app.state.vault)
    actions.cosign(session, register, note, settings.register_witnesses, pen)
    return Response(status_code=204)
