"""The site as tests use it: browsers, people, a mailbox, a moving clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property, lru_cache
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
from fastapi import FastAPI
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from app import clock
from app.accounts import actions as account_actions
from app.accounts import passwords
from app.accounts.models import Account
from app.db import Database
from app.mail.models import CaughtMail
from app.mail.sending import Sender
from app.main import create_app, noted
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import queries as petition_queries
from app.settings import Settings
from app.signatures.models import Signature
from app.templating import LOCALES

PASSWORD = "une phrase de passe"
PETITION = """---
title: "Rouvrir la bibliothèque de Montfleur"
author: "Collectif des lectrices"
recipients:
  - name: "Claire Vasseur"
    role: "Maire de Montfleur"
goal: 500
theme: "Culture"
sources:
  - title: "La bibliothèque fermée"
    publisher: "La Gazette"
    date: 2026-02-03
---

Depuis janvier, la bibliothèque de Montfleur est fermée.

## Ce que nous demandons

1. **Rouvrir** : au moins trois jours par semaine.
2. **Recruter** : une personne de métier.
"""
FORM = {
    "given_name": "Marie",
    "family_name": "Durand",
    "email": "marie@exemple.test",
    "postal_code": "35000",
    "country": "FR",
    "display": "hidden",
    "consent_signature": "on",
    "age_declared": "on",
}


class Compiled(BytecodeCache):
    """Templates compiled once a run, not once a test."""

    def __init__(self) -> None:
        self.codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.codes:
            bucket.bytecode_from_string(self.codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key] = bucket.bytecode_to_string()


COMPILED = {locale: Compiled() for locale in LOCALES}
# Of the first application of this process: what FastAPI works out of two hundred signatures at the first request,
# a third of the time of a test, it works out once a run.
ROUTES: list[BaseRoute] = []


@dataclass(frozen=True)
class Received:
    """A mail as its reader sees it; parsed once, when somebody reads it."""

    to: str
    subject: str
    source: bytes

    @cached_property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.source, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())

    @property
    def links(self) -> list[str]:
        """Paths of the links of our own site, in order."""
        return re.findall(r"https?://[^/\s]+(/\S*)", self.text)

    def link(self, start: str) -> str:
        """The first link that begins so."""
        return next(link for link in self.links if link.startswith(start))


class Site:
    """The application with its lifespan; ``client`` is an anonymous browser."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app: FastAPI = create_app(settings)
        for locale, environment in self.app.state.templates.environments.items():
            environment.bytecode_cache = COMPILED[locale]
        ROUTES.extend([] if ROUTES else self.app.router.routes)
        self.app.router.routes[:] = ROUTES
        self.client = self.browser()

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.__exit__(kind, error, trace)

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def browser(self, **options: Any) -> TestClient:
        """Another browser on the same running site."""
        made = TestClient(
            self.app, base_url="http://127.0.0.1:8000", follow_redirects=False, raise_server_exceptions=False, **options
        )
        # In the same event loop as the others, as in the one process that is served.
        made.portal = self.client.portal if hasattr(self, "client") else None
        return made

    # Organisers and moderators

    def publish(self, source: str = PETITION, **changes: Any) -> str:
        """Publish a petition and give its slug."""
        with self.database.write() as session:
            petition = petition_actions.create(
                session, importing.parse(source, "essai.md"), folder=None, image_store=Path("unused")
            )
            for name, value in changes.items():
                setattr(petition, name, value)
            petition_actions.publish(session, petition)
            return petition.slug

    def account(self, role: str, *slugs: str, email: str | None = None) -> str:
        """An account without second factor, owner of *slugs*; gives its address."""
        email = email or f"{role}@exemple.test"
        with self.database.write() as session:
            account, _ = account_actions.create(session, email, role, passwords.hashed(PASSWORD), second_factor=False)
            for slug in slugs:
                petition = petition_queries.by_slug(session, slug)
                assert petition is not None
                petition_actions.add_owner(session, petition, account.id)
        return email

    def staff(self, role: str, *slugs: str, email: str | None = None) -> TestClient:
        """A browser signed in with a new account."""
        browser = self.browser()
        response = browser.post(
            "/connexion", data={"email": self.account(role, *slugs, email=email), "password": PASSWORD}
        )
        assert response.status_code == 303, response.text
        return browser

    def account_id(self, email: str) -> int:
        with self.database.read() as session:
            return session.scalars(select(Account.id).where(Account.email == email)).one()

    # Signers

    def sign(self, slug: str, **changes: str) -> httpx2.Response:
        """Send the form; a field given as "" is sent empty, a checkbox given as "" is left out."""
        form = {k: v for k, v in (FORM | changes).items() if v or not k.startswith(("consent", "age"))}
        return self.client.post(f"/petitions/{slug}/signatures", data=form)

    def confirmed(self, slug: str, **changes: str) -> str:
        """Sign and confirm by the mailed link; gives the path of the confirmation page."""
        response = self.sign(slug, **changes)
        assert response.status_code == 303, response.text
        # Whoever waits is written to first: the last of these, not the last of all.
        path = [link for mail in self.mails() for link in mail.links if link.startswith("/confirmer/")][-1]
        assert self.client.post(path).status_code == 303
        return path

    def comment(self, slug: str, text: str, **changes: str) -> int:
        """A confirmed signature with a comment that waits; gives the comment's id."""
        self.confirmed(slug, comment=text, **changes)
        from app.comments.models import Comment

        with self.database.read() as session:
            return session.scalars(select(Comment.id).order_by(Comment.id.desc()).limit(1)).one()

    def signatures(self) -> Sequence[Signature]:
        with self.database.read() as session:
            return session.scalars(select(Signature).order_by(Signature.created_at, Signature.id)).all()

    # Mail and time

    def mails(self) -> list[Received]:
        """Send what is due, then everything that was ever caught, oldest first."""
        sender = Sender(self.settings, self.database, self.app.state.templates)
        while sender.send_due():
            pass
        with self.database.read() as session:
            caught = session.scalars(select(CaughtMail).order_by(CaughtMail.id)).all()
        return [_received(mail.recipient, mail.title, mail.source) for mail in caught]

    def later(self, **delay: float) -> None:
        """Move the clock; what pages had only noted is written down meanwhile."""
        noted(self.app.state)
        clock.travel(timedelta(**delay))
        self.app.state.signing_cache.clear()

    def count(self, slug: str) -> int:
        return int(self.client.get(f"/petitions/{slug}/compteur.json").json()["count"])


@lru_cache(maxsize=1024)
def _received(recipient: str, title: str, source: bytes) -> Received:
    """The same one at each look: reading all mails again took most of the time of the tests."""
    assert b"\nContent-Type: text/plain" in source
    assert b"\nContent-Type: text/html" in source
    return Received(recipient, title, source)


def text_of(html: str) -> str:
    """What a page says, without its tags."""
    html = re.sub(r"</?bdi[^>]*>", "", html)  # within a sentence
    html = re.sub(r'<span class="whole">([^<]*)</span>', r"\1", html)
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()
