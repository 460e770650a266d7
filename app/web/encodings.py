"""In which coding a text leaves: Brotli or gzip, whichever the browser takes, or as it is."""

import gzip
from functools import lru_cache

import brotli

# In this order where a browser weighs them alike.
BROTLI, GZIP, PLAIN = "br", "gzip", "identity"
PACKED = (BROTLI, GZIP)
TEXTS = ("text/", "application/json", "application/javascript", "application/atom+xml", "application/xml", "image/svg")


@lru_cache(maxsize=256)
def chosen(accepted: bytes) -> str:
    """The coding that this Accept-Encoding likes best. ``*`` is answered by gzip: nobody means anything newer."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weights[name] = _weight(parameters)
    weighed = {
        BROTLI: weights.get(BROTLI, 0.0),
        GZIP: weights.get(GZIP, weights.get("*", 0.0)),
        PLAIN: weights.get(PLAIN, 0.0),
    }
    best = max(weighed, key=lambda coding: weighed[coding])  # of equals, the first
    return best if weighed[best] > 0 else PLAIN


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def matches(sent: bytes, etag: bytes) -> bool:
    """True when an If-None-Match names this fingerprint."""
    return bool(sent) and any(part.strip().removeprefix(b"W/") in {etag, b"*"} for part in sent.split(b","))


def is_text(content_type: str) -> bool:
    """Pictures and PDF are packed already."""
    return content_type.startswith(TEXTS)


def packed(coding: str, content: bytes, *, once: bool = False) -> bytes:
    """*once*: for as long as the program runs, and worth the time."""
    if coding == BROTLI:
        smaller: bytes = brotli.compress(content, mode=brotli.MODE_TEXT, quality=11 if once else 5)
        return smaller
    return gzip.compress(content, 9 if once else 6, mtime=0)
