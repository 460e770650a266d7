"""A place is found as people type it, and named as they say it."""

import random

import pytest

from app.petitions import places


def found(typed: str) -> list[str]:
    return [str(place) for place in places.matching(typed, 4)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Rennes", "Rennes (35)"),
        ("rennes (35)", "Rennes (35)"),
        ("RENNES, 35", "Rennes (35)"),
        ("35238", "Rennes (35)"),
        ("35", "Ille-et-Vilaine (35)"),
        ("ille et vilaine", "Ille-et-Vilaine (35)"),
        ("2a", "Corse-du-Sud (2A)"),
        ("974", "La Réunion (974)"),
        ("reunion", "La Réunion (974)"),
        ("98818", "Nouméa (988)"),
        ("St Malo", "Saint-Malo (35)"),
        ("Ste-Maxime", "Sainte-Maxime (83)"),
        ("saint etienne", "Saint-Étienne (42)"),
        ("havre", "Le Havre (76)"),
        ("lyon 3e", "Lyon 3e (69)"),
        ("paris 15", "Paris 15e (75)"),
        ("l’isle-adam", "L'Isle-Adam (95)"),
        ("Saint-Denis (93)", "Saint-Denis (93)"),
        ("Mayenne (53)", "Mayenne (53)"),
        ("Mayenne (département 53)", "Mayenne (département 53)"),
    ],
)
def test_a_place_is_found_as_people_type_it(typed: str, first: str) -> None:
    assert found(typed)[0] == first


def test_the_exact_name_comes_first_then_the_largest() -> None:
    assert found("Saint-Denis") == ["Saint-Denis (974)", "Saint-Denis (93)", "Saint-Denis (11)", "Saint-Denis (30)"]
    assert found("renn")[0] == "Rennes (35)"
    assert found("Vitré (35)")[0] == "Vitré (35)"


@pytest.mark.parametrize("typed", ["", " ", "zzz", "35000", "99", "é" * 5000, "()", "🏛️", "12345678901234567890", "%"])
def test_what_is_no_place_finds_none(typed: str) -> None:
    assert found(typed) == []
    with pytest.raises(ValueError, match="lieu"):
        places.chosen(typed)


def test_every_place_is_found_by_its_own_name() -> None:
    everywhere = list(places._all().values())
    some = random.Random(1).sample(everywhere, 150) + [place for place in everywhere if place.kind == "departement"]
    for place in some:
        assert places.matching(str(place))[0] == place
        assert places.find(place.kind, place.code) == place
    assert len({str(place) for place in everywhere}) == len(everywhere)
    assert len(everywhere) > 35_000


def test_one_place_is_meant_or_it_is_asked_which() -> None:
    assert str(places.chosen("Rennes")) == "Rennes (35)"
    assert str(places.chosen("Paris")) == "Paris (75)"
    assert str(places.chosen("Mayenne")) == "Mayenne (53)"
    with pytest.raises(ValueError, match=r"plusieurs lieux portent ce nom : Saint-Denis \(974\), Saint-Denis \(93\)"):
        places.chosen("Saint-Denis")
    with pytest.raises(ValueError, match=r"est-ce Rennes \(35\)"):
        places.chosen("Renn")


def test_a_code_is_named() -> None:
    assert places.named("commune", "35238") == "Rennes (35)"
    assert places.named("departement", "2B") == "Haute-Corse (2B)"
    assert places.named("", "") == places.named("commune", "99999") == places.named("region", "53") == ""
