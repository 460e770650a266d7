"""What real people type, send and own, and what happens: written from the tests that try it.

``python -m tests.saisies`` writes docs/saisies.md from the marks ``typed("what", "what happens")``.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "docs" / "saisies.md"
HEADING = """\
# Ce que les gens saisissent, et ce qui arrive

Chaque ligne est essayée par un test, à chaque exécution ; chacune vaut pour son espèce.
Écrit par `python -m tests.saisies` depuis les marques `typed` des tests.

| saisie | ce qui arrive | test |
|---|---|---|
"""


def tried() -> Iterator[tuple[str, str, str]]:
    """``(what is typed, what happens, test)`` in the order of the files."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test in (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)):
            for mark in test.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.typed":
                    typed, then = map(ast.literal_eval, mark.args)
                    yield typed, then, f"{path.relative_to(ROOT / 'tests')}::{test.name}"


def paper() -> str:
    return HEADING + "".join(f"| {typed} | {then} | `{test}` |\n" for typed, then, test in tried())


if __name__ == "__main__":
    PAPER.write_text(paper(), "utf-8")
