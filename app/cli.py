"""``signons``: everything that an operator types."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
import sqlalchemy.exc

from app import clock, demo, doctor, logs, migrations
from app.accounts import actions as account_actions
from app.accounts import queries as account_queries
from app.accounts.models import ROLES
from app.backup import actions as backup_actions
from app.backup.progress import Progress
from app.bus import Bus
from app.consents import actions as consent_actions
from app.consents.models import PURPOSES as PURPOSES_OF_CONSENT
from app.db import Database, Session
from app.errors import Refused, SettingsError, SignonsError
from app.exports import actions as export_actions
from app.exports.models import PURPOSES
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy import counting, erasure, retention
from app.reference import install_reference_data
from app.settings import Settings, load_settings
from app.templating import LOCALES, Templates
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
    logs.configure(load_settings().log_level)


@contextmanager
def _database(settings: Settings | None = None) -> Iterator[tuple[Settings, Database]]:
    settings = settings or load_settings()
    bus = Bus(settings)
    database = Database(settings, open_vault(settings), bus)
    try:
        yield settings, database
    finally:
        bus.stop()
        database.close()


@main.command()
def migrate() -> None:
    """Créer ou mettre à jour la base de données."""
    with _database() as (_, database):
        _migrate(database)
    click.echo("La base de données est à jour.")


def _migrate(database: Database) -> None:
    migrations.upgrade(database)
    with database.write() as session:
        install_reference_data(session)


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
    with _database(settings) as (_, database):
        if migrations.pending_migrations(database):
            if not settings.is_sqlite:
                raise Refused("La base de données n’est pas à jour : lancez « signons migrate ».")
            _migrate(database)
    # The processes that uvicorn starts read their part of the command line from here.
    os.environ["SIGNONS_SERVE_WORKER"] = "1" if settings.is_sqlite and workers == 1 and not no_worker else ""
    click.echo(f"Signons écoute sur http://{host}:{port} (Ctrl+C pour arrêter).", err=True)
    uvicorn.run(
        "app.serve:app_for_uvicorn",
        factory=True,
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

    from app.worker import Worker

    with _database() as (settings, database):
        running = Worker(settings, database, Templates(settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.request_stop())
        running.start()
        click.echo("Le travailleur est en route (Ctrl+C pour arrêter).", err=True)
        running.wait()
        running.stop()


@main.command(name="demo")
def load_demo() -> None:
    """Charger la démonstration dans une base vide (sans effet si elle y est déjà)."""
    with _database() as (settings, database):
        _migrate(database)
        if not settings.is_local:
            raise Refused("La démonstration ne se charge que sur une instance locale (SIGNONS_BASE_URL).")
        loaded = demo.load(database, settings)
        click.echo("La démonstration est chargée." if loaded else "La démonstration est déjà là : rien n’a changé.")
        for line in demo.what_to_open(database, settings):
            click.echo(line)


@main.group()
def petition() -> None:
    """Pétitions."""


def _found(session: Session, slug: str) -> Petition:
    """Raises Refused."""
    found = petition_queries.by_slug(session, slug)
    if found is None:
        raise Refused(f"Aucune pétition n’a l’adresse « {slug} ».")
    return found


@petition.command(name="close")
@click.argument("slug")
def close_petition(slug: str) -> None:
    """Clore une pétition."""
    with _database() as (_, database), database.write() as session:
        petition_actions.close(session, _found(session, slug))
    click.echo("Close.")


@petition.command(name="deliver")
@click.argument("slug")
def deliver_petition(slug: str) -> None:
    """Noter la remise aux destinataires : les données sont effacées un mois après."""
    with _database() as (_, database), database.write() as session:
        petition_actions.deliver(session, _found(session, slug))
    click.echo("Remise notée.")


@petition.command(name="hold")
@click.argument("slug")
@click.option("--until", required=True, metavar="DATE", help="Fin du gel (ISO 8601).")
@click.option("--reason", required=True, help="Motif, montré aux administrateurs.")
def hold_petition(slug: str, until: str, reason: str) -> None:
    """Suspendre l’effacement d’une pétition (gel légal)."""
    moment = _moment(until, "--until")
    with _database() as (_, database), database.write() as session:
        petition_actions.hold(session, _found(session, slug), moment, reason)
    click.echo(f"Effacement suspendu jusqu’au {moment.isoformat()}.")


@main.group()
def consent() -> None:
    """Textes de consentement."""


@consent.command(name="replace")
@click.argument("purpose", type=click.Choice(PURPOSES_OF_CONSENT))
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--locale", default="fr", show_default=True, type=click.Choice(LOCALES), help="Langue du texte.")
@click.option(
    "--variant",
    default="",
    type=click.Choice(["", "identities", "count"]),
    help="Pour « sign » : ce que le destinataire reçoit.",
)
def replace_consent(purpose: str, file: TextIO, locale: str, variant: str) -> None:
    """Remplacer un texte : la version d’avant reste, les formulaires déjà affichés seront montrés de nouveau."""
    with _database() as (_, database), database.write() as session:
        text = consent_actions.replace_text(session, purpose, variant, locale, file.read())
    click.echo(f"Version {text.version} en vigueur.")


@main.group(name="keys")
def keys_group() -> None:
    """Clés de chiffrement."""


@keys_group.command(name="rotate")
def rotate_keys() -> None:
    """Protéger toutes les clés de pétitions avec la première clé de SIGNONS_MASTER_KEY_FILE."""
    with _database() as (_, database), database.write() as session:
        n = petition_keys.rewrap(session)
    click.echo(f"Clés de pétitions protégées à nouveau : {n}. Aucune autre ligne n’a changé.")


@petition.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--publish", is_flag=True, help="L’ouvrir tout de suite à la signature.")
def import_petition(file: Path, publish: bool) -> None:
    """Importer une pétition : Markdown avec un en-tête YAML. L’adresse publique est la dernière ligne."""
    found = importing.read(file)
    with _database() as (settings, database):
        with database.write() as session:
            made = petition_actions.create(session, found, folder=file.parent, image_store=settings.var / "images")
            if publish:
                petition_actions.publish(session, made)
            slug, state = made.slug, made.state
        click.echo("Publiée." if state == "open" else "Enregistrée comme brouillon.")
        click.echo(f"{settings.origin}/petitions/{slug}")


@main.group()
def account() -> None:
    """Comptes des personnes qui travaillent sur la plateforme."""


@account.command(name="create")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(ROLES), help="Ce que la personne peut faire.")
@click.option("--petition", "petitions", multiple=True, metavar="SLUG", help="Pétition dont elle devient responsable.")
def create_account(email: str, role: str, petitions: tuple[str, ...]) -> None:
    """Créer un compte. Le mot de passe est lu sur l’entrée standard ; la dernière ligne est l’URI du second facteur."""
    if sys.stdin.isatty():
        password = click.prompt("Mot de passe (12 caractères au moins)", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with _database() as (settings, database), database.write() as session:
        made, uri = account_actions.create(session, email, role, password, site=settings.site_name)
        for slug in petitions:
            found = petition_queries.by_slug(session, slug)
            if found is None:
                raise Refused(f"Aucune pétition n’a l’adresse « {slug} ».")
            petition_actions.add_owner(session, found, made.id)
    click.echo(f"Compte créé : {made.email} ({role}). Ajoutez ce second facteur à votre application :")
    click.echo(uri)


@account.command(name="revoke")
@click.argument("email")
def revoke_sessions(email: str) -> None:
    """Fermer toutes les sessions d’un compte."""
    with _database() as (_, database), database.write() as session:
        found = account_queries.by_email(session, email)
        if found is None:
            raise Refused("Aucun compte n’a cette adresse.")
        account_queries.end_sessions(session, found.id)
    click.echo("Toutes ses sessions sont fermées.")


@main.command()
@click.argument("slug")
@click.option("--purpose", required=True, type=click.Choice(PURPOSES), help="Ce que l’export contient.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Fichier à écrire (sinon : sortie standard).",
)
def export(slug: str, purpose: str, output: Path | None) -> None:
    """Exporter les signatures d’une pétition, en CSV."""
    with _database() as (_, database):
        with database.write() as session:
            found = petition_queries.by_slug(session, slug)
            if found is None:
                raise Refused(f"Aucune pétition n’a l’adresse « {slug} ».")
            record_id = export_actions.begin(session, found, purpose, None).id
        pieces = export_actions.stream(database, record_id)
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        partial = output.with_name(output.name + ".part")
        try:
            partial.unlink(missing_ok=True)
            # Names and addresses: for the eyes of whoever typed the command.
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for piece in pieces:
                    file.write(piece)
            partial.replace(output)
        except BaseException as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            if not isinstance(error, OSError):
                raise
            raise Refused(f"{output} : écriture impossible ({error.strerror}).") from None
    click.echo(str(output))


def _moment(text: str, option: str) -> datetime:
    """An aware time; without zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = "une date ISO 8601 est attendue, comme 2027-01-31T00:00:00+01:00"
        raise click.BadParameter(message, param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@main.group(name="retention")
def retention_group() -> None:
    """Durées de conservation."""


@retention_group.command(name="run")
@click.option("--dry-run", is_flag=True, help="Montrer ce qui partirait, sans rien changer.")
@click.option("--at", "at", metavar="DATE", help="Faire comme si l’on était à cette date (ISO 8601).")
def run_retention(dry_run: bool, at: str | None) -> None:
    """Appliquer l’échéancier."""
    if at is not None:
        clock.travel(_moment(at, "--at") - clock.now())
    with _database() as (settings, database):
        report = retention.dry_run(database, settings) if dry_run else retention.run(database, settings)
    click.echo("À effacer :" if dry_run else "Effacé :")
    for table, n in report.items():
        click.echo(f"  {table:<28} {n:>8}")


@main.group()
def counts() -> None:
    """Compteurs."""


@counts.command(name="verify")
def verify_counts() -> None:
    """Comparer les nombres affichés aux lignes. Code 1 à la moindre différence."""
    with _database() as (_, database), database.read() as session:
        differences = counting.differences(session)
    for slug, shown, rows in differences:
        click.echo(f"{slug} : affiché {shown}, lignes {rows}")
    if differences:
        raise click.exceptions.Exit(1)
    click.echo("Tous les nombres affichés sont justes.")


@counts.command(name="repair")
def repair_counts() -> None:
    """Recompter les lignes et corriger les nombres affichés."""
    with _database() as (_, database), database.write() as session:
        repaired = counting.repair(session)
    click.echo(f"Pétitions corrigées : {repaired}.")


@main.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Ne pas demander de confirmation.")
def erase(email: str, yes: bool) -> None:
    """Effacer une personne partout. Demande « oui » sur l’entrée standard."""
    if not yes:
        click.echo(
            "Toutes les signatures de cette adresse et leurs commentaires seront effacés. Tapez « oui » :", err=True
        )
        if sys.stdin.readline().strip().lower() != "oui":
            raise Refused("Rien n’a été effacé.")
    with _database() as (_, database), database.write() as session:
        n = erasure.erase(session, email, channel="operator")
    click.echo(f"Signatures effacées : {n}.")


@main.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write_backup(file: Path) -> None:
    """Sauvegarder toute l’instance dans un fichier chiffré, pendant qu’elle sert.

    SIGNONS_SECRET_KEY suffit à l’ouvrir, et rien d’autre : gardez-la ailleurs. Si SIGNONS_MASTER_KEY_FILE est
    réglé, gardez aussi ce fichier : il n’est pas dans la sauvegarde.
    """
    with Progress() as progress:
        size = backup_actions.backup(load_settings(), file, progress)
    click.echo(f"{file} : {max(1, size // 1024)} Ko, relu et vérifié.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Ne pas demander de confirmation.")
def restore(file: Path, yes: bool) -> None:
    """Remplacer toute l’instance par une sauvegarde. Demande « oui » sur l’entrée standard.

    Arrêtez d’abord « signons serve » et « signons worker ». Ce qui a été effacé depuis la sauvegarde l’est de nouveau.
    """
    with Progress() as progress, backup_actions.opened(load_settings(), file, progress) as found:
        if not yes:
            made = found.made_at.astimezone().strftime("%d/%m/%Y à %H:%M")
            click.echo(f"Tout ce qui est là sera remplacé par la sauvegarde du {made}. Tapez « oui » :", err=True)
            if sys.stdin.readline().strip().lower() != "oui":
                raise Refused("Rien n’a été changé.")
        erased, warning = found.restore(progress)
    if warning:
        click.echo(warning, err=True)
    click.echo(f"L’instance est restaurée. Signatures effacées de nouveau : {erased}.")


@main.command(name="doctor")
def run_doctor() -> None:
    """Vérifier réglages, base de données, migrations, courrier, horloge et disque. Code 1 si l’un échoue."""
    failed = False
    for check in doctor.checks():
        click.echo(f"{'ok   ' if check.ok else 'ÉCHEC'} {check.name} : {check.detail}")
        failed = failed or not check.ok
    if failed:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
