"""The journal of acts: is it whole?"""

from pathlib import Path

import click

from app.audit import chain
from app.backup import actions as backup_actions
from app.backup.progress import Progress
from app.cli.group import main, opened
from app.errors import Refused


@main.group()
def journal() -> None:
    """Journal des actes."""


@journal.command(name="verify")
@click.option("--head", "noted", metavar="LIGNE:SCEAU", help="Une tête notée auparavant (journaux techniques, doctor).")
@click.option(
    "--backup",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Une sauvegarde : la tête qu’elle a notée.",
)
def verify_journal(noted: str | None, backup: Path | None) -> None:
    """Relire toute la chaîne ; dire aussi si elle contient une tête notée auparavant. Code 1 si elle ne tient pas."""
    heads = [_head(noted)] if noted else []
    with opened() as (settings, database):
        if backup is not None:
            with Progress() as progress:
                heads.append(_head(backup_actions.noted_head(settings, backup, progress)))
        with database.read() as session:
            found = chain.look(session)
            missing = [head for head in heads if not chain.has(session, head)]
    if found.broken_at is not None:
        raise Refused("La chaîne est rompue à la ligne %(n)s.", n=found.broken_at)
    if missing:
        gone = "Le journal ne contient plus la ligne %(n)s avec ce sceau : il a été réécrit."
        raise Refused(gone, n=missing[0].position)
    click.echo(f"La chaîne tient : {found.sealed} lignes, à sceller : {found.unsealed}. Tête : {found.head}")


def _head(text: str) -> chain.Head:
    try:
        return chain.Head.read(text)
    except ValueError:
        raise Refused("« %(text)s » n’est pas une tête : une ligne, deux-points, un sceau.", text=text) from None
