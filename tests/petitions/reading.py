"""What a reader finds on a page or on paper, without the tags and the operators."""

import re
import zlib
from html import unescape

Blocks = list[tuple[str, str]]


def prose(page: str) -> str:
    """The petition's own text on its page, as HTML."""
    found = re.search(r'<div class="prose"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found, "the page shows no text"
    return found[1]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html))).strip()


def blocks(html: str) -> Blocks:
    """``[("h2", "…"), ("ol li", "…")]`` in the order of the text."""
    found: Blocks = []
    parent = ""
    for match in re.finditer(r"<(/?)(ul|ol)\b[^>]*>|<(p|h2|h3|li)>(.*?)</\3>", html, re.DOTALL):
        closing, parent_tag, tag, inner = match.groups()
        if parent_tag:
            parent = "" if closing else parent_tag
        else:
            found.append((f"{parent} {tag}".strip(), words(inner)))
    return found


def blocks_of_markdown(text: str) -> Blocks:
    """The same, read from the plain Markdown of the model petition by its line starts."""
    found: Blocks = []
    for line in filter(None, text.splitlines()):
        for start, kind in ((r"## ", "h2"), (r"- ", "ul li"), (r"\d+\. ", "ol li"), ("", "p")):
            if match := re.match(start, line):
                found.append((kind, re.sub(r"\s+", " ", line[match.end() :].replace("**", "")).strip()))
                break
    return found


def pdf_text(content: bytes) -> str:
    """The words of a PDF: glyphs of each page, through each font's own map to Unicode."""
    objects = {int(n): body for n, body in re.findall(rb"(?m)^(\d+) 0 obj\n(.*?)\nendobj", content, re.DOTALL)}
    text = ""
    for page in objects.values():
        if b"/Type/Page/" in page:
            resources, contents = (objects[_reference(page, name)] for name in (b"Resources", b"Contents"))
            names = re.search(rb"/Font<<(.*?)>>", resources)
            fonts = {
                name: _characters(_stream(objects[_reference(objects[int(font)], b"ToUnicode")]))
                for name, font in re.findall(rb"/(\w+) (\d+) 0 R", names[1] if names else b"")
            }
            text += _shown(_stream(contents), fonts) + " "
    return re.sub(r"\s+", " ", text.replace("\u00ad", "")).strip()


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found, f"no {name!r} in {body!r}"
    return int(found[1])


def _stream(body: bytes) -> bytes:
    raw = body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    return zlib.decompress(raw) if b"/FlateDecode" in body.split(b"stream\n", 1)[0] else raw


def _characters(unicode_map: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9a-fA-F]+)> <([0-9a-fA-F]+)>\n", unicode_map)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _shown(operators: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    text, font = "", {}
    # A string may hold balanced parentheses: there, they are bytes of glyphs like others.
    inside = rb"(?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*"
    for name, string in re.findall(rb"/(\w+) [\d.]+ Tf|\((" + inside + rb")\)|\bBT\b", operators, re.DOTALL):
        if name:
            font = fonts[name]
        elif string:
            glyphs = re.sub(rb"\\([0-7]{1,3}|.)", _unescaped, string, flags=re.DOTALL)
            text += "".join(font.get(int.from_bytes(glyphs[i : i + 2]), " ") for i in range(0, len(glyphs), 2))
        else:
            text += " "
    return text


def _unescaped(match: "re.Match[bytes]") -> bytes:
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    code = match[1]
    return bytes([int(code, 8)]) if code.isdigit() else named.get(code, code)
