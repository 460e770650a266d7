"""One mailbox, one signature: the canonical form of an address."""

import pytest

from app.mail.addresses import canonical


@pytest.mark.parametrize(
    ("typed", "one"),
    [
        ("Marie.Durand+x@Gmail.com", "mariedurand@gmail.com"),
        ("mariedurand@googlemail.com", "mariedurand@gmail.com"),
        ("marie.durand@proton.me", "mariedurand@proton.me"),
        ("marie_durand+a@protonmail.com", "mariedurand@proton.me"),
        ("marie-durand@pm.me", "mariedurand@proton.me"),
        ("marie+a@icloud.com", "marie@icloud.com"),
        ("marie@me.com", "marie@icloud.com"),
        ("marie.durand@icloud.com", "marie.durand@icloud.com"),
        ("marie+a@outlook.fr", "marie@outlook.fr"),
        ("marie@outlook.com", "marie@outlook.com"),
        ("marie.durand+a@hotmail.fr", "marie.durand@hotmail.fr"),
        ("marie+a@fastmail.com", "marie@fastmail.com"),
    ],
)
def test_what_the_provider_ignores_is_ignored(typed: str, one: str) -> None:
    assert canonical(typed) == one


@pytest.mark.parametrize(
    "address",
    ["marie.durand@exemple.fr", "marie+a@exemple.fr", "marie.durand@free.fr", "marie+a@orange.fr", "a-b_c@laposte.net"],
)
def test_elsewhere_dots_and_tags_are_somebody_else_s(address: str) -> None:
    assert canonical(address) == address


def test_case_never_makes_two_people() -> None:
    assert canonical("Marie@Exemple.FR") == canonical("marie@exemple.fr")


def test_a_domain_with_accents_has_one_form() -> None:
    assert canonical("marie@Éxemple.fr") == canonical("marie@éxemple.fr") == "marie@xn--xemple-9ua.fr"
