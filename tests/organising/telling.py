"""News as tests tell them: at once, or the way that an organiser goes."""

from typing import Any

from starlette.testclient import TestClient

from app import clock
from app.petitions import queries as petition_queries
from app.petitions.models import Outcome
from app.petitions.outcomes import Told
from app.updates import actions, jobs
from app.updates.models import UpdateKind
from app.zone import day_of
from tests.site import Received, Site

NEWS = {"title": "Une date est fixée", "text": "Le conseil municipal en parle le 12 : venez nombreuses."}


def tell(
    site: Site,
    slug: str,
    title: str = NEWS["title"],
    text: str = NEWS["text"],
    *,
    kind: str = UpdateKind.NEWS,
    mail: bool = True,
    sent: bool = True,
    facts: dict[str, str] | None = None,
) -> int:
    """On the page now, read by a moderator long ago; its mails are written when *sent*. Gives its number."""
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        past = clock.now() - actions.CALL_BACK
        if facts is None and kind == UpdateKind.OUTCOME:
            facts = Told(Outcome.OBTAINED, day_of(past), "La gazette").facts
        told: dict[str, Any] = {"kind": kind, "title": title, "text": text, "facts": facts}
        update = actions.post(session, petition, **told, by=None, mail=mail, review=False, now=past)
        update.decided_at, update_id = past, update.id
    with site.database.write() as session:
        assert actions.publish_due(session, clock.now())
    if sent:
        write(site)
    return update_id


def write(site: Site) -> list[Received]:
    """What the worker does every few seconds, until nothing is left; gives the mails."""
    while jobs.send_updates(site.database, site.settings.origin):
        site.mails()
    return site.mails()


def base(slug: str) -> str:
    return f"/organisation/petitions/{slug}/nouvelles"


def draft(organiser: TestClient, slug: str, **changes: str) -> str:
    """Where the draft is written in."""
    answer = organiser.post(base(slug), data=NEWS | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def send(organiser: TestClient, slug: str, act: str = "mail", **changes: str) -> str:
    """Written and sent; where it stands."""
    path = draft(organiser, slug, **changes)
    answer = organiser.post(f"{path}/envoi", data={"act": act})
    assert answer.status_code == 303, answer.text
    return path
