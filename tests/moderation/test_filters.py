"""The queue narrowed and ordered in the address, which decisions come back to; whose each line is."""

import re

import pytest
from starlette.testclient import TestClient

from tests.site import Site

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ROW = re.compile(r'data-item="comment-(\d+)"')


def listed(browser: TestClient, path: str) -> list[int]:
    return [int(n) for n in ROW.findall(browser.get(path).text)]


def three(site: Site) -> tuple[str, str, list[int]]:
    one, other = site.publish(title="Rouvrons la halle"), site.publish(title="Plantons des haies")
    ids = []
    for n, slug in enumerate((one, other, one)):
        ids.append(site.comment(slug, f"Avis numéro {n}.", email=f"p{n}@exemple.test"))
        site.later(minutes=5)
    return one, other, ids


def test_filters_are_in_the_address_and_a_decision_comes_back_to_them(site: Site) -> None:
    one, other, (first, second, third) = three(site)
    moderator = site.staff("moderator")
    assert listed(moderator, "/moderation") == [first, second, third]
    assert listed(moderator, "/moderation?tri=recents") == [third, second, first]
    assert listed(moderator, f"/moderation?petition={other}") == [second]
    assert listed(moderator, "/moderation?etat=petitions") == []
    here = f"/moderation?petition={one}&etat=commentaires&tri=recents"
    html = moderator.get(here).text
    assert [int(n) for n in ROW.findall(html)] == [third, first]
    action = re.search(rf'action="(/moderation/commentaires/{third}/decision[^"]*)"', html)
    assert action is not None
    done = moderator.post(action[1].replace("&amp;", "&"), data={"decision": "publish", "version": "1"})
    assert done.status_code == 303
    assert done.headers["location"] == here
    assert listed(moderator, here) == [first]
    undo = re.search(r'action="(/moderation/decisions/\d+/annulation[^"]*)"', moderator.get(here).text)
    assert undo is not None
    back = moderator.post(undo[1].replace("&amp;", "&"))
    assert back.headers["location"].endswith(here.partition("?")[2])
    # A batch too, refused or shown first.
    form = {f"item-{first}": "1", "decision": "publish", "confirm": "1"}
    batch = moderator.post(f"/moderation/lot?{here.partition('?')[2]}", data=form)
    assert batch.headers["location"] == here


def test_words_that_mean_nothing_filter_nothing_and_an_unknown_petition_has_nothing(site: Site) -> None:
    _one, _other, ids = three(site)
    moderator = site.staff("moderator")
    assert listed(moderator, "/moderation?etat=nimporte&tri=nimporte") == ids
    assert "Rien n’attend sous ces filtres" in moderator.get("/moderation?petition=absente").text


def test_each_line_names_the_petition_and_the_author_as_everybody_reads_them(site: Site) -> None:
    slug = site.publish(title="Rouvrons la halle")
    shown = {"given_name": "Paulette", "family_name": "Quenouille", "email": "a@exemple.test"}
    site.comment(slug, "Un.", display="initial", **shown)
    site.comment(slug, "Deux.", email="b@exemple.test", display="hidden")
    html = site.staff("moderator").get("/moderation").text
    rows = html[html.index('class="queue"') : html.index("</nav>", html.index('class="queue"'))]
    assert rows.count("Rouvrons la halle") == 2
    assert "Paulette Q." in rows
    assert "Anonyme" in rows
    for private in ("Quenouille", "Marie", "Durand", "exemple.test", "35000"):
        assert private not in rows


@pytest.mark.databases("sqlite")
def test_petition_with_many_is_read_along_the_queue(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two ways of reading one petition's comments say the same."""
    one, _other, (first, _second, third) = three(site)
    moderator = site.staff("moderator")
    few = listed(moderator, f"/moderation?petition={one}")
    monkeypatch.setattr("app.moderation.queries.queue.FEW", 1)
    assert listed(moderator, f"/moderation?petition={one}") == few == [first, third]
