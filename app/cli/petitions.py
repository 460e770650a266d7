"""Petitions: import, close, reopen, outcome, deliver, hold; their exports and their counts."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

import click

from app import clock
from app.backup.progress import Progress
from app.cli.group import main, moment, opened, petition_of
from app.deliveries import actions as deliveries
from app.deliveries import proofs
from app.deliveries import queries as delivery_queries
from app.deliveries.actions import packing
from app.deliveries.choices import WAYS
from app.deliveries.forms import MAX_NOTE
from app.deliveries.proofs import Proof
from app.errors import Refused
from app.exports import actions as export_actions
from app.exports.models import PURPOSES
from app.organising.outcomes import told as outcome_told
from app.petitions import actions as petition_actions
from app.petitions import addresses, images, importing, indexing, reopening
from app.petitions import jobs as petition_jobs
from app.petitions import queries as petition_queries
from app.petitions.models import Outcome, PetitionState
from app.privacy import counting
from app.register.actions.writing import Pen
from app.signatures import jobs as signature_jobs
from app.templating import long_date, number
from app.text import clean_text, has_ink
from app.updates import actions as update_actions
from app.zone import day_of, day_typed


@main.group()
def petition() -> None:
    """Pétitions."""


@petition.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--publish", is_flag=True, help="L’ouvrir tout de suite à la signature.")
def import_petition(file: Path, publish: bool) -> None:
    """Importer une pétition : Markdown avec un en-tête YAML. L’adresse publique est la dernière ligne."""
    found = importing.read(file)
    with opened() as (settings, database):
        store = settings.var / "images"
        picture = petition_actions.picture_of(found, file.parent, store)
        with database.write() as session:
            made = petition_actions.create(session, found, folder=None, image_store=store, picture=picture)
            if publish:
                petition_actions.publish(session, made)
            slug, state = made.slug, made.state
        click.echo("Publiée." if state == PetitionState.OPEN else "Enregistrée comme brouillon.")
        click.echo(f"{settings.origin}/petitions/{slug}")


@petition.command(name="close")
@click.argument("slug")
def close_petition(slug: str) -> None:
    """Clore une pétition."""
    with opened() as (_, database), database.write() as session:
        petition_actions.close(session, petition_of(session, slug))
    click.echo("Close.")


@petition.command(name="reopen")
@click.argument("slug")
def reopen_petition(slug: str) -> None:
    """Rouvrir une pétition close à la main depuis moins de sept jours."""
    with opened() as (_, database), database.write() as session:
        reopening.reopen(session, petition_of(session, slug))
    click.echo("Rouverte.")


@petition.command(name="outcome")
@click.argument("slug")
@click.argument("kind", type=click.Choice([one.value for one in Outcome]))
@click.option("--source-title", default="", help="Où cela se vérifie : un article, un texte, une annonce orale.")
@click.option("--source-url", default="", metavar="URL", help="L’adresse de cette source, si elle en a une.")
@click.option("--on", "on", metavar="DATE", help="Le jour où cela s’est su (2026-11-22) ; sinon aujourd’hui.")
@click.option("--note", default="", help="Ce que la nouvelle en dit, en Markdown.")
def tell_outcome(slug: str, kind: str, source_title: str, source_url: str, on: str | None, note: str) -> None:
    """Dire ce qu’une pétition est devenue : obtenue, en partie, refusée, sans réponse. Paraît dix minutes après."""
    told = outcome_told(kind, on, source_title, source_url)
    with opened() as (_, database), database.write() as session:
        update_actions.tell(session, petition_of(session, slug), told, note, None, review=False)
    click.echo("Notée : elle paraît sur la page dans dix minutes.")


@petition.command(name="deliver")
@click.argument("slug")
@click.option("--on", "on", metavar="JOUR", help="Le jour de la remise, 2027-01-31 ; aujourd’hui sinon.")
@click.option("--to", "to", type=click.IntRange(1, 20), multiple=True, help="Numéro d’un destinataire ; tous sinon.")
@click.option("--how", "way", required=True, type=click.Choice(list(WAYS)), help="Comment elle a été remise.")
@click.option("--note", default="", help="Une phrase publique de plus.")
@click.option("--proof", type=click.Path(path_type=Path, dir_okay=False), help="La preuve : PDF, JPEG ou PNG.")
@click.option("--yes", is_flag=True, help="Ne pas demander de confirmation.")
def deliver_petition(
    slug: str, on: str | None, to: tuple[int, ...], way: str, note: str, proof: Path | None, yes: bool
) -> None:
    """Noter une remise aux destinataires : la première met fin aux signatures, pour de bon.

    Les données sont effacées un mois après ce jour. Demande « oui » sur l’entrée standard.
    """
    day = _day(on, "--on") if on else day_of(clock.now())
    kept = _proof_of(proof)
    with opened() as (_, database):
        with database.read() as session:
            found = petition_of(session, slug)
            places = [n - 1 for n in to] or list(range(len(found.recipients)))
            handed = deliveries.Handed(day, places, way, _note(note))
            deliveries.check(found, handed, clock.now())
            waiting = deliveries.left_out(session, found)
            ends, seen = deliveries.end_after(found, handed, clock.now()), delivery_queries.how_many(session, found.id)
        if waiting:
            click.echo(_left_out(waiting), err=True)
        if not yes and not seen:
            click.echo(
                f"Plus personne ne signera, et les données seront effacées le {long_date(ends)}. Tapez « oui » :",
                err=True,
            )
            if sys.stdin.readline().strip().lower() != "oui":
                raise Refused("Rien n’a été changé.")
        with database.write() as session:
            deliveries.hand_over(session, found.id, handed, seen, None, kept)
    click.echo(f"Remise notée. Données effacées le {long_date(ends)}.")


def _left_out(n: int) -> str:
    if n == 1:
        return "1 feuille attend sa vérification : elle ne comptera plus."
    return f"{number(n)} feuilles attendent leur vérification : elles ne compteront plus."


def _day(text: str, option: str) -> date:
    try:
        return day_typed(text)
    except ValueError:
        raise click.BadParameter("un jour est attendu, comme 2027-01-31", param_hint=option) from None


def _note(text: str) -> str:
    note = clean_text(text)
    if len(note) > MAX_NOTE:
        raise click.BadParameter(f"{MAX_NOTE} caractères au plus", param_hint="--note")
    return note if has_ink(note) else ""


def _proof_of(path: Path | None) -> Proof | None:
    if path is None:
        return None
    try:
        return proofs.read(path.name, images.read(path))
    except Refused as refused:
        raise Refused("%(path)s : %(why)s.", path=path, why=refused.message) from None


@petition.command(name="pack")
@click.argument("slug")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Archive à écrire, .zip.",
)
def pack_petition(slug: str, output: Path) -> None:
    """Faire le dossier de remise : le PDF, la liste en CSV et en classeur, d’un même instant."""
    with opened() as (settings, database), Progress() as progress:
        with database.write() as session:
            found = petition_of(session, slug)
            total = petition_queries.count(session, found.id)
            record_id = packing.begin(session, found, None).id
        write_privately(
            output,
            packing.stream(
                database, record_id, settings.origin, lambda n: progress.tell("Dossier de remise", n, total)
            ),
        )
    click.echo(str(output))


@petition.command(name="rename")
@click.argument("slug")
@click.argument("new")
def rename_petition(slug: str, new: str) -> None:
    """Donner une autre adresse à une pétition ; la précédente y mène pour toujours."""
    with opened() as (settings, database):
        with database.write() as session:
            addresses.rename(session, petition_of(session, slug), new)
        click.echo(f"{settings.origin}/petitions/{new}")


@petition.command(name="hold")
@click.argument("slug")
@click.option("--until", required=True, metavar="DATE", help="Fin du gel (ISO 8601).")
@click.option("--reason", required=True, help="Motif, montré aux administrateurs.")
def hold_petition(slug: str, until: str, reason: str) -> None:
    """Suspendre l’effacement d’une pétition (gel légal)."""
    end = moment(until, "--until")
    with opened() as (_, database), database.write() as session:
        petition_actions.hold(session, petition_of(session, slug), end, reason)
    click.echo(f"Effacement suspendu jusqu’au {end.isoformat()}.")


def write_privately(output: Path, pieces: Iterable[bytes]) -> None:
    """Names and addresses: for the eyes of whoever typed the command; whole, or not there. Raises Refused."""
    partial = output.with_name(output.name + ".part")
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
        partial.replace(output)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise Refused("%(path)s : écriture impossible (%(why)s).", path=output, why=error.strerror) from None


@main.command()
@click.argument("slug")
@click.option("--purpose", required=True, type=click.Choice(PURPOSES), help="Ce que l’export contient.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Fichier à écrire, .csv ou .xlsx (sinon : CSV sur la sortie standard).",
)
@click.option("--reason", default="", help="Motif, montré au journal et écrit aux responsables de la pétition.")
def export(slug: str, purpose: str, output: Path | None, reason: str) -> None:
    """Exporter les signatures d’une pétition, en CSV ou en classeur."""
    kind = "xlsx" if output is not None and output.suffix == ".xlsx" else "csv"
    with opened() as (_, database):
        with database.write() as session:
            record_id = export_actions.begin(session, petition_of(session, slug), purpose, None, kind, reason=reason).id
        pieces = export_actions.stream(database, record_id)
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        write_privately(output, pieces)
    click.echo(str(output))


@main.group()
def counts() -> None:
    """Compteurs."""


@counts.command(name="verify")
def verify_counts() -> None:
    """Comparer les nombres affichés aux lignes et au registre. Code 1 à la moindre différence."""
    with opened() as (_, database), database.read() as session:
        differences = counting.verify(session)
    for slug, shown, rows in differences:
        click.echo(f"{slug} : affiché {shown}, {'au registre' if slug.endswith(', registre') else 'lignes'} {rows}")
    if differences:
        raise click.exceptions.Exit(1)
    click.echo("Tous les nombres affichés sont justes.")


@counts.command(name="repair")
def repair_counts() -> None:
    """Recompter les lignes, corriger les nombres affichés, et le dire au registre."""
    with opened() as (settings, database):
        with database.read() as session:
            wrong = {slug.partition(",")[0] for slug, _, _ in counting.verify(session)}
        # What rows explain is told line by line; only the rest becomes a correction.
        signature_jobs.reconcile_registers(database, Pen.of(settings, database.info["vault"]), correct=False)
        with database.write() as session:
            counting.repair(session)
    click.echo(f"Pétitions corrigées : {len(wrong)}.")


@main.group()
def search() -> None:
    """Recherche."""


@search.command(name="rebuild")
def rebuild_search() -> None:
    """Refaire l’index de la recherche. Rien d’autre ne change ; il est incomplet le temps de le refaire."""
    with opened() as (_, database):
        with database.write() as session:
            indexing.clear(session)
        n = petition_jobs.index(database)
    click.echo(f"Pétitions dans l’index : {n}.")
