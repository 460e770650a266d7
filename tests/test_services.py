"""The servers of the tests start, work, die and come back."""

import smtplib
from email.message import EmailMessage

import psycopg
import pytest
import redis
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine, text

from tests.mailserver import MailServer, Stage, smtp
from tests.services import chromium, postgres, valkey


def test_postgres_keeps_committed_rows_when_killed() -> None:
    with postgres() as server:
        url = server.create_database("signons_test")
        with psycopg.connect(url) as connection, psycopg.connect(url) as idle:
            connection.execute("CREATE EXTENSION unaccent; CREATE TABLE rows (n int)")
            connection.execute("INSERT INTO rows VALUES (1)")
            connection.commit()
            connection.execute("INSERT INTO rows VALUES (2)")
            server.kill()
            for lost in (connection, idle):
                with pytest.raises(psycopg.OperationalError):
                    lost.execute("SELECT 1")
        assert not server.answers()
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n, unaccent('é') FROM rows").fetchall() == [(1, "e")]
        assert server.terminate() == 0
        server.start()


def test_postgres_fast_serves_sqlalchemy_and_copies_databases() -> None:
    with postgres(durable=False) as server:
        with psycopg.connect(server.create_database("model")) as connection:
            connection.execute("CREATE TABLE rows AS SELECT 7 AS n")
        for _ in range(2):
            engine = create_engine(server.create_database("copy", template="model"))
            with engine.begin() as copy:
                assert copy.execute(text("SELECT n FROM rows")).scalars().all() == [7]
                assert copy.execute(text("SHOW fsync")).scalar() == "off"
                copy.execute(text("DELETE FROM rows"))
            engine.dispose()


def test_valkey_dies_and_comes_back_empty() -> None:
    with valkey() as server, redis.Redis.from_url(server.url()) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"
        server.kill()
        assert not server.answers()
        server.start()
        assert client.get("key") is None


def send(server: MailServer, recipient: str = "claire@example.org") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "signons@example.org", recipient, "Été"
    mail.set_content("Bonjour Zoé")
    with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
        client.send_message(mail)


def test_smtp_keeps_messages_and_fails_when_told() -> None:
    with smtp() as server:
        send(server)
        (mail,) = server.wait(1)
        assert mail.recipients == ("claire@example.org",)
        assert mail.message["Subject"] == "Été"
        assert mail.message.get_content().strip() == "Bonjour Zoé"

        server.fail("550 5.1.1 No such user", recipient="nobody@example.org")
        send(server)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
            send(server, "nobody@example.org")
        server.fail(stage="DATA", times=1)
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            send(server)
        send(server)
        assert len(server.mails) == 3

        cuts: list[tuple[Stage, int]] = [("RCPT", 3), ("DATA", 3), ("ACCEPTED", 4)]
        for stage, kept in cuts:
            server.heal()
            server.fail(None, stage=stage)
            with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
                send(server)
            assert len(server.mails) == kept

        server.heal()
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            send(server)
        server.start()
        send(server)
        server.wait(5)


def test_chromium_opens_a_page() -> None:
    found = chromium()
    assert found.path, found.reason
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, args=found.args)
        page = browser.new_page()
        page.goto("data:text/html,<title>Signons</title><p>Bonjour")
        assert (page.title(), page.inner_text("p")) == ("Signons", "Bonjour")
        browser.close()
