"""The printable text and the poster, set by Typst: tagged PDF, nothing needed from the system.

Values reach the templates as JSON, never as source: a petition cannot write Typst. Whatever was
typed, a PDF comes out: what cannot be printed is marked, see :mod:`app.petitions.glyphs`.
"""

import json
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import structlog
import typst

from app.locale import Message
from app.petitions import glyphs
from app.petitions.blocks import Block, Run, blocks_of, is_rtl
from app.petitions.public import View
from app.templating import long_date, translate_plural, translate_said
from app.text import has_ink

log = structlog.get_logger("pdf")
_TEMPLATE = Path(__file__).with_name("petition.typ")
_POSTER = Path(__file__).with_name("poster.typ")
# A poster names the first recipients, up to so many letters.
_POSTER_RECIPIENTS = 240
# Accessible; for archives and accessible.
Standard = Literal["ua-1", "a-2a"]
# Not words: they are left as they are.
_VERBATIM = {"kind", "href", "qr", "families", "cover", "sha256", "lang"}
# What the paper says around the words of its author.
_WORDS = {
    "to": "À l’attention de",
    "author": "Auteur ou autrice :",
    "sources": "Sources et articles",
    "addresses": "Adresses des liens",
    "missing": "remplace un signe que cette mise en page ne sait pas imprimer : il se lit sur la page de la pétition.",
    "petition": "PÉTITION",
    "scan": "Code à scanner :",
    "sign": "Lire et signer :",
}


def render(view: View, locale: str) -> bytes:
    """The PDF of one version of a petition's text: no number that moves is on it, so that it is set once a language."""
    blocks = blocks_of(str(view.body_html), view.url)
    links = number_links(blocks)
    data = {
        **words(locale),
        "title": title_of(view),
        "rtl": is_rtl(view.title),
        "recipients": [f"{r['name']}, {r['role']}" for r in view.recipients],
        "author": view.author,
        "blocks": blocks,
        "links": [{"href": href, "text": href.removeprefix("mailto:")} for href in links],
        "sources": [
            {
                "text": ", ".join(
                    filter(None, [s["title"], s["publisher"], long_date(s["date"], locale) if s["date"] else ""])
                )
                + f" · {translate_said(locale, s['kind_label'])}",
                "href": s["url"],
                "address": s["url"],
            }
            for s in view.sources
        ],
        "footer": view.url,
        "version": translate_said(
            locale, Message("Texte du %(date)s, version %(n)s", date=long_date(view.version_at, locale), n=view.version)
        ),
    }
    return _typeset(_TEMPLATE, data)


def poster(view: View, qr_svg: bytes, locale: str) -> bytes:
    """One A4 page for a wall: the title, who it is for, a code to scan."""
    title = title_of(view)
    data = {
        **words(locale),
        "title": title,
        "longest": max(title.split(), key=len),
        "rtl": is_rtl(title),
        "recipients": few([f"{r['name']}, {r['role']}" for r in view.recipients], locale),
        "url": view.url.partition("://")[2],
        "qr": qr_svg.decode(),
    }
    return _typeset(_POSTER, data)


def words(locale: str) -> dict[str, Any]:
    """The language of a paper, and what is ours on it."""
    return {"lang": locale, "words": {name: translate_said(locale, said) for name, said in _WORDS.items()}}


def drawn(template: Path, data: dict[str, Any]) -> bytes:
    """One page as a PNG, a point a pixel, on nothing."""
    values = json.dumps(data, ensure_ascii=False)
    said = _mapped(data, glyphs.printable) | {"families": glyphs.families(values)}
    with _turn:
        content = _compiler().compile(
            template.read_bytes(), format="png", ppi=72, sys_inputs={"petition": json.dumps(said)}
        )
    assert isinstance(content, bytes)
    return content


def title_of(view: View) -> str:
    """Never empty: accessible PDF refuses a document without one."""
    title = " ".join(view.title.split())
    return title if has_ink(title) else "Pétition"


def few(recipients: list[str], locale: str = "fr") -> str:
    """The first of them, as many as a poster has room for, and how many more there are."""
    shown: list[str] = []
    for recipient in recipients:
        if shown and len(" ; ".join([*shown, recipient])) > _POSTER_RECIPIENTS:
            break
        shown.append(recipient if len(recipient) <= _POSTER_RECIPIENTS else recipient[: _POSTER_RECIPIENTS - 2] + " …")
    more = len(recipients) - len(shown)
    if more:
        shown.append(translate_plural(locale, "et %(num)s autre", "et %(num)s autres", more) % {"num": more})
    return " ; ".join(shown)


def number_links(blocks: list[Block]) -> list[str]:
    """Give each link whose words are not its address a number; returns the addresses in that order."""
    numbers: dict[str, int] = {}
    for runs in _every_runs(blocks):
        for run, following in zip(runs, [*runs[1:], None], strict=True):
            href = run["href"]
            ends = following is None or following["href"] != href
            if href and ends and href.removeprefix("mailto:") != run["text"].strip():
                run["n"] = numbers.setdefault(href, len(numbers) + 1)
    return list(numbers)


def _every_runs(blocks: list[Block]) -> Iterator[list[Run]]:
    for block in blocks:
        if "runs" in block:
            yield block["runs"]
        for inner in (block.get("blocks", []), *block.get("items", ())):
            yield from _every_runs(inner)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """Kept: looking through the fonts takes longer than setting a page."""
    return typst.Compiler(font_paths=glyphs.folders(), ignore_system_fonts=True)


# The compiler sets one document at a time; two would hold the fonts twice.
_turn = threading.Lock()


def _typeset(template: Path, data: dict[str, Any]) -> bytes:
    return _kept(template, json.dumps(data, ensure_ascii=False))


@lru_cache(maxsize=128)
def _kept(template: Path, values: str) -> bytes:
    """What was set is kept: everybody who prints the same words gets the same bytes."""
    return once(template, values, ("ua-1",))


def once(template: Path, values: str, standards: Sequence[Standard]) -> bytes:
    """JSON *values* set, and not kept: what has names of people in it. *standards*: what to ask of it, if it can be."""
    data = json.loads(values)
    families = glyphs.families(values)
    data = _mapped(data, glyphs.printable)
    marked = glyphs.MARK in json.dumps(data, ensure_ascii=False)
    return _at_any_price(template, data | {"families": families, "marked": marked}, standards)


def _at_any_price(template: Path, data: dict[str, Any], standards: Sequence[Standard] = ("ua-1",)) -> bytes:
    """Accessible; or so without accents and joiners, which fonts may lack upon a sign; or plain."""
    for tried in (lambda: data, lambda: _mapped(data, _bare)):
        try:
            return _compiled(template, tried(), standards)
        except typst.TypstError as error:
            log.warning("pdf.refused", template=template.name, reason=str(error).partition("`")[0])
    return _compiled(template, data, ())


def _bare(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in {"Mn", "Me", "Cf"})


def _compiled(template: Path, data: dict[str, Any], standards: Sequence[Standard]) -> bytes:
    source, values = template.read_bytes(), {"petition": json.dumps(data)}
    with _turn:
        content = _compiler().compile(source, sys_inputs=values, pdf_standards=list(standards))
    assert isinstance(content, bytes)
    return content


def _mapped(data: Any, change: Callable[[str], str]) -> Any:
    """*data* with every text in it changed."""
    if isinstance(data, dict):
        return {key: value if key in _VERBATIM else _mapped(value, change) for key, value in data.items()}
    if isinstance(data, list):
        return [_mapped(value, change) for value in data]
    return change(data) if isinstance(data, str) else data
