"""A plugin of pytest for the time of a mutant: of the tests that reach it, those of its own room first.

Signing or publishing is on the way of nearly every test; without an end, whoever survives there would take as
long as the whole suite. What the first ``MOST`` do not notice counts as unnoticed, so that the score errs downwards.
"""

import json
import os
from pathlib import Path

import pytest

MOST = int(os.environ.get("MUTANTS_TESTS", "150"))
# Rooms to which a run keeps; none: all.
ROOMS = os.environ.get("MUTANTS_ROOMS", "").split()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mutant = os.environ.get("MUTANT_UNDER_TEST")
    if ROOMS:
        items[:] = [item for item in items if item.path.parent.name in ROOMS]
    if mutant == "":
        del items[1:]  # mutmut's "clean tests": all of them have just passed, unchanged, for its statistics
    if mutant is None or "__mutmut_" not in mutant:
        return
    room = mutant.split(".")[1]
    took: dict[str, float] = json.loads(Path("mutmut-stats.json").read_text())["duration_by_test"]
    items.sort(key=lambda item: (item.path.parent.name != room, took.get(item.nodeid, 0)))
    del items[MOST:]
