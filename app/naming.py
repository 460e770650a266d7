"""How the instance names itself to others: its address, and whom its mails are from, in ASCII as servers write them."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import idna


def _ascii(host: str) -> str:
    """Accents in Punycode. Raises IDNAError."""
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


@lru_cache(maxsize=16)
def origin_of(url: str) -> str:
    """Scheme, host and port; accents in Punycode. Raises IDNAError."""
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    return f"{parts.scheme}://{parts.netloc.replace(host, _ascii(host))}"


_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


class From(NamedTuple):
    """Whom mails are from; the address is ASCII, as mail servers write it."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@lru_cache(maxsize=16)
def sender_of(value: str) -> From:
    """From ``Name <address>``, whatever the name is made of, with or without quotes. Raises ValueError."""
    name, bracket, address = value.strip().rpartition("<")
    if bracket and not address.endswith(">"):
        raise ValueError("« Nom <adresse> » attendu")
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029<>]", name):
        raise ValueError("« Nom <adresse> » attendu, avec un seul nom, sur une ligne")
    address = address.removesuffix(">") if bracket else address
    local, _, domain = address.rpartition("@")
    try:
        domain = _ascii(domain.lower())
    except idna.IDNAError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValueError("« Nom <adresse> » attendu, avec une adresse sans accent avant son @")
    return From(name, f"{local}@{domain}")
