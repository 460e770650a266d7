"""What uvicorn imports in each web process."""

import os

from fastapi import FastAPI

from app import logs
from app.main import create_app
from app.settings import load_settings


def app_for_uvicorn() -> FastAPI:
    settings = load_settings()
    logs.configure(settings.log_level)
    return create_app(settings, with_worker=bool(os.environ.get("SIGNONS_SERVE_WORKER")))
