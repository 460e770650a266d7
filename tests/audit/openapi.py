"""The site described for schemathesis: every route of a place, its holes, its parameters, its fields."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.routing import APIRoute

from app.pages.routes import doors
from app.web.crowd import Door
from tests.abuse.fields import fields_of
from tests.abuse.scene import PLAUSIBLE
from tests.test_architecture import routes

# Place → the paths that begin so; the public one has what is left.
PLACES = {
    "public": ("/",),
    "organiser": ("/organisation", "/compte"),
    "moderator": ("/moderation",),
    "admin": ("/administration",),
}
# What ends the session of whoever attacks (a wrong proof does, too), and what is for this machine.
LEFT_OUT = {"/deconnexion", "/compte/mot-de-passe", "/compte/preuve", "/compte/sessions/fin", "/metrics"}
# Of what the demo holds, nobody's account of those that are signed in.
HOLES = {"account_id": ["9", "2147483647", "2147483648"], "key": ["comment-3", "case-1", "second-1"]}
NUMBERS = ["1", "2", "7", "2147483648"]
KINDS = ("text/html", "application/json", "text/plain", "text/csv", "application/pdf", "image/*", "application/*")


def place_of(path: str) -> str:
    return next((place for place, starts in PLACES.items() if place != "public" and path.startswith(starts)), "public")


def described(place: str, holes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """OpenAPI 3.1 of one place; *holes*: examples for what stands between braces."""
    paths: dict[str, dict[str, Any]] = {}
    for method in ("GET", "POST"):
        every: list[APIRoute | Door] = [*routes(method), *(door for door in doors if door.method == method)]
        for route in every:
            if place_of(route.path) == place and route.path not in LEFT_OUT:
                paths.setdefault(route.path, {})[method.lower()] = _operation(route, method, holes)
    return {"openapi": "3.1.0", "info": {"title": f"Signons, {place}", "version": "1"}, "paths": paths}


def _operation(route: APIRoute | Door, method: str, holes: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    parameters = [
        _parameter(name, "path", list(holes.get(name) or HOLES.get(name) or NUMBERS))
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if isinstance(route, APIRoute):
        parameters += [_parameter(field.alias, "query", ["", "1"]) for field in route.dependant.query_params]
    body: dict[str, Any] = {}
    if method == "POST":
        properties = {
            name: {"type": "string", **({"examples": [PLAUSIBLE[name]]} if PLAUSIBLE.get(name) else {})}
            for name in fields_of(route)
        }
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        body = {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}}
    return {"parameters": parameters, **body, "responses": _responses()}


def _parameter(name: str, where: str, examples: list[str]) -> dict[str, Any]:
    shape = {"type": "string", "minLength": 1} if where == "path" else {"type": "string"}
    return {
        "name": name, "in": where, "required": where == "path", "schema": shape,
        "examples": {str(n): {"value": value} for n, value in enumerate(examples)},
    }  # fmt: skip


def _responses() -> dict[str, Any]:
    """Whatever the answer, it is of a kind that we serve; one that asks to wait says how long, or to go, where."""
    content: dict[str, Any] = {kind: {} for kind in KINDS}
    text = {"required": True, "schema": {"type": "string"}}
    busy = {"description": "busy", "content": content, "headers": {"Retry-After": text}}
    go = {"description": "go there", "headers": {"Location": text}}
    any_other = {"description": "any other", "content": content}
    return {"default": any_other, "303": go, "307": go, "429": busy, "503": busy}
