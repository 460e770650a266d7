"""The public register, checked from anywhere: no setting, no account, no database."""

import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from app import clock
from app.cli.group import main
from app.register import checking, receipts
from app.register.asking import Site
from app.register.checking import Missing, Rewritten, Seen, Unreachable
from app.register.notes import COSIGNATURE, Malformed, Note, Signer, Verifier

UNREACHABLE = 2
# Between two looks at a count that is not the sum: a head is signed at least so often while people sign.
PAUSE = 2.0
ADDRESS = "Adresse avec laquelle vous avez signé (elle ne quitte pas cette machine) :"
KEY_HELP = "Clé publique du site (vkey), lue à sa page /registre ; plusieurs fois s’il en a eu plusieurs."
KINDS = {
    "confirmed": "signature comptée",
    "withdrawn": "signature retirée",
    "set-aside": "signature écartée du compte",
    "restored": "signature remise dans le compte",
}


@main.group(name="register")
def register_group() -> None:
    """Registre public des signatures : vérifier un reçu, un registre entier, le surveiller. Sans réglage ni compte."""


@register_group.command()
@click.argument("what", metavar="REÇU|REGISTRE|URL")
@click.option("--email", help="L’adresse du reçu ; sinon elle est demandée sur l’entrée standard.")
@click.option("--key", "keys", multiple=True, metavar="VKEY", help=KEY_HELP)
def verify(what: str, email: str | None, keys: tuple[str, ...]) -> None:
    """Vérifier un reçu, ou tout un registre : son fichier « registre.txt », ou son adresse.

    Code 0 si tout tient, 1 sinon avec ce qui ne tient pas, 2 si le site ne répond pas.
    """
    _readable(keys)
    path = Path(what)
    if not path.exists() and "/" in what and what.partition("://")[0] in {"http", "https"}:
        _verify_site(_site(what), keys)
        return
    with path.open("rb") as file:
        if file.read(2).startswith((b"v1", b"\n", b"\r\n")):
            file.seek(0)
            _verify_file(file, keys)
            return
    _verify_receipt(path, email, keys)


def _verify_receipt(path: Path, email: str | None, keys: Sequence[str]) -> None:
    if path.stat().st_size > 1_000_000:
        _refuse(receipts.SENTENCES[receipts.Flaw.NONE])
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        receipts.Receipt.read(text)
        if email is None:
            click.echo(ADDRESS, err=True)
            email = sys.stdin.readline()
        proven = receipts.check(text, email, keys)
    except receipts.Wrong as wrong:
        _refuse(str(wrong))
    receipt, head = proven.receipt, proven.head
    click.echo(
        f"Ce reçu est vrai. Registre {head.origin}, ligne {receipt.position + 1} sur {head.size} :"
        f" {KINDS[receipt.entry.kind]}, {receipt.entry.hour:%d/%m/%Y à %H} h (temps universel)."
    )
    if not proven.known:
        click.echo(f"Comparez sa clé à celle que le site affiche à sa page /registre : {receipt.key}")


def _verify_file(file: Any, keys: Sequence[str]) -> None:
    try:
        reading, head, note = checking.downloaded(file, [Verifier.read(key) for key in keys])
    except Rewritten as rewritten:
        _refuse(str(rewritten))
    _tell(reading, head.origin)
    if not keys:
        names = ", ".join(signature.name for signature in note.signatures)
        click.echo(f"La signature de la tête ({names}) n’a pas été vérifiée : donnez la clé du site avec --key.")


def _verify_site(site: Site, keys: Sequence[str]) -> None:
    try:
        seen, shown = _look(site, None, keys)
    except (Unreachable, Malformed) as error:
        _cannot(str(error))
    except (Rewritten, checking.Differs) as wrong:
        _refuse(str(wrong))
    _tell(seen.reading, seen.head.origin)
    click.echo(f"Compte affiché : {shown}, le même.")
    if not keys:
        click.echo(f"Clé, telle que le site la donne lui-même : {seen.keys[0]}")


def _tell(reading: checking.Reading, origin: str) -> None:
    click.echo(f"Registre {origin} : {reading.size} lignes, qui mènent à sa tête signée.")
    said = ", ".join(f"{kind} {change:+d}" for kind, change in sorted(reading.sums.items()) if change)
    click.echo(f"Somme : {reading.total}{f' ({said})' if said else ''}.")


# Watching


