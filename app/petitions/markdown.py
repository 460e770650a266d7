"""An organiser's Markdown, rendered once a version and sanitised.

Allowed: headings, paragraphs, lists, emphasis, quotations, links. No raw HTML, no image: a
picture has its own field, with its alternative text.
"""

from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from app.templating import kept_together

TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br", "hr", "code", "span"}
_PARSER = MarkdownIt("commonmark", {"html": False, "typographer": False})


def _text(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return str(kept_together(tokens[index].content))


_PARSER.add_render_rule("text", _text)


def render(text: str) -> str:
    """Safe HTML; level-one headings become ``h2``: the page's title is its only ``h1``."""
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "h2" if token.tag in {"h1", "h2"} else "h3"
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        tag_attribute_values={"span": {"class": {"nowrap"}}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )


_DOCUMENTS = MarkdownIt("commonmark", {"html": False}).enable("table")


def render_document(text: str) -> str:
    """One of our own papers: tables and anchors too."""
    allowed = TAGS | {"h1", "h4", "table", "thead", "tbody", "tr", "th", "td", "pre"}
    return nh3.clean(_DOCUMENTS.render(text), tags=allowed, link_rel="noopener")


def plain(text: str, length: int = 200) -> str:
    """The first words, without marks, for descriptions and previews."""
    words = nh3.clean(_PARSER.render(text), tags=set()).split()
    line = ""
    for word in words:
        if len(line) + len(word) + 1 > length:
            return line + " …"
        line = f"{line} {word}".strip()
    return line
