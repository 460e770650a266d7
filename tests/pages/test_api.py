"""``/api/v1``: what it answers, what it says of itself, and that its page's examples are true."""

import json
import re
from html import unescape
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.pages import published
from app.petitions import actions, addresses, queries
from tests.organisations.desk import found
from tests.organising import telling
from tests.organising.test_carrying import SLUG, carry, own
from tests.petitions.test_importing import real
from tests.site import PETITION, Site, text_of
from tests.test_architecture import routes

pytestmark = pytest.mark.databases("sqlite")
HERE = "http://127.0.0.1:8000"
V1 = "/api/v1"


def ask(site: Site, path: str, **parameters: str) -> Any:
    answer = site.client.get(f"{V1}{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    return answer.json()


def problem(site: Site, path: str, status: int) -> dict[str, Any]:
    answer = site.client.get(path)
    assert answer.status_code == status, (path, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    said: dict[str, Any] = answer.json()
    assert said.keys() == {"type", "title", "status", "detail"}
    assert said["status"] == status
    return said


def titled(title: str, theme: str = "Culture") -> str:
    return PETITION.replace("Rouvrir la bibliothèque de Montfleur", title).replace("Culture", theme)


def closed(site: Site, slug: str) -> None:
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.close(session, petition)


# The page


def same(shown: Any, answered: Any) -> bool:
    """What the page shows is the answer, cut where it says so."""
    if isinstance(shown, str):
        return shown == answered or (shown.endswith("…") and str(answered).startswith(shown[:-1]))
    if isinstance(shown, list):
        whole = shown[-1:] != ["…"]
        shown = shown if whole else shown[:-1]
        return len(answered) == len(shown) if whole else len(answered) > len(shown) and all(map(same, shown, answered))
    if isinstance(shown, dict):
        return shown.keys() == answered.keys() and all(same(shown[name], answered[name]) for name in shown)
    return bool(shown == answered)


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("empty", [False, True], ids=["", "empty"])
def test_the_examples_are_true(site: Site, prefix: str, empty: bool) -> None:
    """Each line is asked as it is printed; also of a site that has nothing yet."""
    if not empty:
        site.confirmed(site.publish(real()))
    page = unescape(site.client.get(f"{prefix}/api").text)
    printed = re.findall(r'<pre[^>]*><code(?: lang="fr")?>(.*?)</code></pre>', page, re.DOTALL)
    lines, answers = printed[::2], printed[1::2]
    assert len(lines) == len(answers) == (3 if empty else 5)
    for line, answer in zip(lines, answers, strict=True):
        (url,) = re.findall(rf"^curl '{HERE}([^']+)'$", line)
        assert same(json.loads(answer), site.client.get(url).json()), url


def test_the_page_tells_every_door_and_every_field(site: Site) -> None:
    said = site.client.get(f"{V1}/openapi.json").json()
    page = text_of(site.client.get("/api").text)
    for path, methods in said["paths"].items():
        assert path in page
        for parameter in methods["get"].get("parameters", []):
            assert parameter["name"] in page
    for name, thing in said["components"]["schemas"].items():
        assert name in page
        for field, told in thing["properties"].items():
            assert field in page
            assert re.sub(r"\s+", " ", told["description"]) in page


# Its description


def test_openapi_describes_what_is_answered(site: Site) -> None:
    """Every address under /api/v1 is in it, and each answer has exactly the fields that it announces."""
    said = ask(site, "/openapi.json")
    assert said["openapi"] == "3.1.0"
    assert said["servers"] == [{"url": HERE}]
    there = {route.path for route in routes("GET") if route.path.startswith(f"{V1}/")} - {f"{V1}/openapi.json"}
    assert there | {"/petitions/{slug}/compteur.json"} == set(said["paths"])
    maker = found(site)
    slug = own(site)
    carry(maker, slug)
    for path, methods in said["paths"].items():
        assert methods.keys() == {"get"}
        answers = methods["get"]["responses"]
        url = path.replace("{slug}", SLUG if "organisations" in path else slug)
        name = answers["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        answer = site.client.get(url).json()
        assert set(said["components"]["schemas"][name]["required"]) == answer.keys(), path
        getattr(published, name).model_validate(answer, extra="forbid")
        for status, told in answers.items():
            assert told["description"], (path, status)
            assert status == "200" or list(told["content"]) == ["application/problem+json"]
    english = site.client.get(f"/en{V1}/openapi.json").json()
    assert english["paths"].keys() == said["paths"].keys()


def test_no_other_route_is_described(site: Site) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert site.client.get(path).status_code == 404
    assert all(route.include_in_schema for route in routes("GET") if isinstance(route, APIRoute) and route.path == "/")


# What it answers


@pytest.mark.databases("sqlite", "postgresql")
def test_the_list_is_walked_from_page_to_page(site: Site) -> None:
    slugs = [site.publish(titled(f"Une pétition numéro {n}")) for n in range(14)]
    walked, following = [], f"{HERE}{V1}/petitions?etat=ouvertes"
    while following:
        page = site.client.get(following.removeprefix(HERE)).json()
        assert (page["total"], page["pages"]) == (14, 2)
        walked += [one["slug"] for one in page["petitions"]]
        following = page["next"]
    assert walked == slugs[::-1]
    last = ask(site, "/petitions", page="99999")
    assert (last["page"], last["next"]) == (2, None)


@pytest.mark.databases("sqlite", "postgresql")
def test_the_list_is_narrowed(site: Site) -> None:
    library = site.publish()
    train = site.publish(titled("Rendez-nous le train de nuit", "Transports"))
    ended = site.publish(titled("Gardons le train du matin", "Transports"))
    closed(site, ended)

    def slugs(**asked: str) -> list[str]:
        return [one["slug"] for one in ask(site, "/petitions", **asked)["petitions"]]

    assert slugs() == [train, library]
    assert slugs(etat="closes") == [ended]
    assert slugs(theme="Transports", etat="closes") == [ended]
    assert slugs(q="trains") == [train]
    assert slugs(q="trains", etat="closes") == [ended]
    assert slugs(q="train", theme="Culture") == slugs(theme="Inconnu") == slugs(q="🌳") == []


def test_a_petition_says_what_its_page_says(site: Site) -> None:
    slug = site.publish(real())
    site.confirmed(slug)
    said, page = ask(site, f"/petitions/{slug}"), site.client.get(f"/petitions/{slug}.json").json()
    for name in (
        "slug",
        "url",
        "title",
        "state",
        "themes",
        "author",
        "recipients",
        "count",
        "goal",
        "html",
        "version",
        "sources",
    ):
        assert said[name] == page[name], name
    (listed,) = ask(site, "/petitions")["petitions"]
    assert listed == {name: value for name, value in said.items() if name in listed}
    assert site.client.get(said["badge"].removeprefix(HERE)).headers["content-type"] == "image/svg+xml"
    assert site.client.get(said["card"].removeprefix(HERE)).headers["content-type"] == "image/png"
    assert site.client.get(said["widget"].removeprefix(HERE)).status_code == 200


def test_an_organisation_and_the_themes(site: Site) -> None:
    maker = found(site)
    slug = own(site)
    carry(maker, slug)
    said = ask(site, f"/organisations/{SLUG}")
    assert [one["slug"] for one in said["petitions"]] == [slug]
    assert said["petitions"][0]["organisation"]["slug"] == said["slug"] == SLUG
    names = [theme["name"] for theme in ask(site, "/themes")["themes"]]
    assert "Culture" in names


def test_the_news_of_a_petition(site: Site) -> None:
    slug = site.publish()
    assert ask(site, f"/petitions/{slug}/nouvelles") == {"news": []}
    number = telling.tell(site, slug)
    (told,) = ask(site, f"/petitions/{slug}/nouvelles")["news"]
    assert (told["id"], told["kind"], told["title"]) == (number, "news", telling.NEWS["title"])
    assert told == site.client.get(f"/petitions/{slug}.json").json()["news"][0] | {"at": told["at"]}
    page, _, anchor = told["url"].removeprefix(HERE).partition("#")
    assert f'id="{anchor}"' in site.client.get(page).text


def test_nothing_of_a_signer_is_there(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full", comment="Un commentaire")
    for path in ("/petitions", f"/petitions/{slug}", f"/petitions/{slug}/nouvelles"):
        assert not re.search(r"Marie|Durand|marie@|35000|Un commentaire", json.dumps(ask(site, path)))


def test_what_is_wrong_is_a_problem(site: Site) -> None:
    assert problem(site, f"{V1}/petitions/absente", 404)["detail"] == "Aucune pétition n’est à cette adresse."
    problem(site, f"{V1}/organisations/absente", 404)
    problem(site, f"{V1}/absente", 404)
    problem(site, "/petitions/absente/compteur.json", 404)
    for wrong in (
        "page=0",
        "page=x",
        f"page={'9' * 5000}",
        "page=100000",
        "etat=x",
        f"q={'a' * 121}",
    ):
        assert wrong.partition("=")[0] in problem(site, f"{V1}/petitions?{wrong}", 400)["detail"]
    problem(site, f"{V1}/petitions?q=%ff", 400)
    assert problem(site, f"/en{V1}/absente", 404)["title"] == "Page not found"
    assert site.client.post(f"{V1}/petitions").headers["content-type"] == "application/problem+json"
    submitted = site.staff("organiser")
    assert submitted.get(f"{V1}/petitions/absente").headers["content-type"] == "application/problem+json"


def test_an_earlier_address_leads_to_the_present_one(site: Site) -> None:
    slug = site.publish()
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        addresses.rename(session, petition, "la-bibliotheque")
    moved = site.client.get(f"{V1}/petitions/{slug}")
    assert (moved.status_code, moved.headers["location"]) == (308, f"{V1}/petitions/la-bibliotheque")


def test_answers_are_kept_and_asked_again_cheaply(site: Site) -> None:
    slug = site.publish()
    for path, seconds in (("/petitions", 10), (f"/petitions/{slug}", 1), ("/themes", 60), ("/openapi.json", 60)):
        answer = site.client.get(f"{V1}{path}")
        assert answer.headers["cache-control"] == f"public, max-age={seconds}"
        again = site.client.get(f"{V1}{path}", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert site.client.head(f"{V1}{path}").headers["etag"] == answer.headers["etag"]
    assert ask(site, f"/petitions/{slug}")["count"] == 0
    site.confirmed(slug)
    assert ask(site, f"/petitions/{slug}")["count"] == 1
