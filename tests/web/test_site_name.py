"""The platform is called what its operator calls it, on every page and in every mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.conftest import settings_for
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

NAME = "Pétitions de l’Aubrac"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path, site_name=NAME)


def _answers(site: Site) -> Iterator[tuple[str, str]]:
    slug = site.publish()
    link = site.confirmed(slug)
    paths = ["/", f"/petitions/{slug}", f"/widget/{slug}", f"/petitions/{slug}/verifier", link, "/mes-signatures"]
    paths += ["/connexion", "/charte", "/confidentialite", "/inconnu", "/confirmer/abc", "/petitions/absente"]
    for path in paths:
        for prefix in ("", "/en"):
            yield prefix + path, site.client.get(prefix + path).text
    elsewhere = {"sec-fetch-site": "cross-site"}
    yield "refused before any route", site.client.post("/connexion", headers=elsewhere).text
    yield "a name that is taken for bytes", site.client.get("/%ff").text
    for mail in site.mails():
        yield mail.subject, mail.html
        yield mail.subject, f"<p>{mail.text} {mail.message['From']}</p>{NAME}"


@pytest.mark.typed("SIGNONS_SITE_NAME=Autre", "pages d’erreur, widget et courriels portent ce nom")
def test_nothing_is_called_by_the_name_of_the_software(site: Site) -> None:
    for what, html in _answers(site):
        words = text_of(html.replace("signons.invalid", ""))
        assert "Signons" not in words, what
        assert NAME in words, what
