"""Two hundred comments cleared with the keyboard alone; the same acts without JavaScript."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.people import PHONE, Demo, People, decide, sign_in
from tests.services import wait_for

MODERATOR = "moderateur@demo.test"
PANES = (".list", "#texte", ".decide", ".around")
IN_SIGHT = """() => {
  const [list, here] = [".list", ".queue [aria-current]"].map(s => document.querySelector(s).getBoundingClientRect());
  return here.top >= list.top - 1 && here.top < list.bottom;
}"""
INSULT = "Ce maire est un minable, avis"


def _database(demo: Demo) -> sqlite3.Connection:
    return sqlite3.connect(demo.folder / "signons.db", timeout=30)


def _arrive(demo: Demo, n: int) -> list[int]:
    """*n* comments more to moderate, one in four an insult that a hint points at."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    ids = []
    with closing(_database(demo)) as connection, connection:
        for i in range(n):
            text = f"{INSULT} {i}" if i % 4 == 0 else f"Une opinion parmi d’autres, {i}"
            start = text.find("minable")
            hint = f'[{{"hint": "words-1", "version": 1, "article": 1, "start": {start}, "end": {start + 7}}}]'
            row = connection.execute(
                "INSERT INTO comment (petition_id, state, text, revision, version, locale, created_at, waiting_since,"
                " severity, hints, masks) VALUES (1, 'waiting', ?, 1, 1, 'fr', ?, ?, 1, ?, '[]')",
                (text, now, now, hint if start >= 0 else "[]"),
            )
            ids.append(int(row.lastrowid or 0))
            connection.execute("INSERT INTO comment_revision VALUES (?, 1, ?, '', ?)", (row.lastrowid, text, now))
    return ids


def _states(demo: Demo, ids: list[int]) -> list[str]:
    marks = ",".join("?" * len(ids))
    with closing(_database(demo)) as connection:
        rows = connection.execute(f"SELECT state FROM comment WHERE id IN ({marks})", ids).fetchall()
    return [state for (state,) in rows]


def _open_key(page: Page) -> str:
    return page.locator("[data-open]").get_attribute("data-open") or ""


def test_two_hundred_comments_are_cleared_by_keyboard_alone(demo: Demo, people: People) -> None:
    ids = _arrive(demo, 200)
    page = people.arrive()
    sign_in(page, MODERATOR, "/moderation")
    for _ in range(400):
        if page.locator("[data-open]").count() == 0 or "waiting" not in _states(demo, ids):
            break
        before = _open_key(page)
        insult = page.locator("#texte").inner_text().startswith(INSULT)
        if insult:
            page.keyboard.press("r")
            page.keyboard.press("1")
        else:
            page.keyboard.press("a")
        page.wait_for_function("key => document.querySelector('[data-open]')?.dataset.open !== key", arg=before)
    # The screen is ahead of the answers, by design.
    wait_for(lambda: "waiting" not in _states(demo, ids), "two hundred decisions stored", 20)
    states = _states(demo, ids)
    assert (states.count("published"), states.count("refused")) == (150, 50)


# From the key to the next item on the screen, as the page itself sees it.
STOPWATCH = """() => {
  window.waits = [];
  let pressed = 0;
  document.addEventListener("keydown", () => (pressed = performance.now()), true);
  new MutationObserver(() => {
    if (pressed && document.querySelector("[data-open]")) waits.push(performance.now() - pressed);
    pressed = 0;
  }).observe(document.querySelector(".panes"), { childList: true });
}"""


def _is_ahead(asked: Request) -> bool:
    """The item after the next one, which the page fetches meanwhile."""
    return asked.method == "GET" and "element=" in asked.url


