"""flow: sign → mail through a relay that takes 30 ms a command → confirm → seen on the live counter.

A thousand people a second for a minute; each follows the link of the mail that reached them.
"""

import asyncio
import bisect
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop
from sqlalchemy import func, select

from app.privacy import counting
from app.signatures.models import Signature
from tests.bench import mailing, stage
from tests.bench.load import Failed
from tests.bench.results import Result

OFFERED = 1000
SECONDS = 60
CONNECTIONS = 128
# For everybody to have confirmed, and the counter to show it.
PATIENCE = 180


@dataclass
class Crowd:
    """Who has been answered, when, and what the viewer saw."""

    slug: str
    port: int
    signed: int = 0
    confirmed: list[float] = field(default_factory=list)
    counts: list[tuple[int, float]] = field(default_factory=list)
    refused: int = 0
    # When the last of them signed, and when the last mail was taken.
    last_signed: float = 0.0
    last_mail: float = 0.0
    doubled: int = 0
    signing: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    confirming: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def lags(self) -> list[float]:
        """For each confirmation, from its answer to the counter that includes it."""
        shown = [count for count, _ in self.counts]
        found = []
        for n, answered in enumerate(sorted(self.confirmed), 1):
            at = bisect.bisect_left(shown, n)
            found.append(max(0.0, self.counts[at][1] - answered) if at < len(shown) else float("inf"))
        return found


def flow(seconds: int = SECONDS) -> Iterator[Result]:
    with (
        stage.on_postgres() as site,
        mailing.relay(site, mailing.DELAY) as relay,
        site.serve() as server,
        mailing.worker(site),
    ):
        crowd = Crowd(site.slug, server.port)
        took = uvloop.run(_run(relay, crowd, seconds))
        people = OFFERED * seconds
        with site.database.read() as session:
            differ = counting.differences(session)
            rows = session.scalar(select(func.count()).where(Signature.state == "confirmed")) or 0
    lost = abs(people - rows) + abs(people - crowd.signed) + abs(people - len(crowd.confirmed)) + len(differ)
    lost += crowd.doubled
    lags = sorted(crowd.lags())
    what = f"{people} people in {seconds} s, {OFFERED}/s offered"
    yield Result("flow", f"{what}: until all have signed", "/s", [people / took], "offered", [OFFERED], 0.95)
    yield Result(
        "flow", f"last mail behind the last signature, {mailing.DELAY} ms a command", "s",
        [crowd.last_mail - crowd.last_signed], "limit", [30], 1.0, at_most=True,
    )  # fmt: skip
    yield Result(
        "flow", "live lag p99", "s", [lags[int(len(lags) * 0.99)]], "limit", [2], 1.0, at_most=True,
        note=f"p50 {lags[len(lags) // 2]:.2f} s, worst {lags[-1]:.2f} s",
    )  # fmt: skip
    yield Result(
        "flow", "lost, doubled or miscounted", "", [lost], "people", [people], 0.0, at_most=True,
        note=f"counter at {crowd.counts[-1][0]}, {crowd.refused} sent again after a 503",
    )  # fmt: skip


async def _run(relay: mailing.Relay, crowd: Crowd, seconds: int) -> float:
    people = OFFERED * seconds
    tasks = [
        asyncio.create_task(_watch(crowd)),
        asyncio.create_task(_read_mail(relay, crowd)),
        *(asyncio.create_task(_browser(crowd, crowd.signing)) for _ in range(CONNECTIONS // 2)),
        *(asyncio.create_task(_browser(crowd, crowd.confirming)) for _ in range(CONNECTIONS // 2)),
    ]
    while not crowd.counts:
        await asyncio.sleep(0.05)
    began = time.time()
    for n in range(people):
        if (early := began + n / OFFERED - time.time()) > 0:
            await asyncio.sleep(early)
        crowd.signing.put_nowait(_sign(crowd, n))
    deadline = time.monotonic() + PATIENCE
    while crowd.counts[-1][0] < people and time.monotonic() < deadline:
        for task in tasks:
            if task.done():
                task.result()
        await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return crowd.last_signed - began


def _request(path: str, n: int, body: bytes) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-forwarded-for: 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\r\n"
        f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def _sign(crowd: Crowd, n: int) -> bytes:
    body = (
        f"given_name=Marie-Th%C3%A9r%C3%A8se&family_name=Lef%C3%A8vre&email=personne{n}%40exemple.test&country=FR"
        "&postal_code=35000&display=initial&consent_signature=on&age_declared=on&comment="
    )
    return _request(f"/petitions/{crowd.slug}/signatures", n, body.encode())


async def _browser(crowd: Crowd, requests: asyncio.Queue[bytes]) -> None:
    """One connection: sends what is asked, again when told to come back later."""
    reader, writer = await asyncio.open_connection("127.0.0.1", crowd.port)
    while True:
        request = await requests.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 303"):
            if requests is crowd.signing:
                crowd.signed += 1
                crowd.last_signed = time.time()
            else:
                crowd.confirmed.append(time.monotonic())
            continue
        if not head.startswith(b"HTTP/1.1 503"):
            raise Failed(head.decode())
        crowd.refused += 1
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        asyncio.get_running_loop().call_later(1, requests.put_nowait, request)


async def _read_mail(relay: mailing.Relay, crowd: Crowd) -> None:
    """Each person's mailbox: the mail that reached them is opened, its link followed."""
    seen, held = set[str](), ""
    with relay.kept.open() as kept:
        while True:
            *lines, held = (held + kept.read()).split("\n")
            for line in lines:
                at, address, link = line.split()
                crowd.last_mail = max(crowd.last_mail, float(at))
                crowd.doubled += address in seen
                seen.add(address)
                crowd.confirming.put_nowait(_request(link, len(seen), b""))
            await asyncio.sleep(0.05)


async def _watch(crowd: Crowd) -> None:
    """Somebody's open page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", crowd.port)
    writer.write(f"GET /petitions/{crowd.slug}/direct HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
    async for line in reader:
        if line.startswith(b'data: {"count"'):
            crowd.counts.append((json.loads(line.removeprefix(b"data: "))["count"], time.monotonic()))
