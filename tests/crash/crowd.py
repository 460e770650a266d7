"""A crowd that signs and confirms, and remembers what it was promised.

A person who gets no answer, or a 5xx, sends the same form again, as people do, until the site says
yes: that is the promise. The ledger is on this side only: the site knows nothing of it.
"""

import http.client
import itertools
import json
import queue
import random
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.site import FORM

SIGNERS = 12
CONFIRMERS = 4
# Between two forms of one signer, so that one worker's mail keeps up.
PAUSE = 0.12
# People who wait for their mail, beyond whom nobody signs: a killed worker keeps up to twenty mails for five minutes.
WAITING = 600
TIMEOUT = 20
# A server lets go of a connection that idles; browsers do not use it again after this.
IDLE = 3


@dataclass
class Ledger:
    """What was answered 303, and how often it was not."""

    signed: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def promise(self, kept: set[str], email: str, seconds: float) -> None:
        with self.lock:
            kept.add(email)
            self.slowest = max(self.slowest, seconds)

    def refusal(self, what: str) -> None:
        with self.lock:
            self.refusals[what] += 1


class Browser:
    """One keep-alive connection to one of several addresses; another one when it fails."""

    def __init__(self, addresses: list[str], ledger: Ledger) -> None:
        self.addresses = addresses
        self.ledger = ledger
        self.connection: http.client.HTTPConnection | None = None
        self.used = 0.0

    def post(self, path: str, form: dict[str, str]) -> int:
        """The status, or 0 when there was no answer."""
        if time.monotonic() - self.used > IDLE:
            self.close()
        if self.connection is None:
            host, _, port = random.choice(self.addresses).removeprefix("http://").partition(":")
            self.connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)
        client = ".".join(["10", *(str(random.randint(1, 254)) for _ in range(3))])
        headers = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-for": client}
        try:
            self.connection.request("POST", path, urlencode(form), headers)
            response = self.connection.getresponse()
            response.read()
            self.used = time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self.ledger.refusal(type(error).__name__)
            self.close()
            return 0
        if response.status != 303:
            self.ledger.refusal(str(response.status))
            self.close()
        return response.status

    def until_yes(self, path: str, form: dict[str, str], give_up: threading.Event) -> float | None:
        """Send it again until 303; the seconds it took, or None."""
        began = time.monotonic()
        while not give_up.is_set():
            status = self.post(path, form)
            if status == 303:
                return time.monotonic() - began
            if status in {404, 409, 410, 422}:
                raise AssertionError(f"{path} answered {status}")
            give_up.wait(random.uniform(0.05, 0.2))
        return None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Crowd:
    def __init__(self, addresses: list[str], slug: str, mails: Path, ledger: Ledger) -> None:
        self.addresses, self.slug, self.mails, self.ledger = addresses, slug, mails, ledger
        self.failures: list[BaseException] = []
        self._numbers = itertools.count()
        self._links: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.mailed: set[str] = set()
        self._open = 0
        self._no_more_signing = threading.Event()
        self._end = threading.Event()
        self._signers = [self._thread(self._sign) for _ in range(SIGNERS)]
        self._others = [self._thread(self._confirm) for _ in range(CONFIRMERS)] + [self._thread(self._read_mails)]

    def _thread(self, work: "object") -> threading.Thread:
        def run() -> None:
            try:
                work()  # type: ignore[operator]
            except BaseException as error:  # told at the end
                self.failures.append(error)

        return threading.Thread(target=run, daemon=True)

    def start(self) -> None:
        for thread in self._signers + self._others:
            thread.start()

    def stop_signing(self, timeout: float = 60) -> None:
        """Everyone who has begun gets an answer first."""
        self._no_more_signing.set()
        deadline = time.monotonic() + timeout
        for thread in self._signers:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._signers):
            self.failures.append(TimeoutError("people still wait for an answer a minute after the last kill"))

    def everyone_confirmed(self) -> bool:
        with self.ledger.lock:
            return self.ledger.signed <= self.ledger.confirmed

    def end(self) -> None:
        self._no_more_signing.set()
        self._end.set()
        for thread in self._signers + self._others:
            thread.join(TIMEOUT + 5)

    def _sign(self) -> None:
        with closing(Browser(self.addresses, self.ledger)) as browser:
            while not self._no_more_signing.is_set():
                email = f"personne{next(self._numbers)}@exemple.test"
                seconds = browser.until_yes(f"/petitions/{self.slug}/signatures", FORM | {"email": email}, self._end)
                if seconds is not None:
                    self.ledger.promise(self.ledger.signed, email, seconds)
                self._no_more_signing.wait(random.uniform(0, 2 * PAUSE))
                while len(self.ledger.signed) - len(self.mailed) > WAITING and not self._no_more_signing.wait(PAUSE):
                    pass

    def _read_mails(self) -> None:
        while not self.mails.exists() and not self._end.wait(0.05):
            pass
        with suppress(FileNotFoundError), self.mails.open() as file:
            while not self._end.is_set():
                line = file.readline()
                if not line.endswith("\n"):
                    file.seek(file.tell() - len(line))
                    self._end.wait(0.05)
                    continue
                mail = json.loads(line)
                if mail["link"] and mail["to"] not in self.mailed:
                    self.mailed.add(mail["to"])
                    self._links.put((mail["to"], mail["link"]))

    def _confirm(self) -> None:
        with closing(Browser(self.addresses, self.ledger)) as browser:
            while not self._end.is_set():
                try:
                    email, link = self._links.get(timeout=0.2)
                except queue.Empty:
                    continue
                seconds = browser.until_yes(link, {}, self._end)
                if seconds is not None:
                    self.ledger.promise(self.ledger.confirmed, email, seconds)
