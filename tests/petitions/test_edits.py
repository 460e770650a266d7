"""What changed between two texts, and what is no slip of the pen."""

import random
from itertools import pairwise
from time import perf_counter

import pytest

from app.petitions import edits
from app.petitions.edits import Piece, diff, distance, refusal

TITLE = "Rouvrir la bibliothèque de Montfleur"
NAMES = ("Claire Vasseur", "Maire de Montfleur", "Collectif des lectrices")
TEXT = """Depuis janvier, la bibliothèque de Montfleur est fermée. M. Dupont n’a pas dit ce qui est possible.

## Ce que nous demandons

1. **Rouvrir** : au moins trois jours par semaine, à 10 % du budget.
2. Lire [la page](https://mairie.fr/plan), écrite par Claire.
"""


def why(old: str, new: str, text: str = TEXT, before: int = 0) -> str:
    assert old in text
    return str(refusal((TITLE, text), (TITLE, text.replace(old, new, 1)), NAMES, before) or "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fermée", "fermee"),
        ("janvier,", "janvier"),
        ("Depuis", "depuis"),
        ("jours par", "jours  par"),
        ("**Rouvrir**", "Rouvrir"),
        ("moins trois", "moins, trois"),
    ],
)
def test_a_slip_is_one(old: str, new: str) -> None:
    assert why(old, new) == ""


@pytest.mark.typed(
    "une « coquille » dans un nombre, un nom, une adresse, une négation", "refusée, un amendement est offert"
)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trois", "treize", "nombre"),
        ("10 %", "100 %", "nombre"),
        ("10 %", "10 ‰", "nombre"),
        ("1. **", "7. **", "nombre"),
        ("Montfleur est", "Monfleur est", "nom : « Montfleur »"),
        ("Dupont", "Dupond", "nom : « Dupont »"),
        ("écrite par Claire", "écrite par Clara", "nom : « Claire »"),
        ("n’a pas dit", "a dit", "négation"),
        ("n’a pas", "n’a plus", "négation"),
        ("est fermée", "n’est fermée", "négation"),
        ("possible", "impossible", "négation"),
        ("la page", "sans page", "négation"),
        ("mairie.fr", "mairle.fr", "adresse"),
        ("[la page](https://mairie.fr/plan)", "la page", "adresse"),
        ("la bibliothèque", "l’hôpital du quartier", "20 caractères"),
    ],
)
def test_what_means_something_is_no_slip(old: str, new: str, said: str) -> None:
    sentence = why(old, new)
    assert said in sentence
    assert sentence.endswith("Proposez plutôt un amendement.")


def test_corrections_add_up() -> None:
    assert why("fermée", "fermee", before=18) == ""
    assert "20 caractères" in why("fermée", "fermee", before=19)


def test_a_few_signs_do_not_hide_a_line() -> None:
    """A definition is not shown: what is read counts as well as what is typed."""
    text = "Nous voulons la paix.\n\nNous demandons un abri pour chaque personne de la ville.\n\nMerci."
    hidden = text.replace("Nous demandons", "[a]: b 'Nous demandons").replace("ville.", "ville.'")
    assert distance(text, hidden) < edits.MOST
    assert refusal((TITLE, text), (TITLE, hidden), (), 0) is not None


def test_capitals_say_nothing_where_everything_has_them() -> None:
    assert refusal(("SAUVONS LA FORET DU NORD", TEXT), ("SAUVONS LA FORÊT DU NORD", TEXT), (), 0) is None


@pytest.mark.parametrize(
    ("old", "new", "n"),
    [("abc", "abc", 0), ("abc", "abd", 2), ("", "abc", 3), ("kitten", "sitting", 5), ("a" * 99, "b", 21)],
)
def test_distance_is_what_goes_and_what_comes(old: str, new: str, n: int) -> None:
    assert distance(old, new) == n


def whole(pieces: list[Piece], side: str) -> str:
    return "".join(text for op, text in pieces if op in ("=", side))


def test_a_difference_gives_both_texts_back() -> None:
    chance = random.Random(7)
    for _ in range(300):
        words = ["le ", "chat ", "noir\n", "dort", "\n\n", "— ", "12 ", "أنقذوا ", "🙏"]
        old, new = ("".join(chance.choices(words, k=chance.randrange(40))) for _ in range(2))
        pieces = diff(old, new)
        assert (whole(pieces, "-"), whole(pieces, "+")) == (old, new)
        assert all(one.op != other.op for one, other in pairwise(pieces))


def test_words_are_what_changes() -> None:
    assert diff("Le chat noir dort.", "Le grand chat dort.") == [
        Piece("=", "Le "), Piece("+", "grand "), Piece("=", "chat"), Piece("-", " noir"), Piece("=", " dort."),
    ]  # fmt: skip


def test_any_two_texts_of_forty_thousand_signs_are_compared_at_once() -> None:
    chance = random.Random(1)
    words = [f"mot{chance.randrange(3000)}" for _ in range(6500)]
    long = " ".join(words)[:40_000]
    shuffled = " ".join(chance.sample(long.split(), len(long.split())))
    few = long[:900] + " ici" + long[900:39_000] + " là" + long[39_000:]
    pairs = [
        (long, shuffled),
        (long, few),
        (long, "a " * 20_000),
        ("a\n" * 20_000, "b\n" * 20_000),
        ("ab " * 13_000, "ba " * 13_000),
    ]
    for old, new in pairs:
        began = perf_counter()
        pieces = diff(old, new)
        assert perf_counter() - began < 2, "0.15 s where nobody else works"
        assert (whole(pieces, "-"), whole(pieces, "+")) == (old, new)
    assert len(diff(long, few)) < 8


def test_only_what_changed_is_quoted() -> None:
    pieces = edits.excerpts(diff("mot " * 200 + "fin", "mot " * 200 + "fini"))
    assert len(whole(pieces, "+")) < 100
    assert "[…]" in pieces[0].text
