"""A passage is found as it is read, and quoted as it stands."""

import pytest

from app.moderation import passages


@pytest.mark.parametrize(
    ("passage", "text", "found"),
    [
        ("l'hôpital", "Fermer l’hôpital ?", "l’hôpital"),
        ("L'HOPITAL", "Fermer l’ho\u0302pital ?", "l’ho\u0302pital"),
        ("\u201cvendu\u201d", "C’est un « Vendu ».", None),
        ('"vendu"', "C’est un «Vendu».", "«Vendu»"),
        ("coeur de  pierre", "Un cœur\nde\u202fpierre.", "cœur\nde\u202fpierre"),
        ("sale", "un sa\u00adle\u200b type", "sa\u00adle\u200b"),
        ("porte-parole", "le porte‑parole", "porte‑parole"),
        ("bo", "un bœuf", "bœ"),
        ("euf", "un bœuf", "œuf"),
        ("🤡", "le 🤡\ufe0f parle", "🤡\ufe0f"),
        ("absent", "un texte", None),
        (" \u200b ", "un texte", None),
    ],
)
def test_a_quotation_is_found_as_it_is_read(passage: str, text: str, found: str | None) -> None:
    spans = passages.find_all(passage, text)
    assert [text[slice(*passages.excerpt_end(text, span))] for span in spans] == ([found] if found else [])


def test_every_place_is_found_in_a_long_text() -> None:
    text = "Œufs et l’œuf. " * 3000
    assert len(passages.find_all("oeuf", text)) == 6000
