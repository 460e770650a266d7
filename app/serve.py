"""What uvicorn imports in each web process."""

import gc
import os
import resource
from contextlib import suppress

import structlog
from fastapi import FastAPI

from app import logs
from app.main import create_app
from app.settings import load_settings


def app_for_uvicorn() -> FastAPI:
    settings = load_settings()
    logs.configure(settings.log_level)
    if not settings.smtp_url and not settings.is_local:
        structlog.get_logger("web").warning("mail.none", why="SIGNONS_SMTP_URL is empty: mails wait in the outbox")
    _open_many_files()
    app = create_app(settings, with_worker=bool(os.environ.get("SIGNONS_SERVE_WORKER")), watched=True)
    # What is there now stays until the end: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    return app


def _open_many_files() -> None:
    """Each viewer of a live feed is an open file: as many as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS says "unlimited" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
