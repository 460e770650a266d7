"""Files whose address changes with their content."""

import re

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


def test_another_hash_another_folder_or_a_step_outside_is_not_found(site: Site) -> None:
    hashed = static_url("css/signons.css").split("/")[2]
    for address in (
        "/static/000000000000/css/signons.css",
        "/static/css/signons.css",
        f"/static/{hashed}/css",
        f"/static/{hashed}/css/absent.css",
        f"/static/{hashed}/../main.py",
        f"/static/{hashed}/..%2Fmain.py",
        f"/static/{hashed}/%2e%2e/%2e%2e/pyproject.toml",
        "/static/",
    ):
        assert site.client.get(address).status_code == 404, address
