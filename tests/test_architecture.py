"""What holds for the whole house: limits, origins, permissions, templates, pages, contracts."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, meta, nodes

from app import db, errors
from app.accounts.dependencies import staff, staff_aside
from app.main import ROUTERS
from app.pages.routes import doors as every_door
from app.settings import Settings
from app.templating import ROOT, Templates
from app.web.crowd import Door
from app.web.errors import TITLES
from app.web.ratelimit import limiter
from tests.conftest import settings_for
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

doors = [door for door in every_door if door.method == "POST"]
STAFF_PLACES = ("/organisation/", "/moderation/", "/administration/", "/compte/")
# The account is not there yet.
JOINING = "/compte/creer/"
# What thousands post to at once is found before FastAPI, and checks an AsyncLimit itself.
ASYNC_LIMITED = {f"app.pages.routes.crowd.{name}" for name in ("sign", "correct", "confirm")}
SHARED = {"layouts", "parts", "errors", "email"}
TEMPLATES = ROOT / "templates"


def routes(method: str) -> list[APIRoute]:
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in found if method in (route.methods or ())]


def name_of(route: Any) -> str:
    return f"{route.endpoint.__module__}.{route.endpoint.__name__}"


def address(route: APIRoute | Door, slug: str = "p") -> str:
    """The route's path with something plausible in its holes."""
    path = route.path.replace("{slug}", slug)
    return re.sub(r"\{[a-z_]+\}", "1", path)


def asks_who(dependant: Dependant) -> bool:
    return dependant.call in {staff, staff_aside} or any(asks_who(inner) for inner in dependant.dependencies)


# Every route


def test_no_other_kind_of_route_escapes_these_tests() -> None:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), route
            assert route.methods in ({"GET"}, {"POST"}), route.path


def test_every_post_is_limited() -> None:
    decorated = set(limiter._route_limits) | set(limiter._dynamic_route_limits)
    bare = {name_of(route) for route in [*routes("POST"), *doors]} - decorated
    assert bare == ASYNC_LIMITED


def test_posts_that_check_their_limit_themselves_answer_429(database_url: str, tmp_path: Path) -> None:
    limits = {"rate_sign": "2/minute", "rate_post": "2/minute"}
    for door in doors:  # two of them count together
        with Site(settings_for(database_url, tmp_path, **limits)) as site:
            slug = site.publish()
            answers = [site.client.post(address(door, slug)) for _ in range(3)]
            assert [answer.status_code == 429 for answer in answers] == [False, False, True], door.path
            assert int(answers[2].headers["retry-after"]) > 0


def test_every_public_post_answers_429_in_the_end(database_url: str, tmp_path: Path) -> None:
    limits = {"rate_sign": "1/minute", "rate_post": "1/minute", "rate_login": "1/minute"}
    with Site(settings_for(database_url, tmp_path, **limits)) as site:
        slug = site.publish()
        for route in routes("POST"):
            if asks_who(route.dependant):
                continue
            answers = [site.client.post(address(route, slug)).status_code for _ in range(2)]
            # A link or a cookie that is not ours is refused before it is counted: nothing was done.
            assert answers[1] == 429 or answers in ([404, 404], [410, 410]), (route.path, answers)


def test_every_post_refuses_other_sites(site: Site) -> None:
    slug = site.publish()
    everything: list[APIRoute | Door] = [*routes("POST"), *doors]
    for route in everything:
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://mechant.test"},
            {"origin": "null"},
        ):
            status = site.client.post(address(route, slug), headers=headers).status_code
            one_click = route.path.startswith("/desabonnement/")  # RFC 8058: comes from mail providers
            assert (status == 403) is not one_click, (route.path, headers, status)


def test_staff_pages_are_those_that_ask_who_it_is() -> None:
    for route in routes("GET") + routes("POST"):
        inside = f"{route.path}/".startswith(STAFF_PLACES) and not route.path.startswith(JOINING)
        assert asks_who(route.dependant) == inside, route.path


