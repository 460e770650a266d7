"""docs/security.md names tests and files that exist, and has a place for what is measured."""

import re

from tests.audit.__main__ import MEASURED, REPORT
from tests.audit.tools import JUDGED, ROOT


def test_every_test_and_file_named_exists() -> None:
    named = re.findall(r"`((?:tests|app)/[\w/]+\.py)(?:::(\w+))?`", REPORT.read_text())
    assert len(named) > 40
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(), (path, test)


def test_what_is_measured_has_its_place() -> None:
    assert len(MEASURED.findall(REPORT.read_text())) == 1


def test_every_remark_judged_is_of_a_file_that_exists() -> None:
    for judged in JUDGED:
        assert (ROOT / judged.split()[1]).is_file(), judged
