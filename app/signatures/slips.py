"""Likely slips in an address: the domain is nearly one that many people have. Asked about, never corrected.

Nothing is asked from the network. Careful rather than clever: a name of four letters is near too many others, and
what somebody has as a domain of their own must not be called a mistake each time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from app.errors import Invalid
from app.locale import Message
from app.signatures import doubts
from app.signatures.forms import SignForm
from app.text import clean_address

# Those that are proposed, the most common first.
COMMON = (
    "gmail.com", "orange.fr", "hotmail.fr", "hotmail.com", "wanadoo.fr", "yahoo.fr", "yahoo.com", "free.fr", "sfr.fr",
    "laposte.net", "outlook.fr", "outlook.com", "icloud.com", "live.fr", "live.com", "neuf.fr", "bbox.fr", "msn.com",
    "protonmail.com", "proton.me", "numericable.fr", "gmx.fr", "gmx.com", "aol.com", "skynet.be", "bluewin.ch",
)  # fmt: skip
# Domains that exist, and look like one of those.
REAL = frozenset(COMMON) | {
    "mail.com", "email.com", "ymail.com", "mail.fr", "email.fr", "gmail.de", "googlemail.com", "hmail.com", "fmail.com",
    "zmail.com", "gmx.de", "gmx.net", "gmx.ch", "gmx.at", "orange.com", "orange.net", "orages.fr", "orage.fr",
    "oranges.fr", "grange.fr", "free.com", "sfr.com", "laposte.fr", "laporte.net", "photon.me", "cloud.com", "aol.fr",
    "outlook.be", "outlook.de", "outlook.es", "outlook.it", "hotmail.be", "hotmail.ca", "hotmail.ch", "hotmail.co.uk",
    "hotmail.de", "hotmail.es", "hotmail.it", "live.be", "live.ca", "live.nl", "yahoo.ca", "yahoo.de", "yahoo.es",
    "yahoo.it", "yahoo.ro", "me.com", "mac.com", "pm.me", "protonmail.ch", "mailo.com", "posteo.net", "hey.com",
}  # fmt: skip
# How an ending is mistyped. Cameroon, Colombia and Oman have one of their own; these providers are not there.
ENDINGS = {
    "com": {
        "con", "cm", "co", "om", "cmo", "ocm", "comm", "ccom", "coom", "cim", "cpm", "clm", "vom", "xom", "dom", "col",
        "cok", "cop", "con.fr", "com.fr", "c0m", "cum", "coml",
    },
    "fr": {"f", "r", "rf", "ft", "fe", "ffr", "frr", "ftr", "fd", "dr", "vr", "tr.fr", "fr.fr", "frt", "fre"},
    "net": {"ne", "nt", "et", "nte", "ent", "nett", "nnet", "neet", "bet", "ney", "ner", "nrt", "met", "nwt"},
    "me": {"em", "mee", "mme", "le", "ne"},
    "be": {"eb", "bee", "bbe"},
    "ch": {"hc", "chh", "cch"},
}  # fmt: skip
# These have one ending, whatever the country of who types it.
ONLY_COM, OTHERS = {"gmail", "icloud"}, {"fr", "be", "ch", "ca", "net", "org", "eu"}


# What the page is told beside what was typed; no browser sends it.
OURS = {"email_instead", "email_likely", "email_broken"}


def likely(email: str) -> str | None:
    """The address that was probably meant; None when this one looks right, or like no other."""
    local, _, domain = email.rpartition("@")
    meant = _meant(domain.lower()) if local else None
    return f"{local}@{meant}" if meant else None


def chosen(values: Mapping[str, str]) -> dict[str, str]:
    """The form as it was sent, with the address of the button that was pressed, where one was.

    An answer is one tap on a form that was filled in before: how long that took says nothing of a robot.
    """
    instead, kept = values.get("email_instead", ""), values.get("email_kept", "")
    rest = {name: value for name, value in values.items() if name not in OURS}
    if instead or kept:
        rest.pop(doubts.SECONDS, None)
    return rest | {"email": instead} if instead else rest


@contextmanager
def asked_about(values: dict[str, str]) -> Iterator[None]:
    """Whatever is Invalid within, the address is asked about beside it; with nothing else wrong, on its own.

    Raises Invalid; *values* then say what to propose.
    """
    try:
        yield
    except Invalid as invalid:
        wrong = invalid.errors | question(values, broken="email" in invalid.errors)
        raise Invalid({name: wrong[name] for name in ("", *SignForm.model_fields) if name in wrong}) from None
    if asked := question(values, broken=False):
        raise Invalid(asked)


def question(values: dict[str, str], *, broken: bool) -> dict[str, str]:
    """What to ask about the address, by its field; nothing when it looks right.

    *broken*: it cannot be kept as it is. Whoever kept an address is asked again about another one only.
    """
    email = clean_address(values.get("email", ""))
    if not broken and email == clean_address(values.get("email_kept", "")):
        return {}
    meant = likely(email)
    if meant is None:
        return {}
    values["email_likely"] = meant
    if broken:
        values["email_broken"] = "on"
        return {"email": Message("Cette adresse n’est pas complète. Vouliez-vous dire %(address)s ?", address=meant)}
    return {"email": Message("Vouliez-vous dire %(address)s ?", address=meant)}


@lru_cache(maxsize=4096)
def _meant(domain: str) -> str | None:
    if not domain or domain in REAL or not domain.isascii() or len(domain) > 30:
        return None
    if "." not in domain:
        return next((known for known in COMMON if domain == known.replace(".", "")), None)
    costs = [(cost, place) for place, known in enumerate(COMMON) if (cost := _cost(domain, known)) is not None]
    return COMMON[min(costs)[1]] if costs else None


def _cost(domain: str, known: str) -> int | None:
    """How many slips make *known* of *domain*; None for more than a hand makes."""
    name, _, ending = domain.partition(".")
    right, _, its_ending = known.partition(".")
    if ending == its_ending:
        further = 0
    elif ending in ENDINGS[its_ending] or (right in ONLY_COM and ending in OTHERS):
        further = 1
    else:
        return None
    slips = _name_slips(name, right)
    return None if slips is None else slips + further


def _name_slips(name: str, right: str) -> int | None:
    if name == right:
        return 0
    n = distance(name, right)
    if len(right) <= 4:  # only what makes no other word: two letters turned round, one typed twice
        return 1 if n == 1 and (sorted(name) == sorted(right) or _singled(name) == _singled(right)) else None
    if len(right) <= 6:
        # Another first letter, or none, makes another word: mail, cloud, grange.
        return 1 if n == 1 and name not in {right[1:]} and name[1:] != right[1:] else None
    return n if n <= 2 else None


def _singled(name: str) -> str:
    return "".join(letter for place, letter in enumerate(name) if name[place - 1 : place] != letter)


def distance(one: str, other: str) -> int:
    """Damerau-Levenshtein (optimal string alignment): letters left out, added, mistaken, or two turned round."""
    before: list[int] = []
    line = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, line = line, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, line[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            line.append(cost)
    return line[-1]