def test_every_staff_route_refuses_strangers(site: Site) -> None:
    slug = site.publish()
    for route in routes("GET"):
        if asks_who(route.dependant):
            answer = site.client.get(address(route, slug))
            assert answer.status_code == 303, route.path
            assert answer.headers["location"].startswith("/connexion?suite=/"), route.path
    for route in routes("POST"):
        if asks_who(route.dependant):
            assert site.client.post(address(route, slug)).status_code == 404, route.path


def test_every_staff_route_refuses_the_other_roles(site: Site) -> None:
    slug = site.publish()
    people = {"/organisation/": site.staff("moderator"), "/moderation/": site.staff("organiser")}
    people["/administration/"] = people["/moderation/"]
    posts = routes("POST")
    for place, person in people.items():
        for route in routes("GET") + posts:
            if f"{route.path}/".startswith(place):
                method = person.post if route in posts else person.get
                assert method(address(route, slug)).status_code == 404, route.path


def test_numbers_in_addresses_are_bounded() -> None:
    """A number that no table can hold is 404, not an error of the database."""
    for route in routes("GET") + routes("POST"):
        for parameter in route.dependant.path_params + route.dependant.query_params:
            if parameter.field_info.annotation in {int, int | None}:
                kinds = {type(rule).__name__ for rule in parameter.field_info.metadata}
                assert kinds & {"Lt", "Le"}, (route.path, parameter.name)


# What may be a second old, hence read on the standby: where nobody looks for what they have just done.
OLD = {
    "/", "/petitions", "/petitions.atom", "/petitions/{slug}.json", "/organisations/{slug}", "/api",
    "/api/v1/petitions",
    "/api/v1/petitions/{slug}", "/api/v1/petitions/{slug}/nouvelles", "/api/v1/themes", "/api/v1/organisations/{slug}",
    "/charte", "/transparence", "/transparence.json", "/transparence.csv", "/transparence/motifs.jsonl",
    "/transparence/journal", "/transparence/journal.atom", "/transparence/decisions/{reference}",
}  # fmt: skip


def _asked(dependant: Dependant) -> set[Any]:
    return {dependant.call}.union(*map(_asked, dependant.dependencies))


def test_only_what_may_be_a_second_old_is_read_on_the_standby() -> None:
    old = [route for route in routes("GET") + routes("POST") if db._old_session in _asked(route.dependant)]
    assert {route.path for route in old} == OLD
    for route in old:
        assert route.methods == {"GET"}, route.path
        assert db._request_session not in _asked(route.dependant), route.path  # one page, one moment
        assert not asks_who(route.dependant), route.path


# Whose petition it is

# Where each of these may be named: what says who owns a petition, or who is a member of what.
WHOSE = {
    "PetitionOwner": {"petitions/models.py", "petitions/queries.py", "petitions/actions.py"},
    "Membership": {"organisations"},
    "with_right": {"organisations/queries.py", "petitions/queries.py"},
    "holds": {
        "petitions/queries.py", "petitions/permissions.py", "exports/permissions.py", "paper/permissions.py",
        "deliveries/actions/linking.py", "organising", "drafting", "moderation/actions/news.py",
    },
}  # fmt: skip
# And who asks whether somebody is an administrator, in what organisers do.
DESKS = ("organising", "organisations", "exports", "updates", "petitions", "drafting")


