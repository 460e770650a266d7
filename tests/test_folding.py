"""What a reader takes for the same is the same; where it stood is not lost."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.folding import fold, located


@pytest.mark.typed("l'hôpital cherché, l’hôpital écrit ; ligatures, casse, accents, tirets", "trouvé")
@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("l'hôpital", "L’HÔPITAL"),
        ("l`hopital", "lʼho\u0302pital"),
        ("cœur, sœur, ex æquo", "Coeur, SŒUR, EX AEQUO"),
        ("ﬁn du ﬂux", "FIN DU FLUX"),
        ("Straße", "STRASSE"),
        ("« Oui »", '" oui "'),
        ("porte-parole", "porte‑parole"),
        ("10\u202f%", "10 %"),
        ("anti\u00adconstitu\u200btionnel", "anticonstitutionnel"),
        ("Ｎｏｎ", "non"),
        ("Łódź, İzmir, Ørsted", "lodz, izmir, orsted"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("الْعَرَبِيَّة", "العربية"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_what_is_read_alike_is_alike(typed: str, other: str) -> None:
    assert fold(typed) == fold(other)


def test_what_is_read_otherwise_is_not() -> None:
    for one, other in (("parc", "porc"), ("பா", "பி"), ("1", "l"), ("ou", "o-u")):
        assert fold(one) != fold(other)


@settings(database=None, derandomize=True, deadline=None)
@given(st.text())
def test_folding_twice_changes_nothing_nor_does_composing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@settings(database=None, derandomize=True, deadline=None)
@given(st.text())
def test_every_character_is_located(text: str) -> None:
    folded, starts = located(text)
    assert len(starts) == len(folded) + 1
    assert starts == sorted(starts)
    assert starts[-1] == len(text)
    assert "  " not in folded
