"""What each mail says of itself: the same at each try, of no person, and the way out where it is due."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.administration.routes.mails import MAIL_NAMES
from app.mail import outbox
from app.mail.bounced import MAILINGS
from app.mail.composing import compose
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from app.mail.sending import Sender as Worker
from app.naming import From
from app.settings import Settings
from app.templating import ROOT
from tests.conftest import settings_for
from tests.mailserver import CONTEXT, MailServer
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")
# Those that one asked for once and for all, and can stop with one click (RFC 8058).
SUBSCRIBED = {"NEWS_MAIL": "updates/news", "LETTER_MAIL": "updates/letter", "'updates/renewal'": "updates/renewal"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    return settings_for(database_url, tmp_path, smtp_url=mail_server.url, mail_from="Pétitions <envoi@exemple.test>")


def test_a_mail_that_leaves_twice_is_shown_once_and_no_two_mails_are_taken_for_one(
    site: Site, mail_server: MailServer, sender: Worker
) -> None:
    mail_server.fail(None, stage="ACCEPTED", times=1)  # it has left, and we cannot know
    for _ in range(2):
        with site.database.write() as session:
            outbox.enqueue(session, [Mail("signatures/already", "marie@exemple.test", "fr", CONTEXT)])
    sender.send_due()
    site.later(seconds=61)
    sender.send_due()
    ids = Counter(str(mail.message["Message-ID"]) for mail in mail_server.wait(3))
    assert sorted(ids.values()) == [1, 2]
    for one in ids:
        assert re.fullmatch(r"<[0-9a-f]{32}@exemple\.test>", one)


def test_a_row_that_has_the_number_of_an_earlier_one_is_another_mail(
    site: Site, mail_server: MailServer, sender: Worker
) -> None:
    """SQLite gives the numbers of rows that are gone again; providers throw away what they think they have."""
    for _ in range(2):
        with site.database.write() as session:
            outbox.enqueue(session, [Mail("signatures/already", "marie@exemple.test", "fr", CONTEXT)])
        sender.send_due()
        with site.database.write() as session:
            session.execute(delete(OutboxMail))
    assert len({str(mail.message["Message-ID"]) for mail in mail_server.wait(2)}) == 2


@pytest.mark.parametrize("template", sorted(MAIL_NAMES))
def test_every_kind_of_mail_is_told_apart_by_gmail_and_no_person_is(template: str) -> None:
    class Blank:
        def render(self, _name: str, _locale: str, **_context: object) -> str:
            return "x"

    context = {"campaign": "news-123456"} if template in MAILINGS else {}
    mail = Mail(template, "marie@exemple.test", "fr", context)
    head = compose(Blank(), From("", "envoi@exemple.test"), mail).partition(b"\r\n\r\n")[0].decode()  # type: ignore[arg-type]
    (line,) = [line for line in head.split("\r\n") if line.startswith("Feedback-ID: ")]
    assert len(line) <= 78
    identifiers = line.removeprefix("Feedback-ID: ").split(":")
    assert 3 <= len(identifiers) == len(set(identifiers)) <= 4
    assert 5 <= len(identifiers[-1]) <= 15
    assert identifiers[-3] == template.replace("/", "-")
    assert "marie" not in line


def test_only_what_one_subscribed_to_has_a_way_out_and_all_of_it_has() -> None:
    """Every place that makes a mail is looked at."""
    found: dict[str, set[bool]] = {}
    for path in (ROOT / "app").rglob("*.py"):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if re.search(r"\bMail\(", source) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Mail" and node.args:
                way_out = len(node.args) > 5 or any(each.arg == "unsubscribe" for each in node.keywords)
                found.setdefault(ast.unparse(node.args[0]), set()).add(way_out)
    assert found.pop("row.template") == {True}  # as it was written
    assert len(found) > 30
    assert {name for name, ways in found.items() if True in ways} == set(SUBSCRIBED)
    assert all(found[name] == {True} for name in SUBSCRIBED)


def test_the_way_out_is_in_the_mail_too_wherever_it_is_in_its_head(
    site: Site, mail_server: MailServer, sender: Worker
) -> None:
    stop = "https://p.exemple.fr/desabonnement/jeton"
    words = {"title": "T", "text": "t", "html": "<p>t</p>", "stay_url": "https://p.exemple.fr/rester"}
    news = words | {
        "petition": "P",
        "update_title": "N",
        "tongue": "fr",
        "kind": "news",
        "facts": {},
        "url": "https://p",
    }
    with site.database.write() as session:
        for template in SUBSCRIBED.values():
            outbox.enqueue(session, [Mail(template, "a@exemple.test", "fr", news, unsubscribe=stop)])
    sender.send_due()
    for mail in mail_server.wait(3):
        assert mail.message["List-Unsubscribe"] == f"<{stop}>"
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for kind in ("plain", "html"):
            body = mail.message.get_body((kind,))
            assert body is not None
            assert stop in body.get_content()
