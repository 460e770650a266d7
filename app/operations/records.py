"""What the domain of the sender publishes of itself (SPF, DKIM, DMARC), and what it should.

Asked of a resolver, with little patience: where none answers, nothing is known and nothing is wrong.
"""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from dns import exception as dns_error
from dns import nameserver, resolver

from app.errors import SettingsError
from app.mail.dkim import Signer
from app.operations.check import Check
from app.settings import LOCAL_HOSTS, Settings

PATIENCE = 2.0
UNKNOWN = "pas de résolveur : non vérifié"
# Of what a receiver looks up for one record (RFC 7208, 4.6.4).
LOOKUPS = 10
_TERM = re.compile(
    r"[-+?~]?(?:all|(?:a|mx)(?::[^\s/]+)?(?:/\d{1,2})?(?://\d{1,3})?|ptr(?::\S+)?|(?:include|exists):\S+|ip[46]:\S+)"
    r"|(?:redirect|exp)=\S+|[a-z][a-z0-9._-]*=\S*",
    re.IGNORECASE,
)
_LOOKED_UP = re.compile(r"[-+?~]?(?:a|mx|ptr|include|exists)(?=[:/]|$)|redirect=", re.IGNORECASE)
# The TXT records of a name; None: nobody answers.
Ask = Callable[[str], list[str] | None]


