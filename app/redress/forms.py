"""What anybody may post against a text or a decision, and what moderators answer."""

from typing import Annotated

from pydantic import field_validator

from app.comments.models import MAX_LENGTH
from app.errors import Invalid
from app.locale import Message
from app.moderation.forms import DecisionForm
from app.moderation.forms.base import MAX_REASONS, Reasons, Version, bounded
from app.signatures.forms import email_address
from app.text import clean_line, clean_text, proper_name
from app.web.forms import MAX_ID, Moment, PostedForm, Values, asked, identifier, number, validated

ADDRESS = "Donnez une adresse électronique complète, comme nom@exemple.fr."
Passage = Annotated[str, bounded(MAX_REASONS, "le passage")]


class NoticeForm(PostedForm):
    """A report: why, exactly where, by whom, in good faith (DSA art. 16)."""

    category: str = ""
    reasons: Annotated[str, bounded(MAX_REASONS, "l’explication")] = ""
    passage: Passage = ""
    name: str = ""
    email: str = ""
    good_faith: str = ""
    # Filled by robots only: nobody sees it.
    website: str = ""

    @field_validator("category")
    @classmethod
    def _category(cls, value: str) -> str:
        if value not in NOTICE_CATEGORIES:
            raise ValueError("Choisissez ce que vous reprochez à ce texte.")
        return value

    @field_validator("reasons")
    @classmethod
    def _reasons(cls, value: str) -> str:
        if len(value) < 10:
            raise ValueError("Expliquez en une phrase au moins pourquoi ce texte est en cause.")
        return value

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return clean_line(value)

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        return _address(value) if value.strip() else ""

    @field_validator("good_faith")
    @classmethod
    def _good_faith(cls, value: str) -> str:
        if not value:
            raise ValueError("Cochez la déclaration de bonne foi.")
        return value

    def who(self) -> dict[str, str]:
        """Errors of name and e-mail, by field; nobody has to say who they are to report child abuse."""
        errors = {}
        anonymous = self.category == "minors" and not self.name and not self.email
        if not anonymous:
            try:
                proper_name(self.name, "Donnez votre nom.")
            except ValueError as error:
                errors["name"] = error.args[0]
            if not self.email:
                errors["email"] = ADDRESS
        return errors


def _address(value: str) -> str:
    try:
        return email_address(value)
    except ValueError:
        raise ValueError(ADDRESS) from None


# What a notifier may choose → (ground, article of the charter, words).
NOTICE_CATEGORIES: dict[str, tuple[str, int | None, str]] = {
    "threat": ("illegal", 4, "Une menace pour la vie ou la sécurité d’une personne"),
    "minors": ("illegal", 8, "Une atteinte à un mineur"),
    "terrorism": ("illegal", 4, "L’apologie du terrorisme ou un appel à en commettre"),
    "hate": ("illegal", 3, "De la haine, une discrimination, la négation d’un crime contre l’humanité"),
    "defamation": ("illegal", 2, "Une diffamation ou une injure"),
    "privacy": ("illegal", 6, "Une atteinte à la vie privée, des coordonnées"),
    "impersonation": ("illegal", 7, "Une usurpation d’identité"),
    "fraud": ("illegal", 9, "Une escroquerie"),
    "copyright": ("illegal", 9, "La copie d’une œuvre"),
    "insult": ("charter", 1, "Une attaque contre une personne (article 1 de la charte)"),
    "advertising": ("charter", 9, "De la publicité (article 9)"),
    "off_topic": ("charter", 10, "Hors sujet, illisible ou répété (article 10)"),
    "other": ("illegal", None, "Autre chose que la loi interdit"),
}


class ReplyForm(PostedForm):
    """A right of reply: who answers what, and the text to publish."""

    name: Annotated[str, bounded(120, "le nom")] = ""
    capacity: Annotated[str, bounded(120, "la fonction")] = ""
    email: str = ""
    passage: Passage = ""
    text: Annotated[str, bounded(MAX_REASONS, "la réponse")] = ""
    # 0: the petition itself.
    comment: int = 0

    @field_validator("comment", mode="before")
    @classmethod
    def _comment(cls, value: object) -> object:
        text = str(value or "").strip()
        return number(text, 1, MAX_ID, "Aucun commentaire publié de cette pétition n’a ce numéro.") if text else 0

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return proper_name(value, "Donnez le nom qui signera la réponse.")

    @field_validator("capacity")
    @classmethod
    def _capacity(cls, value: str) -> str:
        return clean_line(value)

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        return _address(value)

    @field_validator("passage")
    @classmethod
    def _passage(cls, value: str) -> str:
        if not value:
            raise ValueError("Recopiez le passage auquel vous répondez.")
        return value

    @field_validator("text")
    @classmethod
    def _reply(cls, value: str) -> str:
        if not value:
            raise ValueError("Écrivez la réponse à publier.")
        return value


class AppealForm(PostedForm):
    """Why a decision is contested; the verb asks for a sentence at least."""

    text: Reasons = ""


class RewriteForm(PostedForm):
    """Another text in the place of a refused one."""

    text: str = ""

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        text = clean_text(value)
        if not text:
            raise ValueError("Écrivez votre commentaire.")
        if len(text) > MAX_LENGTH:
            raise ValueError(Message("Raccourcissez votre commentaire : %(most)s caractères au plus.", most=MAX_LENGTH))
        return text


# Moderators


class ReplyDecisionForm(PostedForm):
    version: Version = 0
    decision: str = ""
    reasons: Reasons = ""

    @field_validator("decision")
    @classmethod
    def _decision(cls, value: str) -> str:
        if value not in {"publish", "refuse"}:
            raise ValueError("Choisissez : publier, ou refuser.")
        return value


class OrderForm(PostedForm):
    """An authority's order: who, which, when it came, and the comments that it names."""

    authority: Annotated[str, bounded(200, "le nom de l’autorité")] = ""
    reference: Annotated[str, bounded(200, "la référence")] = ""
    received_at: Moment
    comments: tuple[int, ...] = ()

    @field_validator("comments", mode="before")
    @classmethod
    def _comments(cls, value: object) -> object:
        numbers = [asked(word, identifier, 0) for word in str(value or "").replace(",", " ").split()]
        if 0 in numbers:
            raise ValueError("Donnez des numéros de commentaires, séparés par des espaces.")
        return tuple(numbers)


class AuthorityForm(PostedForm):
    """Whom one has told of a threat, and how."""

    authority: Annotated[str, bounded(500, "ce texte")] = ""


class ViewForm(PostedForm):
    """What the judge of an appeal thinks before seeing the first decision."""

    view: str = ""
    view_reasons: Reasons = ""


class JudgeForm(PostedForm):
    """What becomes of the contested decision; a notice that was dismissed is upheld by another decision."""

    outcome: str = ""
    reasons: Reasons = ""
    # Chosen for another decision: its form has the rest.
    article: str = ""

    def decision(self, values: Values) -> DecisionForm:
        """The other decision, explained by the same reasons. Raises Invalid."""
        try:
            return validated(DecisionForm, {**values, "decision": "refuse", "explanation": self.reasons})
        except Invalid as invalid:
            errors = {"reasons" if name == "explanation" else name: why for name, why in invalid.errors.items()}
            raise Invalid(errors) from None
