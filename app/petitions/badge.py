"""The count as a picture of one kilobyte, for the foot of a mail or of somebody's page."""

from html import escape

from app.templating import number, translate_plural

MOST_BYTES = 1024
_HEIGHT = 28
_BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="28" role="img" aria-labelledby="t">'
    '<title id="t">{said}</title>'
    '<rect width="{width}" height="28" rx="4" fill="#57246e"/>'
    '<path d="M10 19c4-9 8-12 9-9s-5 9-2 8 3-3 6-2" fill="none" stroke="#dcb8f3" stroke-width="2"/>'
    '<g fill="#fff" font-family="system-ui,sans-serif" font-size="13" font-weight="700">'
    '<text x="32" y="19" textLength="{wide}" lengthAdjust="spacingAndGlyphs">{shown}</text></g></svg>'
)
# Of 13 px, bold: a figure, a letter of the word.
_FIGURE, _LETTER = 8, 7


def svg(title: str, count: int, locale: str) -> bytes:
    """Its title says the whole, as much of the petition's as there is room for."""
    shown = f"{number(count, locale)} {translate_plural(locale, 'signature', 'signatures', count)}"
    figures = sum(c.isdigit() for c in shown)
    wide = figures * _FIGURE + (len(shown) - figures) * _LETTER
    made = {"width": wide + 44, "wide": wide, "shown": shown}
    room = MOST_BYTES - len(_BADGE.format(**made, said=shown).encode()) - len(" – …".encode())
    kept = ""
    for sign in title:
        room -= len(escape(sign).encode())
        if room < 0:
            kept = kept.rstrip() + "…"
            break
        kept += sign
    return _BADGE.format(**made, said=f"{shown} – {escape(kept)}").encode()
