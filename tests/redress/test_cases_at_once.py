"""Two moderators on one case: one decides, the other is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.moderation.models import Decision
from tests.moderation.desk import OTHER
from tests.site import Site

NOTICE = {
    "category": "other", "reasons": "Cette pétition est illicite.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip


@pytest.mark.databases("sqlite", "postgresql")
def test_two_decisions_at_once_on_a_reported_petition_are_one(site: Site) -> None:
    people = [site.staff("moderator"), site.staff("moderator", email=OTHER)]
    for n in range(1, 9):
        slug = site.publish()
        assert site.client.post(f"/petitions/{slug}/signaler", data=NOTICE).status_code == 200
        with ThreadPoolExecutor(2) as pool:
            path, form = f"/moderation/dossiers/{n}/decision", {"decision": "keep"}
            asked = [pool.submit(person.post, path, data=form) for person in people]
        assert sorted(answer.result().status_code for answer in asked) == [303, 409]
        with site.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Decision)) == n
