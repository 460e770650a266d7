"""What is typed for a petition's title and text, wherever it is typed. Each raises ValueError."""

from app.locale import Message
from app.petitions.typed import MAX_TEXT
from app.text import clean_line, has_ink, visible

LONG_TEXT = "Raccourcissez le texte : %(most)s caractères au plus, il en compte %(n)s."


def title_typed(value: str) -> str:
    title = clean_line(value)
    if not 5 <= len(title) <= 200 or not has_ink(title):
        raise ValueError("Donnez un titre de 5 à 200 caractères.")
    return title


def text_typed(value: str) -> str:
    text = visible(value).strip()
    if len(text) < 50 or not has_ink(text):
        raise ValueError("Écrivez le texte de la pétition, en 50 caractères au moins.")
    if len(text) > MAX_TEXT:
        raise ValueError(Message(LONG_TEXT, most=MAX_TEXT, n=len(text)))
    return text
