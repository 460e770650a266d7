"""What moderators post about texts, and about how they work."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, field_validator, model_validator

from app.locale import Message
from app.moderation.forms.base import MAX_EXPLANATION, Explanation, Version, bounded
from app.text import clean_text
from app.web.forms import MAX_ID, Box, Day, IdOrZero, PostedForm, asked, identifier, number

# What the Commission's database takes of a legal ground.
MAX_PROVISION = 500
EFFECTS = ("mask", "ask_rewrite", "close_thread", "limit_author", "quarantine")
BATCH = 50
ARTICLE_FIELDS = ("title", "body", "breaks", "ok", "applies")

Note = Annotated[str, bounded(MAX_EXPLANATION, "la note")]
_hour = partial(number, most=23, sentence="Choisissez une heure de 0 à 23.")
Hour = Annotated[int, BeforeValidator(_hour)]


class DecisionForm(PostedForm):
    """``publish``, or ``refuse`` under an article with a quoted passage; ``keep`` what was reported."""

    decision: Literal["publish", "refuse", "keep", "correct"] | None = None
    version: Version = 0
    article: int | None = None
    # Other articles cited, separated by commas.
    articles: tuple[int, ...] = ()
    ground: Literal["charter", "law"] = "charter"
    provision: Annotated[str, bounded(MAX_PROVISION, "le texte de loi")] = ""
    passage: str = ""
    explanation: Explanation = ""
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

    @field_validator("ground", mode="before")
    @classmethod
    def _ground(cls, value: object) -> object:
        return value if value == "law" else "charter"

    @field_validator("article", mode="before")
    @classmethod
    def _article(cls, value: object) -> object:
        text = str(value or "").strip()
        return number(text, 1, MAX_ID, "Choisissez un article de la charte.") if text else None

    @field_validator("articles", mode="before")
    @classmethod
    def _articles(cls, value: object) -> object:
        # 0 is no article: it is refused with those that the charter does not have.
        return tuple(asked(word, identifier, 0) for word in str(value or "").split(",") if word.strip())

    @property
    def cited(self) -> list[int]:
        """Every article, the first one chosen first."""
        first = [self.article] if self.article is not None else []
        return list(dict.fromkeys([*first, *self.articles]))


class BatchForm(DecisionForm):
    """The same decision on the comments ticked: fields ``item-<id>`` = version, ``passage-<id>``."""

    # Not asked for the mails first, but told to decide.
    confirm: Box = False
    # (id, version, passage)
    items: tuple[tuple[int, int, str], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _items(cls, values: Any) -> Any:
        ticked = {asked(name[5:], identifier, 0): name for name in values if name.startswith("item-")}
        if not 1 <= len(ticked) <= BATCH or 0 in ticked:
            raise ValueError(Message("Choisissez de un à %(most)s commentaires.", most=BATCH))
        shared = values.get("passage", "")
        items = [
            (comment_id, asked(values[name], number, 0), values.get(f"passage-{comment_id}") or shared)
            for comment_id, name in ticked.items()
        ]
        return {**values, "items": items}


class ReviewForm(DecisionForm):
    """A decision on a petition, with the corrections asked: fields ``remark-<block>``."""

    # Key of a block → what is to be corrected there; the verb knows which blocks there are.
    remarks: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _remarks(cls, values: Any) -> Any:
        typed = {name[7:]: clean_text(value) for name, value in values.items() if name.startswith("remark-")}
        return {**values, "remarks": {key: text for key, text in typed.items() if text}}


class SecondLookForm(PostedForm):
    """Somebody else's judgment on a text; the verb checks that the two go together."""

    decision: str = ""
    article: IdOrZero = 0


class NoteForm(PostedForm):
    note: Note = ""
    urgent: Box = False


class PreferenceForm(PostedForm):
    """How one works: keys, blur, messages and quiet hours."""

    keys: Box = False
    blur: Box = False
    digest: Literal["never", "daily", "urgent"] = "urgent"
    quiet_from: Hour = 20
    quiet_to: Hour = 8

    @field_validator("digest", mode="before")
    @classmethod
    def _digest(cls, value: object) -> object:
        if value not in {"never", "daily", "urgent"}:
            raise ValueError("Choisissez un rythme de messages.")
        return value


class CharterForm(PostedForm):
    """The charter's next version: fields ``title-<n>``, ``body-<n>``… of each article, ``retired-<n>`` to end it."""

    summary: Annotated[str, bounded(500, "le résumé")] = ""
    effective_from: Day
    # Article → what was typed of it; and those that end.
    texts: dict[int, dict[str, str]]
    retired: set[int]

    @model_validator(mode="before")
    @classmethod
    def _articles(cls, values: Any) -> Any:
        texts: dict[int, dict[str, str]] = {}
        for name, value in values.items():
            field, _, number = name.partition("-")
            if field in ARTICLE_FIELDS:
                texts.setdefault(asked(number, identifier, 0), {})[field] = value
        retired = {
            asked(name[8:], identifier, 0) for name, value in values.items() if name.startswith("retired-") and value
        }
        return {**values, "texts": texts, "retired": retired}


class HintsForm(PostedForm):
    """Fields are hints' names, their values ``founded`` or ``unfounded``."""

    verdicts: dict[str, bool]

    @model_validator(mode="before")
    @classmethod
    def _verdicts(cls, values: Any) -> Any:
        verdicts = {name: value == "founded" for name, value in values.items() if value in {"founded", "unfounded"}}
        return {"verdicts": verdicts}
