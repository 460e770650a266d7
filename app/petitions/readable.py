"""The same Markdown as ``markdown.render``, as plain text for mails: what a reader without HTML sees."""

from collections.abc import Iterable
from textwrap import indent

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_PARSER = MarkdownIt("commonmark", {"html": False})
_SCHEMES = ("https://", "http://", "mailto:")


def readable(text: str) -> str:
    """Paragraphs, lists and quotations without marks; each link followed by its address."""
    return _blocks(SyntaxTreeNode(_PARSER.parse(text)).children)


def _blocks(nodes: Iterable[SyntaxTreeNode], between: str = "\n\n") -> str:
    return between.join(block for block in map(_block, nodes) if block)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list":
            return _items(node, ["- "] * len(node.children))
        case "ordered_list":
            start = int(node.attrs.get("start", 1))
            return _items(node, [f"{n}. " for n in range(start, start + len(node.children))])
        case "blockquote":
            return indent(_blocks(node.children), "> ", lambda _line: True)
        case "hr":
            return "* * *"
        case "code_block" | "fence":
            return node.content.rstrip("\n")
        case _:
            return _inline(node.children).strip()


def _items(node: SyntaxTreeNode, marks: list[str]) -> str:
    tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    items = []
    for mark, item in zip(marks, node.children, strict=True):
        text = indent(_blocks(item.children, "\n" if tight else "\n\n"), " " * len(mark))
        items.append(mark + text.removeprefix(" " * len(mark)))
    return ("\n" if tight else "\n\n").join(items)


def _inline(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "".join(map(_words, nodes))


def _words(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "link":
            said, url = _inline(node.children), str(node.attrs["href"])
            if not url.startswith(_SCHEMES) or said in {url, url.removeprefix("mailto:")}:
                return said
            return f"{said} ({url})"
        case "image":
            return node.content
        case _:
            return _inline(node.children)
