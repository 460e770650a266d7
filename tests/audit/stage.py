"""The site under attack: served as it is really served, on this machine only, with the demo in it."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2

from app.demo import ACCOUNTS, PASSWORD
from tests.services import Signons, free_port
from tests.site import FORM

SECRET = "a-secret-for-the-audit-that-nobody-may-read"
EMAIL = "audit@exemple.test"
HOMES = {"organiser": "/organisation", "moderator": "/moderation", "admin": "/administration"}
LIMITS = dict.fromkeys(("SIGNONS_RATE_SIGN", "SIGNONS_RATE_POST", "SIGNONS_RATE_LOGIN"), "1000000/minute")


@dataclass
class Target:
    """A site that runs."""

    url: str
    slug: str
    # The second page of the signatures of a petition that has two.
    older: str
    log: Path
    # What stands between braces in an address → genuine ones.
    holes: dict[str, list[str]] = field(default_factory=dict)

    def get(self, path: str) -> str:
        return httpx2.get(f"{self.url}{path}", timeout=60).raise_for_status().text

    def post(self, path: str, form: dict[str, str]) -> httpx2.Response:
        answer = httpx2.post(f"{self.url}{path}", data=form, timeout=60)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[-2000:])
        return answer

    def cookie(self, role: str) -> str:
        """What the browser of somebody who has just signed in sends; "" for a stranger (``public``)."""
        email = next((email for email, theirs in ACCOUNTS.items() if theirs == role), None)
        if email is None:
            return ""
        return f"session={self.post('/connexion', {'email': email, 'password': PASSWORD}).cookies['session']}"

    def is_in(self, role: str, cookie: str) -> bool:
        """Still, or for a stranger always."""
        return not cookie or httpx2.get(f"{self.url}{HOMES[role]}", headers={"cookie": cookie}, timeout=60).is_success

    def statuses(self) -> Counter[int]:
        """What the server itself has counted: answers by status; what the page cache answers is not among them."""
        found: Counter[int] = Counter()
        for line in self.get("/metrics").splitlines():
            if counted := re.match(r'signons_request_seconds_count\{.*status="(\d+)"\} ([\d.e+]+)', line):
                found[int(counted[1])] += int(float(counted[2]))
        return found

    def broken(self) -> list[str]:
        """Routes whose errors nobody caught, as the log has them."""
        lines = (line for line in self.log.read_text(errors="replace").splitlines() if '"broken"' in line)
        return [f"{found['route']}: {found['error']}" for found in map(json.loads, lines)]


@contextmanager
def standing(folder: Path, database_url: str) -> Iterator[Target]:
    """Everything in *folder*; the server ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    env = {"SIGNONS_DATABASE_URL": database_url, "SIGNONS_VAR_DIR": str(folder), "SIGNONS_SECRET_KEY": SECRET, **LIMITS}
    server = Signons(folder, env, free_port(), 1)
    program = Path(sys.executable).with_name("signons")
    subprocess.run([program, "demo"], env=dict(server.environment()), cwd=folder, check=True, stdout=subprocess.DEVNULL)
    server.start()
    try:
        target = Target(server.url, *_petitions(server.url), server.log)
        if database_url.startswith("sqlite"):  # whose server also sends mail
            target.holes = _genuine(target)
        target.holes["slug"] = [target.slug, "absente"]
        yield target
    finally:
        server.terminate()


def _petitions(url: str) -> tuple[str, str]:
    """One of the demo, and an address of older signatures."""
    slugs = dict.fromkeys(re.findall(r'href="/petitions/([a-z0-9-]+)"', httpx2.get(url, timeout=60).text))
    pages = (httpx2.get(f"{url}/petitions/{slug}/signatures", timeout=60).text for slug in slugs)
    found = (re.search(r"/petitions/[a-z0-9-]+/signatures\?avant=[\w.%:+-]+", page) for page in pages)
    return next(iter(slugs)), next(link[0] for link in found if link is not None)


def _genuine(target: Target) -> dict[str, list[str]]:
    """Links of mails that have just left: to confirm, and to open one's own signatures."""
    target.post(f"/petitions/{target.slug}/signatures", {**FORM, "email": EMAIL})
    target.post("/mes-signatures", {"email": "personne1@demo.test"})
    tokens: list[str] = []
    for _ in range(100):
        for number in re.findall(r'href="/boite-locale/(\d+)"', target.get("/boite-locale")):
            tokens += re.findall(r"/(?:confirmer|mes-signatures)/([\w=-]{20,})", target.get(f"/boite-locale/{number}"))
        if len(set(tokens)) > 1:
            break
        time.sleep(0.2)
    return {"token": [*dict.fromkeys(tokens), quote("é"), "x"]}


def clean_environment() -> dict[str, str]:
    """For the tools: no setting of whoever runs them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
