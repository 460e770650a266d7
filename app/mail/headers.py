"""Headers that every reader understands alike (RFC 5322, 2047): ASCII, folded where nothing is lost.

The standard library parses them well and writes them badly: it loses spaces between encoded words and
encodes web addresses. Here the spaces are inside the encoded words, and an address stays in one piece.
"""

import re
from base64 import b64encode
from itertools import chain, repeat
from urllib.parse import quote

# What a line holds at most; an encoded word begins and ends like this.
LINE = 76
BEGIN, END = "=?utf-8?b?", "?="
FOLD = "\r\n "
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]*", re.ASCII)


def text(name: str, value: str) -> str:
    """What a header says in words, such as a subject: one line, whatever was typed."""
    value = _one_line(value)
    words = value.split(" ")
    if not _plain(value) or max(map(len, words)) > LINE - len(name) - 2:
        return _encoded(name, value)
    lines = [words[0]]
    for word in words[1:]:
        room = LINE - (len(name) + 1 if len(lines) == 1 else 0)
        if len(lines[-1]) + 1 + len(word) < room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return FOLD.join(lines)


def mailbox(name: str, said: str, address: str) -> str:
    """``Name <address>``, or the address alone; *address* is ASCII, or needs SMTPUTF8."""
    said = _one_line(said)
    if not said:
        return address
    if not _plain(said) or len(said) > LINE // 2:
        said = _encoded(name, said)
    elif not _ATOMS.fullmatch(said):
        escaped = re.sub(r'([\\"])', r"\\\1", said)
        said = f'"{escaped}"'
    last = len(said.rpartition(FOLD)[2]) + len(name) + 2
    return f"{said}{FOLD if last + len(address) + 3 > LINE else ' '}<{address}>"


def link(url: str) -> str:
    """``<address>`` of the web: one piece, however long."""
    ascii_url = quote(url, safe="!#$%&'()*+,/:;=?@[]~")
    return f"<{ascii_url}>"


def _one_line(value: str) -> str:
    return _CONTROLS.sub(" ", value.encode("utf-8", "replace").decode()).strip(" ")


def _plain(value: str) -> bool:
    return value.isascii() and "=?" not in value


def _encoded(name: str, value: str) -> str:
    """Encoded words, each of whole characters; what is between two of them is nothing."""
    frame = len(BEGIN) + len(END)
    rooms = chain([LINE - len(name) - 2], repeat(LINE - 1))
    room, held, words = next(rooms), b"", []
    for character in value:
        more = held + character.encode()
        if frame + 4 * -(-len(more) // 3) > room:
            words.append(held)
            room, more = next(rooms), character.encode()
        held = more
    return FOLD.join(f"{BEGIN}{b64encode(word).decode()}{END}" for word in [*words, held])
