"""The last touches to a page, which no template can give: what a word is beside others, what stands further down."""

import re

from app.templating import translate


def finished(html: str, locale: str) -> str:
    return unbroken(with_named_errors(html, translate(locale, " :")))


# Found from its hyphen, ten times as fast.
_EMAIL = re.compile(r"-mails?\b")
# Where words are no words of the page, or no element may stand.
_BARE = ("<title", "<textarea", "<option", "<script", "<style", "<text")


def unbroken(html: str) -> str:
    """No line of a page ends within « e-mail »; the hyphen stays one, so that the word is found and copied."""
    pieces, at = [], 0
    for found in _EMAIL.finditer(html):
        start, end = found.start() - 1, found.end()
        tag = html.rfind("<", 0, start)
        if html[start] in "eE" and html.find(">", tag, start) >= 0 and not html.startswith(_BARE, tag):
            pieces += [html[at:start], f'<span class="whole">{html[start:end]}</span>']
            at = end
    return "".join([*pieces, html[at:]])


_SUMMED_UP = re.compile(r'<li><a href="#(champ-[^"]+)">')
_ASIDE = re.compile(r'<span class="(?:optional|example)">.*?</span>|<kbd>.*?</kbd>', re.DOTALL)
# What a summary keeps of a label that is a whole sentence.
_NAME_LENGTH = 45


def with_named_errors(html: str, colon: str) -> str:
    """Each error of a summary (parts/forms.html) begins with the name of its field, which comes later in the page."""

    def named(found: re.Match[str]) -> str:
        name = _name_of(html, found[1])
        return f"{found[0]}{name}{colon} " if name else found[0]

    return _SUMMED_UP.sub(named, html) if 'id="erreurs"' in html else html


def _name_of(html: str, control: str) -> str:
    """The text of its label; of several radio buttons, the legend."""
    drawn = re.search(rf'<(?:input|select|textarea)\b[^>]* id="{re.escape(control)}"[^>]*>', html)
    label = re.search(rf'<label\b[^>]* for="{re.escape(control)}"[^>]*>(.*?)</label>', html, re.DOTALL)
    if drawn and 'type="radio"' in drawn[0]:
        group = html[html.rfind("<fieldset", 0, drawn.start()) : drawn.start()]
        label = re.search(r"<legend[^>]*>(.*?)</legend>", group, re.DOTALL) if "</fieldset" not in group else None
    if label is None:
        return ""
    name = " ".join(re.sub(r"<[^>]+>", "", _ASIDE.sub("", label[1])).split()).rstrip(" .:?\u202f")
    return name if len(name) <= _NAME_LENGTH else name[:_NAME_LENGTH].rpartition(" ")[0].rstrip(" ,;:") + "…"
