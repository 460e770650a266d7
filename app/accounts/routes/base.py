"""The router of its modules."""

from fastapi import APIRouter, Request

from app.db import Database

router = APIRouter()


def database_of(request: Request) -> Database:
    """For routes that hash: what is slow happens between two short sessions, never inside one."""
    database: Database = request.app.state.database
    return database
