"""A petition's sanitised HTML as the blocks that a typesetter sets: what markdown.py lets out, no more."""

import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin

from app.text import has_ink

Block = dict[str, Any]
Run = dict[str, Any]
# Deeper lists and quotations are set at this depth: no room would be left for their words.
DEEPEST = 5
_MARKS = {"strong", "em", "code"}
_LONGEST_LINK = 2000
# White space as HTML shows it: no-break spaces are words.
_SPACES = re.compile(r"[ \t\n\r\f]+")


def blocks_of(html: str, base: str) -> list[Block]:
    """``[{"kind": "p", "runs": […]}, {"kind": "ol", "start": 2, "items": [[…]]}…]``; links are absolute, from *base*.

    A level of heading is never skipped and no heading is empty: accessible PDF refuses both.
    """
    reader = _Reader(base)
    reader.feed(html)
    reader.close()
    return reader.done()


def is_rtl(text: str) -> bool:
    """Whether its first letter that has a direction goes right to left, as ``dir="auto"`` decides."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.root: list[Block] = []
        # Where blocks go: the text, then the open item or quotation of each level.
        self.places = [self.root]
        self.lists: list[Block] = []
        self.kind = "p"
        self.outlined = False
        self.marks: list[str] = []
        self.href = ""
        self.runs: list[Run] = []

    def done(self) -> list[Block]:
        self._end_block()
        return self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _MARKS:
            self.marks.append(tag)
        elif tag == "a":
            self.href = self._absolute(given.get("href") or "")
        elif tag == "br":
            self._add("\n")
        elif tag != "span":
            self._end_block()
            self._open(tag, given)

    def _open(self, tag: str, given: dict[str, str | None]) -> None:
        here = self.places[-1]
        if tag in {"p", "h2", "h3"}:
            self.kind = tag
        elif tag in {"ul", "ol"}:
            if len(self.places) > DEEPEST and self.lists:
                self.lists.append(self.lists[-1])
            else:
                self.lists.append({"kind": tag, "start": _start(given.get("start")), "items": []})
                here.append(self.lists[-1])
        elif tag == "li" and self.lists:
            self.lists[-1]["items"].append([])
            self.places.append(self.lists[-1]["items"][-1])
        elif tag == "blockquote":
            quote: Block = {"kind": "quote", "blocks": []}
            if len(self.places) <= DEEPEST:
                here.append(quote)
            self.places.append(quote["blocks"] if len(self.places) <= DEEPEST else here)
        elif tag == "hr":
            here.append({"kind": "hr"})

    def handle_endtag(self, tag: str) -> None:
        if tag in _MARKS:
            if tag in self.marks:
                self.marks.remove(tag)
        elif tag == "a":
            self.href = ""
        elif tag not in {"span", "br", "hr"}:
            self._end_block()
            if tag in {"ul", "ol"} and self.lists:
                found = self.lists.pop()
                found["rtl"] = any(block.get("rtl", False) for item in found["items"][:1] for block in item[:1])
            elif tag in {"li", "blockquote"} and len(self.places) > 1:
                self.places.pop()

    def handle_data(self, data: str) -> None:
        self._add(_SPACES.sub(" ", data))

    def _add(self, text: str) -> None:
        if not self.runs or self.runs[-1]["text"].endswith(("\n", " ")):
            text = text.removeprefix(" ")
        if not text:
            return
        run = {"text": text, "href": self.href} | {mark: mark in self.marks for mark in _MARKS}
        if self.runs and {**self.runs[-1], "text": ""} == {**run, "text": ""}:
            self.runs[-1]["text"] += text
        else:
            self.runs.append(run)

    def _end_block(self) -> None:
        runs, kind = self.runs, self.kind
        self.runs, self.kind = [], "p"
        text = "".join(run["text"] for run in runs)
        if not has_ink(text):
            return
        runs[-1]["text"] = runs[-1]["text"].rstrip(" \n")
        block: Block = {"kind": "p", "runs": runs, "rtl": is_rtl(text)}
        if kind in {"h2", "h3"}:
            if len(self.places) == 1:
                block |= {"kind": "heading", "level": 3 if kind == "h3" and self.outlined else 2}
                self.outlined = True
            else:  # in a list or a quotation, it is words in bold
                block["runs"] = [run | {"strong": True} for run in runs]
        self.places[-1].append(block)

    def _absolute(self, href: str) -> str:
        """Empty when it leads nowhere from paper."""
        try:
            address = urljoin(self.base, href)
        except ValueError:
            return ""
        return "" if not href or href.startswith("#") or len(address) > _LONGEST_LINK else address


def _start(given: str | None) -> int:
    return int(given) if given and given.isdecimal() and len(given) < 10 else 1


def top_level(html: str) -> list[str]:
    """The same HTML cut between its outermost elements; joined, the pieces are *html* again."""
    cutter = _Cutter(html)
    cutter.feed(html)
    cutter.close()
    return cutter.pieces()


class _Cutter(HTMLParser):
    """Where each outermost element of sanitised, hence balanced, HTML begins."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.html = html
        # Where each line begins: the parser counts by lines.
        self.lines = [0, *(found.end() for found in re.finditer("\n", html))]
        self.depth = 0
        self.starts: list[int] = []

    def pieces(self) -> list[str]:
        bounds = [0, *self.starts[1:], len(self.html)]
        return [self.html[start:end] for start, end in pairwise(bounds)] if self.html else []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            line, column = self.getpos()
            self.starts.append(self.lines[line - 1] + column)
        self.depth += tag not in {"br", "hr"}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag not in {"br", "hr"}
