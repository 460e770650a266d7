"""Administration's first page: what waits for somebody, how the instance is used, whether it is well. In words.

Every number is counted somewhere already, or read along an index that holds little else: nothing here
reads the signatures, however many there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.administration import queries
from app.audit import AuditChain, chain
from app.clock import hour_of
from app.exports import permissions
from app.exports import queries as exports
from app.mail import traffic as mails
from app.moderation.forms.filtering import STATES
from app.moderation.queries import waiting as moderation
from app.paper import permissions as paper
from app.privacy.queries import runs
from app.signatures.queries import set_aside_waiting
from app.templating import hour as said_hour
from app.zone import day_of

# What each queue of the moderators is called here.
QUEUES = {
    "urgent": "Urgences",
    "illegal": "Contenus signalés comme illicites",
    "charter": "Contenus signalés contre la charte",
    "escalated": "Textes transmis par un collègue",
    "comment": "Commentaires à relire",
    "petition": "Pétitions à relire",
    "amendment": "Amendements à relire",
    "news": "Nouvelles à relire",
    "reply": "Droits de réponse",
    "appeal": "Recours à juger",
    "confirm": "Décisions à confirmer à deux",
    "second": "Relectures tirées au sort",
}
# State → how it is called here, and where its petitions are; "" where no page lists them.
STATE_LABELS = {
    "submitted": "en relecture",
    "open": "ouvertes",
    "closed": "closes",
    "delivered": "remises",
    "won": "victoires",
    "refused": "refusées ou retirées",
    "draft": "en cours d’écriture",
}
WHERE = {
    "submitted": "/moderation?etat=petitions",
    "open": "/petitions?etat=ouvertes",
    "closed": "/petitions?etat=closes",
    "delivered": "/administration/remises",
    "won": "/petitions?etat=victoires",
    "refused": "/transparence/journal",
    "draft": "",
}
LATE_MAIL = timedelta(minutes=10)
# The schedule is applied every day.
LATE_RETENTION = timedelta(hours=30)
HOURS, DAYS = 24, 7


@dataclass(frozen=True)
class Waiting:
    """*about*: the petition, where there is one line for each."""

    what: str
    n: int
    since: datetime | None
    late: bool
    link: str
    about: str = ""


def waiting(session: Session, now: datetime) -> list[Waiting]:
    """What somebody has to do, moderators and administrators alike; the empty is left out."""
    return [one for one in (*_of_moderation(session, now), *_of_administration(session, now)) if one.n]


def _of_moderation(session: Session, now: datetime) -> Iterator[Waiting]:
    for queue, n, oldest in moderation.counts(session, 0):
        late = oldest is not None and now - oldest > moderation.TARGETS[queue][0]
        yield Waiting(QUEUES[queue], n, oldest, late, f"/moderation?etat={STATES[queue]}")


def _of_administration(session: Session, now: datetime) -> Iterator[Waiting]:
    n, first_due, since = queries.requests_open(session)
    late = first_due is not None and first_due < day_of(now)
    yield Waiting("Demandes sur des données personnelles", n, since, late, "/administration/demandes")
    asked = exports.waiting_permissions(session, now - permissions.HOLDS)
    yield Waiting(
        "Exports qui attendent un second accord",
        len(asked),
        asked[0].ExportPermission.asked_at if asked else None,
        False,
        "/administration/exports",
    )
    n, since = set_aside_waiting(session)
    yield Waiting("Signatures mises de côté", n, since, False, "/administration/fraude?tri=-cote")
    n, since = queries.links_asked(session)
    yield Waiting("Liens demandés pour des destinataires", n, since, False, "/administration/remises")
    for petition, sheets in paper.left_alone(session):
        link = f"/organisation/petitions/{petition.slug}/papier#a-verifier"
        yield Waiting("Feuilles de signatures à vérifier", sheets, None, False, link, petition.title)
    n, since = queries.mails_aside_since(session)
    yield Waiting("Courriels qui n’ont pas pu partir", n, since, n > 0, "/administration/courriels")


# How much it is used


@dataclass(frozen=True)
class Use:
    """One kind of event: by hour over a day, by day over a week, and their sums."""

    name: str
    hours: list[tuple[str, int]]
    days: list[tuple[str, int]]

    @property
    def day(self) -> int:
        return sum(n for _, n in self.hours)

    @property
    def week(self) -> int:
        return sum(n for _, n in self.days)


def use(session: Session, now: datetime, locale: str) -> list[Use]:
    since = hour_of(now - timedelta(days=DAYS))
    return [
        _use("Signatures confirmées", queries.confirmed_per_hour(session, since), now, locale),
        _use("Lectures des pages de pétition", queries.views_per_hour(session, since), now, locale),
        _use("Courriels partis", mails.per_hour(session, since), now, locale),
    ]


def _use(name: str, counted: Mapping[datetime, int], now: datetime, locale: str) -> Use:
    last = hour_of(now)
    hours = [last - timedelta(hours=HOURS - 1 - n) for n in range(HOURS)]
    today = day_of(now)
    days = dict.fromkeys((today - timedelta(days=DAYS - 1 - n) for n in range(DAYS)), 0)
    for hour, n in counted.items():
        if (day := day_of(hour)) in days:
            days[day] += n
    return Use(
        name,
        [(said_hour(hour, locale), max(counted.get(hour, 0), 0)) for hour in hours],
        [(day.strftime("%d/%m"), max(n, 0)) for day, n in days.items()],
    )


# Whether it is well


@dataclass(frozen=True)
class Health:
    """What the page says in sentences. *mail_due*: when the first that waits was to leave."""

    mail_leaves: bool
    mails_waiting: int
    mail_due: datetime | None
    mail_late: bool
    retention_at: datetime | None
    retention_late: bool
    journal: AuditChain | None


def health(session: Session, now: datetime, *, mail_leaves: bool) -> Health:
    n, due = queries.mails_waiting(session)
    last = runs.last_run(session)
    return Health(
        mail_leaves=mail_leaves,
        mails_waiting=n,
        mail_due=due,
        mail_late=mail_leaves and due is not None and now - due > LATE_MAIL,
        retention_at=last,
        retention_late=last is None or now - last > LATE_RETENTION,
        journal=chain.row(session),
    )


# Petitions


def petitions(session: Session, now: datetime) -> list[tuple[str, int, str]]:
    """``(state in words, how many, where they are)``."""
    counts: dict[str, Any] = queries.petitions_by_state(session, now)
    return [(STATE_LABELS[state], counts[state], where) for state, where in WHERE.items()]
