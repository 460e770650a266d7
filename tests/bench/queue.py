"""queue: the moderation page and one decision, with 50,000 comments waiting."""

import http.client
import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.bench import people, stage
from tests.bench.exporting import sign_in
from tests.bench.load import Failed
from tests.bench.results import Result
from tests.services import Signons

COMMENTS = 50_000
RUNS = 15


def queue() -> Iterator[Result]:
    with stage.on_postgres() as site:
        people.with_comments(site, COMMENTS)
        with site.serve() as server:
            cookie = sign_in(server, "moderateur@demo.test")
            pages, decisions = [], []
            for _ in range(RUNS):
                began = time.monotonic()
                page = _ask(server, "GET", "/moderation", cookie)
                pages.append((time.monotonic() - began) * 1000)
                action, fields = _form(page)
                began = time.monotonic()
                _ask(server, "POST", action, cookie, fields | {"decision": "publish"})
                decisions.append((time.monotonic() - began) * 1000)
    yield Result("queue", "moderation page, 50 000 waiting", "ms", pages[1:], "limit", [200], 1.0, at_most=True)
    yield Result("queue", "decision POST", "ms", decisions[1:], "limit", [150], 1.0, at_most=True)


def _form(page: str) -> tuple[str, dict[str, str]]:
    """The decision's address and its hidden fields."""
    found = re.search(r'<form[^>]*action="(/moderation/commentaires/\d+/decision)".*?</form>', page, re.DOTALL)
    if found is None:
        raise Failed("no decision to take on the moderation page")
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0])
    return found[1], dict(hidden)


def _ask(server: Signons, method: str, path: str, cookie: str, form: dict[str, str] | None = None) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, urlencode(form or {}) if form else None, headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    if answer.status not in {200, 303}:
        raise Failed(f"{method} {path} answered {answer.status}")
    return body
