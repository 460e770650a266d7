"""Mail that came back: one message on standard input, or the whole mailbox now."""

import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from app.bounces import actions, jobs, reading
from app.bounces.mailbox import Unreachable
from app.cli.group import main, moment, opened
from app.errors import Refused, SettingsError

# Of sysexits.h: whoever pipes a message to us keeps it, and tries again.
TRY_AGAIN = 75
PIECE = 1024 * 1024


@main.group(name="bounces")
def bounces_group() -> None:
    """Courriels qui reviennent."""


@bounces_group.command(name="read")
def read_bounce() -> None:
    """Lire un message de retour sur l’entrée standard. Code 75 si la base ne répond pas : à présenter de nouveau."""
    try:
        raw = sys.stdin.buffer.read(reading.LONGEST)
        while sys.stdin.buffer.read(PIECE):  # who pipes must be able to finish
            pass
        said = reading.read(raw)
        with opened() as (settings, database), database.write() as session:
            actions.receive(session, raw, said, settings.bounce_address)
    except (SettingsError, SQLAlchemyError, OSError) as error:
        reason = str(error) if isinstance(error, SettingsError) else type(error).__name__
        click.echo(f"Ce message n’a pas pu être pris, présentez-le de nouveau. ({reason})", err=True)
        raise click.exceptions.Exit(TRY_AGAIN) from None


@bounces_group.command(name="fetch")
def fetch_bounces() -> None:
    """Lire maintenant la boîte de SIGNONS_BOUNCE_IMAP_URL."""
    with opened() as (settings, database):
        if not settings.bounce_imap_url:
            raise Refused("SIGNONS_BOUNCE_IMAP_URL est vide : il n’y a pas de boîte à lire.")
        try:
            done = jobs.fetch(database, settings)
        except Unreachable as error:
            raise Refused("La boîte des retours ne répond pas (%(reason)s).", reason=error) from None
    if done is None:
        raise Refused("Un autre processus lit déjà cette boîte.")
    click.echo(f"Retours lus : {done.taken}, laissés dans la boîte : {done.left}.")


@bounces_group.command(name="forgive")
@click.option("--since", metavar="DATE", required=True, help="Adresses arrêtées depuis cette date (ISO 8601).")
def forgive_bounces(since: str) -> None:
    """Écrire de nouveau aux adresses arrêtées depuis une date, quand un fournisseur a refusé tout le monde par erreur.

    Celles qui se sont plaintes restent arrêtées.
    """
    with opened() as (_, database), database.write() as session:
        n = actions.forgive(session, moment(since, "--since"))
    click.echo(f"Adresses à qui l’on écrit de nouveau : {n}.")