def test_next_item_is_there_in_a_tenth_of_a_second(demo: Demo, people: People) -> None:
    _arrive(demo, 12)
    page = people.arrive()
    sign_in(page, MODERATOR, "/moderation")
    page.wait_for_load_state("networkidle")  # the next one is there
    page.evaluate(STOPWATCH)
    for _ in range(8):
        before = _open_key(page)
        with page.expect_request_finished(
            lambda asked: asked.method == "GET" and "element=" in asked.url
        ):  # and the one after it comes
            page.keyboard.press("j")
        page.wait_for_function("key => document.querySelector('[data-open]')?.dataset.open !== key", arg=before)
    waits = sorted(page.evaluate("window.waits"))
    print(f"\nnext item: median {waits[len(waits) // 2]:.0f} ms, longest {waits[-1]:.0f} ms")
    assert waits[len(waits) // 2] < 100


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_undo_and_refuse_and_mask_with_buttons(demo: Demo, people: People, javascript: bool) -> None:
    (comment_id,) = _arrive(demo, 1)
    page = people.arrive(javascript)
    sign_in(page, MODERATOR, "/moderation")
    page.goto(f"/moderation?element=comment-{comment_id}")
    decide(page, page.get_by_role("button", name="Publier tel quel"))
    page.get_by_role("button", name="Annuler ma dernière décision").click()
    expect(page.locator("[data-open]")).to_have_attribute("data-open", f"comment-{comment_id}")
    page.locator("[name=article]").first.select_option("1")
    page.locator("#champ-passage").fill("minable")
    decide(page, page.get_by_role("button", name="Masquer ce passage"))
    assert _states(demo, [comment_id]) == ["published"]


def test_keys_can_be_switched_off_and_help_lists_them(demo: Demo, people: People) -> None:
    (comment_id,) = _arrive(demo, 1)
    page = people.arrive()
    sign_in(page, MODERATOR, "/moderation")
    page.keyboard.press("?")
    expect(page.get_by_text("transmettre à un collègue")).to_be_visible()
    page.goto("/moderation/moi")
    page.get_by_label("Raccourcis du clavier").uncheck()
    with page.expect_navigation():  # leaving before it is answered would leave it unsaved
        page.get_by_role("button", name="Enregistrer").click()
    page.goto(f"/moderation?element=comment-{comment_id}")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert _states(demo, [comment_id]) == ["waiting"]
    page.goto("/moderation/moi")
    page.get_by_label("Raccourcis du clavier").check()
    with page.expect_navigation():  # leaving before it is answered would leave it unsaved
        page.get_by_role("button", name="Enregistrer").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_opening_an_item_tells_the_other_moderator(demo: Demo, people: People, javascript: bool) -> None:
    (comment_id,) = _arrive(demo, 1)
    item = f"/moderation?element=comment-{comment_id}"
    first, second = people.arrive(javascript), people.arrive(javascript)
    sign_in(second, "admin@demo.test")
    sign_in(first, MODERATOR)
    first.goto(item)
    if not javascript:
        first.get_by_role("button", name="Prendre pour dix minutes").click()
        expect(first.get_by_text("Pris par vous")).to_be_visible()

    def told() -> bool:
        second.goto(item)
        return second.get_by_text(f"Ouvert par {MODERATOR}").count() == 1

    wait_for(told, "the other moderator sees who has it open", 15)
    decide(first, first.get_by_role("button", name="Publier tel quel"))


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_urgent_clock_is_right_and_ticks_where_it_can(demo: Demo, people: People, javascript: bool) -> None:
    citizen, page = people.arrive(javascript), people.arrive(javascript)
    citizen.goto(f"{demo.petition('trains' if javascript else 'parc')}/signaler")
    citizen.locator('[name="category"]').select_option("threat")
    citizen.locator('[name="reasons"]').fill("Une phrase menace quelqu’un.")
    citizen.locator('[name="name"]').fill("Paul")
    citizen.locator('[name="email"]').fill("paul@exemple.test")
    citizen.locator('[name="good_faith"]').check()
    citizen.get_by_role("button", name="Envoyer le signalement").click()
    expect(citizen.get_by_role("heading", level=1)).to_have_text("Votre signalement est reçu")
    sign_in(page, MODERATOR, "/moderation/urgences")
    clock = page.get_by_role("timer").last
    if not javascript:
        expect(clock).to_contain_text(re.compile(r"5[89] minutes restantes"))
        return
    expect(clock).to_contain_text(re.compile(r"5[89] min \d+ s restantes"))
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)


def test_clicking_the_open_item_keeps_what_was_typed(demo: Demo, people: People) -> None:
    (comment_id,) = _arrive(demo, 1)
    page = people.arrive()
    sign_in(page, MODERATOR)
    page.goto(f"/moderation?element=comment-{comment_id}")
    page.locator("#champ-explanation").fill("Une explication à moitié écrite.")
    page.locator(f'[data-item="comment-{comment_id}"]').click()
    page.wait_for_timeout(500)
    expect(page.locator("#champ-explanation")).to_have_value("Une explication à moitié écrite.")


def test_decision_comes_right_after_the_comment_on_a_phone(demo: Demo, people: People) -> None:
    """What surrounds the comment is below; a link leads there, so that nobody scrolls past everything."""
    ids = _arrive(demo, 2)
    page = people.arrive(**PHONE)
    sign_in(page, MODERATOR, f"/moderation?element=comment-{ids[1]}")
    expect(page.locator("[data-open]")).to_have_attribute("data-open", f"comment-{ids[1]}")  # the link's own item
    tops = [page.locator(name).evaluate("node => node.getBoundingClientRect().top") for name in PANES]
    assert tops == sorted(tops)
    publish = page.get_by_role("button", name="Publier tel quel")
    page.get_by_role("link", name="Aller à la décision").click()
    expect(publish).to_be_in_viewport()
    # In its list, the open item is in sight.
    expect(page.locator(".queue [aria-current]")).to_have_count(1)
    assert page.evaluate(IN_SIGHT)
