"""An organiser's Markdown, rendered once a version and sanitised.

Allowed: headings, paragraphs, lists, emphasis, quotations, links. No raw HTML, no image: a
picture has its own field, with its alternative text.
"""

import re
from collections.abc import Sequence
from html import escape, unescape
from urllib.parse import urljoin

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from app.templating import kept_together
from app.text import WORD, has_ink

TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br", "hr", "code", "span"}
# A paragraph that begins with a tab or four spaces is one, not code: people write so.
_PARSER = MarkdownIt("commonmark", {"html": False, "typographer": False}).disable("code")


def _text(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return str(kept_together(tokens[index].content))


def _fence(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """As a paragraph, line by line: a block that does not fold would leave a narrow screen."""
    lines = Markup("<br>").join(tokens[index].content.rstrip("\n").split("\n"))
    return f"<p><code>{lines}</code></p>\n"


# nh3 writes tags and attributes so; in words, a quotation mark stays as it is, and "<" does not.
_LINK = re.compile(r'<a ((?:[a-z]+="[^"]*" ?)*)>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_PARSER.add_render_rule("text", _text)
_PARSER.add_render_rule("fence", _fence)


def render(text: str) -> str:
    """Safe HTML; level-one headings become ``h2``: the page's title is its only ``h1``."""
    tokens = _outlined(_PARSER.parse(text.translate(WORD)))
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        tag_attribute_values={"span": {"class": {"nowrap"}}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )


def shown(text: str) -> Markup:
    """The same, for a page."""
    return Markup(render(text))  # noqa: S704 sanitised


def absolute(html: str, base: str) -> str:
    """*html* as :func:`render` makes it, read elsewhere than on its page at *base*: in a mail, in a feed."""

    def link(found: re.Match[str]) -> str:
        given = {
            name: _joined(base, value) if name == "href" else value for name, value in _ATTRIBUTE.findall(found[1])
        }
        if not given.get("href", "-"):
            del given["href"]
        return "<a " + " ".join(f'{name}="{value}"' for name, value in given.items()) + ">"

    return _LINK.sub(link, html)


def _joined(base: str, href: str) -> str:
    """Empty when it leads nowhere: no address can be read in it."""
    try:
        return escape(urljoin(base, unescape(href)))
    except ValueError:
        return ""


def _outlined(tokens: list[Token]) -> list[Token]:
    """Headings as an outline: the first is an ``h2``, none is empty, no level is skipped."""
    kept: list[Token] = []
    started = False
    for token in tokens:
        if token.type == "heading_open":
            token.tag = "h3" if started and token.tag not in {"h1", "h2"} else "h2"
        elif token.type == "heading_close":
            opening, words = kept[-2:]
            if not has_ink(words.content):
                del kept[-2:]
                continue
            token.tag, started = opening.tag, True
        kept.append(token)
    return kept


_DOCUMENTS = MarkdownIt("commonmark", {"html": False}).enable("table")


def render_document(text: str) -> str:
    """One of our own papers: tables and anchors too."""
    allowed = TAGS | {"h1", "h4", "table", "thead", "tbody", "tr", "th", "td", "pre"}
    return nh3.clean(_DOCUMENTS.render(text), tags=allowed, link_rel="noopener")
