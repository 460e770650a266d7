"""A form with a file: one file, whole, on routes that expect it; nobody else waits for it."""

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.db import Db
from app.petitions.dependencies import OfferedPicture
from app.web import ratelimit
from app.web.admission import admitted, in_lane
from app.web.forms import Form
from app.web.ratelimit import limited
from app.web.uploads import MAX_FILE, Upload, uploading
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

router = APIRouter()


@router.post("/essai")
@limited()
@uploading
def with_file(request: Request, session: Db, upload: Upload, values: Form) -> Response:
    sent = [upload.name, upload.size, upload.read()[:8].decode("latin-1")] if upload else None
    return JSONResponse({"sent": sent, "values": values})


@router.post("/essai-image")
@limited()
@in_lane("picturing")
@uploading
def with_picture(request: Request, picture: OfferedPicture, session: Db, values: Form) -> Response:
    return JSONResponse({"kept": picture.prepared is not None, "refused": picture.refused, "values": values})


@pytest.fixture
def door(site: Site) -> Site:
    """The site with two routes more."""
    site.app.include_router(router, dependencies=[Depends(admitted, scope="function")])
    return site


def send(site: Site, files: Any, data: dict[str, str] | None = None, path: str = "/essai") -> httpx2.Response:
    return site.client.post(path, files=files, data=data)


def raw(site: Site, body: bytes | Iterator[bytes], boundary: str = "bord", **headers: str) -> httpx2.Response:
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"} | headers
    return site.client.post("/essai", content=body, headers=kind)


def part(name: str, content: bytes, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    return f'--bord\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--bord--\r\n"


def picture(size: int = 400) -> bytes:
    output = io.BytesIO()
    Image.effect_noise((size, size), 60).convert("RGB").save(output, "JPEG")
    return output.getvalue()


def test_a_file_comes_with_its_fields(door: Site) -> None:
    answer = send(door, {"image": ("a.jpg", b"contenu")}, {"alt": "Une façade 🏛️", "legende": "deux\r\nlignes"}).json()
    assert answer == {"sent": ["a.jpg", 7, "contenu"], "values": {"alt": "Une façade 🏛️", "legende": "deux\r\nlignes"}}


def test_no_file_chosen_is_no_file(door: Site) -> None:
    body = part("image", b"", "") + part("alt", b"rien") + END
    assert raw(door, body).json() == {"sent": None, "values": {"alt": "rien"}}
    plain = door.client.post("/essai", data={"alt": "rien"})
    assert plain.json() == {"sent": None, "values": {"alt": "rien"}}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "🏛️ façade.jpg", "C:\\\\photo.jpg", "a" * 3000, '\\".jpg', "\u202egpj.exe"]
)
def test_the_name_of_a_file_is_never_a_path(door: Site, name: str) -> None:
    answer = raw(door, part("image", b"contenu", name) + END)
    assert answer.status_code == 200
    assert answer.json()["sent"][1:] == [7, "contenu"]


@pytest.mark.parametrize(
    "body",
    [
        part("image", b"contenu", "a.jpg"),
        part("image", b"contenu", "a.jpg")[:-20],
        part("image", b"contenu", "a.jpg") + END[:-5],
        b"",
        b"rien du tout",
        part("image", b"contenu", "a.jpg").replace(b"bord", b"autre") + END,
        part("image", b"un", "a.jpg") + part("image", b"deux", "b.jpg") + END,
        part("image", b"un", "a.jpg") + part("autre", b"deux", "b.jpg") + END,
        part("alt", b"\xff\xfe") + END,
        part("alt", b"a\0b") + END,
        part("al\0t", b"a") + END,
        b"--bord\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
        b"--bord\r\nX: " + b"a" * 100_000 + b"\r\n\r\nx\r\n" + END,
        b"".join(part(f"champ{n}", b"x") for n in range(300)) + END,
    ],
)
def test_what_is_no_whole_form_is_a_bad_request(door: Site, body: bytes) -> None:
    answer = raw(door, body)
    assert answer.status_code == 400
    assert any(said in answer.text for said in ("illisible", "en chemin", "Un seul fichier"))


