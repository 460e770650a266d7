"""What uvicorn imports in each web process."""

import gc
import os

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
    app = create_app(settings, with_worker=bool(os.environ.get("SIGNONS_SERVE_WORKER")))
    # What is there now stays until the end: the garbage collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    return app
