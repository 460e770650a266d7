"""Files whose address changes with their content."""

import gzip
import re

import brotli
import pytest

from app.templating import STATIC, static_url
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


def test_files_may_be_kept_for_ever_under_their_hashed_address(site: Site) -> None:
    html = site.client.get("/").text
    addresses = set(re.findall(r'"(/static/[^"]+)"', html))
    assert any(address.endswith(".css") for address in addresses)
    for address in addresses:
        assert re.match(r"/static/[0-9a-f]{12}/", address)
        response = site.client.get(address)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.content == (STATIC / address.split("/", 3)[3]).read_bytes()


def test_a_page_of_the_other_release_is_not_bare_during_an_upgrade(site: Site) -> None:
    """Nor is what it gets instead kept by anybody under that address."""
    response = site.client.get("/static/000000000000/css/signons.css")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert response.content == (STATIC / "css/signons.css").read_bytes()
    assert site.client.get("/static/000000000000/js/live.js").status_code == 404  # it works without


def test_another_folder_or_a_step_outside_is_not_found(site: Site) -> None:
    hashed = static_url("css/signons.css").split("/")[2]
    for address in (
        "/static/000000000000/css/absent.css",
        "/static/0/css/signons.css",
        "/static/css/signons.css",
        f"/static/{hashed}/css",
        f"/static/{hashed}/css/absent.css",
        f"/static/{hashed}/../main.py",
        f"/static/{hashed}/..%2Fmain.py",
        f"/static/{hashed}/%2e%2e/%2e%2e/pyproject.toml",
        "/static/",
    ):
        assert site.client.get(address).status_code == 404, address


UNPACKED = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.typed("un navigateur sans mandataire devant", "les fichiers partent compressés")
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("deflate , GZIP", "gzip"),
        ("*", "gzip"),
        ("br;q=0, *", "gzip"),
        ("br", "br"),
        ("gzip; q=0.0, br", "br"),
        ("identity, gzip;q=0.5", None),
        ("", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("br;q=0, gzip;q=0", None),
        ("*;q=0", None),
        ("gzip;q=beaucoup", None),
        ("gzipped, brotli", None),
    ],
)
def test_texts_leave_compressed_where_a_browser_can_read_them(site: Site, accepted: str, coding: str | None) -> None:
    for name in ("css/signons.css", "js/live.js", "img/favicon.svg"):
        with site.client.stream("GET", static_url(name), headers={"accept-encoding": accepted}) as response:
            sent = b"".join(response.iter_raw())
            assert response.headers.get("content-encoding") == coding, name
        assert response.headers["vary"] == "accept-encoding"
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-type"].startswith(("text/", "image/svg", "application/javascript"))
        content = (STATIC / name).read_bytes()
        assert int(response.headers["content-length"]) == len(sent)
        assert UNPACKED[coding](sent) == content
        assert len(sent) < len(content) or coding is None
        head = site.client.head(static_url(name), headers={"accept-encoding": accepted})
        assert (head.headers, head.content) == (response.headers, b"")


def test_each_coding_has_a_fingerprint_of_its_own(site: Site) -> None:
    address = static_url("css/signons.css")
    etags = {
        coding: site.client.get(address, headers={"accept-encoding": coding}).headers["etag"]
        for coding in ("br", "gzip", "identity")
    }
    assert len(set(etags.values())) == 3
    for coding in etags:
        for other, etag in etags.items():
            headers = {"accept-encoding": coding, "if-none-match": f'"x", {etag}'}
            response = site.client.get(address, headers=headers)
            assert response.status_code == (304 if other == coding else 200), (coding, other)
            assert response.headers["etag"] == etags[coding]
            assert response.headers["vary"] == "accept-encoding"
            assert response.status_code == 200 or "content-type" not in response.headers


def test_the_main_style_sheet_weighs_eight_kilobytes_at_most(site: Site) -> None:
    for coding, most in (("br", 7000), ("gzip", 8000)):
        response = site.client.get(static_url("css/signons.css"), headers={"accept-encoding": coding})
        assert int(response.headers["content-length"]) <= most, coding


def test_a_part_of_a_file_is_a_part_of_the_file(site: Site) -> None:
    headers = {"accept-encoding": "br, gzip", "range": "bytes=0-9"}
    response = site.client.get(static_url("css/signons.css"), headers=headers)
    assert response.status_code == 206
    assert response.content == (STATIC / "css/signons.css").read_bytes()[:10]
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "accept-encoding"
