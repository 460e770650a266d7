"""Sheets as they are printed: what people read before they sign, twelve lines, a number."""

import io
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import segno

from app.paper.choices import LINES
from app.paper.models import Sheet
from app.petitions import pdf
from app.petitions.blocks import Block, blocks_of, is_rtl
from app.petitions.public import View
from app.templating import long_date

_TEMPLATE = Path(__file__).with_name("sheet.typ")
# Of a text that is too long for a sheet and has no numbered demands: its first letters.
_START = 1200
_GETS = {
    "identities": "Le destinataire de la pétition recevra les noms, prénoms et codes postaux de cette feuille.",
    "count": "Le destinataire de la pétition recevra seulement le nombre des signatures et leur répartition par"
    " département, sans aucun nom.",
}


def sheets(view: View, printed: Sequence[Sheet], *, controller: str, contact: str) -> bytes:
    """A PDF, a page a sheet. *controller*: who keeps this site; *contact*: where it is written to, or ""."""
    blocks = blocks_of(str(view.body_html), view.url)
    day = long_date(view.version_at)
    data = {
        "title": pdf.title_of(view),
        "rtl": is_rtl(view.title),
        "author": view.author,
        "recipients": pdf.few([f"{r['name']}, {r['role']}" for r in view.recipients]),
        "blocks": blocks,
        "demands": [block for block in blocks if block["kind"] == "ol"],
        "start": _beginning(blocks),
        "version": f"version {view.version} du {day}",
        "short_version": f"version {view.version}",
        "address": view.url.partition("://")[2],
        "qr": _qr(f"{view.url}?s=feuille"),
        "consent": _consent(view, controller),
        "notice": _notice(view, controller, contact),
        "until": long_date(view.last_day) if view.last_day else "la clôture",
        "lines": LINES,
        "sheets": [{"number": sheet.number, "return_to": sheet.return_to} for sheet in printed],
    }
    # Not kept: of one organiser, and megabytes of it.
    return pdf.once(_TEMPLATE, json.dumps(data, ensure_ascii=False), ("ua-1",))


def _consent(view: View, controller: str) -> str:
    return (
        f"J’accepte expressément que {view.author}, qui organise cette pétition, avec {controller}, traite mes nom,"
        " prénom, code postal et signature pour compter ma signature de cette pétition, qui peut révéler mes opinions"
        f" politiques ou philosophiques (RGPD, article 9.2.a). {_GETS[view.delivery_mode]}"
    )


def _notice(view: View, controller: str, contact: str) -> str:
    """The first level of what GDPR, art. 13 asks for."""
    where = f" ou à {contact}" if contact else ""
    return (
        f"Responsables : {view.author}, qui garde cette feuille, et {controller}, qui n’en reçoit que les nombres par"
        " code postal et, peut-être, une copie scellée. Aucun nom n’est saisi ni publié. Feuille et copie sont"
        f" détruites au plus tard le {long_date(view.erased_on)}, un mois après la remise si elle vient avant. Vous"
        " pouvez lire, corriger, retirer votre ligne ou demander son effacement à tout moment auprès de qui vous a"
        f" présenté la feuille{where}, en donnant son numéro ; la signature retirée ne compte plus. Réclamation"
        f" possible auprès de la CNIL. Tout le détail : {view.url.partition('://')[2].partition('/')[0]}/confidentialite"
    )


def _beginning(blocks: Sequence[Block]) -> list[Block]:
    """Its first paragraphs, up to some letters."""
    kept: list[Block] = []
    left = _START
    for block in blocks:
        if block["kind"] != "p" or left <= 0:
            break
        runs = []
        for run in block["runs"]:
            cut = run["text"] if len(run["text"]) <= left else f"{run['text'][:left].rpartition(' ')[0]} …"
            runs.append({**run, "text": cut})
            left -= len(run["text"])
            if left <= 0:
                break
        kept.append({**block, "runs": runs})
    return kept


@lru_cache(maxsize=64)
def _qr(url: str) -> str:
    output = io.BytesIO()
    segno.make(url, error="m").save(output, kind="svg", border=0, scale=4)
    return output.getvalue().decode()
