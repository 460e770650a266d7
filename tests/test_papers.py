"""What the papers say of the house is so: twins, the picture, the line, files, links, libraries, targets."""

import re
import shutil
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests import picture
from tests.picture import ROOT

README, TWIN, CONTRIBUTING = ROOT / "README.md", ROOT / "README.en.md", ROOT / "CONTRIBUTING.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
# Those that explain the code.
GUIDES = [README, TWIN, CONTRIBUTING, ROOT / "docs" / "architecture.md", ROOT / "migrations" / "README.md"]
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


def read(path: Path) -> str:
    return path.read_text("utf-8")


def prose(path: Path) -> str:
    return BLOCK.sub("", read(path))


def test_the_english_readme_has_the_headings_of_the_french_one() -> None:
    levels = [[len(marks) for marks in re.findall(r"^(#+) ", prose(path), re.MULTILINE)] for path in (README, TWIN)]
    assert levels[0] == levels[1]


def test_the_english_readme_has_the_commands_of_the_french_one() -> None:
    assert BLOCK.findall(read(README)) == BLOCK.findall(read(TWIN))
    french, english = (Counter(SPAN.findall(prose(path))) for path in (README, TWIN))
    assert french == english


def test_the_picture_is_the_graph_of_today() -> None:
    assert read(picture.DOT) == picture.dot(), "run: make picture"


def test_the_drawing_is_that_of_the_picture() -> None:
    drawn = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", read(picture.SVG))
    unseen = re.findall(r"^ +(\w+) -> (\w+) \[style=invis", read(picture.DOT), re.MULTILINE)
    assert Counter(drawn) == Counter(re.findall(r"^ +(\w+) -> (\w+)", read(picture.DOT), re.MULTILINE)) - Counter(
        unseen
    ), "run: make picture"


def test_the_picture_keeps_what_no_longer_way_says_and_all_that_runs_up() -> None:
    places = {"main": 0, "pages": 1, "petitions": 2, "web": 3, "db": 4}
    arrows = {("main", "pages"), ("pages", "petitions"), ("main", "petitions"), ("main", "web"), ("web", "db")}
    assert picture.shown(arrows, places) == [("main", "pages"), ("main", "web"), ("pages", "petitions")]
    assert ("petitions", "main") in picture.shown({*arrows, ("petitions", "main")}, places)


def test_without_graphviz_the_picture_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(picture, "PAPER", Path(shutil.copy(picture.PAPER, tmp_path)))
    monkeypatch.setattr(picture, "DOT", tmp_path / "architecture.dot")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="apt install graphviz"):
        picture.main()
    assert read(picture.DOT) == picture.dot()


def test_the_line_on_paper_is_the_contract() -> None:
    assert read(picture.PAPER) == picture.paper(), "run: make picture"
    for layer in picture.line():
        assert f"\n{' | '.join(layer)}\n" in read(picture.PAPER)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(path: Path) -> None:
    named = {
        span for span in SPAN.findall(prose(path)) if re.fullmatch(r"[\w./-]+/[\w.-]*|[\w./-]+\.(?:py|md|yaml)", span)
    }
    places = (ROOT, ROOT / "app", path.parent)
    assert [
        name for name in sorted(named) if name[0] != "/" and not any((place / name).exists() for place in places)
    ] == []


@pytest.mark.parametrize("path", [*GUIDES, *DOCS], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path: Path) -> None:
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)) if "://" not in link}
    assert [link for link in sorted(links) if link and link[0] != "/" and not (path.parent / link).exists()] == []


def test_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    for path in {*GUIDES, *DOCS}:
        assert set(re.findall(r"`make ([a-z]+)", read(path))) <= targets, path


def test_every_library_has_its_line() -> None:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    paper = read(ROOT / "docs" / "dependances.md")
    names = [re.split(r"[<>=;]", wanted)[0] for wanted in project["project"]["dependencies"]]
    table = {name.strip() for row in re.findall(r"^\| ([^|]+) \|", paper, re.MULTILINE) for name in row.split(",")}
    assert [name for name in names if not {name, re.sub(r"\[.*", "", name)} & table] == []


def test_make_help_shows_every_target() -> None:
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", read(ROOT / "Makefile"), re.MULTILINE)
    assert phony is not None
    assert {row.split()[0] for row in shown.splitlines()} == set(phony[1].split())
