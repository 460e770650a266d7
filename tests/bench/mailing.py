"""mail: how fast confirmation mails leave through a relay that takes its time, and beside people who sign."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from app.mail import outbox
from tests.bench import load, signing, stage
from tests.bench.results import Result
from tests.services import free_port, wait_for

MAILS, RUNS, DELAY = 10_000, 3, 30
BESIDE = 20
OFFERED, SECONDS = 100, 30
LINK = "A" * 120


@dataclass
class Relay:
    """One that answers each command after so many milliseconds, and says when it took each mail."""

    port: int
    kept: Path

    def taken(self) -> dict[str, float]:
        """Address → the moment of its last 250, in seconds since the epoch."""
        return {address: float(at) for at, address, _ in map(str.split, self.kept.read_text().splitlines())}


@contextmanager
def relay(site: stage.Stage, milliseconds: float) -> Iterator[Relay]:
    port = free_port()
    kept = site.folder / f"relay-{port}"
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.relay", str(port), str(milliseconds), str(kept)])
    site.env |= {"SIGNONS_SMTP_URL": f"smtp://127.0.0.1:{port}", "SIGNONS_MAIL_FROM": "envoi@exemple.test"}
    try:
        wait_for(kept.exists, "the relay is there")
        yield Relay(port, kept)
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker(site: stage.Stage) -> Iterator[stage.Worker]:
    running = stage.Worker(site)
    try:
        yield running.start()
    finally:
        running.terminate()


def mail() -> Iterator[Result]:
    with stage.on_postgres() as site:
        rates = [_drain(site, run) for run in range(RUNS)]
    spent = sorted(spent for _, spent in rates)[RUNS // 2]
    yield Result(
        "mail", f"sent by one worker, {DELAY} ms a command", "/s", [rate for rate, _ in rates], "goal", [500], 1.0,
        note=f"{spent:.2f} ms of worker processor each",
    )  # fmt: skip
    with stage.on_postgres() as site:
        beside = [_beside(site) for _ in range(RUNS)]
    yield Result(
        "mail", "the same, 0 ms, beside a web process that signs at full speed", "/s", [rate for rate, _ in beside],
        "goal", [800], 1.0, note=f"{sorted(signed for _, signed in beside)[RUNS // 2]:.0f} signatures a second",
    )  # fmt: skip
    with stage.on_postgres() as site:
        waits = sorted(_waits(site))
    yield Result(
        "mail", f"from POST to the relay's 250, {OFFERED} signatures a second, {DELAY} ms: p99", "s",
        [waits[int(len(waits) * 0.99)]], "limit", [2], 1.0, at_most=True,
        note=f"p50 {waits[len(waits) // 2]:.2f} s, worst {waits[-1]:.2f} s",
    )  # fmt: skip


def _drain(site: stage.Stage, run: int) -> tuple[float, float]:
    """Mails a second, and the worker's milliseconds of processor for each."""
    with relay(site, DELAY) as there:
        with site.database.write() as session:
            outbox.enqueue(session, [_confirm(f"p{run}-{n}@exemple{n % 20}.test", n) for n in range(MAILS)])
        with worker(site) as running:
            before = stage.cpu_seconds(running)
            wait_for(lambda: len(there.taken()) >= MAILS, "all mails have left", 600)
            spent = stage.cpu_seconds(running) - before
        moments = there.taken().values()
    return MAILS / (max(moments) - min(moments)), spent / MAILS * 1000


def _confirm(to: str, n: int) -> outbox.Mail:
    site = "http://127.0.0.1:8000"
    context = {
        "given_name": "Marie",
        "title": "Rouvrir la bibliothèque de l’école du port",
        "url": f"{site}/petitions/p",
        "confirm_url": f"{site}/confirmer/{LINK}{n}",
        "not_me_url": f"{site}/pas-moi/{LINK}{n}",
        "code_url": f"{site}/petitions/p/verifier",
        "code": f"{n:08d}",
    }
    return outbox.Mail("signatures/confirm", to, "fr", context)


def _beside(site: stage.Stage) -> tuple[float, float]:
    """Mails a second, and signatures, while both are as fast as they can be."""
    with ExitStack() as stack:
        there = stack.enter_context(relay(site, 0))
        server = stack.enter_context(site.serve())
        stack.enter_context(worker(site))
        signing.sign(site, server, 2)
        began = time.time()
        done, _ = signing.sign(site, server, BESIDE)
        ended = time.time()
        time.sleep(0.2)  # the relay writes down what it took
        rate = sum(began < at < ended for at in there.taken().values()) / (ended - began)
    return rate, done.rate


def _waits(site: stage.Stage) -> list[float]:
    """Of each who signs: seconds from the POST to the relay's 250."""
    with relay(site, DELAY) as there, site.serve() as server, worker(site):
        posted = uvloop.run(_sign(server.port, site.slug))
        wait_for(lambda: len(there.taken()) >= len(posted), "all mails have left", 120)
        taken = there.taken()
    return [taken[address] - at for address, at in posted.items()]


async def _sign(port: int, slug: str) -> dict[str, float]:
    posted: dict[str, float] = {}

    async def one(n: int) -> None:
        address = f"personne{n}@exemple.test"
        body = (
            f"given_name=Marie&family_name=Lefevre&email=personne{n}%40exemple.test&country=FR&postal_code=35000"
            "&display=initial&consent_signature=on&age_declared=on"
        ).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        posted[address] = time.time()
        writer.write(
            f"POST /petitions/{slug}/signatures HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
            f"x-forwarded-for: 10.0.{n >> 8 & 255}.{n & 255}\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        if not head.startswith(b"HTTP/1.1 303"):
            raise load.Failed(head.decode())

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for n in range(OFFERED * SECONDS):
            if (early := began + n / OFFERED - time.monotonic()) > 0:
                await asyncio.sleep(early)
            group.create_task(one(n))
    return posted
