"""Start, migrate, look after the health."""

import os
from contextlib import suppress

import click

from app import demo, migrations
from app.cli.group import main, opened, upgrade
from app.db import Database
from app.errors import Refused
from app.mail import dkim
from app.operations import doctor
from app.register.jobs import Sequencer
from app.settings import load_settings
from app.templating import Templates
from app.vault import open_vault
from app.web.connection import BoundedProtocol


@main.command()
def migrate() -> None:
    """Créer ou mettre à jour la base de données."""
    with opened() as (_, database):
        upgrade(database)
    click.echo("La base de données est à jour.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse à écouter.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port à écouter.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Nombre de processus web.")
@click.option("--no-worker", is_flag=True, help="Laisser le courrier et les tâches à « signons worker ».")
def serve(host: str, port: int, workers: int, no_worker: bool) -> None:
    """Servir le site. Avec SQLite et un seul processus, envoie aussi le courrier et fait les tâches."""
    import uvicorn

    settings = load_settings()
    if "base_url" not in settings.model_fields_set:
        # Mailed links lead where the site is, when nobody said otherwise.
        os.environ["SIGNONS_BASE_URL"] = f"http://127.0.0.1:{port}"
    open_vault(settings)
    dkim.signer_of(settings)
    with opened(settings) as (_, database):
        if settings.is_sqlite and migrations.pending_migrations(database):
            upgrade(database)
        _refuse_before_migrate(database)
    # The processes that uvicorn starts read their part of the command line from here.
    os.environ["SIGNONS_SERVE_WORKER"] = "1" if settings.is_sqlite and workers == 1 and not no_worker else ""
    click.echo(f"Signons écoute sur http://{host}:{port} (Ctrl+C pour arrêter).", err=True)
    uvicorn.run(
        "app.serve:app_for_uvicorn",
        factory=True,
        http=BoundedProtocol,
        ws="none",
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        # A process that is slow because the machine is loaded must not be killed for it (default: 5 s).
        timeout_worker_healthcheck=60,
        backlog=4096,
    )


@main.command()
def worker() -> None:
    """Envoyer le courrier et faire les tâches périodiques, jusqu’à l’arrêt."""
    import signal

    from sqlalchemy.exc import OperationalError

    from app.worker import Worker

    with opened() as (settings, database):
        with suppress(OperationalError):  # one that is away comes back: the jobs are tried until then
            _refuse_before_migrate(database)
        running = Worker(settings, database, Templates(settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.request_stop())
        running.start()
        click.echo("Le travailleur est en route (Ctrl+C pour arrêter).", err=True)
        running.wait()
        running.stop()


def _refuse_before_migrate(database: Database) -> None:
    """This code on a database that is not ready for it would fail at each turn."""
    if migrations.pending_migrations(database):
        raise Refused("La base de données n’est pas à jour : lancez « signons migrate ».")


@main.command(name="demo")
def load_demo() -> None:
    """Charger la démonstration dans une base vide (sans effet si elle y est déjà)."""
    with opened() as (settings, database):
        upgrade(database)
        if not settings.is_local:
            raise Refused("La démonstration ne se charge que sur une instance locale (SIGNONS_BASE_URL).")
        loaded = demo.load(database, settings)
        Sequencer(database, settings).sequence()  # its registers tell what its pages show, as if a worker had run
        click.echo("La démonstration est chargée." if loaded else "La démonstration est déjà là : rien n’a changé.")
        for line in demo.what_to_open(database, settings):
            click.echo(line)


@main.command(name="doctor")
@click.option("--dns", multiple=True, metavar="ADRESSE", help="Serveur de noms à interroger, au lieu de ceux d’ici.")
def run_doctor(dns: tuple[str, ...]) -> None:
    """Vérifier réglages, base de données, migrations, courrier, horloge et disque. Code 1 si l’un échoue."""
    failed = False
    for check in doctor.checks(dns):
        click.echo(f"{'ok   ' if check.ok else 'ÉCHEC'} {check.name} : {check.detail}")
        failed = failed or not check.ok
    if failed:
        raise click.exceptions.Exit(1)
