"""Rules made of word lists, one an article, kept as data with their source and licence (words.yaml)."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_DATA: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text())


def _fold(character: str) -> str:
    """One character for one, so that offsets hold: lower case, no accent, a plain apostrophe."""
    plain = unicodedata.normalize("NFD", character)[:1].lower()
    return "'" if plain == "’" else plain or character


def _pattern(entries: list[str]) -> re.Pattern[str]:
    folded = ("".join(map(_fold, entry)).replace(" ", r"\s+") for entry in entries)
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(folded, key=len, reverse=True))})(?!\w)")


_RULES = {f"words-{rule['article']}": (rule["article"], _pattern(rule["words"])) for rule in _DATA["lists"]}
LABELS = {f"words-{rule['article']}": rule["label"] for rule in _DATA["lists"]}
VERSIONS = {f"words-{rule['article']}": rule["version"] for rule in _DATA["lists"]}


def look(text: str) -> Iterator[tuple[str, int, int, int]]:
    """``(rule, article, start, end)``"""
    folded = "".join(map(_fold, text))
    for name, (article, pattern) in _RULES.items():
        for match in pattern.finditer(folded):
            yield name, article, *match.span()
