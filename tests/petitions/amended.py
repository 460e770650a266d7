"""A published petition whose text changes, as its organiser and a moderator do it."""

import re

from starlette.testclient import TestClient

from app.petitions import queries
from app.petitions.models import Petition
from tests.site import PETITION, Site

TITLE = "Rouvrir la bibliothèque de Montfleur"
TEXT = PETITION.rpartition("---")[2].strip()
AMENDED = TEXT.replace("au moins trois jours", "au moins cinq jours")
REASON = "La mairie a proposé deux jours : nous précisons."


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found


def propose(organiser: TestClient, slug: str, text: str = AMENDED, title: str = TITLE, reasons: str = REASON) -> int:
    form = {"act": "amend", "title": title, "text": text, "reasons": reasons}
    return organiser.post(f"/organisation/petitions/{slug}/version", data=form).status_code


def waiting(moderator: TestClient) -> str:
    """The page of the amendment that waits."""
    found = re.search(r'href="(/moderation/amendements/\d+)"', moderator.get("/moderation").text)
    assert found is not None
    return found[1]


def amend(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, text: str = AMENDED, title: str = TITLE
) -> None:
    assert propose(organiser, slug, text, title) == 303
    path = f"{waiting(moderator)}/decision"
    assert moderator.post(path, data={"decision": "publish"}).status_code == 303
