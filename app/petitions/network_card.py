"""The picture that networks show of a petition, 1200 × 630: its title, to whom, how many have signed.

Set by Typst, as its paper is: every script, right to left, emoji. Kept for a few minutes, because networks ask for it
once a link; drawn again as soon as something else than the last signatures has changed.
"""

import io
import json
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, ImageOps

from app.locale import Message
from app.petitions import glyphs, pdf
from app.petitions.blocks import is_rtl
from app.petitions.covers import INK, Cover
from app.petitions.public import View
from app.templating import number, translate_plural, translate_said

WIDTH, HEIGHT = 1200, 630
# Of the words, beside a picture.
BESIDE = 730
MOST_BYTES = 300_000
# A number may be as late.
FRESH = timedelta(minutes=5)
KEPT = 128
NOBODY_YET = Message("Soyez parmi les premières personnes à signer")
NOBODY = Message("Cette pétition est close")
_TEMPLATE = Path(__file__).with_name("card.typ")
_RECIPIENTS = 80
_ANYWHERE = re.compile(r"[\s\u200b\u2e80-\ud7ff\uf900-\uffef]+")


class NetworkCards:
    """Those that were drawn lately, of one process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str], tuple[str, datetime, bytes]] = OrderedDict()
        self._lock = Lock()

    def of(self, view: View, site_name: str, locale: str, store: Path, now: datetime) -> bytes:
        key, shows = (view.id, locale), _shows(view)
        with self._lock:
            found = self._kept.get(key)
        if found is not None and found[0] == shows and now - found[1] < FRESH:
            return found[2]
        made = drawn(view, site_name, locale, store)
        with self._lock:
            self._kept[key] = (shows, now, made)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _shows(view: View) -> str:
    """What a card cannot be late about; of the number, whether there is one and the step that it is at."""
    signed = (bool(view.count), view.step)
    return json.dumps([view.slug, view.title, view.recipients, view.state, view.image, signed], default=str)


def drawn(view: View, site_name: str, locale: str, store: Path) -> bytes:
    """A PNG of MOST_BYTES at most."""
    photograph = _photograph(view, store)
    words = Image.open(io.BytesIO(pdf.drawn(_TEMPLATE, _said(view, site_name, locale, photograph is not None))))
    card = Image.new("RGB", (WIDTH, HEIGHT), view.cover.sky)
    if photograph is not None:
        card.paste(photograph, (BESIDE, 0))
    card.paste(words, mask=words.getchannel("A"))
    content = _png(card)
    for colours in (256, 128, 64, 32):
        if len(content) <= MOST_BYTES:
            break
        content = _png(card.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG))
    return content


def _png(image: Image.Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "png", optimize=True)
    return output.getvalue()


def _photograph(view: View, store: Path) -> Image.Image | None:
    """Its picture cut to the room beside the words, around what matters; None where there is none."""
    if view.image is None:
        return None
    path = store / Path(view.image["url"]).name
    if not path.is_file():
        return None
    with Image.open(path) as image:
        x, y = view.image["focus"]
        return ImageOps.fit(image.convert("RGB"), (WIDTH - BESIDE, HEIGHT), centering=(x / 100, y / 100))


def _said(view: View, site_name: str, locale: str, beside: bool) -> dict[str, Any]:
    title = " ".join(view.title.split())
    if view.count:
        word = translate_plural(locale, "signature", "signatures", view.count)
    else:
        word = translate_said(locale, NOBODY_YET if view.is_open else NOBODY)
    return {
        "title": title,
        # Between ideographs a line may end anywhere, and so it may within a word without end.
        "longest": max(_ANYWHERE.split(glyphs.printable(title)), key=len),
        "rtl": is_rtl(title),
        "to": translate_said(locale, _to(view)),
        "site": site_name,
        "count": number(view.count, locale) if view.count else "",
        "word": word,
        "wide": BESIDE if beside else WIDTH,
        "lang": locale,
        "ink": INK,
        "cover": _svg(view.cover),
    }


def _to(view: View) -> Message:
    """As many of the recipients as two lines hold, the first one at least, cut if need be."""
    names = [" ".join(one["name"].split()) for one in view.recipients]
    shown = [names[0] if len(names[0]) <= _RECIPIENTS else f"{names[0][: _RECIPIENTS - 1]}…"]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > _RECIPIENTS:
            return Message("À l’attention de %(names)s et d’autres", names=", ".join(shown))
        shown.append(name)
    return Message("À l’attention de %(names)s", names=", ".join(shown))


def _svg(cover: Cover) -> str:
    """As ``parts/picture.html`` draws it."""
    (x, y, radius), hills = cover.disc, "".join(f'<path d="{path}" fill="{tone}"/>' for path, tone in cover.hills)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="320" height="180">'
        f'<rect width="320" height="180" fill="{cover.sky}"/>'
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{cover.disc_tone}"/>{hills}</svg>'
    )
