"""docs/saisies.md says what the tests try, no more and no less."""

from tests.saisies import PAPER, paper


def test_the_paper_is_what_the_tests_try() -> None:
    assert PAPER.read_text("utf-8") == paper(), "run: python -m tests.saisies"
