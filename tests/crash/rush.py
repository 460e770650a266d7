"""A rush: so many people a second sign, whatever becomes of the site, and each confirms when the mail has come.

Unlike the crowd, it does not wait for the site: those without an answer, or told to come back, come back on top of
those who come anyway. Some look around meanwhile; a page that fails them is remembered too.
"""

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.crash.crowd import IDLE, Ledger
from tests.site import FORM

OFFERED = 300
CONNECTIONS = 64
# Seconds: an answer has to come, and who had none tries again.
PATIENCE = 20
AGAIN = (0.5, 1.5)
PAGES = ("/?q=bibliotheque{n}", "/petitions?q=montfleur{n}", "/api/v1/petitions?page={n}", "/transparence.json")
LOOKING = 0.1


class Rush:
    """Begins with ``start``; ``stop_signing`` lets everybody who came have an answer, ``end`` is the end."""

    def __init__(self, port: int, slug: str, mails: Path, ledger: Ledger, offered: float = OFFERED) -> None:
        self.port, self.slug, self.mails, self.ledger, self.offered = port, slug, mails, ledger, offered
        self.came = 0
        # When somebody was told that the signature is there.
        self.answered: list[float] = []
        self.mailed: set[str] = set()
        self.pages: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self._connections: list[_Connection] = []
        self._more, self._end = True, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop_signing(self) -> None:
        self._more = False

    @property
    def everybody_signed(self) -> bool:
        return not self._more and len(self.ledger.signed) == self.came

    def end(self) -> None:
        self._more = False
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self._everybody())
        except BaseException as error:  # told at the end
            self.failures.append(error)

    async def _everybody(self) -> None:
        signing: asyncio.Queue[tuple[str, str, float]] = asyncio.Queue()
        confirming: asyncio.Queue[tuple[str, str, float]] = asyncio.Queue()
        signed, confirmed = self.ledger.signed, self.ledger.confirmed
        work: list[Coroutine[Any, Any, None]] = [
            self._come(signing),
            self._read_mails(confirming),
            self._look_around(),
            *(self._browser(signing, signed) for _ in range(CONNECTIONS)),
            *(self._browser(confirming, confirmed) for _ in range(CONNECTIONS // 2)),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        while not self._end.is_set():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in self._connections:
            connection.close()

    def _connection(self) -> "_Connection":
        self._connections.append(_Connection(self.port))
        return self._connections[-1]

    async def _come(self, signing: "asyncio.Queue[tuple[str, str, float]]") -> None:
        began = time.monotonic()
        while self._more:
            if (early := began + self.came / self.offered - time.monotonic()) > 0:
                await asyncio.sleep(early)
            email = f"personne{self.came}@exemple.test"
            signing.put_nowait((email, f"/petitions/{self.slug}/signatures", time.monotonic()))
            self.came += 1
        await asyncio.Event().wait()

    async def _browser(self, queue: "asyncio.Queue[tuple[str, str, float]]", kept: set[str]) -> None:
        connection = self._connection()
        while True:
            email, path, since = await queue.get()
            form = urlencode(FORM | {"email": email}) if kept is self.ledger.signed else ""
            try:
                async with asyncio.timeout(PATIENCE):
                    status = await connection.ask("POST", path, form)
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
                self.ledger.refusal(type(error).__name__)
                connection.close()
            else:
                if status == 303:
                    now = time.monotonic()
                    self.ledger.promise(kept, email, now - since)
                    if kept is self.ledger.signed:
                        self.answered.append(now)
                    continue
                self.ledger.refusal(str(status))
                if status != 503:
                    raise AssertionError(f"{path} answered {status}")
            asyncio.get_running_loop().call_later(random.uniform(*AGAIN), queue.put_nowait, (email, path, since))

    async def _read_mails(self, confirming: "asyncio.Queue[tuple[str, str, float]]") -> None:
        while not self.mails.exists():
            await asyncio.sleep(0.05)
        with self.mails.open() as file:
            while True:
                line = file.readline()
                if not line.endswith("\n"):
                    file.seek(file.tell() - len(line))
                    await asyncio.sleep(0.05)
                    continue
                mail = json.loads(line)
                if mail["link"] and mail["to"] not in self.mailed:
                    self.mailed.add(mail["to"])
                    confirming.put_nowait((mail["to"], mail["link"], time.monotonic()))

    async def _look_around(self) -> None:
        connection = self._connection()
        n = 0
        while True:
            n += 1
            try:
                async with asyncio.timeout(PATIENCE):
                    status = await connection.ask("GET", random.choice(PAGES).format(n=n))
                self.pages[str(status)] += 1
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
                self.pages[type(error).__name__] += 1
                connection.close()
            await asyncio.sleep(LOOKING)


class _Connection:
    """Keep-alive, made again when it failed, or idled so long that a server lets go of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter | None = None
        self.used = 0.0

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None

    async def ask(self, method: str, path: str, body: str = "") -> int:
        if time.monotonic() - self.used > IDLE:
            self.close()
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        client = ".".join(["10", *(str(random.randint(1, 254)) for _ in range(3))])
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-forwarded-for: {client}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        if b"content-length: " in head:
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await self.reader.readexactly(length)
        elif b"transfer-encoding: chunked" in head:
            while (await self.reader.readuntil(b"\r\n")) != b"0\r\n":
                pass
            await self.reader.readuntil(b"\r\n")
        self.used = time.monotonic()
        if b"connection: close" in head:
            self.close()
        return status
