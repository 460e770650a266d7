"""Accounts of those who work on the platform."""

import sys

import click

from app.accounts import actions as account_actions
from app.accounts import passwords
from app.accounts import queries as account_queries
from app.accounts.models import ROLES, Account
from app.cli.group import main, opened, petition_of
from app.db import Session
from app.errors import Refused
from app.petitions import actions as petition_actions


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
    with opened() as (settings, database):
        kept = passwords.hashed(password, email, settings.site_name)
        with database.write() as session:
            if petitions and account_queries.by_email(session, email.strip().lower()) is not None:
                raise Refused(
                    "Un compte existe déjà pour cette adresse. Pour lui confier ces pétitions :"
                    " signons account give %(email)s %(petitions)s",
                    email=email,
                    petitions=" ".join(f"--petition {slug}" for slug in petitions),
                )
            made, uri = account_actions.create(session, email, role, kept, site=settings.site_name)
            _give(session, made, petitions)
    click.echo(f"Compte créé : {made.email} ({role}). Ajoutez ce second facteur à votre application :")
    click.echo(uri)


@account.command(name="give")
@click.argument("email")
@click.option(
    "--petition", "petitions", multiple=True, required=True, metavar="SLUG", help="Pétition à confier ; plusieurs fois."
)
def give_petitions(email: str, petitions: tuple[str, ...]) -> None:
    """Confier des pétitions à un compte d’organisation qui existe. Le refaire ne change rien."""
    with opened() as (_, database), database.write() as session:
        _give(session, _account_of(session, email), petitions)
    click.echo(f"Ce compte est responsable de : {', '.join(petitions)}.")


def _give(session: Session, to: Account, petitions: tuple[str, ...]) -> None:
    """Raises Refused."""
    if petitions and to.role != "organiser":
        raise Refused("Seul un compte d’organisation (organiser) est responsable de pétitions.")
    for slug in petitions:
        petition_actions.add_owner(session, petition_of(session, slug), to.id)


def _account_of(session: Session, email: str) -> Account:
    """Raises Refused."""
    found = account_queries.by_email(session, email.strip().lower())
    if found is None:
        raise Refused("Aucun compte n’a cette adresse.")
    return found


@account.command(name="revoke")
@click.argument("email")
def revoke_sessions(email: str) -> None:
    """Fermer toutes les sessions d’un compte."""
    with opened() as (_, database), database.write() as session:
        account_actions.close_sessions(session, _account_of(session, email).id)
    click.echo("Toutes ses sessions sont fermées.")
