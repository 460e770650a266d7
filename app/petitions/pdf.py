"""The printable text, set by Typst: tagged PDF, nothing needed from the system.

Values reach the template as JSON, never as source: a petition cannot write Typst.
"""

import html
import json
import re
from pathlib import Path

import nh3
import typst

from app.petitions.public import View
from app.templating import long_date, number

_TEMPLATE = Path(__file__).with_name("petition.typ")
_POSTER = Path(__file__).with_name("poster.typ")


def render(view: View, now_text: str) -> bytes:
    """The PDF of one petition's text as it stands."""
    data = {
        "title": view.title,
        "recipients": [f"{r['name']}, {r['role']}" for r in view.recipients],
        "author": view.author,
        "blocks": _blocks(str(view.body_html)),
        "sources": [
            ", ".join(filter(None, [s["title"], s["publisher"], long_date(s["date"]) if s["date"] else ""]))
            for s in view.sources
        ],
        "footer": f"{view.url} — {_confirmed(view.count)} — {now_text}",
        "version": f"Texte du {long_date(view.version_at)}, version {view.version}",
    }
    return typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"petition": json.dumps(data)}, pdf_standards=["ua-1"])


def _confirmed(count: int) -> str:
    plural = "s" if count > 1 else ""
    return f"{number(count)} signature{plural} confirmée{plural}"


def poster(view: View, qr_svg: bytes) -> bytes:
    """One A4 page for a wall: the title, who it is for, a code to scan."""
    data = {
        "title": view.title,
        "recipients": [f"{r['name']}, {r['role']}" for r in view.recipients],
        "url": view.url.partition("://")[2],
        "qr": qr_svg.decode(),
    }
    return typst.compile(_POSTER.read_bytes(), sys_inputs={"petition": json.dumps(data)}, pdf_standards=["ua-1"])


def _blocks(body: str) -> list[dict[str, object]]:
    """The sanitised HTML as a flat list of blocks, made of runs of text, strong or not."""
    blocks: list[dict[str, object]] = []
    numbered = False
    n = 0
    for match in re.finditer(r"<(/?)(ol|ul)[^>]*>|<(p|h2|h3|li)>(.*?)(?=</\3>)", body, re.DOTALL):
        closing, list_tag, tag, inner = match.groups()
        if list_tag:
            numbered, n = list_tag == "ol" and not closing, 0
            continue
        if tag == "li":
            n += 1
        blocks.append(
            {
                "kind": ("ol" if numbered else "ul") if tag == "li" else tag,
                "n": n,
                "runs": _runs(inner),
            }
        )
    return blocks


def _runs(inner: str) -> list[dict[str, object]]:
    runs = []
    for part in re.split(r"(<strong>.*?</strong>)", inner, flags=re.DOTALL):
        text = html.unescape(re.sub(r"\s+", " ", nh3.clean(part, tags=set())))
        if text.strip() or text == " ":
            runs.append({"text": text, "strong": part.startswith("<strong>")})
    return runs