def asking(nameservers: Sequence[str] = ()) -> Ask:
    """A way to ask: *nameservers* as ``address`` or ``address:port``; those of this machine when none is given.

    Raises SettingsError.
    """
    try:
        asked = resolver.Resolver(configure=not nameservers)
        if nameservers:
            asked.nameservers = [_server(each) for each in nameservers]
    except ValueError:
        raise SettingsError("--dns : une adresse comme 9.9.9.9 ou 127.0.0.1:5353 est attendue") from None
    except (resolver.NoResolverConfiguration, OSError):
        return lambda _: None
    asked.timeout = asked.lifetime = PATIENCE
    gone = False

    def ask(name: str) -> list[str] | None:
        nonlocal gone
        if gone:
            return None
        try:
            answer = asked.resolve(name, "TXT", search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            return []
        except dns_error.Timeout:
            gone = True  # the next one would be waited for as long
            return None
        except (dns_error.DNSException, OSError, UnicodeError):
            return None
        return [b"".join(each.strings).decode("utf-8", "replace") for each in answer]

    return ask


def _server(said: str) -> nameserver.Do53Nameserver:
    """Raises ValueError."""
    host, _, port = said.rpartition(":") if re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", said) else (said, "", "53")
    return nameserver.Do53Nameserver(str(ip_address(host.strip("[]"))), int(port))


def looked_up(settings: Settings, signer: Signer | None, ask: Ask) -> Iterator[Check]:
    """One line each; mails of a relay are its own where nothing can be known of them."""
    domain = settings.sender.address.rpartition("@")[2]
    envelope = (settings.bounce_address or settings.sender.address).rpartition("@")[2]
    yield spf(envelope, ask, sends_from(settings))
    yield dkim(domain, ask, signer)
    yield dmarc(domain, ask)


def sends_from(settings: Settings) -> list[str]:
    """The address of whoever hands our mails to the world, when it is this machine and is known there."""
    host = urlsplit(settings.smtp_url).hostname
    if host not in LOCAL_HOSTS:
        return []
    found = []
    for family, there in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((there, 53))  # nothing is sent
                own = probe.getsockname()[0]
        except OSError:
            continue
        if ip_address(own).is_global:
            found.append(own)
    return found


# SPF (RFC 7208)


def spf(domain: str, ask: Ask, own: Sequence[str] = ()) -> Check:
    texts = ask(domain)
    if texts is None:
        return Check("SPF", True, UNKNOWN)
    records = [text for text in texts if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]
    us = " ".join(f"ip{ip_address(each).version}:{each}" for each in own) or "include:…"
    whose = "" if own else " (… : le nom que donne votre relais)"
    if not records:
        return Check("SPF", False, f'{domain} n’en publie pas ; publiez : {domain} TXT "v=spf1 {us} ~all"{whose}')
    if len(records) > 1:
        return Check("SPF", False, f"{domain} en publie {len(records)}, donc aucun ne vaut : n’en gardez qu’un")
    terms = records[0].split()[1:]
    if wrong := _wrong(terms, own):
        return Check("SPF", False, f"{domain} : {wrong}")
    return Check("SPF", True, f"{domain} : {records[0]}")


def _wrong(terms: Sequence[str], own: Sequence[str]) -> str:
    """What is to be corrected in an SPF record; "" when nothing is."""
    unread = [term for term in terms if not _TERM.fullmatch(term) or not _networks([term])]
    if unread:
        return f"« {unread[0]} » n’est pas lisible, donc le reste ne vaut pas : corrigez-le"
    if sum(_LOOKED_UP.match(term) is not None for term in terms) > LOOKUPS:
        return f"plus de {LOOKUPS} recherches, donc il ne vaut pas : remplacez des « include » par des « ip4 »"
    ends = [term.lower() for term in terms if re.fullmatch(r"[-+?~]?all", term, re.IGNORECASE)]
    if not ends and not any(term.lower().startswith("redirect=") for term in terms):
        return "il ne dit rien des autres serveurs : terminez-le par ~all"
    if ends and ends[0] not in {"~all", "-all"}:
        return f"« {ends[0]} » laisse n’importe qui écrire en votre nom : remplacez-le par ~all"
    left = [each for each in own if not _covered(each, terms)]
    if left and not any(_LOOKED_UP.match(term) for term in terms):
        version = ip_address(left[0]).version
        return f"il ne nomme pas cette machine, qui envoie elle-même : ajoutez ip{version}:{left[0]}"
    return ""


def _covered(address: str, terms: Sequence[str]) -> bool:
    return any(ip_address(address) in network for network in _networks(terms) if not isinstance(network, str))


def _networks(terms: Sequence[str]) -> list[IPv4Network | IPv6Network | str]:
    """Networks of ``ip4:`` and ``ip6:``, other terms as they are; none where one cannot be read."""
    found = list[IPv4Network | IPv6Network | str]()
    for term in terms:
        kind, colon, value = term.lstrip("+-?~").partition(":")
        if not colon or kind.lower() not in {"ip4", "ip6"}:
            found.append(term)
            continue
        try:
            network = ip_network(value, strict=False)
        except ValueError:
            return []
        if f"ip{network.version}" != kind.lower():
            return []
        found.append(network)
    return found


# DKIM (RFC 6376)


def dkim(domain: str, ask: Ask, signer: Signer | None) -> Check:
    if signer is None:
        return Check(
            "DKIM", True, f"pas de clé ici (SIGNONS_DKIM_KEY_FILE) : c’est au relais de signer du domaine {domain}"
        )
    publish = f"publiez : {signer.name} TXT {signer.record}"
    texts = ask(signer.name)
    if texts is None:
        return Check("DKIM", True, f"{UNKNOWN} ; {publish}")
    records = [text for text in texts if "p=" in text]
    if not records:
        return Check("DKIM", False, f"la clé n’est pas publiée ; {publish}")
    if len(records) > 1:
        return Check("DKIM", False, f"{signer.name} a {len(records)} clés : n’en gardez qu’une ; {publish}")
    tags = _tags(records[0])
    if (tags.get("k", "rsa"), tags.get("p", "")) != (signer.kind, signer.public):
        return Check("DKIM", False, f"{signer.name} a une autre clé que celle d’ici ; {publish}")
    if "sha256" not in tags.get("h", "sha256") or not re.search(r"\*|email", tags.get("s", "*")):
        return Check("DKIM", False, f"{signer.name} ne permet pas de signer nos courriels (h=, s=) ; {publish}")
    if "y" in tags.get("t", "").split(":"):
        return Check("DKIM", False, f"{signer.name} est à l’essai (t=y) : les signatures ne comptent pas ; {publish}")
    rsa = "" if signer.kind == "rsa" else " ; plusieurs grands fournisseurs ne lisent encore que les clés RSA"
    return Check("DKIM", True, f"{signer.name} publie la clé d’ici{rsa}")


def _tags(record: str) -> dict[str, str]:
    """``name=value`` pairs, without the blanks that a zone file has put between its strings."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): re.sub(r"\s+", "", value) for name, _, value in pairs}


# DMARC (RFC 7489)


def dmarc(domain: str, ask: Ask) -> Check:
    """Of the domain, or of those above it."""
    labels = domain.split(".")
    for n in range(max(1, len(labels) - 1)):
        above = ".".join(labels[n:])
        texts = ask(f"_dmarc.{above}")
        if texts is None:
            return Check("DMARC", True, UNKNOWN)
        records = [text for text in texts if re.match(r"v=DMARC1\s*(;|$)", text)]
        if len(records) > 1:
            return Check(
                "DMARC", False, f"_dmarc.{above} en publie {len(records)}, donc aucun ne vaut : n’en gardez qu’un"
            )
        if records:
            return _policy(above, records[0], below=n > 0)
    return Check("DMARC", False, f'{domain} n’en publie pas ; publiez : _dmarc.{domain} TXT "v=DMARC1; p=none"')


def _policy(domain: str, record: str, *, below: bool) -> Check:
    tags = _tags(record)
    name = "sp" if below and "sp" in tags else "p"
    policy = tags.get(name, "").lower()
    if policy not in {"none", "quarantine", "reject"}:
        return Check("DMARC", False, f"_dmarc.{domain} ne dit pas quoi faire : p=none, p=quarantine ou p=reject")
    more = (
        " ; p=quarantine protégerait votre nom, une fois que tous vos courriels sont signés" if policy == "none" else ""
    )
    return Check("DMARC", True, f"_dmarc.{domain} : {name}={policy}{more}")
