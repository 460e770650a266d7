"""What the operator sees of each provider."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.administration.ways import PROVIDERS
from app.mail import destinations, outbox, queries
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def put(site: Site, *to: str) -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/already", address, "fr") for address in to])


def table(page: str) -> list[list[str]]:
    """The cells of the table of providers, line by line."""
    section = page.partition('id="fournisseurs"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[text_of(cell).strip() for cell in row] for row in cells if row and 'scope="col"' not in row[0]]


@pytest.mark.databases("sqlite", "postgresql")
def test_who_waits_where_since_when_and_why(site: Site) -> None:
    admin = site.staff("admin")
    empty = text_of(admin.get("/administration/courriels").text)
    assert "Rien n’attend, et aucun fournisseur n’a demandé d’aller moins vite." in empty
    put(site, *(f"p{n}@gmail.com" for n in range(3)), *(f"p{n}@orange.fr" for n in range(2)), "p3@wanadoo.fr")
    put(site, *(f"p{n}@orange.fr" for n in range(4, 9)), "zoe@une-personne.fr")
    now = clock.now()
    with site.database.write() as session:
        session.execute(update(OutboxMail).values(error="server answered 452").where(OutboxMail.destination == "gmail"))
        queries.note_route(session, "orange", now, now + timedelta(minutes=4), 2, "recipient refused (421)")
        queries.note_route(session, "yahoo", now, now, 5, "server answered 451")
    page = admin.get("/administration/courriels").text
    rows, most = table(page), str(site.settings.smtp_connections)
    assert [(row[0], row[1], row[3]) for row in rows[1:]] == [
        ("Orange, Wanadoo", "8", "2"),
        ("Gmail", "3", most),
        ("Autres domaines", "1", most),
        ("Yahoo", "0", "5"),
    ]
    _, orange, gmail, others, yahoo = rows
    assert orange[4].startswith("Destinataire refusé (421) ")
    assert orange[5].startswith("le ")
    assert (gmail[4], gmail[5]) == ("Réponse du serveur : 452", "—")
    assert (others[4], others[5]) == ("—", "—")
    assert yahoo[2] == "—"
    assert yahoo[5].startswith("déjà, moins vite depuis le ")
    assert "une-personne" not in page
    site.later(minutes=5)
    assert table(admin.get("/administration/courriels").text)[1][5].startswith("déjà, moins vite")
    site.later(minutes=20)  # no worker has said anything since
    assert "Destinataire refusé" not in admin.get("/administration/courriels").text


def test_a_server_that_takes_nothing_comes_first_with_all_that_waits(site: Site) -> None:
    admin = site.staff("admin")
    put(site, "a@gmail.com", "b@exemple.fr")
    now = clock.now()
    with site.database.write() as session:
        queries.note_route(session, "", now, now + timedelta(minutes=1), 0, "ConnectionRefusedError")
    relay = table(admin.get("/administration/courriels").text)[1]
    assert relay[0] == "Serveur d’envoi (tous les courriels)"
    assert (relay[1], relay[3]) == ("2", "0")
    assert relay[4].startswith("La connexion est refusée ")
    site.later(minutes=2)
    assert table(admin.get("/administration/courriels").text)[1][5] == "dès qu’il répond"


def test_every_provider_has_a_name() -> None:
    assert set(PROVIDERS) == set(destinations.PROVIDERS)
