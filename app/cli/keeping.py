"""What is kept, and for how long: consent texts, keys, retention, erasure, backups."""

import sys
from pathlib import Path
from typing import TextIO

import click

from app import clock
from app.backup import actions as backup_actions
from app.backup.progress import Progress
from app.cli.group import main, moment, opened
from app.consents import actions as consent_actions
from app.consents.models import PURPOSES as PURPOSES_OF_CONSENT
from app.errors import Refused
from app.petitions import keys as petition_keys
from app.privacy import retention
from app.privacy.actions import erasing
from app.register.actions import sequencing
from app.register.actions.writing import Pen, behind
from app.settings import load_settings
from app.templating import LOCALES


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
    with opened() as (_, database), database.write() as session:
        text = consent_actions.replace_text(session, purpose, variant, locale, file.read())
    click.echo(f"Version {text.version} en vigueur.")


@main.group(name="keys")
def keys_group() -> None:
    """Clés de chiffrement."""


@keys_group.command(name="rotate")
def rotate_keys() -> None:
    """Protéger toutes les clés de pétitions avec la première clé de SIGNONS_MASTER_KEY_FILE."""
    with opened() as (_, database), database.write() as session:
        n = petition_keys.rewrap(session)
    click.echo(f"Clés de pétitions protégées à nouveau : {n}. Aucune autre ligne n’a changé.")


@main.group(name="retention")
def retention_group() -> None:
    """Durées de conservation."""


@retention_group.command(name="run")
@click.option("--dry-run", is_flag=True, help="Montrer ce qui partirait, sans rien changer.")
@click.option("--at", "at", metavar="DATE", help="Faire comme si l’on était à cette date (ISO 8601).")
def run_retention(dry_run: bool, at: str | None) -> None:
    """Appliquer l’échéancier."""
    if at is not None:
        clock.travel(moment(at, "--at") - clock.now())
    with opened() as (settings, database):
        report = retention.dry_run(database, settings) if dry_run else retention.run(database, settings)
    if not report:
        raise Refused("L’échéancier est déjà en cours dans un autre processus : rien n’a été fait ici.")
    click.echo("À effacer :" if dry_run else "Effacé :")
    for table, n in report.items():
        click.echo(f"  {table:<28} {n:>8}")


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
    with opened() as (_, database), database.write() as session:
        n = erasing.erase(session, email, channel="operator")
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
    with opened() as (settings, database):
        pen = Pen.of(settings, database.info["vault"])
        with database.read() as session:
            for row, last in behind(session, pen):
                click.echo(
                    f"Le registre public « {row.name} » avait {last.size} lignes publiées, et la sauvegarde en a"
                    f" {row.size} : au démarrage, une ligne publique et datée dira qu’il repart de là.",
                    err=True,
                )
        with database.write() as session:
            unknown = sequencing.say_put_back(session, pen, clock.now()).heads
        pen.published.note(unknown)
        for head in unknown:
            name = head.origin.rpartition("/")[2]
            click.echo(
                f"Cette machine ne sait pas ce que le registre public « {name} » avait publié après la sauvegarde :"
                f" une ligne publique et datée dit qu’il repart de ses {head.size - 1} lignes.",
                err=True,
            )
    click.echo(f"L’instance est restaurée. Signatures effacées de nouveau : {erased}.")
