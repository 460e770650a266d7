"""Where PostgreSQL is, in the words of libpq: one host or several, of which one takes what is written.

``postgresql://u@h1:5432,h2:5432/base`` is libpq's own form, ``postgresql://u@/base?host=h1:5432&host=h2:5432`` that of
SQLAlchemy. Both are read here, into what everybody here connects with; what cannot be read one way only is refused.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

# Nothing raw that a password would have cut in two: / ? # @ stand where they have a meaning.
URL = re.compile(r"postgresql(?:\+psycopg)?://([^/?#]*)(/[^?#@]*)?(?:\?([^#@]*))?")
ESCAPED = "adresse ou port illisible (dans un mot de passe, / # ? @ s’écrivent %2F %23 %3F %40)"
TWICE = "un réglage est écrit deux fois : postgresql://utilisateur@h1:5432,h2:5432/base dit tous les hôtes à la fois"
USUAL_PORT = "5432"
ATTRS = {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}
# A host that vanishes says nothing: it is noticed by these, in about fifteen seconds.
KEEPALIVES: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# The same of several hosts, where another one may have taken over by then.
OF_SEVERAL: dict[str, Any] = {
    "connect_timeout": 2,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
}
# And where another host is asked at once.
IMPATIENT: dict[str, Any] = {
    "connect_timeout": 2,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 3_000,
}


def parts(url: str) -> dict[str, str]:
    """What *url* says, by libpq's names. Raises ValueError, half a sentence without anything of the URL."""
    found = URL.fullmatch(url)
    authority, path, query = (part or "" for part in found.groups()) if found else ("@@", "", "")
    if authority.count("@") > 1:
        raise ValueError(ESCAPED)
    given, kept, names = list[str](), list[str](), list[str]()
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name == "host":
            given += unquote(value).split(",")
        else:
            kept.append(pair)
            names.append(name)
    if len(set(names)) < len(names):
        raise ValueError(TWICE)
    try:
        read = conninfo_to_dict(f"postgresql://{authority}{path}?{'&'.join(kept)}")
    except psycopg.Error:
        raise ValueError("adresse illisible, ou réglage que PostgreSQL ne connaît pas après « ? »") from None
    said = {name: str(value) for name, value in read.items() if value is not None}
    if given:
        said |= _hosts(given, said)
    ports = said.pop("port", "").split(",")
    if any(ports):  # of those without one, the usual one
        said["port"] = ",".join(port or USUAL_PORT for port in ports)
    _check(said)
    return said


def _hosts(given: list[str], said: dict[str, str]) -> dict[str, str]:
    """Hosts after the question mark, each with its port or none."""
    hosts, ports = zip(*map(_host_and_port, given), strict=True)
    if (len(hosts) > 1 and "host" in said) or (any(ports) and "port" in said):
        raise ValueError(TWICE)
    told = {"host": ",".join(hosts)}
    return told | {"port": ",".join(ports)} if any(ports) else told


def _host_and_port(text: str) -> tuple[str, str]:
    """A name, an address (IPv6 in brackets when a port follows) or the folder of a socket."""
    if (bracketed := re.fullmatch(r"\[([^\]]+)\](?::(.*))?", text)) is not None:
        return bracketed[1], bracketed[2] or ""
    if text.startswith(("/", "@")) or text.count(":") != 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


def _check(said: dict[str, str]) -> None:
    ports = said["port"].split(",") if said.get("port") else []
    if not all(port.isascii() and port.isdecimal() and 0 < int(port) < 65536 for port in ports):
        raise ValueError(ESCAPED)
    if len(ports) > 1 and len(ports) != len(_split(said)):
        raise ValueError("autant de ports que d’hôtes, ou un seul pour tous")
    if said.get("target_session_attrs", "any") not in ATTRS:
        raise ValueError(f"target_session_attrs : choisissez parmi {', '.join(sorted(ATTRS))}")
    if not said.get("connect_timeout", "2").isdecimal():
        raise ValueError("connect_timeout : un nombre de secondes")


def _split(said: dict[str, str]) -> list[str]:
    return (said.get("host") or said.get("hostaddr") or "").split(",")


def check_writes(url: str) -> None:
    """Raises ValueError when *url* would lead to a host that takes nothing."""
    said = parts(url)
    attrs = said.get("target_session_attrs", "read-write")
    if attrs not in {"read-write", "primary"} and (attrs != "any" or len(_split(said)) > 1):
        raise ValueError("on y écrit : target_session_attrs=read-write, ou rien, ce qui dit la même chose")


def options(url: str, name: str, *, reading: bool = False) -> dict[str, Any]:
    """What psycopg connects with; what *url* says itself wins. *name* is ours, as the server lists us.

    Of several hosts the one that takes writes is meant; *reading*, the one that only shows.
    """
    said = parts(url)
    several = len(_split(said)) > 1
    usual = IMPATIENT if reading else OF_SEVERAL if several else KEEPALIVES
    meant = {"target_session_attrs": "standby" if reading else "read-write"} if several else {}
    return {"application_name": name, **usual, **meant, **said}


def found_first(wanted: dict[str, Any], host: str, port: int) -> dict[str, Any]:
    """The hosts of *wanted* from this one on: whoever connects next asks it first, and waits for none that vanished."""
    lists = {key: str(wanted[key]).split(",") for key in ("host", "hostaddr", "port") if wanted.get(key)}
    hosts = lists.get("host") or lists.get("hostaddr") or [""]
    ports = lists.get("port") or [USUAL_PORT]
    at = [n for n, name in enumerate(hosts) if name == host and int(ports[n % len(ports)]) == port]
    if not at or len(hosts) < 2:
        return {}
    return {key: ",".join(values[at[0] :] + values[: at[0]]) for key, values in lists.items() if len(values) > 1}


def each_host(url: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each host its name and port, and how to reach it alone, whatever its role."""
    alone = options(url, name) | IMPATIENT | {"target_session_attrs": "any"}
    several = {key: str(alone[key]).split(",") for key in ("host", "hostaddr", "port") if alone.get(key)}
    for n, host in enumerate(_split(parts(url))):
        own = {key: values[n] if len(values) > 1 else values[0] for key, values in several.items()}
        shown = f"[{host}]" if ":" in host else host
        yield f"{shown or 'local'}:{own.get('port') or USUAL_PORT}", alone | own
