"""Rules made of word lists, one an article, kept as data with their source and licence (words.yaml)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.folding import fold, located

_DATA: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text())


def _pattern(entries: list[str]) -> re.Pattern[str]:
    folded = map(fold, entries)
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(folded, key=len, reverse=True))})(?!\w)")


_RULES = {f"words-{rule['article']}": (rule["article"], _pattern(rule["words"])) for rule in _DATA["lists"]}
LABELS = {f"words-{rule['article']}": rule["label"] for rule in _DATA["lists"]}
VERSIONS = {f"words-{rule['article']}": rule["version"] for rule in _DATA["lists"]}


def look(text: str) -> Iterator[tuple[str, int, int, int]]:
    """``(rule, article, start, end)``"""
    folded, starts = located(text)
    for name, (article, pattern) in _RULES.items():
        for match in pattern.finditer(folded):
            yield name, article, starts[match.start()], starts[match.end()]
