"""The group of all commands, and what several of them need."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click
import sqlalchemy.exc

from app import logs, migrations, private
from app.bus import Bus
from app.db import Database, Session
from app.errors import Refused, SettingsError, SignonsError
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.reference import install_reference_data
from app.settings import Settings, load_settings
from app.vault import open_vault


class _Plain(click.Group):
    """A user's mistake is one sentence and exit code 1; only a bug shows a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SettingsError as error:
            click.echo(f"Réglage à corriger. {error}", err=True)
        except SignonsError as error:
            click.echo(str(error), err=True)
        except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.ProgrammingError) as error:
            reason = str(error.orig).splitlines()[0]
            # SQLite calls a missing table an operational error, PostgreSQL a programming error.
            if isinstance(error, sqlalchemy.exc.ProgrammingError) or reason.startswith("no such "):
                click.echo(f"La base de données n’est pas à jour : lancez « signons migrate ». ({reason})", err=True)
            else:
                click.echo(f"La base de données ne répond pas : {reason}", err=True)
        except BrokenPipeError:
            raise  # whoever reads our output has gone: click knows
        except OSError as error:
            click.echo(f"{error.filename or 'Fichier'} : {error.strerror or error}.", err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="signons")
def main() -> None:
    """Signons, plateforme de pétitions. Les réglages viennent de l’environnement (SIGNONS_…) ou de .env."""
    with suppress(SettingsError):  # the command says it, once it is known that it is not --help
        logs.configure(load_settings().log_level)


def run() -> None:
    """The program that is typed."""
    private.create_privately()
    main()


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[tuple[Settings, Database]]:
    settings = settings or load_settings()
    private.tighten(settings)
    bus = Bus(settings)
    database = Database(settings, open_vault(settings), bus)
    try:
        yield settings, database
    finally:
        bus.stop()
        database.close()


def upgrade(database: Database) -> None:
    migrations.upgrade(database)
    with database.write() as session:
        install_reference_data(session)


def petition_of(session: Session, slug: str) -> Petition:
    """Raises Refused."""
    found = petition_queries.by_slug(session, petition_queries.slug_now(session, slug) or slug)
    if found is None:
        raise Refused("Aucune pétition n’a l’adresse « %(slug)s ».", slug=slug)
    return found


def moment(text: str, option: str) -> datetime:
    """An aware time; without zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = "une date ISO 8601 est attendue, comme 2027-01-31T00:00:00+01:00"
        raise click.BadParameter(message, param_hint=option) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
