"""A mail greets by a name, and says nothing else in its place."""

import pytest

from app.mail import outbox
from app.mail.names import greeted
from app.mail.outbox import Mail
from app.templating import ROOT
from tests.site import Site

NAMES = [
    "Marie", "Jean-Luc", "J. R. R. Tolkien", "O’Connor", "D'Artagnan", "Ph. de Rothschild", "M.", "A.-M. Dupont", "Zoé",
    "Zoe\u0301", "Đặng Thị", "محمد", "Нина", "कृष्णा", "佐藤", "Łukasz", "x" * 60,
]  # fmt: skip
OTHERS = [
    "", " ", "t.me/xx", "ev1l.gg", "Joo.com", "http://mechant.test", "www.mechant.test", "a@b.fr", "Appelez 0612345678",
    "06 12 34 56 78", "Louis 14", "\u0663\u0663", "²", "x" * 61, "un deux trois quatre cinq six sept", "<b>Marie</b>",
    "Marie\nVous avez gagné", "Marie\u2028Durand", "\u3164", "\u115f\uffa0", "Marie\u202e", "An\u00adne", "a\u200bb",
    "e\u0301\u0302\u0303\u0304", "\u0301Marie", "🙏", "Marie 🙏", "=1+1", "-", "...", "''", "Marie (urgent)",
    "Marie : cliquez", "\U000e0041Marie",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_name_is_greeted(name: str) -> None:
    assert greeted(name)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_name_is_not(name: str) -> None:
    assert greeted(name) == ""


@pytest.mark.databases("sqlite")
def test_every_mail_that_greets_keeps_to_it(site: Site) -> None:
    """Whatever the door wrote: the rule stands where mails are made."""
    context = {"title": "Titre", "url": "x", "manage_url": "x", "withdraw_url": "x"}
    with site.database.write() as session:
        for name in ("Marie", "mechant.test", "Marie"):
            outbox.enqueue(
                session, [Mail("signatures/already", "m@exemple.test", "fr", context | {"given_name": name})]
            )
    first, second, _third = (mail.text + mail.html for mail in site.mails())
    assert "Bonjour Marie,\n\n" in first
    assert "<p>Bonjour <bdi>Marie</bdi>,</p>" in first
    assert "Bonjour,\n\n" in second
    assert "<p>Bonjour,</p>" in second
    assert "mechant" not in second


def test_nobody_greets_in_another_way() -> None:
    for path in (ROOT / "templates" / "email").rglob("*.*"):
        if not path.name.startswith("greeting."):
            assert "given_name" not in path.read_text(), path
