"""The health of the team: blind second looks by lot, figures for oneself, violent texts blurred, digests."""

from datetime import UTC, timedelta

import pytest
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.moderation import actions, jobs
from app.moderation.actions import team
from app.moderation.actions.team import sampled
from app.moderation.models import SecondLook
from app.moderation.queries.waiting import TARGETS
from app.zone import ZONE
from tests.moderation.desk import ME, OTHER, PUBLISH, REFUSE, TEXT, decide
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

VIOLENT = "Je vais te tuer, toi et les tiens."


@pytest.fixture
def me(site: Site) -> TestClient:
    return site.staff("moderator")


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def test_two_decisions_in_a_hundred_are_drawn() -> None:
    drawn = sum(sampled() for _ in range(50_000))
    assert 800 < drawn < 1200  # 1000 expected; six standard deviations


@pytest.mark.databases("sqlite", "postgresql")
def test_what_is_drawn_is_judged_again_blind_and_changes_nothing(
    site: Site, me: TestClient, other: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "sampled", lambda: True)
    decision = decide(site, site.comment(site.publish(), TEXT), REFUSE)
    listed = text_of(other.get("/moderation").text)
    assert "Relectures : 1" in listed
    page = other.get(f"/moderation/relectures/{decision.id}").text
    for first in (REFUSE.explanation, decision.reference, ME):
        assert first not in page
    assert other.post(f"/moderation/relectures/{decision.id}", data={"decision": "publish"}).status_code == 303
    with site.database.read() as session:
        look = session.get_one(SecondLook, decision.id)
    assert (look.agreed, look.required) == (False, False)
    assert "Relectures" not in text_of(other.get("/moderation").text)
    # It measures, it decides nothing: no case, the refusal stands, the first decider reads the rate only.
    assert "Transmis" not in text_of(me.get("/moderation").text)
    assert "0 / 1" in text_of(me.get("/moderation/moi").text)


def test_nobody_is_drawn_for_who_works_alone(site: Site, me: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "sampled", lambda: True)
    decision = decide(site, site.comment(site.publish(), TEXT), REFUSE)
    with site.database.read() as session:
        assert session.get(SecondLook, decision.id) is None


def test_personal_figures_are_seen_by_oneself_only(site: Site, me: TestClient, other: TestClient) -> None:
    slug = site.publish()
    for n in range(7):
        decide(site, site.comment(slug, f"Avis {n}", email=f"p{n}@exemple.test"), PUBLISH)
    admin = site.staff("admin")
    assert "Décisions 7" in text_of(me.get("/moderation/moi").text)
    for somebody in (other, admin):
        assert "Décisions 0" in text_of(somebody.get("/moderation/moi").text)
        for path in ("/moderation", f"/moderation/moi?account={site.account_id(ME)}", "/moderation/moi/1"):
            assert "Décisions 7" not in text_of(somebody.get(path).text), path


def test_violent_text_is_blurred_until_opened_unless_one_prefers_otherwise(site: Site, me: TestClient) -> None:
    comment_id = site.comment(site.publish(), VIOLENT)
    page = me.get(f"/moderation?commentaire={comment_id}").text
    listed = page[page.index('class="queue"') : page.index("</nav>", page.index('class="queue"'))]
    assert VIOLENT not in listed
    assert "[texte violent" in listed
    shown = page[page.index('class="comment first"') : page.index("</article>")]
    assert shown.index("<details>") < shown.index(VIOLENT)
    form = {"keys": "on", "digest": "daily", "quiet_from": "20", "quiet_to": "8"}
    assert me.post("/moderation/moi", data=form).status_code == 303
    page = me.get(f"/moderation?commentaire={comment_id}").text
    assert "<details>" not in page[page.index('class="comment first"') : page.index("</article>")]
    assert "[texte violent" not in page


def prefer(site: Site, **wishes: object) -> None:
    with site.database.write() as session:
        actions.prefer(session, session.get_one(Account, site.account_id(ME)), **wishes)


def urgent(site: Site) -> None:
    comment_id = site.comment(site.publish(), VIOLENT, email="v@exemple.test")
    with site.database.write() as session:
        actions.escalate(session, comment_id, session.get_one(Account, site.account_id(ME)), True, "")


