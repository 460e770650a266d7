"""A petition in two lines and as linked data: what networks, search engines and other sites show of it."""

import re
from functools import lru_cache
from html import unescape
from typing import Any

from app.petitions.public import View
from app.templating import in_language
from app.text import has_ink

MOST = 200
_BLOCK = re.compile(r"<(p|li|blockquote)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r".+?[.!?…](?=\s+[«A-ZÀ-Ý0-9]|\s*$)", re.DOTALL)


@lru_cache(maxsize=512)
def first_words(html: str, most: int = MOST) -> str:
    """Of a text as markdown.py makes it: its first sentences, whole where they fit in *most* signs; "" without ink.

    A line that only greets is passed over: it says nothing of the petition.
    """
    blocks = [unescape(_TAG.sub("", inner)) for _, inner in _BLOCK.findall(html)]
    blocks = [" ".join(block.split()) for block in blocks if has_ink(block)]
    while len(blocks) > 1 and len(blocks[0]) < 80 and blocks[0].endswith(","):
        del blocks[0]
    text = " ".join(blocks)
    if len(text) <= most:
        return text
    whole = ""
    for sentence in _SENTENCE.finditer(text):
        if sentence.end() > most:
            break
        whole = text[: sentence.end()]
    if len(whole) >= most // 4:
        return whole
    return re.sub(r"[\s,;:]*\s\S*$", "", text[: most - 1]) + "…"


def linked(view: View, site_name: str, origin: str, locale: str) -> dict[str, Any]:
    """Its page in the words of schema.org, which has none for a petition: an article that one may agree with."""
    where = f"{origin}{in_language(locale, f'/petitions/{view.slug}')}"
    article: dict[str, Any] = {
        "@type": "Article",
        "@id": f"{view.url}#petition",
        "url": where,
        "headline": view.title,
        "description": first_words(str(view.body_html)) or view.title,
        "image": {"@type": "ImageObject", "url": f"{where}/carte.png", "width": 1200, "height": 630},
        "author": _author(view),
        "publisher": {"@type": "Organization", "name": site_name, "url": origin},
        "datePublished": view.opened_at.isoformat() if view.opened_at else None,
        "dateModified": view.version_at.isoformat(),
        "expires": view.closes_at.isoformat() if view.closes_at else None,
        "version": view.version,
        "isAccessibleForFree": True,
        "keywords": [theme["fr"] for theme in view.themes],
        "audience": [
            {"@type": "Audience", "audienceType": ", ".join(filter(None, (one["name"], one["role"])))}
            for one in view.recipients
        ],
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": {"@type": "AgreeAction"},
            "userInteractionCount": view.count,
        },
    }
    if view.is_open:
        target = {"@type": "EntryPoint", "urlTemplate": f"{where}#signer"}
        article["potentialAction"] = {"@type": "AgreeAction", "target": target}
    trail = [(site_name, origin + in_language(locale, "/")), (view.title, where)]
    if view.themes:
        trail.insert(1, (view.themes[0][locale], origin + in_language(locale, view.themes[0]["href"])))
    crumbs = [{"@type": "ListItem", "position": n, "name": name, "item": url} for n, (name, url) in enumerate(trail, 1)]
    graph = [_said(article), {"@type": "BreadcrumbList", "itemListElement": crumbs}]
    return {"@context": "https://schema.org", "@graph": graph}


def linked_organisation(name: str, url: str, description: str, site: str) -> dict[str, Any]:
    """Of the page of who carries petitions."""
    of_its_own = {"description": description, "sameAs": [site] if site else []}
    return {
        "@context": "https://schema.org",
        **_said({"@type": "Organization", "name": name, "url": url, **of_its_own}),
    }


def _author(view: View) -> dict[str, Any]:
    """A person or a group: who carries it is known, who wrote it is what it says."""
    if view.organisation:
        return {"@type": "Organization", "name": view.organisation["name"], "url": view.organisation["url"]}
    return {"@type": "Person", "name": view.author}


def _said(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if value not in (None, [], "")}
