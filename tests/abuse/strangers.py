"""People who come two hundred at once, and the one among them who only wants to sign."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from app.settings import Settings
from tests.conftest import settings_for
from tests.services import Signons
from tests.site import FORM

# A burst is over in this many seconds, answered or not.
OVER = 40.0


@dataclass
class Answer:
    status: int
    seconds: float
    headers: dict[str, str]
    body: bytes


def head(method: str, path: str, host: str, headers: dict[str, str], length: int | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if length is not None:
        lines += ["content-type: application/x-www-form-urlencoded", f"content-length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def ask(
    url: str, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request on a connection of its own; status 0 when nothing came."""
    parts = urlsplit(url)
    began = time.monotonic()
    body = urlencode(form).encode() if form is not None else b""
    try:
        async with asyncio.timeout(OVER):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(
                    head(method, path, parts.netloc, headers or {}, len(body) if form is not None else None) + body
                )
                raw = await reader.read()
            finally:
                writer.close()
    except (TimeoutError, OSError):
        return Answer(0, time.monotonic() - began, {}, b"")
    top, _, rest = raw.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    said = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]) if first else 0, time.monotonic() - began, said, rest)


async def burst(
    url: str, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str], n: int
) -> list[Answer]:
    return list(await asyncio.gather(*(ask(url, method, path, form, headers) for _ in range(n))))


async def sign(url: str, slug: str, n: int) -> Answer:
    form = FORM | {"email": f"calme{n}@exemple.test"}
    return await ask(url, "POST", f"/petitions/{slug}/signatures", form)


@dataclass
class Beside:
    """What a burst was answered, and what somebody who signed in the middle of it waited."""

    statuses: Counter[int]
    slowest: float
    signed: Answer
    busy_said_when: bool


async def beside(
    url: str, slug: str, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str], n: int, who: int
) -> Beside:
    crowd = asyncio.ensure_future(burst(url, method, path, form, headers, n))
    await asyncio.sleep(0.15)
    signed = await sign(url, slug, who)
    answers = await crowd
    busy = [answer for answer in answers if answer.status == 503]
    return Beside(
        Counter(answer.status for answer in answers),
        max(answer.seconds for answer in answers),
        signed,
        all("retry-after" in answer.headers for answer in busy),
    )


@contextmanager
def unfinished(url: str, paths: Sequence[str], what: bytes = b"email=") -> Iterator[None]:
    """A form of which only the beginning arrives, at each of *paths*."""
    import socket

    parts = urlsplit(url)
    with ExitStack() as stack:
        for path in paths:
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port or 80), timeout=30))
            connection.sendall(head("POST", path, parts.netloc, {}, 400) + what)
        yield


@contextmanager
def served(database_url: str, folder: Path, **more: str) -> Iterator[tuple[str, Settings]]:
    """The site as it is really served, with limits that stop nobody."""
    settings = settings_for(database_url, folder)
    environment = {
        "SIGNONS_DATABASE_URL": database_url,
        "SIGNONS_VAR_DIR": str(folder),
        "SIGNONS_SECRET_KEY": settings.secret_key,
        "SIGNONS_RATE_SIGN": "100000/minute",
        "SIGNONS_RATE_POST": "100000/minute",
        "SIGNONS_RATE_LOGIN": "100000/minute",
        "SIGNONS_PACE_NETWORK": "1000000",
        "SIGNONS_PACE_SITE": "1000000",
        **{f"SIGNONS_{name.upper()}": value for name, value in more.items()},
    }
    server = Signons(folder, environment, None, 1)
    server.start()
    try:
        yield server.url, settings
    finally:
        server.terminate()
