"""The figures that everybody may check are those of the rows."""

import csv
import io
from collections import Counter

import pytest
from sqlalchemy import func, select

from app.exports.models import ExportRecord
from app.moderation.actions import Judgment
from app.moderation.models import Appeal, Decision, Notice
from app.signatures.models import Signature
from tests.moderation.desk import OTHER, PUBLISH, REFUSE, TEXT, again, decide
from tests.site import Site

QUARANTINE = Judgment("refuse", [7], "ce maire", effects=frozenset({"quarantine"}))
NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip


@pytest.fixture
def slug(site: Site) -> str:
    site.account("moderator")
    return site.publish()


def figures(site: Site, period: str = "") -> dict[str, int]:
    found: dict[str, int] = site.client.get(f"/transparence.json{period}").json()
    return found


def rows(site: Site, *conditions: object) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]


def test_invalidated_signatures_are_those_set_aside(site: Site, slug: str) -> None:
    ids = [site.comment(slug, f"{TEXT} {n}", email=f"p{n}@exemple.test") for n in range(4)]
    for comment_id in ids[:3]:
        decide(site, comment_id, QUARANTINE)
    decide(site, ids[3], REFUSE)
    aside = Signature.state == "quarantined"
    assert figures(site)["invalidated_signatures"] == rows(site, aside) == 3
    again(site, ids[0], Judgment("restore"))
    assert figures(site)["invalidated_signatures"] == rows(site, aside) == 2
    again(site, ids[0], QUARANTINE)
    assert figures(site)["invalidated_signatures"] == rows(site, aside) == 3
    assert site.count(slug) == 1
    assert figures(site, "?du=2020-01-01&au=2020-12-31")["invalidated_signatures"] == 0


def test_undone_quarantine_is_not_counted(site: Site, slug: str) -> None:
    moderator = site.staff("moderator", email=OTHER)
    decision = decide(site, site.comment(slug, TEXT), QUARANTINE, by=OTHER)
    assert moderator.post(f"/moderation/decisions/{decision.id}/annulation").status_code == 303
    assert figures(site)["invalidated_signatures"] == 0
    assert figures(site)["decisions"] == 0


def test_every_total_is_that_of_its_rows(site: Site, slug: str) -> None:
    moderator = site.staff("moderator", email=OTHER)
    organiser = site.staff("organiser", slug)
    ids = [site.comment(slug, f"{TEXT} {n}", email=f"p{n}@exemple.test") for n in range(4)]
    decide(site, ids[0], REFUSE.within(articles=[1, 10]))
    for comment_id in ids[1:3]:
        decide(site, comment_id, PUBLISH)
        site.client.post(f"/commentaires/{comment_id}/signaler", data=NOTICE)
    moderator.post("/moderation/dossiers/1/decision", data={"decision": "keep"})
    site.later(seconds=61)
    link = next(
        mail.link("/recours/") for mail in site.mails() if mail.to == "p0@exemple.test" and "recours" in mail.text
    )
    assert site.client.post(link, data={"text": "Ce n’est pas une insulte."}).status_code == 200
    assert organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "audit"}).status_code == 200
    found = site.client.get("/transparence.json").json()
    assert found["decisions"] == rows(site, Decision.undone_at.is_(None)) == 4
    for name in ("kind", "target", "ground", "source"):
        assert sum(found[f"decisions_by_{name}"].values()) == 4, name
    assert found["decisions_by_article"] == {"article_1": 1, "article_10": 1}
    assert found["notices"] == rows(site, Notice.id > 0) == 2
    for name in ("ground", "category", "outcome"):
        assert sum(found[f"notices_by_{name}"].values()) == 2, name
    assert found["notices_by_outcome"] == {"dismissed": 1, "waiting": 1}
    assert found["appeals"] == rows(site, Appeal.id > 0) == found["appeals_waiting"] == 1
    assert found["exports"] == rows(site, ExportRecord.finished_at.is_not(None)) == 1

    # The page, the CSV and the JSON say the same.
    text = site.client.get("/transparence.csv").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))[1:]
    flat = Counter({name: int(float(value)) for name, detail, value in lines if not detail})
    for name in ("decisions", "notices", "appeals", "exports", "invalidated_signatures"):
        assert flat[name] == found[name], name
