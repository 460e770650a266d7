"""A register of some site, asked over HTTP from anywhere: its resources, its keys, the count of its petition."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

from app.register.checking import Missing, Unreachable

PATIENCE = 20.0
TRIES = 3
# The largest bundle, and room to spare; as many are asked for at once as a site lets one address ask.
MOST_BYTES = 32 * 1024 * 1024
AT_ONCE = 8
AGENT = "signons-register/1"


class Site:
    """*address*: of a petition's register, or of the petition's own page."""

    def __init__(self, address: str) -> None:
        """Raises ValueError."""
        parts = urlsplit(address if "//" in address else f"https://{address}")
        segments = [segment for segment in parts.path.split("/") if segment]
        if parts.scheme not in {"http", "https"} or not parts.hostname or len(segments) < 2:
            raise ValueError(address)
        where, self.name = segments[-2:] if segments[-2] in {"registre", "petitions"} else ("", "")
        if not where:
            raise ValueError(address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.url = f"{self.origin}/registre/{self.name}"

    def get(self, path: str) -> bytes:
        return self._ask(f"{self.url}/{path}")

    def many(self, paths: Sequence[str]) -> Iterator[bytes]:
        """In their order; some are on their way while the first is read."""
        waiting: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(AT_ONCE) as askers:
            try:
                for path in paths:
                    waiting.append(askers.submit(self.get, path))
                    if len(waiting) > 2 * AT_ONCE:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for one in waiting:
                    one.cancel()

    def keys(self) -> list[str]:
        """As the site tells them now, the present one first."""
        return self._ask(f"{self.origin}/registre/cles.txt").decode("utf-8", "replace").split()

    def count(self) -> int:
        """What its petition's page shows."""
        said = self._ask(f"{self.origin}/petitions/{self.name}/compteur.json")
        try:
            return int(json.loads(said)["count"])
        except (ValueError, KeyError, TypeError):
            raise Unreachable("Le compteur de la pétition est illisible.") from None

    def cosign(self, note: str) -> bool:
        """Give it our signature of its head; False when it does not know us."""
        try:
            self._ask(f"{self.url}/cosignatures", urlencode({"note": note}).encode())
        except Missing:
            return False
        return True

    def _ask(self, url: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(url, body, {"User-Agent": AGENT})  # noqa: S310 http or https, see above
        for left in range(TRIES, 0, -1):
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                    content: bytes = answer.read(MOST_BYTES + 1)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in {429, 503} and left > 1:
                        time.sleep(_seconds(error.headers.get("retry-after")))
                        continue
                    if error.code in {404, 410}:
                        raise Missing(f"{url} : il n’y a rien à cette adresse.") from None
                    raise Unreachable(f"{url} : le site répond {error.code}.") from None
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                raise Unreachable(f"{url} : le site ne répond pas ({reason}).") from None
            if len(content) > MOST_BYTES:
                raise Unreachable(f"{url} : la réponse est trop longue.")
            return content
        raise Unreachable(url)


def _seconds(said: str | None) -> float:
    return min(float(said), 10.0) if said is not None and said.isdecimal() else 1.0
