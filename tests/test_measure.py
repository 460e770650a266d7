"""What `make measure` says of what it finds."""

import json
from pathlib import Path

import pytest

from tests.measure import __main__ as measure
from tests.measure import html, lighthouse, npm
from tests.measure.html import Said
from tests.measure.lighthouse import Scores

BEFORE = json.loads(measure.BEFORE.read_text())
WHOLE = dict.fromkeys(lighthouse.CATEGORIES, 100)


def test_every_row_has_its_figure_and_every_promise_its_row() -> None:
    assert set(measure.ROWS) <= set(BEFORE)
    assert set(measure.PROMISED) <= set(measure.ROWS)
    text = "\n".join(measure.effort_lines(BEFORE, BEFORE))
    for name in measure.ROWS:
        assert measure.ROWS[name] in text
    assert "2,027 (2.5 screens) | 2,027 (2.5 screens) | ≤ 720 |" in text
    assert "the button that confirms" in text


def test_what_is_not_as_promised_is_said() -> None:
    kept = BEFORE | measure.PROMISED
    assert list(measure.Found(kept).wrong()) == []
    assert list(measure.Found(kept | {"form reach 360": 721}).wrong()) == [
        "sign form, 360 px: pixels from the first field to the button: 721, 720 at most were promised"
    ]


def test_a_mistake_on_many_pages_is_one_line() -> None:
    message = {"ruleId": "no-dup-id", "message": "Duplicate ID", "selector": "#x", "line": 4}
    results = [{"filePath": f"/x/page-{n}.html", "messages": [message]} for n in range(3)]
    assert html.read(results) == ["no-dup-id: Duplicate ID (#x) × 3, first in page-0.html:4"]
    text = "\n".join(measure.html_lines(Said(3, html.read(results))))
    assert "3 pages" in text
    assert "1 mistakes" in text
    assert "first in page-0.html:4" in text


def test_lighthouse_names_what_counts_and_fails() -> None:
    audits = {
        "size": {"title": "Too big", "displayValue": "9 MB", "score": 0.2},
        "hint": {"title": "A hint", "score": 0},
        "fine": {"title": "Fine", "score": 1},
    }
    refs = [{"id": "size", "weight": 3}, {"id": "hint", "weight": 0}, {"id": "fine", "weight": 1}]
    categories = {key: {"score": 1, "auditRefs": []} for key in lighthouse.CATEGORIES}
    categories["performance"] = {"score": 0.87, "auditRefs": refs}
    found = lighthouse.read("home", {"categories": categories, "audits": audits})
    assert found == Scores("home", WHOLE | {"performance": 87}, ["size: Too big 9 MB"])
    assert not found.whole
    assert "| home | 87 | 100 | 100 | 100 | size: Too big 9 MB |" in measure.lighthouse_lines([found])
    assert list(measure.Found(lighthouse=[Scores("home", WHOLE)]).wrong()) == []


def test_a_tool_that_cannot_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = npm.run("html-validate", folder=tmp_path)
    assert said == "npx is missing: install Node 20 or later"
    (tmp_path / "npx").write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    (tmp_path / "npx").chmod(0o755)
    assert npm.run("html-validate", folder=tmp_path) == "html-validate could not be had: no network"
    assert "**not run**: no network" in "\n".join(measure.html_lines(Said(3, [], "no network")))
    assert list(measure.Found(html=Said(3, [], "no network")).wrong()) == ["no network"]
    assert list(measure.Found(lighthouse=[Scores("home", not_run="no network")]).wrong())