def _names(tree: ast.Module) -> set[str]:
    return {
        name
        for node in ast.walk(tree)
        for name in (getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", ""))
        if isinstance(name, str)
    }


def test_one_place_says_who_may_what_with_a_petition() -> None:
    """petitions/permissions.py, over one condition in petitions/queries.py: everything else asks there."""
    wrong = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        here, tree = path.relative_to(ROOT / "app").as_posix(), ast.parse(path.read_text())
        for name in _names(tree) & set(WHOSE):
            if not any(here == place or here.startswith(f"{place}/") for place in WHOSE[name]):
                wrong.append(f"{here} reads {name}")
        compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
        if here.startswith(DESKS) and here != "petitions/permissions.py":
            wrong += [f"{here}: {asked}" for asked in compared if "role ==" in asked or "role !=" in asked]
        # Of those who own it, their addresses, to be written to; and whether one is left when another goes.
        if any(ast.unparse(node).endswith(".owners") and isinstance(node, ast.Attribute) for node in ast.walk(tree)):
            assert here in {"deliveries/actions/answering.py", "deliveries/queries.py",
                            "moderation/queries/__init__.py", "moderation/actions/amending.py",
                            "moderation/actions/informing.py", "moderation/actions/news.py",
                            "moderation/actions/proposing.py",
                            "moderation/actions/reviewing.py", "privacy/actions/closing.py"}, here  # fmt: skip
    assert wrong == []


# What a route does with a refusal

REFUSALS = {"ShowAgain", "SignonsError", "Exception", "BaseException"} | {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Refused)
}
# Where the refused request itself leaves something behind, on purpose: it answers, hence commits.
# (A wrong password is counted too, by a verb that refuses nothing: accounts.routes.sign_in.)
COMMITTED = {"pages/routes/inbox.py confirm_with_code": "ten wrong codes close this way in"}


def _route_files() -> list[Path]:
    return sorted({*(ROOT / "app").glob("*/routes.py"), *(ROOT / "app").glob("*/routes/*.py")})


