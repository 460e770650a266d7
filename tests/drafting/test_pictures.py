"""The picture of a draft: sent, refused with a sentence, taken away, and gone from the disk with its draft."""

import io
import os
import threading
import time
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from app.drafting import jobs
from tests.drafting.writing import begun, written
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")
WORDS = {"alt": "Des vélos sous la pluie", "rights": "on", "focus_x": "20", "focus_y": "80", "seen": "0"}


def photo(colour: str = "red", size: tuple[int, int] = (1000, 600)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "JPEG")
    return made.getvalue()


def send(browser: TestClient, base: str, content: bytes, **fields: str) -> tuple[int, str]:
    files = {"file": ("photo.jpg", content, "image/jpeg")}
    answer = browser.post(f"{base}/image", data=WORDS | fields, files=files)
    return answer.status_code, text_of(answer.text)


def files(site: Site) -> list[Path]:
    store = site.settings.var / "images"
    return sorted(store.iterdir()) if store.is_dir() else []


def grow_old(site: Site) -> None:
    for file in files(site):
        os.utime(file, (time.time() - 2 * 86400,) * 2)


def test_a_picture_comes_with_its_draft_and_is_on_the_page(site: Site) -> None:
    organiser = site.staff("organiser")
    base = written(organiser)
    assert send(organiser, base, photo())[0] == 303
    assert organiser.post(f"{base}/image", data=WORDS | {"seen": "1"}).status_code == 303
    page = organiser.get(f"{base}/relire").text
    assert 'alt="Des vélos sous la pluie"' in page
    slug = organiser.post(f"{base}/proposer").headers["location"].rpartition("/")[2].partition("?")[0]
    moderator = site.staff("moderator")
    decided = moderator.post("/moderation/petitions/1/decision", data={"decision": "publish", "version": "1"})
    assert decided.status_code == 303
    image = site.client.get(f"/petitions/{slug}.json").json()["image"]
    assert image["alt"] == "Des vélos sous la pluie"
    assert site.client.get(image["url"].removeprefix(site.settings.origin)).headers["content-type"] == "image/webp"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "ne convient pas"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "un fichier JPEG"),
        (photo()[:-900], "un fichier JPEG"),
        (b"\xff\xd8" + b"\x00" * (10 * 1024 * 1024), "10 Mo au plus"),
    ],
)
def test_what_is_no_picture_is_refused_beside_its_field_and_nothing_typed_is_lost(
    site: Site, content: bytes, said: str
) -> None:
    base = begun(site.client)
    assert send(site.client, base, photo())[0] == 303
    status, page = send(site.client, base, content, caption="Devant la gare", seen="1")
    assert (status, said in page.replace("\u00a0", " ").replace("\u202f", " ")) == (422, True), page
    again = site.client.post(f"{base}/image", data={"seen": "1", "caption": "Devant la gare", "alt": ""})
    assert again.headers["location"] == f"{base}/image?verifier=oui"
    assert "Décrivez l’image" in text_of(site.client.get(again.headers["location"]).text)


def test_its_name_is_the_server_s_alone(site: Site) -> None:
    base = begun(site.client)
    forged = WORDS | {"picture": "../../etc/passwd 9 9"}
    assert site.client.post(f"{base}/image", data=forged).status_code == 303
    assert "passwd" not in site.client.get(f"{base}/image").text
    assert send(site.client, base, photo(), seen="1")[0] == 303
    assert site.client.post(f"{base}/image", data=forged | {"seen": "1"}).status_code == 303
    page = site.client.get(f"{base}/image").text
    assert "passwd" not in page
    assert "/images/" in page


def test_files_go_once_nothing_shows_them(site: Site) -> None:
    base, other = begun(site.client), begun(site.browser())
    assert send(site.client, base, photo("red"))[0] == 303
    assert send(site.client, other, photo("blue"))[0] == 303
    both = files(site)
    assert jobs.sweep_pictures(site.database, site.settings.var / "images") == 0
    assert site.client.post(f"{base}/image", data=WORDS | {"seen": "1", "go": "sans-image"}).status_code == 303
    assert jobs.sweep_pictures(site.database, site.settings.var / "images") == 0  # too young
    grow_old(site)
    gone = jobs.sweep_pictures(site.database, site.settings.var / "images")
    assert gone == len(both) // 2
    assert site.client.post(f"{other}/supprimer").status_code == 303
    assert jobs.sweep_pictures(site.database, site.settings.var / "images") == gone
    assert files(site) == []


def test_twenty_pictures_at_once_are_all_answered(site: Site) -> None:
    base = begun(site.client)
    answers: list[int] = []

    def one(n: int) -> None:
        answers.append(send(site.browser(), base, photo(size=(300 + n, 200)))[0])

    senders = [threading.Thread(target=one, args=(n,)) for n in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert set(answers) <= {303, 409, 503}
    assert 303 in answers
