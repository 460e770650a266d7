"""What an organiser should do next, with a link each, and what comes when there is nothing."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.locale import Message, Spoken
from app.organisations.rights import Right
from app.petitions.goals import steps
from app.petitions.models import StepPassed
from app.petitions.public import View
from app.templating import long_date, number

SILENT = timedelta(days=60)
BEFORE_THE_END = timedelta(days=14)
FIRST = 10
# Where on its desk a petition is handed over.
HANDING_OVER = "/remise"
# A step passed long before anybody looked is not thanked for any more.
THANKED_WITHIN = timedelta(days=90)
# Of those to whom it was handed, one line each.
MOST_NAMED = 5


@dataclass(frozen=True)
class Todo:
    """*kind* is for tests and styles."""

    kind: str
    text: Message
    link: str
    label: str


def todo(
    p: View,
    rights: Collection[Right],
    passed: Collection[StepPassed],
    told_at: datetime | None,
    now: datetime,
    without_link: Sequence[str] = (),
) -> list[Todo]:
    """*told_at*: the last news of it. *without_link*: to whom it was handed, and who cannot answer yet."""
    if p.opened_at is None or p.purged:
        return []
    return [
        *(_spread(p) if p.is_open else ()),
        *(_tell(p, passed, told_at or p.opened_at, now) if Right.UPDATES in rights else ()),
        *(_hand_over(p, now) if Right.PETITIONS in rights else ()),
        *(_link(p, without_link) if Right.PETITIONS in rights else ()),
    ]


def _spread(p: View) -> Iterator[Todo]:
    if p.count < FIRST:
        text = Message("Faites-la connaître : les dix premières signatures sont celles des gens qui vous connaissent.")
        yield Todo("spread", text, f"/petitions/{p.slug}#partager", "Les liens à partager")


def _tell(p: View, passed: Collection[StepPassed], since: datetime, now: datetime) -> Iterator[Todo]:
    page = f"/organisation/petitions/{p.slug}/nouvelles"
    new = [row for row in passed if row.passed_at > since and now - row.passed_at <= THANKED_WITHIN]
    if new:
        step = max(new, key=lambda row: row.step)
        text = Message(
            "Le palier de %(n)s signatures est passé depuis le %(date)s : remerciez celles et ceux qui ont signé.",
            n=Spoken(number, step.step),
            date=Spoken(long_date, step.passed_at),
        )
        yield Todo("thank", text, page, "Écrire une nouvelle")
    elif now - since >= SILENT and p.state != "delivered":
        text = Message(
            "Aucune nouvelle depuis le %(date)s : dites où vous en êtes, même en deux phrases.",
            date=Spoken(long_date, since),
        )
        yield Todo("tell", text, page, "Écrire une nouvelle")


def _hand_over(p: View, now: datetime) -> Iterator[Todo]:
    page = f"/organisation/petitions/{p.slug}{HANDING_OVER}"
    if p.is_open and p.closes_at is not None and p.closes_at - now <= BEFORE_THE_END and p.last_day is not None:
        text = Message(
            "Dernier jour pour signer : le %(date)s. Préparez la remise.", date=Spoken(long_date, p.last_day)
        )
        yield Todo("prepare", text, page, "Préparer la remise")
    elif p.state == "closed":
        text = Message(
            "Elle est close, pas encore remise : remettez-la avant le %(date)s, où les signatures sont effacées.",
            date=Spoken(long_date, p.erased_on),
        )
        yield Todo("deliver", text, page, "Remettre la pétition")


def _link(p: View, names: Sequence[str]) -> Iterator[Todo]:
    for name in names[:MOST_NAMED]:
        text = Message(
            "%(name)s n’a pas encore de lien pour accuser réception et répondre : demandez qu’il soit envoyé.",
            name=name,
        )
        yield Todo("link", text, f"/organisation/petitions/{p.slug}{HANDING_OVER}#titre-remises", "Demander le lien")


def coming(p: View, told_at: datetime | None, now: datetime) -> list[Message]:
    """What comes by itself, the nearest first where that is known."""
    found: list[tuple[datetime, Message]] = []
    if p.is_open and p.closes_at is not None and p.last_day is not None:
        found.append(
            (p.closes_at, Message("Dernier jour pour signer : le %(date)s.", date=Spoken(long_date, p.last_day)))
        )
    since = told_at or p.opened_at
    if since is not None and p.is_open:
        news = since + SILENT
        if news > now:
            found.append(
                (news, Message("Une nouvelle sera bienvenue avant le %(date)s.", date=Spoken(long_date, news)))
            )
    if not p.purged and p.opened_at is not None:
        erased = Message("Effacement des données des signataires : le %(date)s.", date=Spoken(long_date, p.erased_on))
        found.append((p.erased_on, erased))
    said = [message for _, message in sorted(found, key=lambda pair: pair[0])]
    ahead = next((step for step in steps(p.goal) if step > p.count), None) if p.is_open else None
    if ahead is not None:
        left = Message(
            "Prochain palier : %(step)s signatures, encore %(n)s.",
            step=Spoken(number, ahead),
            n=Spoken(number, ahead - p.count),
        )
        said.insert(0, left)
    return said
