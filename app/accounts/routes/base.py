"""The router of its modules."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.db import Database
from app.web.rendering import PRIVATE

router = APIRouter()


def json(body: str) -> Response:
    """What a script asks for, made for one person."""
    return Response(body, media_type="application/json", headers=PRIVATE)


def database_of(request: Request) -> Database:
    """For routes that hash: what is slow happens between two short sessions, never inside one."""
    database: Database = request.app.state.database
    return database
