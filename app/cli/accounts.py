"""Accounts of those who work on the platform."""

import sys

import click

from app.accounts import actions as account_actions
from app.accounts import passwords
from app.accounts import queries as account_queries
from app.accounts.models import ROLES
from app.cli.group import main, opened
from app.errors import Refused
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries


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
            made, uri = account_actions.create(session, email, role, kept, site=settings.site_name)
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
    with opened() as (_, database), database.write() as session:
        found = account_queries.by_email(session, email)
        if found is None:
            raise Refused("Aucun compte n’a cette adresse.")
        account_actions.close_sessions(session, found.id)
    click.echo("Toutes ses sessions sont fermées.")
