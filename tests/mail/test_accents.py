"""An accent before the @: such an address is written to where our server takes it; where not, one is told at once."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app import clock
from app.cli import main
from app.mail import queries
from app.mail.models import OutboxMail
from app.mail.sending import Sender
from app.settings import Settings
from app.worker import Worker
from tests.conftest import settings_for
from tests.mailserver import MailServer
from tests.services import wait_for
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
HELENE = "hélène@éxemple.fr"
SAID = "ne sait pas écrire à une adresse qui a un accent"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    return settings_for(database_url, tmp_path, smtp_url=mail_server.url, mail_from="Pétitions <envoi@exemple.test>")


@pytest.fixture
def sender(site: Site) -> Iterator[Sender]:
    with closing(Sender(site.settings, site.database, site.app.state.templates)) as running:
        yield running


def known(site: Site) -> bool:
    """As far as the pages know."""
    site.app.state.signing_cache.clear()  # read once a second
    with site.database.read() as session:
        return queries.takes_accents(session)


@pytest.mark.typed("hélène@exemple.fr", "accepté, et le courriel part tel quel si le serveur d’envoi le permet")
def test_where_the_server_takes_them_she_signs_like_anybody(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    slug = site.publish()
    assert site.sign(slug, email=HELENE).status_code == 303
    sender.send_due()
    (mail,) = mail_server.mails
    assert mail.recipients == ("hélène@xn--xemple-9ua.fr",)
    assert "To: hélène@xn--xemple-9ua.fr\r\n".encode() in mail.raw
    body = mail.message.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://127.0.0.1:8000(/confirmer/\S+)", body.get_content())
    assert link is not None
    assert site.client.post(link[1]).status_code == 303
    # The same mailbox, however its accents were typed, signs once.
    assert site.sign(slug, email="He\u0301LE\u0300NE@éxemple.fr").status_code == 303
    sender.send_due()
    assert [mail.recipients for mail in mail_server.mails][1:] == [("HéLÈNE@xn--xemple-9ua.fr",)]
    assert "déjà" in mail_server.mails[1].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert site.count(slug) == 1


@pytest.mark.typed("hélène@exemple.fr, quand le serveur d’envoi n’a pas SMTPUTF8", "refusé, en disant pourquoi")
def test_where_it_does_not_she_is_told_while_she_signs(site: Site, mail_server: MailServer) -> None:
    mail_server.stop()
    mail_server.accents = False
    mail_server.start()
    worker = Worker(site.settings, site.database, site.app.state.templates)
    worker.start()  # it asks before anybody has signed
    try:
        wait_for(lambda: not known(site), "the worker has told what its server takes")
    finally:
        worker.stop()
    slug = site.publish()
    refused = site.sign(slug, email=HELENE)
    assert refused.status_code == 422
    assert SAID in text_of(refused.text)
    assert 'value="hélène@éxemple.fr"' in refused.text
    for path, form in [
        ("/mes-signatures", {}),
        (f"/petitions/{slug}/renvoi", {}),
        (
            f"/petitions/{slug}/signaler",
            {"category": "other", "reasons": "Cette pétition est fausse.", "name": "Hélène", "good_faith": "on"},
        ),
        (f"/petitions/{slug}/droit-de-reponse", {"name": "Hélène", "capacity": "moi", "passage": "x", "text": "y"}),
    ]:
        answer = site.client.post(path, data=form | {"email": HELENE})
        assert answer.status_code == 422, path
        assert SAID in text_of(answer.text), path
    with site.database.read() as session:
        assert session.scalars(select(OutboxMail)).all() == []
    # An accent in the domain is no hindrance.
    assert site.sign(slug, email="marie@éxemple.fr").status_code == 303
    with closing(Sender(site.settings, site.database, site.app.state.templates)) as sender:
        sender.send_due()
    assert [mail.recipients for mail in mail_server.mails] == [("marie@xn--xemple-9ua.fr",)]


@pytest.mark.databases("sqlite", "postgresql")
def test_whoever_signed_before_it_was_known_learns_it_on_the_next_page_and_corrects(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.stop()
    mail_server.accents = False
    mail_server.start()
    slug = site.publish()
    assert site.sign(slug, email=HELENE).status_code == 303
    inbox = f"/petitions/{slug}/verifier"
    assert SAID not in text_of(site.client.get(inbox).text)
    sender.send_due()
    assert mail_server.mails == []
    page = site.client.get(inbox).text
    assert SAID in text_of(page)
    assert '<details class="correct" open>' in page
    assert SAID in text_of(site.client.post(f"{inbox}/renvoi").text)
    aside = text_of(site.staff("admin").get("/administration/courriels").text)
    assert "Un accent avant le @ : le serveur d’envoi ne prend pas ces adresses" in aside
    assert "il n’annonce pas SMTPUTF8" in aside
    assert "hélène" not in aside.lower()
    known(site)
    assert site.client.post(f"{inbox}/adresse", data={"email": "helene@éxemple.fr"}).status_code == 303
    sender.send_due()
    assert [mail.recipients for mail in mail_server.mails] == [("helene@xn--xemple-9ua.fr",)]
    assert SAID not in text_of(site.client.get(inbox).text)
    # Another server, which takes them.
    mail_server.stop()
    mail_server.accents = True
    mail_server.start()
    assert site.sign(slug, email="marie@exemple.fr").status_code == 303
    sender.send_due()
    assert known(site)
    assert site.sign(slug, email=HELENE).status_code == 303


def test_accounts_too(site: Site, mail_server: MailServer) -> None:
    """They are asked in, and come in, however their keyboard writes an accent."""
    admin, address = site.staff("admin"), "/administration/comptes/invitations"
    assert admin.post(address, data={"invitation": HELENE}).status_code == 303
    with site.database.write() as session:
        queries.note_accents(session, clock.now(), taken=False)
    refused = admin.post(address, data={"invitation": "zoé@exemple.fr"})
    assert refused.status_code == 422
    assert SAID in text_of(refused.text)
    site.account("organiser", email="Zoé@exemple.fr")
    typed = {"email": "ZOE\u0301@exemple.fr", "password": PASSWORD}
    assert site.browser().post("/connexion", data=typed).status_code == 303


def test_doctor_says_what_the_server_does_not_take(
    site: Site, mail_server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.stop()
    mail_server.accents = False
    mail_server.start()
    monkeypatch.chdir(tmp_path)
    env = {
        f"SIGNONS_{name}": str(getattr(site.settings, name.lower()))
        for name in ("DATABASE_URL", "VAR_DIR", "SECRET_KEY", "SMTP_URL", "MAIL_FROM")
    }
    done = CliRunner().invoke(main, ["doctor"], env=env)
    assert "ok    envoi du courrier : le serveur répond" in done.output
    assert "pas ceux pour une adresse qui a un accent avant son @" in done.output
