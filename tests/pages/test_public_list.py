"""What the public sees of signers: by their choice, newest first, page after page."""

import csv
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.signatures import queries
from app.signatures.models import Signature
from app.templating import elapsed, long_date
from tests.signatures.crowd import crowd
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

Line = tuple[str, str, str]


def lines(html: str) -> list[Line]:
    """The rows of the public list: elapsed time, place, name."""
    body = html.partition('<table class="register"')[2].partition("</table>")[0].partition("<tbody")[2]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    cells = [[text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]
    return [(row[0], row[1], row[2]) for row in cells if len(row) == 3]


def page(site: Site, slug: str) -> list[Line]:
    return lines(site.client.get(f"/petitions/{slug}").text)


def sign(site: Site, slug: str, display: str, **changes: str) -> None:
    site.confirmed(slug, display=display, email=f"{len(site.signatures())}@exemple.test", **changes)


def many(site: Site, slug: str, count: int) -> None:
    """P0, P1, P2… Durand, confirmed in this order."""
    site.app.state.confirm_limit.items = []
    for n in range(count):
        site.sign(slug, display="full", given_name=f"P{n}", email=f"p{n}@exemple.test")
    for mail in sorted(site.mails(), key=lambda mail: int(mail.to[1:].partition("@")[0])):
        assert site.client.post(mail.link("/confirmer/")).status_code == 303


def test_hidden_is_anonymous_and_nowhere(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "hidden")
    assert page(site, slug) == [("à l’instant", "—", "Anonyme")]
    assert "35000" not in site.client.get(f"/petitions/{slug}/signatures").text


def test_initial_is_a_given_name_an_initial_and_a_departement(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "initial", postal_code="20200", family_name="durand")
    assert page(site, slug) == [("à l’instant", "2B", "Marie D.")]
    html = site.client.get(f"/petitions/{slug}/signatures").text
    assert "durand" not in html.lower()
    assert "20200" not in html


@pytest.mark.parametrize(
    ("family", "shown"),
    [
        ("d’Alembert", "Marie D."),
        ("’t Hooft", "Marie T."),
        ("(Le) Gall", "Marie L."),
        ("élan", "Marie É."),
        ("ﬁliatre", "Marie F."),
        ("Ng", "Marie N."),
        # An initial that is the whole name would not hide it.
        ("O", "Marie"),
        ("李", "Marie"),
        ("欧阳", "Marie 欧."),
    ],
)
def test_an_initial_is_a_letter_and_not_the_whole_name(site: Site, family: str, shown: str) -> None:
    slug = site.publish()
    sign(site, slug, "initial", family_name=family)
    assert page(site, slug) == [("à l’instant", "35", shown)]


def test_who_has_one_name_signs_with_it_everywhere(site: Site) -> None:
    slug = site.publish()
    one = {"given_name": "Sukarno", "family_name": "", "single_name": "on", "comment": "Bravo."}
    sign(site, slug, "full", **one)
    sign(site, slug, "initial", **one)
    assert {(place, name) for _, place, name in page(site, slug)} == {("35000", "Sukarno"), ("35", "Sukarno")}
    assert "Bonjour Sukarno," in site.mails()[0].text
    organiser = site.staff("organiser", slug)
    made = organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"})
    rows = list(csv.reader(made.text.removeprefix("\ufeff").splitlines(), delimiter=";"))
    assert [row[1:4] for row in rows[1:]] == [["Sukarno", "", "35000"]] * 2
    moderator = site.staff("moderator")
    assert "Sukarno" in text_of(moderator.get("/moderation").text)


def test_a_code_of_the_army_or_of_nowhere_is_accepted_and_shows_no_departement(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "initial", postal_code="00100")
    sign(site, slug, "full", postal_code="99999")
    sign(site, slug, "initial", postal_code="97133")
    sign(site, slug, "initial", postal_code="97400", country="RE")
    assert {(place, name) for _, place, name in page(site, slug)} == {
        ("—", "Marie D."), ("99999", "Marie Durand"), ("977", "Marie D."), ("974", "Marie D."),
    }  # fmt: skip


def test_full_is_both_names_and_the_postal_code(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "full", postal_code="01000")
    assert page(site, slug) == [("à l’instant", "01000", "Marie Durand")]


def test_abroad_the_country_says_where(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "initial", postal_code="1000", country="BE")
    sign(site, slug, "full", postal_code="SW1A 1AA", country="GB")
    assert [line[1] for line in page(site, slug)] == ["SW1A 1AA Royaume-Uni", "Belgique"]


def test_nobody_shows_who_did_not_choose_to(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "")
    assert [line[2] for line in page(site, slug)] == ["Anonyme"]


def test_a_signature_that_waits_is_not_in_the_list(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, display="full")
    assert page(site, slug) == []
    assert "Durand" not in site.client.get(f"/petitions/{slug}/signatures").text


def test_an_address_is_never_public(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "full", comment="Mon avis")
    for path in ("", "/signatures", "/commentaires", ".json"):
        assert "@exemple.test" not in site.client.get(f"/petitions/{slug}{path}").text


def test_names_are_shown_as_text(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "full", given_name="Zoé &amp;", family_name="O’Neil")
    assert page(site, slug)[0][2] == "Zoé &amp; O’Neil"


def test_ten_on_the_page_newest_first_then_a_link_to_the_older(site: Site) -> None:
    slug = site.publish()
    for n in range(11):
        sign(site, slug, "full", given_name=f"P{n}")
    assert [line[2] for line in page(site, slug)] == [f"P{n} Durand" for n in range(10, 0, -1)]
    assert f"/petitions/{slug}/signatures" in site.client.get(f"/petitions/{slug}").text


@pytest.mark.databases("sqlite", "postgresql")
def test_older_pages_follow_each_other_without_gap_or_repetition(site: Site) -> None:
    slug = site.publish()
    many(site, slug, queries.PER_PAGE + 3)
    first = site.client.get(f"/petitions/{slug}/signatures").text
    (older,) = re.findall(rf'href="(/petitions/{slug}/signatures\?avant=[^"]+)"', first)
    sign(site, slug, "full", given_name="Nouvelle")  # arrives while somebody reads
    second = site.client.get(older).text
    names = [line[2].split()[0] for html in (first, second) for line in lines(html)]
    assert names == [f"P{n}" for n in range(queries.PER_PAGE + 2, -1, -1)]
    assert "avant=" not in re.sub(r'rel="canonical"[^>]*', "", second).partition("<main")[2]
    assert '<meta name="robots" content="noindex' in second
    assert '<meta name="robots" content="noindex' not in first


@pytest.mark.databases("sqlite", "postgresql")
def test_signatures_of_the_same_instant_are_all_shown(site: Site) -> None:
    slug = site.publish()
    many(site, slug, queries.PER_PAGE + 2)
    with site.database.write() as session:
        session.execute(update(Signature).values(confirmed_at=clock.now()))
    site.app.state.page_cache.forget(1)
    first = site.client.get(f"/petitions/{slug}/signatures").text
    (older,) = re.findall(r'href="([^"]+avant=[^"]+)"', first)
    names = {line[2] for html in (first, site.client.get(older).text) for line in lines(html)}
    assert len(names) == queries.PER_PAGE + 2


def test_a_cursor_that_is_not_ours_is_not_found(site: Site) -> None:
    slug = site.publish()
    for cursor in (
        "x",
        "1-x",
        "99999999999999999999-" + "a" * 32,
        "-" + "a" * 32,
        "1-",
        "nan-" + "a" * 32,
        "1_0-" + "g" * 32,
    ):
        assert site.client.get(f"/petitions/{slug}/signatures", params={"avant": cursor}).status_code == 404, cursor


def test_elapsed_time_is_told_as_people_say_it() -> None:
    now = clock.now().replace(hour=12, minute=0)
    said = {
        timedelta(seconds=59): "à l’instant",
        timedelta(seconds=60): "il y a 1 min",
        timedelta(minutes=3): "il y a 3 min",
        timedelta(minutes=59): "il y a 59 min",
        timedelta(hours=1): "il y a 1 h",
        timedelta(hours=5): "il y a 5 h",
        timedelta(days=1): "hier",
        timedelta(days=2): long_date(now - timedelta(days=2)),
    }
    assert {ago: elapsed(now - ago, "fr", now) for ago in said} == said
    assert elapsed(now - timedelta(minutes=3), "en", now) == "3 min ago"


def test_the_list_grows_older_with_the_clock(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "hidden")
    site.later(minutes=5)
    site.app.state.page_cache.forget(1)
    assert page(site, slug)[0][0] == "il y a 5 min"


@pytest.mark.databases("sqlite", "postgresql")
def test_the_page_says_how_many_signed_in_the_last_hour(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, "hidden")
    site.later(minutes=61)
    sign(site, slug, "hidden")
    assert "+ 1 dans la dernière heure" in text_of(site.client.get(f"/petitions/{slug}").text).replace("\u202f", " ")


def test_the_last_hour_counts_neither_what_is_set_aside_nor_what_was_withdrawn(site: Site) -> None:
    slug = site.publish()
    _, ids = crowd(site, slug, 4)
    moves = {"set_aside": [ids[0]], "invalidate": [ids[1]]}
    admin = site.staff("admin")
    for act, lot in moves.items():
        form = {"act": act, "reason": "reported"} | {f"ligne-{one.hex}": "on" for one in lot}
        assert admin.post(f"/administration/fraude/{slug}/lots", data=form).status_code == 303
    site.sign(slug, email="attend@exemple.test")
    site.later(minutes=59)
    page = text_of(site.client.get(f"/petitions/{slug}").text).replace("\u202f", " ")
    assert "+ 2 dans la dernière heure" in page
    site.later(minutes=1)
    site.app.state.page_cache.forget(1)
    assert "dans la dernière heure" not in text_of(site.client.get(f"/petitions/{slug}").text)
