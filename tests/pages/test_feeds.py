"""The timeline as others take it: Atom of a petition and of all, the public data, one line on the card of a list."""

from datetime import datetime
from xml.etree import ElementTree

import pytest
from sqlalchemy import event

from app import clock
from app.petitions import addresses
from app.petitions import queries as petition_queries
from app.updates.models import Update
from tests.organising.telling import tell
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
ATOM = {"a": "http://www.w3.org/2005/Atom"}
TEXT = "Nous étions **douze** & heureux <b>vraiment</b>. [La charte](/charte)"


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


def feed(site: Site, path: str) -> ElementTree.Element:
    """Read as RFC 4287 has it: what every feed and every entry must have, once."""
    answer = site.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    links = {link.get("rel"): link.get("href") for link in root.findall("a:link", ATOM)}
    assert links["self"] == f"http://127.0.0.1:8000{path.removeprefix('/en')}"
    assert (links["alternate"] or "").startswith("http://127.0.0.1:8000/")
    assert root.find("a:author/a:name", ATOM) is not None
    entries = root.findall("a:entry", ATOM)
    for node in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"a:{name}", ATOM)) == 1, name
        assert datetime.fromisoformat(node.findtext("a:updated", "", ATOM)).tzinfo is not None
    ids = [node.findtext("a:id", "", ATOM) for node in (root, *entries)]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("tag:127.0.0.1,2026:") for one in ids)
    for entry in entries:
        link = entry.find("a:link", ATOM)
        assert link is not None
        path, _, _ = (link.get("href") or "").removeprefix("http://127.0.0.1:8000").partition("#")
        assert "s=flux" in path
        assert site.client.get(path).status_code == 200
        assert entry.find("a:content[@type='html']", ATOM) is not None
    return root


def titles(root: ElementTree.Element) -> list[str]:
    return [entry.findtext("a:title", "", ATOM) for entry in root.findall("a:entry", ATOM)]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_petition_has_its_feed(site: Site, slug: str) -> None:
    assert titles(feed(site, f"/petitions/{slug}/nouvelles.atom")) == []
    tell(site, slug, "Douze & <heureux>", TEXT)
    tell(site, slug, "La préfète répond", TEXT, kind="answer")
    root = feed(site, f"/petitions/{slug}/nouvelles.atom")
    assert titles(root) == ["Réponse : La préfète répond", "Douze & <heureux>"]
    content = root.findall("a:entry/a:content", ATOM)[1].text or ""
    assert "<strong>douze</strong> &amp; heureux" in content
    assert "<b>" not in content
    assert 'href="http://127.0.0.1:8000/charte"' in content
    page = site.client.get(f"/petitions/{slug}").text
    assert f'href="http://127.0.0.1:8000/petitions/{slug}/nouvelles.atom"' in page
    assert site.client.get("/petitions/nulle-part/nouvelles.atom").status_code == 404


def test_its_entries_are_the_same_after_another_address(site: Site, slug: str) -> None:
    tell(site, slug)
    before = [entry.findtext("a:id", "", ATOM) for entry in feed(site, f"/petitions/{slug}/nouvelles.atom").iter()]
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        addresses.rename(session, petition, "une-autre-adresse")
    moved = site.client.get(f"/petitions/{slug}/nouvelles.atom")
    assert (moved.status_code, moved.headers["location"]) == (308, "/petitions/une-autre-adresse/nouvelles.atom")
    after = [entry.findtext("a:id", "", ATOM) for entry in feed(site, moved.headers["location"]).iter()]
    assert before == after


@pytest.mark.databases("sqlite", "postgresql")
def test_all_of_them_have_one_with_their_news(site: Site, slug: str) -> None:
    site.later(hours=1)
    other = site.publish(PETITION.replace("Montfleur", "Valfleur"))
    site.later(hours=1)
    tell(site, slug, "Une date")
    root = feed(site, "/petitions.atom")
    montfleur, valfleur = (f"Rouvrir la bibliothèque de {place}fleur" for place in ("Mont", "Val"))
    assert titles(root) == ["Une date", valfleur, montfleur]
    assert 'href="http://127.0.0.1:8000/petitions.atom"' in site.client.get("/").text
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, other)
        assert petition is not None
        petition.state = "refused"
    site.app.state.page_cache.forget(0)
    assert titles(feed(site, "/petitions.atom")) == ["Une date", montfleur]


def test_public_data_tell_the_news_and_nothing_of_ours(site: Site, slug: str) -> None:
    assert site.client.get(f"/petitions/{slug}.json").json()["news"] == []
    number = tell(site, slug, "La réponse", TEXT, kind="answer")
    with site.database.write() as session:
        row = session.get_one(Update, number)
        row.facts = {"from": "La préfète", "by_recipient": True, "link": 7, "source_url": "", "source_title": ""}
    site.app.state.page_cache.forget(1)
    (told,) = site.client.get(f"/petitions/{slug}.json").json()["news"]
    assert (told["kind"], told["title"]) == ("answer", "La réponse")
    assert told["facts"] == {"from": "La préfète", "by_recipient": True, "source_url": "", "source_title": ""}
    assert told["url"] == f"http://127.0.0.1:8000/petitions/{slug}/nouvelles#n{number}"
    assert set(told) == {"id", "kind", "title", "at", "html", "facts", "url"}
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Écrite par son destinataire" in page


def test_the_card_of_a_list_tells_the_last_one_for_thirty_days(site: Site, slug: str) -> None:
    """In one query, however many petitions."""
    for n in range(3):
        site.publish(PETITION.replace("Montfleur", f"Valfleur {n}"))
    tell(site, slug, "Une première", mail=False)
    site.later(hours=1)
    tell(site, slug, "La préfète répond", kind="answer")
    asked: list[str] = []

    @event.listens_for(site.database.engine, "before_cursor_execute")
    def note(*found: object) -> None:
        asked.append(str(found[2]))

    page = site.client.get("/").text
    assert sum("petition_update" in one for one in asked) == 1
    assert "La préfète répond" in text_of(page)
    assert "Une première" not in text_of(page)
    assert f'href="/petitions/{slug}#nouvelles"' in page
    site.later(days=31)
    site.app.state.page_cache.forget(0)
    assert "La préfète répond" not in text_of(site.client.get("/").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_long_timeline_is_read_page_by_page(site: Site, slug: str) -> None:
    now = clock.now()
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        for n in range(120):  # all of one moment: the number decides
            said = {"title": f"Nouvelle n° {n:03}", "markdown": "a", "html": "<p>a</p>", "created_at": now}
            row = Update(petition_id=petition.id, **said, published_at=now, finished_at=now)
            row.state = "published"
            session.add(row)
    path: str | None = f"/petitions/{slug}/nouvelles"
    seen: list[str] = []
    while path:
        page = site.client.get(path).text
        seen += [part[:3] for part in page.split("Nouvelle n° ")[1:]]
        path = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert seen == [f"{n:03}" for n in reversed(range(120))]
    for odd in ("1-", f"1-{'9' * 25}", "x", "-"):
        assert site.client.get(f"/petitions/{slug}/nouvelles?avant={odd}").status_code == 404
    head, _, timeline = site.client.get(f"/petitions/{slug}").text.partition('id="nouvelles"')
    told = [[part[:3] for part in where.split("Nouvelle n° ")[1:]] for where in (head, timeline)]
    assert told == [["119"], ["119", "118", "117", "116", "115"]], "the last one under the title too"
