"""What a moderator wants to do, checked against the text and the charter before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.errors import Invalid
from app.moderation import charter, passages
from app.moderation.forms import DecisionForm
from app.moderation.models import CharterArticle, CharterVersion, DecisionKind, Ground

# What needs reasons: everything that takes something away from a text or its author.
RESTRICTIVE = {"refuse", "remove", "mask", "limit_author", "close_thread", "quarantine"}


@dataclass(frozen=True)
class Judgment:
    """A decision to be taken. ``kind`` is what becomes of the text, ``effects`` what comes with it."""

    kind: str
    articles: Sequence[int] = ()
    passage: str = ""
    explanation: str = ""
    effects: frozenset[str] = field(default_factory=frozenset)
    ground: str = Ground.CHARTER
    provision: str = ""

    def within(self, **changes: Any) -> "Judgment":
        return replace(self, **changes)

    @property
    def needs_reasons(self) -> bool:
        return self.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE} or bool(self.effects & RESTRICTIVE)


@dataclass(frozen=True)
class Reasons:
    """The grounds as they will be stored: articles of the version in force, passage as it stands."""

    ground: str
    cited: Sequence[CharterArticle]
    passage: str
    spans: Sequence[passages.Span]
    provision: str


def reasons_for(judgment: Judgment, version: CharterVersion, text: str) -> Reasons:
    """Raises Invalid with a sentence for each field to correct."""
    if not judgment.needs_reasons:
        return Reasons("none", (), "", (), "")
    errors = {}
    cited: list[CharterArticle] = []
    if judgment.ground == Ground.CHARTER:
        found = [charter.article(version, n) for n in judgment.articles]
        cited = [article for article in found if article is not None]
        if not cited or len(cited) < len(found):
            errors["article"] = "Choisissez l’article de la charte qui n’est pas respecté."
    elif not judgment.provision.strip():
        errors["provision"] = "Nommez le texte de loi, l’injonction ou la décision qui s’applique."
    spans = passages.find_all(judgment.passage, text)
    if not spans:
        errors["passage"] = (
            "Citez le passage en cause : il doit se trouver tel quel dans le texte."
            if judgment.passage.strip()
            else "Citez le passage en cause."
        )
    if errors:
        raise Invalid(errors)
    start, end = passages.excerpt_end(text, spans[0])
    return Reasons(judgment.ground, cited, text[start:end], spans, judgment.provision.strip())


def asked_for(form: DecisionForm) -> Judgment:
    """What the form asks for, in the words of the verbs."""
    effects = set(form.effects)
    if form.decision in {"refuse"}:
        effects.discard("mask")
    elif effects:
        effects &= {"mask", "limit_author", "close_thread"}
    return Judgment(
        form.decision or "",
        form.cited,
        form.passage,
        form.explanation,
        frozenset(effects),
        form.ground,
        form.provision,
    )
