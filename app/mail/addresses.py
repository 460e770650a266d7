"""The canonical form of an e-mail address: one mailbox, one signature.

Only for providers that are known to ignore dots or tags, and for their sister domains; everywhere
else the local part means what its owner wants. Nothing is asked from the network.
"""

import idna

_GMAIL = {"gmail.com", "googlemail.com"}
_PROTON = {"protonmail.com", "protonmail.ch", "proton.me", "pm.me"}
_APPLE = {"icloud.com", "me.com", "mac.com"}
_TAGGED = {
    "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com", "live.fr", "msn.com",
    "fastmail.com", "fastmail.fm", "posteo.net", "posteo.de", "mailo.com", "zaclys.com",
}  # fmt: skip


def canonical(email: str) -> str:
    """Lower case, IDNA domain, without what the provider ignores. *email* is a valid address."""
    local, _, domain = email.rpartition("@")
    local, domain = local.lower(), domain.lower()
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    if domain in _GMAIL | _PROTON | _APPLE | _TAGGED:
        local = local.partition("+")[0]
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    elif domain in _PROTON:
        local, domain = local.translate(str.maketrans("", "", ".-_")), "proton.me"
    elif domain in _APPLE:
        domain = "icloud.com"
    return f"{local}@{domain}"


def mailbox(email: str) -> bytes:
    """What a keyed HMAC of an address is made of, also of one that is none."""
    try:
        return canonical(email).encode()
    except UnicodeError:  # a domain that is none: its mail will be set aside, and must not stop others
        return email.lower().encode("utf-8", "replace")
