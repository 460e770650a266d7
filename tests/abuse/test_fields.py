"""Every field of every form, with what nobody expects: a sentence or a page, never an error of ours.

What a route writes is taken back instead of committed: each odd value meets the same site.
"""

import re
from collections.abc import Collection, Iterator
from html import unescape
from urllib.parse import quote_plus

import httpx2
import pytest
from fastapi.routing import APIRoute

from app.pages.routes import doors
from app.web import ratelimit
from app.web.crowd import Door
from tests.abuse.fields import fields_of
from tests.abuse.scene import PLAUSIBLE, Scene, set_up
from tests.site import Site
from tests.test_architecture import routes

ODD = {
    "nothing": "",
    "signs": "👩🏽‍🚒🏴󠁧󠁢󠁥󠁮󠁧󠁿 \u202eשלום مرحبا\u2066 e" + "\u0301" * 500,
    "unseen": "\u200b\u2060\u3164\xad\U000e0041\ufeff",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}' OR ''='\" -- ; %s {0} \\",
    "lines": "a\r\nBcc: tous@exemple.test\r\n\r\nb\u2028c",
    "twenty digits": "12345678901234567890",
    "five thousand digits": "9" * 5000,
    "64 KB": "a" * (64 * 1024 - 3000),
}
# Of a field that may be read as a number or a day.
COUNTED = {
    "below nothing": "-1",
    "digits of elsewhere": "٣²१",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "the last minute": "9999-12-31T23:59",
    "a day with a zone": "2026-11-20T10:30+23:59",
    "many": "1 2,3;" * 900,
}
# Those that a database may refuse.
STORED = {"signs", "twenty digits", "the last day"}
# Cut, or something else, whatever the form.
BODIES = {
    "nothing": b"",
    "no names": b"&&&=&==&%",
    "NUL": b"email=a%00b",
    "half a sign": b"email=%F0%9F%92",
    "half a pair": b"email=%ED%A0%BD",
    "not ASCII": "nom=Zoé".encode("latin-1"),
    "a thousand fields": b"&".join(b"x%d=1" % n for n in range(1000)),
    "a list": b"email[]=1&email[]=2&email[a][b]=3&version[]=1",
    "twice": b"email=1&email=%3Cb%3E&email=&version=1&version=2&article=1&article=2",
    "half an escape": b"email=%e&name=%",
    "half a body": b"email=marie%40exemple.test&given_na",
    "more than 64 KB": b"email=" + b"a" * 64 * 1024,
}
FIELD = re.compile(r"<input\b([^>]*)>|<textarea\b([^>]*)>(.*?)</textarea>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
LONGEST_ADDRESS = 254
# Filled by robots, to whom nothing is given back.
TRAPS = {"website", "objet"}
# Of an account's pages: typed anew, as passwords are.
SECRETS = {"secours", "code"}
FORM_TYPE = "application/x-www-form-urlencoded"
# Answered after its transaction, from a second one: what it wrote must be there.
COMMITS = {"/organisation/petitions/{slug}/exports", "/organisation/petitions/{slug}/remise/dossier"}


@pytest.fixture
def scene(site: Site) -> Scene:
    return set_up(site)


def shown_in(page: str) -> dict[str, list[str]]:
    """What a page shows in its fields: name → values."""
    found: dict[str, list[str]] = {}
    for typed, area, text in FIELD.findall(page):
        given = dict(ATTRIBUTE.findall(typed or area))
        if area or given.get("type", "text") in {"text", "email", "date", "number", "datetime-local", "tel"}:
            found.setdefault(given.get("name", ""), []).append(unescape(text if area else given.get("value", "")))
    return {name: values for name, values in found.items() if name not in TRAPS}


def every_form() -> list[APIRoute | Door]:
    return [*routes("POST"), *(door for door in doors if door.method == "POST")]


def bodies(route: APIRoute | Door, odds: Collection[str]) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """``(what is odd, what was typed, body)``."""
    names = fields_of(route)
    plausible = {name: PLAUSIBLE[name] for name in names if PLAUSIBLE.get(name)}
    for odd, body in BODIES.items():
        yield odd, {}, body
    for name in names:
        others = {other: value for other, value in plausible.items() if other != name}
        rest = "".join(f"&{other}={quote_plus(value)}" for other, value in others.items())
        for odd, value in {**ODD, **(COUNTED if counted(name) else {})}.items():
            if odd in odds:
                yield f"{name}: {odd}", {**others, name: value}, f"{name}={quote_plus(value)}{rest}".encode()


def counted(name: str) -> bool:
    """What is plausible in it is short, with digits, or nothing."""
    return not PLAUSIBLE[name] or (len(PLAUSIBLE[name]) < 20 and any(sign.isdecimal() for sign in PLAUSIBLE[name]))


def wrong(answer: httpx2.Response, typed: dict[str, str]) -> str:
    """What is wrong with an answer, "" when nothing is."""
    if answer.status_code >= 500:
        return str(answer.status_code)
    an_archive = answer.headers.get("content-type") == "application/zip"  # bytes, zeros among them
    if not an_archive and ("\x00" in answer.text or "<img src=x" in answer.text):
        return "what was typed is in the page as it is"
    location = answer.headers.get("location", "")
    if location and (not location.startswith("/") or location.startswith("//")):
        return f"sent to {location[:60]}"
    if answer.status_code == 422:
        shown = shown_in(answer.text)
        if answer.url.path.startswith(("/compte", "/connexion")):
            shown = {name: values for name, values in shown.items() if name not in SECRETS}
        for name, value in typed.items():
            if name in shown and not any(_kept(there, value) for there in shown[name]):
                return f"{name} is not kept: {shown[name][0][:40]!r}"
    return ""


def _kept(shown: str, typed: str) -> bool:
    """Lines are as a browser sends them, a text area begins after its first line end; addresses may be cut short."""
    shown, typed = (text.replace("\r\n", "\n").strip("\n") for text in (shown, typed))
    return shown == typed or (len(shown) >= LONGEST_ADDRESS and typed.startswith(shown))


def walk(scene: Scene, odds: Collection[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was wrong, a line each."""
    dialect, client = scene.site.database.engine.dialect, scene.site.client
    found = []
    for route in every_form():
        path, headers = scene.where(route), {"cookie": scene.cookie(route), "content-type": FORM_TYPE}
        with monkeypatch.context() as patch:
            if route.path not in COMMITS:
                patch.setattr(dialect, "do_commit", dialect.do_rollback)
            for odd, typed, body in bodies(route, odds):
                ratelimit.limiter.reset()
                client.cookies.clear()
                if problem := wrong(client.post(path, content=body, headers=headers), typed):
                    found.append(f"{route.path} {odd}: {problem}")
    return found


@pytest.mark.slow
def test_no_odd_value_of_any_field_is_an_error(
    scene: Scene, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    odds = {*ODD, *COUNTED} if database_url.startswith("sqlite") else STORED
    found = walk(scene, odds, monkeypatch)
    assert not found, "\n".join(found)


def test_every_field_is_found() -> None:
    """By a form class, by hand, by a constant, by whom the fields are handed to; each has something plausible."""
    found = {route.path: set(fields_of(route)) for route in every_form()}
    assert {"email", "consent_signature", "altcha", "objet"} <= found["/petitions/{slug}/signatures"]
    assert {"article", "passage", "mask"} <= found["/moderation/commentaires/{comment_id}/decision"]
    assert {"toutes", "act", "reason"} <= found["/administration/fraude/{slug}/lots"]
    assert {"quiet_from", "digest"} <= found["/moderation/moi"]
    assert found["/organisation/petitions/{slug}/cloture"] == set()
    assert set().union(*found.values()) - set(PLAUSIBLE) == set()
