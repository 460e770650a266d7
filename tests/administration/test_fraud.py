"""The fraud desk: hints from a petition's own rows, acts by people, nothing private on screen."""

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from app import clock
from app.administration import fraud
from app.petitions import queries as petition_queries
from app.signatures import actions
from tests.signatures.crowd import crowd
from tests.site import PETITION, Site, text_of

DESK = "/administration/fraude"
SHARED = "entreprise-rare.test"


def groups(site: Site, petition_id: int) -> dict[str, list[fraud.Group]]:
    with site.database.read() as session:
        found: dict[str, list[fraud.Group]] = {}
        for group in fraud.groups(session, petition_id, "fr"):
            found.setdefault(group.kind, []).append(group)
        return found


def person(n: int, **changes: str) -> dict[str, str]:
    """Somebody with a name and a usual mailbox of their own."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(n))
    return {"email": f"quelqu.un{n}@orange.fr", "given_name": "Zoé", "family_name": f"Durand-{letters}"} | changes


def calm(site: Site, slug: str, minutes: int = 12) -> None:
    """Two people a minute."""
    for minute in range(minutes):
        crowd(site, slug, [person(1000 + 2 * minute), person(1001 + 2 * minute)])
        site.later(minutes=1)


def test_a_calm_petition_shows_nothing(site: Site) -> None:
    slug = site.publish()
    calm(site, slug)
    petition_id, _ = crowd(site, slug, [person(1)])
    assert groups(site, petition_id) == {}
    page = text_of(site.staff("admin").get(f"{DESK}/{slug}").text)
    assert "Rien d’inhabituel" in page


def test_minutes_far_above_the_median_are_one_burst(site: Site) -> None:
    slug = site.publish()
    calm(site, slug)
    clock.travel(timedelta(seconds=61 - clock.now().timestamp() % 60))  # a second into a minute
    for start in (0, 30):
        petition_id, _ = crowd(site, slug, [person(n) for n in range(start, start + 30)])
        site.later(minutes=1)
    calm(site, slug, 2)
    (burst,) = groups(site, petition_id)["burst"]
    assert len(burst.lines) in {60, 61, 62}  # a quiet minute may end in the first second of a loud one
    assert burst.usual <= 4
    assert burst.since < burst.until


def test_a_minute_must_be_both_full_and_unusual(site: Site) -> None:
    slug = site.publish()
    petition_id, _ = crowd(site, slug, [person(n) for n in range(fraud.BURST - 1)])
    assert "burst" not in groups(site, petition_id)
    site.later(minutes=2)
    crowd(site, slug, [person(100 + n) for n in range(12)])
    assert "burst" not in groups(site, petition_id)  # 12 after 9 is a busy day


def test_an_uncommon_domain_shared_by_several_and_only_that(site: Site) -> None:
    slug = site.publish()
    people = [person(n, email=f"u{n}@{SHARED}") for n in range(5)]
    people += [person(20 + n, email=f"v{n}@rare{n}.test") for n in range(5)]
    people += [person(40 + n, email=f"w{n}@gmail.com") for n in range(9)]
    petition_id, ids = crowd(site, slug, people)
    (group,) = groups(site, petition_id)["domain"]
    assert group.what == SHARED
    assert {line.id for line in group.lines} == set(ids[:5])


def test_a_name_typed_again_and_again_whatever_its_accents(site: Site) -> None:
    slug = site.publish()
    names = [("Éléonore", "Ça"), ("eleonore", "ca"), ("ELEONORE", "CA"), ("Eleonore", "Autre")]
    people = [
        person(n, given_name=given, family_name=family, email=f"q{n}@orange.fr")
        for n, (given, family) in enumerate(names)
    ]
    petition_id, ids = crowd(site, slug, people)
    (group,) = groups(site, petition_id)["name"]
    assert {line.id for line in group.lines} == set(ids[:3])


def test_petitions_are_never_looked_at_together(site: Site) -> None:
    for n in range(2):
        slug = site.publish(site_petition(n))
        petition_id, _ = crowd(site, slug, [person(k, email=f"u{k}@{SHARED}") for k in range(3 * n, 3 * n + 3)])
        assert groups(site, petition_id) == {}


def site_petition(n: int) -> str:
    return PETITION.replace("Rouvrir la bibliothèque", f"Rouvrir la bibliothèque {n}")


@pytest.fixture
def odd(site: Site) -> tuple[str, int]:
    """Six people of one company, each with their own display."""
    slug = site.publish()
    displays = ["hidden", "initial", "full"] * 2
    people = [
        {
            "email": f"prive{n}@{SHARED}",
            "given_name": "Lucie",
            "family_name": f"Secrète{'abcdef'[n]}",
            "display": display,
        }
        for n, display in enumerate(displays)
    ]
    petition_id, _ = crowd(site, slug, people)
    return slug, petition_id


@pytest.mark.databases("sqlite")
def test_no_address_and_no_name_but_those_that_are_shown(site: Site, odd: tuple[str, int]) -> None:
    slug, _ = odd
    html = site.staff("admin").get(f"{DESK}/{slug}").text
    assert f"prive0@{SHARED}" not in html
    assert not re.search(r"prive\d", html)
    assert f"Même domaine peu courant : {SHARED}" in text_of(html)
    for letter, shown in zip("abcdef", [False, False, True] * 2, strict=True):
        assert (f"Secrète{letter}" in html) is shown, letter
    assert "Lucie S. · 35" in html
    assert "Anonyme" in html


def lot(admin: TestClient, slug: str, **fields: str) -> tuple[int, str]:
    response = admin.post(f"{DESK}/{slug}/lots", data=fields)
    return response.status_code, response.headers.get("location", "") or response.text


def test_ticked_lines_are_set_aside_then_invalidated_then_put_back(site: Site, odd: tuple[str, int]) -> None:
    slug, petition_id = odd
    admin = site.staff("admin")
    group = groups(site, petition_id)["domain"][0]
    some = {f"ligne-{line.id.hex}": "on" for line in group.lines[:4]}
    status, to = lot(admin, slug, act="set_aside", reason="domain", groupe=group.key, **some)
    assert (status, to) == (303, f"{DESK}/{slug}?fait=set_aside&n=4")
    page = text_of(admin.get(to).text)
    assert "4 signatures mises de côté." in page
    assert site.count(slug) == 2
    assert lot(admin, slug, act="invalidate", reason="domain", **some)[0] == 303
    assert site.count(slug) == 2
    desk = text_of(admin.get(DESK).text)
    assert re.search(r"Montfleur 2 2 0 4", desk), desk
    assert lot(admin, slug, act="put_back", **some) == (303, f"{DESK}/{slug}?fait=put_back&n=4")
    assert site.count(slug) == 6


@pytest.mark.databases("sqlite")
def test_all_the_lines_shown_go_with_one_tick(site: Site, odd: tuple[str, int]) -> None:
    slug, _ = odd
    admin = site.staff("admin")
    html = admin.get(f"{DESK}/{slug}").text
    shown = re.search(r'name="lignes" value="([0-9a-f ]+)"', html)
    assert shown is not None
    assert lot(admin, slug, act="set_aside", reason="burst", toutes="on", lignes=shown[1])[0] == 303
    assert site.count(slug) == 0


@pytest.mark.databases("sqlite")
def test_a_refused_lot_keeps_its_ticks_and_says_what_is_missing(site: Site, odd: tuple[str, int]) -> None:
    slug, petition_id = odd
    admin = site.staff("admin")
    group = groups(site, petition_id)["domain"][0]
    name = f"ligne-{group.lines[0].id.hex}"
    status, html = lot(admin, slug, act="set_aside", groupe=group.key, **{name: "on"})
    assert status == 422
    assert "Choisissez un motif." in text_of(html)
    assert f'href="#champ-reason-{group.key}"' in html
    assert re.search(rf'name="{name}" checked', html)
    assert "<details open>" in html
    status, html = lot(admin, slug, act="invalidate", reason="name", groupe=group.key)
    assert status == 422
    assert "Cochez au moins une ligne." in text_of(html)
    assert '<option value="name" selected>' in html
    for wrong in ({"act": "delete"}, {"act": "set_aside", "reason": "Marie Durand triche"}):
        assert lot(admin, slug, groupe=group.key, **{name: "on"}, **wrong)[0] == 422
    assert site.count(slug) == 6


def test_a_lot_has_at_most_500_lines_and_500_may_be_ticked_one_by_one(site: Site, odd: tuple[str, int]) -> None:
    slug, _ = odd
    admin = site.staff("admin")
    ticks = {f"ligne-{n:032x}": "on" for n in range(500)}
    # None of them is a signature: nothing moves, and that is said.
    assert lot(admin, slug, act="set_aside", reason="burst", **ticks) == (303, f"{DESK}/{slug}?fait=set_aside&n=0")
    status, html = lot(admin, slug, act="set_aside", reason="burst", **ticks, **{f"ligne-{500:032x}": "on"})
    assert status == 422
    assert "Cochez 500 lignes au plus à la fois." in text_of(html)


@pytest.mark.databases("sqlite")
def test_a_large_group_opens_alone(site: Site) -> None:
    slug = site.publish()
    petition_id, _ = crowd(site, slug, [person(n, email=f"u{n}@{SHARED}") for n in range(fraud.FEW + 10)])
    admin = site.staff("admin")
    group = groups(site, petition_id)["domain"][0]
    assert f"?groupe={group.key}" in admin.get(f"{DESK}/{slug}").text
    alone = admin.get(f"{DESK}/{slug}?groupe={group.key}").text
    assert alone.count('name="ligne-') == fraud.FEW + 10
    assert SHARED not in group.key


def test_only_the_latest_are_looked_at(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    crowd(site, slug, [person(n, email=f"u{n}@{SHARED}") for n in range(6)])
    site.later(minutes=1)
    petition_id, _ = crowd(site, slug, [person(20 + n) for n in range(5)])
    assert "domain" in groups(site, petition_id)
    monkeypatch.setattr(fraud, "RECENT", 5)
    assert groups(site, petition_id) == {}


def test_the_public_page_says_nothing_of_it_but_the_report_counts(site: Site, odd: tuple[str, int]) -> None:
    slug, petition_id = odd
    with site.database.write() as session:
        line = fraud.groups(session, petition_id, "fr")[0].lines[0]
        actions.set_aside(session, petition_id, [line.id], None, "domain")
    for path in (f"/petitions/{slug}", f"/petitions/{slug}/signatures", f"/petitions/{slug}.json"):
        assert not re.search(r"mise de côté|écartée|quarant|invalid", site.client.get(path).text, re.IGNORECASE), path
    assert "Signatures écartées" in text_of(site.client.get("/transparence").text)


@pytest.mark.databases("sqlite")
def test_what_is_no_petition_with_signatures_is_404(site: Site) -> None:
    admin = site.staff("admin")
    draft, purged = site.publish(), site.publish(site_petition(2))
    with site.database.write() as session:
        for slug, change in ((draft, {"state": "draft"}), (purged, {"final_count": 12})):
            petition = petition_queries.by_slug(session, slug)
            for name, value in change.items():
                setattr(petition, name, value)
    for path in (f"{DESK}/aucune", f"{DESK}/{draft}", f"{DESK}/{purged}"):
        assert admin.get(path).status_code == 404


def test_a_postal_code_that_no_commune_has_is_marked(site: Site) -> None:
    slug = site.publish()
    crowd(
        site,
        slug,
        [person(n, email=f"q{n}@{SHARED}", postal_code=code) for n, code in enumerate(["99999"] + ["35000"] * 9)],
    )
    page = text_of(site.staff("admin").get(f"{DESK}/{slug}").text)
    assert page.count("code inconnu") == 1