@register_group.command()
@click.argument("url")
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Fichier où est gardée la dernière tête vue ; sinon dans le dossier de l’utilisateur.",
)
@click.option("--key", "keys", multiple=True, metavar="VKEY", help=KEY_HELP)
@click.option(
    "--cosign",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Signer aussi la tête, comme témoin ; la clé est créée à la première fois, et sa partie publique imprimée.",
)
@click.option("--name", metavar="NOM", help="Nom du témoin, à la création de sa clé : une adresse sans https://.")
def watch(url: str, state: Path | None, keys: tuple[str, ...], key_file: Path | None, name: str | None) -> None:
    """Surveiller un registre : à lancer toutes les heures, de n’importe quelle machine.

    Vérifie que le registre n’a fait que grandir depuis la dernière fois, additionne ses lignes et compare avec le
    compte affiché. Code 1 avec une phrase quand quelque chose a été réécrit, 2 quand le site ne répond pas.
    """
    _readable(keys)
    site = _site(url)
    state = state or Path(click.get_app_dir("signons")) / "registres.json"
    seen = _kept(state)
    before = Seen.kept(seen[site.url]) if site.url in seen else None
    witness = _witness(key_file, name) if key_file else None
    try:
        after, shown = _look(site, before, keys)
    except Missing as error:
        if before is not None:
            _refuse(f"Le registre n’est plus là : {error}")
        _cannot(str(error))
    except (Unreachable, Malformed) as error:
        _cannot(str(error))
    except checking.Differs as differs:
        _keep(state, seen, site, differs.seen)
        _refuse(str(differs))
    except Rewritten as rewritten:
        _keep_evidence(state, site, before)
        if rewritten.told:  # once: from here on, what it is now is watched
            _keep(state, seen, site, Seen(*_whole(site, before, keys)))
        _refuse(str(rewritten))
    _keep(state, seen, site, after)
    grown = after.reading.size - (before.reading.size if before else 0)
    told = f"{grown} de plus que la dernière fois, rien d’autre n’a changé" if before else "vues pour la première fois"
    click.echo(f"Registre {after.head.origin} : {after.reading.size} lignes, {told}.")
    click.echo(f"Somme : {after.reading.total} ; compte affiché : {shown}.")
    if witness:
        _cosign(site, after, witness)


def _look(site: Site, before: Seen | None, keys: Sequence[str]) -> tuple[Seen, int]:
    """What it is now, and the count that goes with it. Raises Rewritten, Differs, Unreachable."""
    known = list(keys) or (list(before.keys) if before else site.keys())
    after = checking.look_again(site, before, known)
    shown = site.count()
    # People sign meanwhile, and what is shown is a second old: it was the sum at some moment between two looks.
    for _ in range(5):
        if shown == after.reading.total:
            return after, shown
        time.sleep(PAUSE)
        later = checking.look_again(site, after, known)
        if shown in checking.sums_between(site, after, later):
            return later, shown
        after, shown = later, site.count()
    if shown == after.reading.total:
        return after, shown
    raise checking.Differs(after, shown)


def _whole(site: Site, before: Seen | None, keys: Sequence[str]) -> tuple[checking.Reading, str, list[str]]:
    known = list(keys) or (list(before.keys) if before else site.keys())
    after = checking.look_again(site, None, known)
    return after.reading, after.note, known


def _cosign(site: Site, after: Seen, witness: Signer) -> None:
    note = Note.read(after.note)
    line = witness.line(note.text, int(clock.now().timestamp()))
    try:
        known = site.cosign(f"{note.text}\n{''.join(one.line for one in note.signatures)}{line}")
    except Unreachable as error:
        _cannot(str(error))
    if known:
        click.echo(f"Tête cosignée par {witness.name}.")
    else:
        click.echo(
            "Le site ne prend pas encore les signatures de ce témoin : donnez sa clé à son exploitant"
            f" (SIGNONS_REGISTER_WITNESSES).\n{witness.verifier}",
            err=True,
        )


def _witness(path: Path, name: str | None) -> Signer:
    if path.exists():
        try:
            return Signer.read(path.read_text("utf-8"))
        except (Malformed, UnicodeDecodeError):
            _refuse(f"{path} n’est pas la clé d’un témoin.")
    try:
        made = Signer.named(name or f"temoin-{secrets.token_hex(4)}", secrets.token_bytes(32), COSIGNATURE)
    except Malformed:
        _refuse("Le nom d’un témoin n’a ni espace ni « + ».")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{made.secret}\n")
    click.echo(f"Clé du témoin créée dans {path}. Sa partie publique, à donner à l’exploitant du site :")
    click.echo(str(made.verifier))
    return made


def _kept(state: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(state.read_text("utf-8"))["registers"]
        for said in found.values():
            _ = Seen.kept(said).head
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, Malformed):
        _refuse(f"{state} n’est pas un état de surveillance lisible : remettez-le, ou donnez-en un autre avec --state.")
    return found


def _keep(state: Path, seen: dict[str, Any], site: Site, now: Seen) -> None:
    state.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"registers": {**seen, site.url: now.as_kept()}}, indent=1)
    part = state.with_name(f".{state.name}.{os.getpid()}")
    part.write_text(text, "utf-8")
    part.replace(state)


def _keep_evidence(state: Path, site: Site, before: Seen | None) -> None:
    """Two heads that the site has signed and that cannot both be true: whoever has both can show it to anybody."""
    if before is None:
        return
    path = state.with_name(f"{state.stem}-{site.name}-{clock.now():%Y%m%d-%H%M%S}.txt")
    try:
        now = site.get("checkpoint").decode("utf-8", "replace")
    except Unreachable:
        return
    path.write_text(f"{before.note}\n{now}", "utf-8")
    click.echo(f"Les deux têtes signées sont gardées dans {path}.", err=True)


# What all of them say


def _site(url: str) -> Site:
    try:
        return Site(url)
    except ValueError:
        raise click.BadParameter("l’adresse d’un registre, comme https://petitions.exemple/registre/gare") from None


def _readable(keys: Sequence[str]) -> None:
    try:
        for key in keys:
            Verifier.read(key)
    except Malformed:
        raise click.BadParameter("une clé publique s’écrit nom+identifiant+clé", param_hint="--key") from None


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise click.exceptions.Exit(1)


def _cannot(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise click.exceptions.Exit(UNREACHABLE)