def _ends_by_raising(body: list[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.If):
        return _ends_by_raising(last.body) and bool(last.orelse) and _ends_by_raising(last.orelse)
    return isinstance(last, ast.Raise)


def _answers_a_refusal(source: str) -> list[str]:
    """Functions that catch a refusal and do not raise it, or its page, again: what was half done is kept."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for handler in ast.walk(function):
            if not isinstance(handler, ast.ExceptHandler):
                continue
            caught = {name.id for name in ast.walk(handler.type or handler) if isinstance(name, ast.Name)}
            returns = any(isinstance(node, ast.Return) for node in ast.walk(handler))
            if (handler.type is None or caught & REFUSALS) and (returns or not _ends_by_raising(handler.body)):
                found.append(function.name)
    return found


def test_no_route_answers_a_refusal_with_a_page() -> None:
    """The page belongs to the exception: returned, it would commit what the verb had begun."""
    answered = set()
    for path in _route_files():
        source = path.read_text()
        answered |= {f"{path.relative_to(ROOT / 'app')} {name}" for name in _answers_a_refusal(source)}
        assert "suppress(" not in source, path
    assert answered == set(COMMITTED)


def test_no_form_is_read_without_the_page_that_shows_it_again() -> None:
    """Invalid reaches the person with all that was typed: ``validated`` stands within ``shown_again``."""
    for path in _route_files():
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                assert not _reads_a_form_bare(function), f"{path} {function.name}"


# Signing and confirming have their own way, in the event loop; the others are buttons: nothing was typed.
READERS = {
    "_form", "_chosen", "answer_export", "export", "open_or_close_comments", "judge_hint", "stop", "open_self_service",
    "cosign",  # nor does a witness look at a page
}  # fmt: skip


def _reads_a_form_bare(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    within = {
        inner
        for block in ast.walk(function)
        if isinstance(block, ast.With)
        and any(isinstance(item.context_expr, ast.Call) and _called(item.context_expr) in AGAIN for item in block.items)
        for inner in ast.walk(block)
    }
    calls = {node for node in ast.walk(function) if isinstance(node, ast.Call) and _called(node) == "validated"}
    return bool(calls - within) and function.name not in READERS


AGAIN = {"shown_again", "_again", "_settling", "_text_kept"}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


@pytest.mark.parametrize(
    ("handler", "refused"),
    [
        ("except Invalid as e:\n        return page(e)", True),
        ("except (ShowAgain, Conflict):\n        error = 'non'", True),
        ("except Refused:\n        if a:\n            raise\n        return None", True),
        ("except Refused:\n        if a:\n            raise", True),
        ("except:\n        pass", True),
        ("except Invalid as e:\n        raise ShowAgain(page(e)) from None", False),
        ("except Gone:\n        if a:\n            raise\n        else:\n            raise b from None", False),
        ("except ValueError:\n        return None", False),
    ],
)
def test_that_test_sees_what_it_looks_for(handler: str, refused: bool) -> None:
    source = f"def route():\n    try:\n        verb()\n    {handler}\n"
    assert _answers_a_refusal(source) == (["route"] if refused else [])


def test_routes_and_forms_read_no_number_and_no_date_by_hand() -> None:
    """``web/forms.py`` has the types and the functions, bounded once."""
    app = ROOT / "app"
    forms = {*app.glob("*/forms.py"), *app.glob("*/forms/*.py")} - {app / "web" / "forms.py"}
    by_hand = re.compile(r"isdecimal|isdigit|isnumeric|fromisoformat|strptime|\bint\(values")
    for path in {*_route_files(), *forms}:
        assert not by_hand.search(path.read_text()), path


def test_routes_read_forms_by_their_classes() -> None:
    """No field is read by hand; but of a robot that nobody saw typing (pages/routes/crowd.py)."""
    by_hand = re.compile(r"values\.get\(|values\[|values\.items\(|in values\b")
    for path in set(_route_files()) - {ROOT / "app" / "pages" / "routes" / "crowd.py"}:
        assert not by_hand.search(path.read_text()), path


# Every page

PUBLIC_PAGES = ["/", "/petitions", "/petitions?etat=closes", "/petitions?etat=victoires",
                "/comptage", "/connexion", "/charte", "/confidentialite", "/mentions-legales", "/accessibilite",
                "/transparence", "/contact", "/mes-signatures", "/boite-locale", "/lancer", "/petitions/{slug}",
                "/petitions/{slug}/verifier", "/petitions/{slug}/signatures", "/petitions/{slug}/comptage",
                "/registre", "/registre/verifier", "/petitions/{slug}/commentaires",
                "/petitions/{slug}/partager", "/petitions/{slug}/signaler", "/widget/{slug}", "/api",
                "/absente"]  # fmt: skip


@pytest.mark.databases("sqlite")  # what a page looks like knows no database
def test_every_page_has_a_title_and_a_language_and_nothing_foreign(site: Site) -> None:
    slug = site.publish()
    for prefix, language in (("", "fr"), ("/en", "en")):
        titles: dict[str, list[str]] = {}
        for path in PUBLIC_PAGES:
            response = site.client.get(prefix + path.replace("{slug}", slug))
            assert response.status_code in {200, 404}, (path, response.status_code)
            assert (response.status_code == 404) is (path == "/absente"), path
            page = response.text
            assert re.match(r"(?i)\s*<!doctype html>\s*<html lang=\"" + language, page), path
            title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
            assert title is not None, path
            assert title[1].strip(" ·\n"), path
            if not path.startswith("/widget/"):  # shown inside another page
                titles.setdefault(title[1], []).append(path)
            assert "default-src 'self'" in response.headers["content-security-policy"], path
            assert "unsafe" not in response.headers["content-security-policy"], path
            assert "set-cookie" not in response.headers, path
            assert _foreign(page) == [], path
        assert [paths for paths in titles.values() if len(paths) > 1] == []


def _foreign(page: str) -> list[str]:
    """Addresses that a browser would fetch from, or send to, somewhere else."""
    fetched = re.findall(r"<(?!a\b)[a-z]+\b[^>]*?\s(?:src|href|action|srcset|poster|data)=\"([^\"]*)\"", page)
    fetched = [url for url in fetched if not url.startswith("http://127.0.0.1:8000/")]
    return [url for url in fetched if re.match(r"[a-z]+:|//", url) and not url.startswith("data:image/")]


# Every template


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), extensions=["jinja2.ext.i18n"], autoescape=True)


@lru_cache(maxsize=1)
def _templates() -> dict[str, nodes.Template]:
    names = [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*.*"))]
    return {name: _environment().parse((TEMPLATES / name).read_text()) for name in names}


def _pages() -> Iterator[str]:
    for name in _templates():
        folder, _, file = name.partition("/")
        if folder not in SHARED - {"errors"} and not file.startswith("_"):
            yield name


def _named_in_the_code() -> set[str]:
    """Every text in the code that could be the name of a template."""
    found = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_template_belongs_to_a_domain() -> None:
    domains = {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()}
    for name in _templates():
        parts = name.split("/")
        assert parts[0] in domains | SHARED, name
        if parts[0] == "email" and len(parts) > 2:
            assert parts[1] in domains, name


def test_no_template_has_a_line_that_nobody_reads_to_its_end() -> None:
    """Where a line must not break what is shown: inside a tag, `{%- … %}`, or between two strings side by side."""
    for path in sorted(file for file in TEMPLATES.rglob("*") if file.is_file()):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert len(line) <= 160, f"{path.relative_to(ROOT)}:{number}"


def test_every_template_is_used() -> None:
    named = _named_in_the_code()
    used = {name for tree in _templates().values() for name in meta.find_referenced_templates(tree) if name}
    unused = []
    for name in _templates():
        if name.startswith("errors/") and name != "errors/_page.html":
            if int(Path(name).stem) not in TITLES:
                unused.append(name)
        elif name.startswith("email/") and name.count("/") == 3 and not Path(name).name.startswith("_"):
            mail = name.removeprefix("email/").rpartition("/")[0]
            # Named whole, or put together of a beginning and an end: f"moderation/notice_{kind}".
            whole = (cut for cut in range(mail.index("/") + 1, len(mail) + 1) if mail[:cut] in named)
            if not any(cut == len(mail) or mail[cut:] in named for cut in whole):
                unused.append(name)
        elif name not in used and name not in named:
            unused.append(name)
    assert unused == []


def test_every_template_named_in_the_code_exists() -> None:
    for name in _named_in_the_code():
        if re.fullmatch(r"[a-z_]+/[a-z_]+\.html", name):
            assert name in _templates(), name
    for status in TITLES:
        assert f"errors/{status}.html" in _templates(), status


def test_every_mail_has_a_subject_a_text_and_a_page() -> None:
    folders = {Path(name).parent for name in _templates() if name.startswith("email/") and name.count("/") == 3}
    for folder in folders:
        files = {Path(name).name for name in _templates() if Path(name).parent == folder}
        assert {"subject.txt", "body.txt", "body.html"} <= files, folder


def test_every_page_stands_on_a_layout_and_says_its_title() -> None:
    for name in _pages():
        chain = list(_chain(name))
        assert chain[-1] in {"layouts/base.html", "layouts/bare.html"}, name
        own = [part for part in chain if not part.startswith("layouts/")]
        blocks = {block.name for part in own for block in _templates()[part].find_all(nodes.Block)}
        assert "title" in blocks, name


def _chain(name: str) -> Iterator[str]:
    """The template and those that it extends."""
    yield name
    for parent in _templates()[name].find_all(nodes.Extends):
        assert isinstance(parent.template, nodes.Const)
        yield from _chain(parent.template.value)


def test_layouts_give_language_and_title() -> None:
    for name in ("layouts/base.html", "layouts/bare.html"):
        source = (TEMPLATES / name).read_text()
        assert '<html lang="{{ locale' in source, name
        assert re.search(r"<title>.*{% block title %}", source), name


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        # Data for search engines is no script: nothing of it runs.
        (
            "inline script",
            r"<script(?![^>]*\bsrc=)(?! type=\"application/ld\+json\">\{\{ linked \| tojson \}\}</script>)",
        ),
        ("inline style sheet", r"<style\b"),
        ("style attribute", r"\sstyle\s*="),
        ("event handler", r"<[^>{%]*\son[a-z]+\s*="),
        ("script address", r"javascript:"),
        ("unescaped value", r"\|\s*safe\b"),
        ("foreign origin", r"<(?!a\b)[a-z]+\b[^>]*?\s(?:src|href|action|srcset|poster|data)=\"\s*(?:https?:)?//"),
    ],
)
def test_no_template_has(what: str, pattern: str) -> None:
    for name in _templates():
        if not name.startswith("email/"):
            found = re.search(pattern, (TEMPLATES / name).read_text(), re.IGNORECASE)
            assert found is None, f"{what} in {name}: {found}"


# Walked in tests/journeys with JavaScript and without; every other page is the same either way, and is walked without.
SCRIPTED = {
    # Every table of staff, where its rows are cards.
    "layouts/staff.html",
    "organising/spreading.html",
    "accounts/join.html",
    "accounts/new_key.html",
    "accounts/prove.html",
    "accounts/sign_in.html",
    "drafting/_layout.html",
    "organising/news_edit.html",
    "organising/export.html",
    # What it checks, it checks without sending it.
    "register/verify.html",
    "redress/appeal.html",
    "redress/case.html",
    "moderation/amendment.html",
    "moderation/news.html",
    "moderation/petition.html",
    "moderation/queue.html",
    "redress/reply_desk.html",
    "moderation/second.html",
    "redress/urgent.html",
    "petitions/page.html",
    "petitions/widget.html",
    "petitions/widget_form.html",
    "petitions/widget_inbox.html",
    "signatures/awaiting.html",
    "signatures/check_inbox.html",
    "signatures/thanks.html",
    "signatures/undo.html",
}


def test_only_these_pages_have_a_script() -> None:
    assert {name for name in _templates() if '<script type="module' in (TEMPLATES / name).read_text()} == SCRIPTED


def test_no_mail_fetches_anything() -> None:
    for name in _templates():
        if name.startswith("email/"):
            source = (TEMPLATES / name).read_text()
            assert not re.search(r"<(img|script|iframe|link|video|object)\b|url\(|@import", source, re.IGNORECASE), name


def test_no_file_of_ours_calls_another_site() -> None:
    for path in (ROOT / "app" / "static").rglob("*"):
        if path.suffix in {".css", ".js"}:
            source = path.read_text()
            assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", source), path
            if path.suffix == ".js":
                assert not re.search(r"fetch\(\s*['\"`](https?:)?//|\beval\(|innerHTML|document\.write", source), path


def test_templates_compile_strictly() -> None:
    environment = Templates(Settings(_env_file=None)).environments["fr"]  # type: ignore[call-arg]
    for name in _templates():
        try:
            environment.get_template(name)
        except jinja2.TemplateError as error:
            pytest.fail(f"{name}: {error}")


# The import contracts, broken once on purpose

BREACHES = {
    "Domains stand in one line": ("petitions/markdown.py", "from app.moderation import charter"),
    "Inside a domain": ("petitions/queries.py", "from app.petitions import pdf, actions"),
    "Routes and jobs are imported": ("exports/csv.py", "from app.mail import routes"),
    "Verbs know no HTTP": ("comments/queries.py", "import fastapi"),
    "HTTP knows no SQL": ("web/forms.py", "import sqlalchemy"),
}


def test_every_import_contract_catches_its_breach(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "static", "locale/*"))
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        file, breach = next(found for start, found in BREACHES.items() if contract["name"].startswith(start))
        path = tmp_path / "app" / file
        path.write_text(f"{path.read_text()}\n{breach}\n")
    (tmp_path / "app" / "sans_place").mkdir()
    (tmp_path / "app" / "sans_place" / "__init__.py").touch()
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([program, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    for contract in contracts:
        name = " ".join(contract["name"].split())
        assert f"{name} BROKEN" in " ".join(result.stdout.split()), (name, result.stdout)
    assert "sans_place" in result.stdout  # a new folder must be given its place


def test_nobody_but_the_settings_reads_the_environment() -> None:
    allowed = {"settings.py", "running.py", "serve.py"}  # the two others pass one flag between processes
    for path in (ROOT / "app").rglob("*.py"):
        if path.name not in allowed:
            assert not re.search(r"getenv|environ(\.get\(|\[)\s*f?[\"']SIGNONS_", path.read_text()), path


def test_nobody_but_the_clock_asks_for_the_time() -> None:
    """A time that tests cannot move is a rule that tests cannot check."""
    allowed = {"clock.py", "doctor.py"}
    for path in (ROOT / "app").rglob("*.py"):
        if path.name not in allowed:
            assert not re.search(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(", path.read_text()), path
