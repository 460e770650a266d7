"""A petition under review, as a printer's proof: cut into blocks that each take a remark, and kept as it was read.

A block has a key, which names its field: ``title``, ``recipients``, ``image``, ``sources``, ``settings``, ``whole`` for
the petition altogether, and ``1``, ``2``… for the text's paragraphs, headings and lists.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup

from app.moderation.models import Part, PetitionRemark
from app.petitions.blocks import top_level
from app.petitions.public import View
from app.templating import iso

# What is read and judged, by the name that the public page has for it.
JUDGED = ("title", "author", "recipients", "image", "sources", "delivery_mode", "body_html")
# Shown with it, and free to change.
SHOWN = (*JUDGED, "theme", "themes", "place", "displays", "goal", "last_day")
# Of a text in thousands of scraps, neighbours go together: a form has an end.
MOST_BLOCKS = 300
QUOTED = 500
# Words on both sides of these are two.
_BETWEEN = re.compile(r"</?(?:p|h2|h3|li|ul|ol|blockquote|br|hr)\b")


@dataclass(frozen=True)
class Block:
    """``html``: of the text's own; a part's is its template's. ``quoted``: its first words, without marks."""

    key: str
    quoted: str
    html: str = ""
    remarks: list[PetitionRemark] = field(default_factory=list)


@dataclass(frozen=True)
class Proof:
    """``text``: the blocks of the text in their order; ``parts``: the others by key.

    ``astray``: remarks on words that are no longer there.
    """

    text: Sequence[Block]
    parts: Mapping[str, Block]
    astray: Sequence[PetitionRemark]

    def block(self, key: str) -> Block | None:
        if key in self.parts:
            return self.parts[key]
        return next((block for block in self.text if block.key == key), None)


def proof_of(view: View, remarks: Iterable[PetitionRemark] = ()) -> Proof:
    """*view* in blocks, each with its remarks."""
    text = [
        Block(str(n), _words(html)[:QUOTED].rstrip(), Markup(html))  # noqa: S704 sanitised when it was made, see markdown.py
        for n, html in enumerate(_grouped(top_level(view.body_html)), 1)
    ]
    parts = {key: Block(key, quoted[:QUOTED]) for key, quoted in _parts(view)}
    proof = Proof(text, parts, [])
    astray: list[PetitionRemark] = []
    for remark in remarks:
        block = _about(proof, remark)
        (block.remarks if block is not None else astray).append(remark)
    return replace(proof, astray=astray)


def _grouped(pieces: Sequence[str]) -> Iterator[str]:
    size = -(-len(pieces) // MOST_BLOCKS)
    return ("".join(pieces[n : n + size]) for n in range(0, len(pieces), size or 1))


def _words(html: str) -> str:
    return Markup(_BETWEEN.sub(r" \g<0>", html)).striptags()  # noqa: S704 for its words


def _parts(view: View) -> Iterator[tuple[str, str]]:
    yield Part.WHOLE, ""
    yield Part.TITLE, view.title
    yield Part.RECIPIENTS, " · ".join(_recipients(view.recipients))
    if view.image:
        yield Part.IMAGE, view.image["alt"]
    if view.sources:
        yield Part.SOURCES, " · ".join(source["title"] for source in view.sources)
    yield Part.SETTINGS, ""


def _recipients(recipients: Iterable[Mapping[str, str]]) -> Iterator[str]:
    return (", ".join(filter(None, (recipient["name"], recipient["role"]))) for recipient in recipients)


def _about(proof: Proof, remark: PetitionRemark) -> Block | None:
    """The block that a remark is about: where it stood, or where its words went."""
    if remark.part == Part.LINE:
        return next((block for block in proof.text if remark.quoted and remark.quoted in block.quoted), None)
    if remark.part != Part.TEXT:
        return proof.parts.get(remark.part)
    there = proof.text[remark.block - 1 : remark.block]
    return next((block for block in (*there, *proof.text) if block.quoted == remark.quoted), None)


def remark_on(block: Block, text: str) -> PetitionRemark:
    """Still to be given its decision."""
    number = int(block.key) if block.key.isdecimal() else 0
    return PetitionRemark(part=Part.TEXT if number else block.key, block=number, quoted=block.quoted, text=text)


# As it was read


def content_of(view: View) -> dict[str, Any]:
    """What is kept of *view*: plain JSON."""
    return {name: _plain(getattr(view, name)) for name in SHOWN}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return iso(value) if hasattr(value, "isoformat") else value


def as_it_was(view: View, content: Mapping[str, Any]) -> View:
    """*view* with the words that :func:`content_of` kept of it."""
    kept = {name: content[name] for name in SHOWN if name in content}
    if "body_html" in kept:
        kept["body_html"] = Markup(kept["body_html"])  # noqa: S704 it was sanitised then
    return replace(view, **kept)


def plain(content: Mapping[str, Any]) -> str:
    """Title and text, without marks."""
    return "\n\n".join([content["title"], *_text(content)])


def is_the_same(view: View, content: Mapping[str, Any]) -> bool:
    """Nothing of what is judged has changed."""
    now = content_of(view)
    return all(now[name] == content.get(name) for name in JUDGED)


@dataclass(frozen=True)
class Change:
    """``kept``, ``gone`` or ``new``, and the words."""

    kind: str
    words: str


def changes(content: Mapping[str, Any], view: View) -> list[Change]:
    """From what was read then to what *view* says, block by block; what has not changed is left out but for a sign."""
    before, after = _lines(content), _lines(content_of(view))
    found: list[Change] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Change("kept", ""))
            continue
        found += [Change("gone", words) for words in before[a:b]]
        found += [Change("new", words) for words in after[c:d]]
    return [] if all(change.kind == "kept" for change in found) else found


def _lines(content: Mapping[str, Any]) -> list[str]:
    return [
        content["title"],
        content["author"],
        *_recipients(content["recipients"]),
        *_text(content),
        *(" · ".join(str(source[name] or "") for name in sorted(source)) for source in content["sources"]),
    ]


def _text(content: Mapping[str, Any]) -> Iterator[str]:
    return (_words(html) for html in _grouped(top_level(content["body_html"])))
