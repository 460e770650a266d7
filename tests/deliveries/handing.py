"""What deliveries are made of in tests: the form, a proof, and a petition that was handed over."""

import io
import zlib
from datetime import date
from struct import pack

import httpx2
from starlette.testclient import TestClient

from app import clock
from app.zone import day_of
from tests.site import PASSWORD, Site

FORM = {"to-0": "on", "way": "hand", "note": "", "seen": "0", "act": "deliver"}
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\nTamponnette\n%%EOF\n"


def png(side: int = 8) -> bytes:
    """A square, whole."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x7f" * side for _ in range(side))
    head = pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def today() -> date:
    return day_of(clock.now())


def form(**changes: str) -> dict[str, str]:
    return {**FORM, "on": today().isoformat(), **{name.replace("_", "-"): value for name, value in changes.items()}}


def desk(slug: str, path: str = "") -> str:
    return f"/organisation/petitions/{slug}/remise{path}"


def hand_over(
    browser: TestClient, slug: str, proof: bytes | None = None, name: str = "recepisse.pdf", **changes: str
) -> httpx2.Response:
    files = {"proof": (name, io.BytesIO(proof))} if proof is not None else None
    return browser.post(desk(slug), data=form(**changes), files=files)


def handed_over(site: Site, *, named: bool = True, email: str = "organiser@exemple.test") -> tuple[str, TestClient]:
    """A petition with a signature, and its organiser, who has said that it was handed over."""
    slug = site.publish(delivery_mode="identities" if named else "count")
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug, email=email)
    answer = hand_over(organiser, slug)
    assert answer.status_code == 303, answer.text
    return slug, organiser


def signed_in(site: Site, email: str = "organiser@exemple.test") -> TestClient:
    """Once more: a session lasts ten hours."""
    browser = site.browser()
    assert browser.post("/connexion", data={"email": email, "password": PASSWORD}).status_code == 303
    return browser