def test_a_connection_that_breaks_is_a_bad_request(door: Site) -> None:
    """No test client breaks one: the application is called as the server does."""
    messages: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": part("a", b"x" * 99, "a")[:60], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"multipart/form-data; boundary=bord")]
    scope = {"type": "http", "method": "POST", "path": "/essai", "raw_path": b"/essai", "query_string": b""}
    scope |= {"headers": headers, "client": ("203.0.113.9", 5), "server": ("127.0.0.1", 8000), "scheme": "http"}
    assert door.client.portal is not None
    door.client.portal.call(door.app, scope | {"http_version": "1.1", "root_path": ""}, receive, send)
    assert sent[0]["status"] == 400


def test_a_boundary_is_needed_and_is_short(door: Site) -> None:
    body = part("alt", b"a") + END
    assert door.client.post("/essai", content=body, headers={"content-type": "multipart/form-data"}).status_code == 400
    assert raw(door, body, boundary="b" * 5000).status_code == 400
    assert raw(door, body, boundary="autre").status_code == 400


def test_a_large_file_is_cut_and_a_huge_one_is_refused_at_once(door: Site) -> None:
    answer = send(door, {"image": ("a.jpg", b"x" * (MAX_FILE + 5000))}, {"alt": "reste"}).json()
    assert answer["sent"][1] == MAX_FILE + 1
    assert answer["values"] == {"alt": "reste"}
    announced = raw(door, b"", **{"content-length": "1073741824"})
    assert announced.status_code == 413
    assert "trop long" in announced.text
    unannounced = raw(door, (b"x" * 1024 * 1024 for _ in range(40)))
    assert unannounced.status_code in {400, 413}
    assert raw(door, part("alt", b"x" * 100_000) + END).status_code == 413


def test_only_marked_routes_take_files(door: Site) -> None:
    slug = door.publish()
    files = {"image": ("a.jpg", b"x" * 1000)}
    assert send(door, files, path=f"/petitions/{slug}/signatures").status_code == 415
    assert send(door, files, path="/mes-signatures").status_code == 415
    large = {"image": ("a.jpg", b"x" * 100_000)}
    assert send(door, large, path="/mes-signatures").status_code == 413
    # A form without file is as short there as elsewhere.
    assert door.client.post("/essai", data={"alt": "a" * 100_000}).status_code == 413


def test_a_picture_that_cannot_be_kept_leaves_the_rest_of_the_form(door: Site) -> None:
    for content, said in ((b"%PDF-1.4", "JPEG"), (b"\xff\xd8\xff" + b"x" * MAX_FILE, "10 Mo au plus"), (b"", "JPEG")):
        answer = send(door, {"image": ("a.jpg", content)}, {"alt": "reste"}, "/essai-image").json()
        assert answer["kept"] is False
        assert said in answer["refused"]
        assert answer["values"] == {"alt": "reste"}


@pytest.mark.slow
def test_sixty_pictures_at_once_are_each_answered_and_who_signs_does_not_wait(
    door: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit.rates, "post", "1000/minute")
    slug, content = door.publish(), picture(900)

    def offer(n: int) -> int:
        browser = door.browser(client=(f"203.0.113.{n}", 50000))
        answer = browser.post("/essai-image", files={"image": (f"{n}.jpg", content)})
        assert answer.status_code == 503 or answer.json() == {"kept": True, "refused": "", "values": {}}
        return answer.status_code

    with ThreadPoolExecutor(60) as crowd:
        asked = [crowd.submit(offer, n) for n in range(60)]
        time.sleep(1)
        began = time.monotonic()
        for n in range(5):
            assert door.sign(slug, email=f"marie{n}@exemple.test").status_code == 303
        took = time.monotonic() - began
        unfinished = sum(not one.done() for one in asked)
        answers = [one.result() for one in asked]
    assert unfinished > 0
    assert took < 10
    assert answers.count(200) >= 3