@pytest.mark.databases("sqlite", "postgresql")
def test_digest_is_one_a_day_and_says_what_waits(site: Site) -> None:
    site.account("moderator")
    prefer(site, digest="daily", quiet_from=0, quiet_to=0)
    assert jobs.send_digests(site.database) == 0  # nothing waits, nothing is said
    site.comment(site.publish(), TEXT)
    before = len(site.mails())
    assert jobs.send_digests(site.database) == 1
    (mail,) = site.mails()[before:]
    assert mail.to == ME
    assert "minable" not in mail.text
    assert "/moderation" in mail.text
    site.later(hours=12)
    assert jobs.send_digests(site.database) == 0
    site.later(hours=12)
    assert jobs.send_digests(site.database) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_urgent_case_is_told_in_quiet_hours_to_those_who_asked_for_it(site: Site) -> None:
    site.account("moderator")
    urgent(site)
    hour = clock.now().astimezone(ZONE).hour
    quiet = {"quiet_from": (hour - 2) % 24, "quiet_to": (hour + 4) % 24}
    for digest, sent in (("never", 0), ("daily", 0), ("urgent", 1)):
        prefer(site, digest=digest, **quiet)
        assert jobs.send_digests(site.database) == sent, digest


def test_targets_are_72_hours_and_24_for_notices(site: Site) -> None:
    site.comment(site.publish(), "Un avis.")
    site.later(hours=71)
    page = text_of(site.staff("moderator").get("/moderation").text)
    assert "Commentaires : 1" in page
    assert "en retard" not in page
    site.later(hours=2)
    assert "(en retard)" in text_of(site.staff("moderator", email=OTHER).get("/moderation").text)
    assert {name: target / timedelta(hours=1) for name, (target, _weight) in TARGETS.items()} == {
        "urgent": 1, "illegal": 24, "charter": 24, "escalated": 24, "comment": 72, "petition": 72, "reply": 72,
        "amendment": 72, "news": 72, "appeal": 7 * 24, "confirm": 24, "second": 14 * 24,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "at", "sent"),
    [
        ((20, 8), "19:59", 1), ((20, 8), "20:00", 0), ((20, 8), "07:59", 0), ((20, 8), "08:00", 1),
        ((12, 14), "11:59", 1), ((12, 14), "12:00", 0), ((12, 14), "13:59", 0), ((12, 14), "14:00", 1),
        ((9, 9), "09:00", 1),
    ],
)  # fmt: skip
def test_quiet_hours_begin_and_end_on_the_hour_in_france(
    site: Site, me: TestClient, hours: tuple[int, int], at: str, sent: int
) -> None:
    form = {"keys": "on", "digest": "daily", "quiet_from": str(hours[0]), "quiet_to": str(hours[1])}
    assert me.post("/moderation/moi", data=form).status_code == 303
    site.comment(site.publish(), TEXT)
    now = clock.now()
    there = (now.astimezone(ZONE) + timedelta(days=1)).replace(hour=int(at[:2]), minute=int(at[3:]), second=0)
    clock.travel(there.astimezone(UTC) - now)
    assert jobs.send_digests(site.database) == sent


def test_an_urgent_case_is_told_again_after_an_hour_not_sooner_nor_later(site: Site) -> None:
    site.account("moderator")
    prefer(site, digest="urgent")
    urgent(site)
    assert jobs.send_digests(site.database) == 1
    site.later(minutes=59)
    assert jobs.send_digests(site.database) == 0
    site.later(minutes=1)
    assert jobs.send_digests(site.database) == 1


def test_an_urgent_case_is_late_after_an_hour(site: Site, me: TestClient) -> None:
    urgent(site)
    site.later(minutes=59)
    assert "en retard" not in text_of(me.get("/moderation").text)
    site.later(minutes=2)
    assert "(en retard)" in text_of(me.get("/moderation").text)


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "refuse"}, {"decision": "refuse", "article": ""}, {"decision": "refuse", "article": "99"},
        {"decision": ""}, {"decision": "remove", "article": "1"},
    ],
)  # fmt: skip
def test_a_second_look_is_a_judgment_under_an_article_or_none(
    site: Site, me: TestClient, other: TestClient, monkeypatch: pytest.MonkeyPatch, form: dict[str, str]
) -> None:
    monkeypatch.setattr(team, "sampled", lambda: True)
    decision = decide(site, site.comment(site.publish(), TEXT), REFUSE)
    answer = other.post(f"/moderation/relectures/{decision.id}", data=form)
    assert answer.status_code == 422
    assert "publier, ou refuser sous un article" in text_of(answer.text)
    with site.database.read() as session:
        assert session.get_one(SecondLook, decision.id).judged_at is None
