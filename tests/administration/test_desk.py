"""What every page of those who work here has in common: where one is, tables that sort, filters in the address."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app import clock
from app.audit import AuditLine
from app.mail import outbox, traffic
from app.mail.outbox import Mail
from app.signatures import actions
from tests.deliveries import handing
from tests.organisations import desk as organisations
from tests.signatures.crowd import crowd
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

STAFF = ("/organisation", "/moderation", "/administration", "/compte")
CURRENT = re.compile(r'<a [^>]*aria-current="page"')


def shape(path: str) -> str:
    """One page of each kind."""
    url = urlsplit(path)
    return re.sub(r"/(petitions|fraude|organisations)/[^/]+", r"/\1/*", re.sub(r"\d+", "0", url.path))


def walk(browser: TestClient, *starts: str) -> dict[str, str]:
    """Every page of staff that links lead to, one of each kind: path → page."""
    todo, known, found = list(starts), {shape(start) for start in starts}, dict[str, str]()
    while todo:
        path = todo.pop(0)
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found[path] = answer.text
        for link in re.findall(r'<a [^>]*href="([^"]+)"', answer.text):
            there = urlsplit(urljoin(path, link.replace("&amp;", "&"))).path
            if there.startswith(STAFF) and "." not in there and shape(there) not in known:
                known.add(shape(there))
                todo.append(there)
    return found


def test_one_nav_item_says_where_one_is_on_every_page(site: Site) -> None:
    slug, organiser = handing.handed_over(site)
    site.comment(site.publish(), "Un avis.")
    organisations.found(site)
    pages = walk(site.staff("admin"), *STAFF) | walk(organiser, "/organisation", f"/organisation/petitions/{slug}")
    for page in ("charte", "exports", "courriels", "conservation", "lettre", "remises", "documents/analyse-d-impact"):
        assert f"/administration/{page}" in pages
    assert f"/organisation/petitions/{slug}/remise" in pages
    wrong = {path: found for path, html in pages.items() if len(found := CURRENT.findall(html)) != 1}
    assert not wrong
    assert len(pages) > 30


def test_every_table_of_staff_sorts_and_says_how(site: Site) -> None:
    slug, organiser = handing.handed_over(site)
    site.comment(site.publish(), "Un avis.")
    sorted_ones = 0
    for browser, starts in (
        (site.staff("admin"), ("/moderation", "/administration")),
        (organiser, ("/organisation", f"/organisation/petitions/{slug}")),
    ):
        for path, html in walk(browser, *starts).items():
            for head in re.findall(r'<table class="table[^"]*stacks[^>]*>.*?</thead>', html, re.DOTALL):
                links = [link.replace("&amp;", "&") for link in re.findall(r'href="(\?[^"]*tri=[^"]+)"', head)]
                sorted_ones += bool(links)
                for link in links:
                    answer = browser.get(urljoin(path, link))
                    assert answer.status_code == 200, (path, link)
                    assert re.search('aria-sort="(?:ascending|descending)"', answer.text), (path, link)
    assert sorted_ones >= 6


def _column(html: str, pattern: str) -> list[str]:
    return re.findall(pattern, html.partition("<tbody>")[2])


def test_accounts_sort_both_ways_and_keep_their_filters(site: Site) -> None:
    admin = site.staff("admin")
    for email in ("emilie@exemple.test", "zoe@exemple.test", "abel@exemple.test"):
        site.account("organiser", email=email)
    site.account("moderator", email="mona@exemple.test")
    rows = r'<th scope="row">([^<]+)'
    here = "/administration/comptes?role=organiser"
    up, down = admin.get(f"{here}&tri=adresse").text, admin.get(f"{here}&tri=-adresse").text
    assert _column(up, rows) == ["abel@exemple.test", "emilie@exemple.test", "zoe@exemple.test"]
    assert _column(down, rows) == _column(up, rows)[::-1]
    assert 'aria-sort="descending"' in down
    assert 'href="?role=organiser&amp;tri=adresse"' in down  # the head turns it round, the filter stays
    assert "mona" not in up.partition("<tbody>")[2].partition("</tbody>")[0]
    # What means nothing filters nothing, and no address is looked for in that of the page.
    everybody = _column(admin.get("/administration/comptes").text, rows)
    assert _column(admin.get("/administration/comptes?tri=nimporte&role=x&q=MONA").text, rows) == everybody
    assert "mona@exemple.test" in everybody


@pytest.mark.databases("sqlite", "postgresql")
def test_journal_goes_on_in_the_order_that_was_asked(site: Site) -> None:
    """By another column its pages meet without a line twice or left out."""
    admin = site.staff("admin")
    petition_id, ids = crowd(site, site.publish(), 120)
    with site.database.write() as session:
        actions.set_aside(session, petition_id, ids, 1, "burst")
    for order in ("acte", "-acte", "-qui", "quand", "quoi"):
        seen, link = [], f"/administration/journal?tri={order}"
        while link:
            html = admin.get(link).text
            seen += re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], re.DOTALL)
            more = re.search(r'href="(/administration/journal\?[^"]*avant=\d+)"', html)
            link = more[1].replace("&amp;", "&") if more else ""
        with site.database.read() as session:
            assert len(seen) == session.scalar(select(func.count(AuditLine.id))), order


def test_first_page_says_what_waits_with_a_link_each(site: Site) -> None:
    admin = site.staff("admin")
    assert "Rien n’attend" in text_of(admin.get("/administration").text)
    slug = site.publish()
    site.comment(slug, "Un avis.")
    petition_id, ids = crowd(site, slug, 3)
    with site.database.write() as session:
        actions.set_aside(session, petition_id, ids[:2], 1, "burst")
        outbox.enqueue(session, [Mail("signatures/confirm", "marie@exemple.test", "fr")])
        (row, *_rest) = outbox.claim(session)
        outbox.failed(session, row.id, row.attempts, "550 boîte inconnue", final=True)
    form = {"received_on": "2020-01-01", "channel": "letter", "request": "Une copie."}
    assert admin.post("/administration/demandes", data=form).status_code == 303
    site.later(days=4)
    admin = site.staff("admin", email="deux@exemple.test")
    html = admin.get("/administration").text
    page = text_of(html)
    for what, n in (
        ("Commentaires à relire", 1),
        ("Signatures mises de côté", 2),
        ("Courriels qui n’ont pas pu partir", 1),
        ("Demandes sur des données personnelles", 1),
    ):
        assert re.search(rf"{what} {n}\b", page), what
    assert re.search(r"Commentaires à relire 1 [^C]*en retard", page)
    for link in re.findall(r'<th scope="row"><a class="target" href="([^"]+)"', html):
        assert admin.get(link.replace("&amp;", "&")).status_code == 200, link
    assert "outbox" not in html
    assert "data_request" not in html
    assert "marie@exemple.test" not in html


@pytest.mark.databases("sqlite", "postgresql")
def test_first_page_counts_signatures_readings_and_mails(site: Site) -> None:
    admin = site.staff("admin")
    since = clock.hour_of(clock.now())
    slug = site.publish()
    for n in range(3):
        site.sign(slug, email=f"p{n}@exemple.test")
    site.confirmed(slug)
    mails = len(site.mails())
    assert mails >= 4
    with site.database.read() as session:
        assert sum(traffic.per_hour(session, since).values()) == mails
    page = text_of(admin.get("/administration").text)
    assert re.search(r"Signatures confirmées 1 en 24 heures", page)
    assert re.search(rf"Courriels partis {mails} en 24 heures", page)
    site.later(days=2)
    page = text_of(site.staff("admin", email="deux@exemple.test").get("/administration").text)
    assert re.search(r"Signatures confirmées 0 en 24 heures.*?1 en 7 jours", page)


def test_closed_request_is_opened_again(site: Site) -> None:
    admin = site.staff("admin")
    form = {"received_on": "2026-01-01", "channel": "letter", "request": "Une copie."}
    admin.post("/administration/demandes", data=form)
    admin.post("/administration/demandes/1/reponse", data={"state": "answered", "answer": "Envoyée le 3."})
    assert "Envoyée le 3." in admin.get("/administration/demandes?etat=satisfaites").text
    assert admin.post("/administration/demandes/1/reouverture").status_code == 303
    assert "Aucune demande" in admin.get("/administration/demandes?etat=satisfaites").text
    page = admin.get("/administration/demandes?etat=ouvertes").text
    assert "Une copie." in page
    assert "Envoyée le 3." not in page
    assert admin.post("/administration/demandes/1/reouverture").status_code == 409
