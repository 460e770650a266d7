"""What may be posted to moderation, by moderators and by anybody."""

from typing import Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.text import clean_address, clean_line, clean_text, proper_name

MAX_EXPLANATION = 2000
MAX_REASONS = 4000
# What the Commission's database takes of a legal ground.
MAX_PROVISION = 500
EFFECTS = ("mask", "ask_rewrite", "close_thread", "limit_author", "quarantine")
BATCH = 50


def _number(value: object) -> int:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _text(value: str, name: str, longest: int) -> str:
    text = clean_text(value)
    if len(text) > longest:
        raise ValueError(f"Raccourcissez {name} : {longest} caractères au plus.")
    return text


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", validate_default=True)


class DecisionForm(_Form):
    """``publish``, or ``refuse`` under an article with a quoted passage; ``keep`` what was reported."""

    decision: Literal["publish", "refuse", "keep", "correct"] | None = None
    # The version of the comment that was on the screen; 0 when a program leaves it out.
    version: int = 0
    article: int | None = None
    # Other articles cited, separated by commas.
    articles: tuple[int, ...] = ()
    ground: Literal["charter", "law"] = "charter"
    provision: str = ""
    passage: str = ""
    explanation: str = ""
    effects: frozenset[str] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _boxes(cls, values: Any) -> Any:
        # The button that masks a passage publishes the rest.
        decision = values.get("decision") or ("publish" if values.get("mask") else None)
        return {**values, "decision": decision, "effects": {name for name in EFFECTS if values.get(name)}}

    @field_validator("decision", mode="before")
    @classmethod
    def _decision(cls, value: object) -> object:
        if value not in {"publish", "refuse", "keep", "correct"}:
            raise ValueError("Choisissez : publier, ou refuser.")
        return value

    @field_validator("version", mode="before")
    @classmethod
    def _version(cls, value: object) -> object:
        return value if isinstance(value, int) else _number(value)

    @field_validator("ground", mode="before")
    @classmethod
    def _ground(cls, value: object) -> object:
        return value if value == "law" else "charter"

    @field_validator("article", mode="before")
    @classmethod
    def _article(cls, value: object) -> object:
        text = str(value or "").strip()
        if not text:
            return None
        if not _number(text):
            raise ValueError("Choisissez un article de la charte.")
        return _number(text)

    @field_validator("articles", mode="before")
    @classmethod
    def _articles(cls, value: object) -> object:
        numbers = [_number(word) for word in str(value or "").split(",") if word.strip()]
        return tuple(numbers)  # 0 is no article: it is refused with those that the charter does not have

    @field_validator("provision")
    @classmethod
    def _provision(cls, value: str) -> str:
        return _text(value, "le texte de loi", MAX_PROVISION)

    @property
    def cited(self) -> list[int]:
        """Every article, the first one chosen first."""
        first = [self.article] if self.article is not None else []
        return list(dict.fromkeys([*first, *self.articles]))

    @field_validator("explanation")
    @classmethod
    def _explanation(cls, value: str) -> str:
        return _text(value, "l’explication", MAX_EXPLANATION)


class NoticeForm(_Form):
    """A report: why, exactly where, by whom, in good faith (DSA art. 16)."""

    category: str = ""
    reasons: str = ""
    passage: str = ""
    name: str = ""
    email: str = ""
    good_faith: str = ""
    # Filled by robots only: nobody sees it.
    website: str = Field(default="", max_length=200)

    @field_validator("category")
    @classmethod
    def _category(cls, value: str) -> str:
        if value not in NOTICE_CATEGORIES:
            raise ValueError("Choisissez ce que vous reprochez à ce texte.")
        return value

    @field_validator("reasons")
    @classmethod
    def _reasons(cls, value: str) -> str:
        if len(value.strip()) < 10:
            raise ValueError("Expliquez en une phrase au moins pourquoi ce texte est en cause.")
        return _text(value, "l’explication", MAX_REASONS)

    @field_validator("passage")
    @classmethod
    def _passage(cls, value: str) -> str:
        return _text(value, "le passage", MAX_REASONS)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return clean_line(value)

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        return clean_address(value)

    @field_validator("good_faith")
    @classmethod
    def _good_faith(cls, value: str) -> str:
        if not value:
            raise ValueError("Cochez la déclaration de bonne foi.")
        return value

    def who(self) -> dict[str, str]:
        """Errors of name and e-mail, by field; nobody has to say who they are to report child abuse."""
        errors = {}
        anonymous = self.category == "minors" and not self.name.strip() and not self.email.strip()
        if not anonymous:
            try:
                proper_name(self.name, "Donnez votre nom.")
            except ValueError as error:
                errors["name"] = str(error)
            if address_error(self.email):
                errors["email"] = "Donnez une adresse électronique complète, comme nom@exemple.fr."
        return errors


def address_error(email: str) -> bool:
    try:
        validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return True
    return len(email) > 254


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


class ReplyForm(_Form):
    """A right of reply: who answers what, and the text to publish."""

    name: str = ""
    capacity: str = ""
    email: str = ""
    passage: str = ""
    text: str = ""
    comment: int = 0

    @field_validator("comment", mode="before")
    @classmethod
    def _comment(cls, value: object) -> object:
        return _number(value)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return proper_name(value, "Donnez le nom qui signera la réponse.")

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        email = clean_address(value)
        if address_error(email):
            raise ValueError("Donnez une adresse électronique complète, comme nom@exemple.fr.")
        return email

    @field_validator("passage")
    @classmethod
    def _passage(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("Recopiez le passage auquel vous répondez.")
        return _text(value, "le passage", MAX_REASONS)

    @field_validator("text")
    @classmethod
    def _reply(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("Écrivez la réponse à publier.")
        return _text(value, "la réponse", MAX_REASONS)


def chosen(values: dict[str, str]) -> list[tuple[int, int, str]]:
    """``(id, version, passage)`` of the comments ticked for a batch: fields ``item-<id>`` = version."""
    items = []
    for name, value in values.items():
        if name.startswith("item-") and _number(name[5:]):
            comment_id = _number(name[5:])
            items.append((comment_id, _number(value), values.get(f"passage-{comment_id}", "")))
    return items[: BATCH + 1]


def remarks(values: dict[str, str]) -> list[tuple[int, str]]:
    """``(line, text)`` of the corrections asked: fields ``line-<n>`` and ``remark-<n>``."""
    found = []
    for name, value in values.items():
        if name.startswith("remark-") and value.strip():
            found.append((_number(values.get(f"line-{name[7:]}", "")), _text(value, "la remarque", MAX_EXPLANATION)))
    return found
