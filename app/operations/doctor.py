"""``signons doctor``: is this instance well? One line a check."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
import sqlalchemy as sa

from app import migrations
from app.audit import chain
from app.bounces import mailbox
from app.bus import Bus
from app.crypto import Unsealable
from app.db import Database
from app.errors import SettingsError
from app.mail import dkim, outbox
from app.mail import queries as mail_queries
from app.mail.destinations import RELAY
from app.mail.models import MailRoute
from app.mail.transport import SmtpTransport, Unavailable
from app.moderation import charter
from app.operations import hosts, records
from app.operations.check import Check
from app.petitions import keys
from app.private import readable_by_others
from app.register import queries as register_queries
from app.register.actions.writing import Pen, behind
from app.settings import Settings, load_settings
from app.vault import open_vault

# Read every five minutes, five hundred at a time.
MANY = 2000
FREE_BYTES = 500 * 1024 * 1024
CLOCK_SECONDS = 5
# Lines of the journal are sealed within seconds while a worker runs.
UNSEALED = timedelta(hours=1)
# A provider that has taken fewer mails for so long does not come back by itself.
HELD = timedelta(hours=6)


def checks(nameservers: Sequence[str] = ()) -> Iterator[Check]:
    """Every check, in an order where the first failure explains those after it.

    *nameservers*: who is asked what the sender's domain publishes; those of this machine when none is given.
    """
    try:
        settings = load_settings()
        vault = open_vault(settings)
        signer, ask = dkim.signer_of(settings), records.asking(nameservers)
    except SettingsError as error:
        yield Check("réglages", False, str(error))
        return
    yield Check("réglages", True, f"{settings.origin}, courriels de {settings.sender}")
    yield _files(settings)
    yield from hosts.checks(settings)
    database = Database(settings, vault, Bus(settings))
    try:
        yield from _database_checks(database)
        if not migrations.pending_migrations(database):
            yield _register(database, Pen.of(settings, vault))
    except sa.exc.SQLAlchemyError as error:
        yield Check("base de données", False, f"ne répond pas ({type(error).__name__})")
    finally:
        database.close()
    if settings.redis_url:
        yield _redis(settings)
    yield from _mail_checks(settings)
    if settings.smtp_url and (nameservers or not settings.is_local):
        yield from records.looked_up(settings, signer, ask)
    yield _disk(settings)


def _database_checks(database: Database) -> Iterator[Check]:
    with database.read() as session:
        theirs = session.scalar(sa.select(sa.func.current_timestamp()))
        yield Check("base de données", True, database.engine.dialect.name)
    if isinstance(theirs, datetime):
        drift = abs((theirs.replace(tzinfo=theirs.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
        yield Check("horloge", drift < CLOCK_SECONDS, f"écart avec la base : {drift:.0f} s")
    found = migrations.revision(database)
    if migrations.pending_migrations(database):
        reason = migrations.unreachable(found)
        yield Check("migrations", False, f"la base {reason or 'n’est pas à jour : signons migrate'}")
        return
    ahead = "la base est déjà celle de la version d’après : finissez la mise à jour"
    yield Check("migrations", True, ahead if migrations.newer(found) else "à jour")
    with database.read() as session:
        yield _journal(chain.look(session))
    with database.read() as session:
        try:
            n = keys.check_all(session)
            yield Check("clés", True, f"clés de pétitions lisibles : {n}")
        except Unsealable:
            yield Check(
                "clés", False, "la clé principale n’est pas celle qui a protégé les pétitions : remettez l’ancienne"
            )
        yield _charter(charter.unlike_the_file(session))
        health = outbox.health(session, datetime.now(UTC))
        yield Check(
            "courrier en attente",
            health["aside"] == 0 and health["oldest_seconds"] < 3600,
            f"{health['waiting']} en attente, dont {health['failing']} en échec, {health['aside']} mis de côté",
        )
        for route in mail_queries.slow_routes(session, datetime.now(UTC)):
            yield _slow(route, datetime.now(UTC))


def _journal(found: chain.State) -> Check:
    if found.broken_at is not None:
        where = f"la chaîne est rompue à la ligne {found.broken_at}"
        return Check("journal", False, f"{where} : une ligne a été changée, retirée ou déplacée")
    late = found.unsealed and found.sealed_at and datetime.now(UTC) - found.sealed_at > UNSEALED
    told = f"lignes scellées : {found.sealed}, à sceller : {found.unsealed} ; tête {found.head}"
    return Check("journal", not late, f"{told}. Lancez « signons worker »" if late else told)


def _slow(route: MailRoute, now: datetime) -> Check:
    """A provider that takes fewer mails for a while is as it should be; our own server that takes none is not."""
    name = "serveur d’envoi" if route.name == RELAY else f"fournisseur {route.name}"
    again = f"reprend à {route.until:%H:%M:%S} UTC" if route.until > now else "reprend peu à peu"
    told = f"depuis {route.since:%d/%m %H:%M} UTC, {route.room} à la fois, {again} ({route.words})"
    return Check(name, now - route.since < HELD and (route.name != RELAY or route.room > 0), told)


def _register(database: Database, pen: Pen) -> Check:
    """The public key, to be compared; and whether what was published from here is what the database holds."""
    with database.read() as session:
        lost = behind(session, pen)
        waiting, taken_back = register_queries.oldest_waiting(session), register_queries.last_rolled_back(session)
    if lost:
        names = ", ".join(row.name for row, _ in lost[:5])
        return Check(
            "registre",
            False,
            f"la base est plus ancienne que ce que ces registres ont publié : {names}. « signons worker » y écrira la "
            "reprise, publique et datée",
        )
    # Of what waits, the hour alone is known.
    late = waiting is not None and datetime.now(UTC) - waiting > timedelta(hours=1) + UNSEALED
    if late:
        return Check("registre", False, "des lignes attendent depuis plus d’une heure. Lancez « signons worker »")
    told = f"clé publique {pen.vkey}"
    return Check("registre", True, f"{told} ; repris d’une sauvegarde le {taken_back:%d/%m/%Y}" if taken_back else told)


def _charter(articles: list[int]) -> Check:
    """What was published is never rewritten by an update: say so, and what to do."""
    if not articles:
        return Check("charte", True, "celle de cette version du logiciel, ou une plus récente écrite ici")
    which = ", ".join(map(str, articles))
    return Check(
        "charte",
        False,
        f"cette version du logiciel propose d’autres règles (articles : {which}) ; celles d’ici continuent de"
        " s’appliquer. Publiez une nouvelle version : Administration, Charte",
    )


def _files(settings: Settings) -> Check:
    """Read, not mended: a folder shared with others may be meant."""
    loose = readable_by_others(settings)
    if not loose:
        return Check("fichiers", True, "fermés aux autres comptes de la machine")
    return Check(
        "fichiers", False, f"d’autres comptes de la machine peuvent lire {', '.join(map(str, loose))} : chmod go-rwx"
    )


def _redis(settings: Settings) -> Check:
    try:
        redis.Redis.from_url(settings.redis_url, socket_timeout=3).ping()
    except redis.RedisError as error:
        return Check("redis", False, f"ne répond pas ({type(error).__name__})")
    return Check("redis", True, "répond")


def _mail_checks(settings: Settings) -> Iterator[Check]:
    yield _mail(settings)
    yield _bounces(settings)


def _mail(settings: Settings) -> Check:
    if not settings.smtp_url:
        local = settings.is_local
        return Check(
            "envoi du courrier", local, "boîte locale" if local else "SIGNONS_SMTP_URL est vide : rien ne part"
        )
    try:
        accents = SmtpTransport(settings.smtp_url).check(settings.bounce_address or settings.sender.address)
    except Unavailable as error:
        return Check("envoi du courrier", False, f"le serveur ne prend pas nos messages ({error})")
    but = "" if accents else " ; pas ceux pour une adresse qui a un accent avant son @ (SMTPUTF8)"
    return Check("envoi du courrier", True, f"le serveur répond et prend nos messages{but}")


def _bounces(settings: Settings) -> Check:
    """A mailbox that nobody empties fills up; a report that is piped or posted leaves nothing to look at."""
    name = "retours du courrier"
    if settings.bounce_imap_url:
        try:
            with mailbox.opened(settings.bounce_imap_url) as box:
                waiting, left = len(box.waiting()), box.left()
        except mailbox.Unreachable as error:
            return Check(name, False, f"la boîte ne répond pas ({error})")
        return Check(name, waiting < MANY, f"messages à lire : {waiting}, laissés pour quelqu’un : {left}")
    if settings.bounce_address:
        return Check(name, True, f"attendus à {settings.bounce_address}, par « signons bounces read »")
    if settings.bounce_webhook_secret:
        return Check(name, True, "postés par le service d’envoi")
    return Check(name, True, "SIGNONS_BOUNCE_ADDRESS est vide : seuls les refus immédiats arrêtent une adresse")


def _disk(settings: Settings) -> Check:
    folder = Path(settings.var_dir)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check("disque", free > FREE_BYTES, f"{free // 1024**2} Mo libres")
