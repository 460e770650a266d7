"""What uvicorn imports in each web process."""

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
    return create_app(settings, with_worker=bool(os.environ.get("SIGNONS_SERVE_WORKER")))
