"""A petition whose sheets two people enter and check."""

from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.testclient import TestClient

from app.privacy import counting
from tests.site import PETITION, Site

FIRST, SECOND = "premiere@exemple.test", "seconde@exemple.test"
PLACE = "Maison des associations, 3 rue du Port"
PNG = b"\x89PNG\r\n\x1a\n" + b"Canarie Serinette, 29000" * 40


def rows(*lines: tuple[str, int]) -> dict[str, str]:
    """What is typed in the form for these postal codes."""
    typed: dict[str, str] = {}
    for n, (code, how_many) in enumerate(lines, 1):
        typed |= {f"code-{n}": code, f"n-{n}": str(how_many)}
    return typed


@dataclass
class Desk:
    site: Site
    slug: str
    first: TestClient
    second: TestClient

    @property
    def path(self) -> str:
        return f"/organisation/petitions/{self.slug}/papier"

    def ask(self, how_many: int, place: str = PLACE) -> httpx2.Response:
        return self.first.post(self.path, data={"how_many": str(how_many), "return_to": place})

    def enter(self, sheet: int | str, *lines: tuple[str, int], by: TestClient | None = None, **more: Any) -> Any:
        form = {"sheet": str(sheet), **rows(*lines), **more.pop("form", {})}
        return (by or self.first).post(f"{self.path}/saisir", data=form, **more)

    def check(self, sheet: int, total: int, by: TestClient | None = None) -> httpx2.Response:
        address = f"{self.path}/feuilles/{sheet}/verification"
        return (by or self.second).post(address, data={"total": str(total)})

    def counted(self, sheet: int, *lines: tuple[str, int]) -> None:
        """Entered by one, found the same by the other."""
        assert self.enter(sheet, *lines).status_code == 303
        answer = self.check(sheet, sum(n for _, n in lines))
        assert answer.headers["location"].endswith("?fait=comptee"), answer.text

    def do(self, sheet: int, act: str, by: TestClient | None = None, **form: str) -> httpx2.Response:
        return (by or self.first).post(f"{self.path}/feuilles/{sheet}/{act}", data=form)

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.site.client.get(f"/petitions/{self.slug}.json").json()
        return found

    def differences(self) -> list[Any]:
        with self.site.database.read() as session:
            return list(counting.differences(session))


def opened(site: Site, source: str = PETITION, **changes: Any) -> Desk:
    """Of two owners."""
    slug = site.publish(source, **changes)
    first, second = (site.staff("organiser", slug, email=email) for email in (FIRST, SECOND))
    return Desk(site, slug, first, second)
