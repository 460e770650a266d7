"""What may be typed in a draft, and what each step has to hold before it can be proposed.

While one writes, anything is kept as it was typed: :class:`SaveForm` refuses nothing but excess. The
functions below read a step strictly; they raise Invalid with a sentence a field.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator, model_validator

from app import clock
from app.errors import Invalid
from app.locale import Message
from app.petitions import typed
from app.petitions.choices import DELIVERIES, DISPLAYS, SOURCE_KINDS
from app.petitions.forms import text_typed, title_typed
from app.petitions.places import Place, chosen
from app.petitions.typed import MAX_LINE, MAX_TEXT
from app.signatures.forms import email_address
from app.text import clean_line, has_ink, proper_name
from app.web.forms import Box, PostedForm, asked, number, validated
from app.zone import day_of

# What the server alone writes in a draft: the name and the size of a picture that it has kept.
PICTURE = "picture"
# Of the story as it is typed; a petition's text is held to MAX_TEXT where it is read.
MOST = 200_000
# Of one that is a line: more than it may hold, for whoever pastes too much in it to see what they cut.
MOST_LINE = 5_000
MOST_RECIPIENTS = 20
MOST_SOURCES = 50
MOST_THEMES = 3
THEME = "theme-"
AUTHOR_LONG = "Remplissez ce champ, en 60 caractères au plus."
TOO_LONG = "Raccourcissez ce champ : %(most)s caractères au plus."
Row = TypeVar("Row", bound=BaseModel)
_ROW = re.compile(r"(?P<field>[a-z]+)-(?P<n>[1-9][0-9]?)")


class SaveForm(PostedForm):
    """One step as it stands in a window: which save it began from, and where to go then."""

    seen: Annotated[int, BeforeValidator(lambda value: asked(str(value), number, 0))] = 0
    go: str = ""
    typed: dict[str, str] = Field({})

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, values: Any) -> Any:
        typed = {name: value for name, value in values.items() if name not in {"seen", "go", PICTURE}}
        return {"seen": values.get("seen", 0), "go": values.get("go", ""), "typed": typed}

    @field_validator("typed")
    @classmethod
    def _bounded(cls, value: dict[str, str]) -> dict[str, str]:
        """Thirty posts a minute of a megabyte each would fill a disk: lines are lines."""
        kept = {name[:40]: text[: MOST if name == "text" else MOST_LINE] for name, text in value.items()}
        return {name: text.replace("\r\n", "\n") for name, text in kept.items()}


class PreviewForm(PostedForm):
    """The text as it stands in a window."""

    text: Annotated[str, AfterValidator(lambda value: value[: 2 * MAX_TEXT])] = ""


class AddressForm(PostedForm):
    """Where the author is to be written to."""

    email: Annotated[str, AfterValidator(email_address)] = ""


class ProposalForm(PostedForm):
    """Who carries it: the address of an organisation, or nobody but its author."""

    organisation: str = ""


def _line(value: object) -> str:
    """One line of what is seen; empty when nothing is."""
    line = clean_line(str(value or ""))
    return line if has_ink(line) else ""


def _short(value: str, most: int = MAX_LINE) -> str:
    if len(value) > most:
        raise ValueError(Message(TOO_LONG, most=most))
    return value


Percent = Annotated[int, BeforeValidator(lambda value: asked(str(value), lambda typed: number(typed, 0, 100), 50))]
Line = Annotated[str, BeforeValidator(_line), AfterValidator(_short)]


class DemandForm(PostedForm):
    title: Annotated[str, AfterValidator(title_typed)] = ""


class RecipientRow(PostedForm):
    name: Line = ""
    role: Line = ""

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not value:
            raise ValueError("Indiquez à qui la pétition s’adresse : une personne ou une institution.")
        return value

    @field_validator("role")
    @classmethod
    def _role(cls, value: str) -> str:
        if not value:
            raise ValueError("Indiquez sa fonction, par exemple « Maire de Montfleur ».")
        return value


class StoryForm(PostedForm):
    text: Annotated[str, AfterValidator(text_typed)] = ""


class PictureForm(PostedForm):
    """What is said of the picture, when there is one."""

    picture: str = ""
    alt: Line = ""
    caption: Line = ""
    credit: Annotated[Line, AfterValidator(lambda value: _short(value, 200))] = ""
    rights: Box = False
    focus_x: Percent = 50
    focus_y: Percent = 50

    @model_validator(mode="after")
    def _whole(self) -> "PictureForm":
        errors = {}
        if self.picture and not self.alt:
            errors["alt"] = "Décrivez l’image pour qui ne la voit pas, par exemple « Des vélos sous la pluie »."
        if self.picture and not self.rights:
            errors["rights"] = "Confirmez que vous pouvez publier cette image."
        if errors:
            raise Invalid(errors)
        return self


class SourceRow(PostedForm):
    kind: str = "article"
    title: Line = ""
    publisher: Line = ""
    date: dt.date | None = None
    url: Line = ""

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        if not value:
            raise ValueError("Donnez le titre de cette source.")
        return value

    @field_validator("publisher")
    @classmethod
    def _publisher(cls, value: str) -> str:
        if not value:
            raise ValueError("Dites qui la publie : un média, une institution.")
        return value

    @field_validator("kind")
    @classmethod
    def _kind(cls, value: str) -> str:
        if value not in SOURCE_KINDS:
            raise ValueError("Choisissez le genre de cette source.")
        return value

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, value: object) -> object:
        if not str(value or "").strip():
            return None
        try:
            day = typed.day(str(value))
        except ValueError:
            raise ValueError("Indiquez un jour comme 2026-02-03, ou laissez vide.") from None
        if day > day_of(clock.now()):
            raise ValueError("Cette date est à venir : indiquez le jour de la publication, ou laissez vide.")
        return day

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("Une adresse commence par https://.")
        return value


class TermsForm(PostedForm):
    """What is left to settle: who speaks, of what, until when."""

    author: str = ""
    # From the boxes ``theme-<id>``, whose values are names: whether they are in the list is the verb's affair.
    themes: list[str] = Field([])
    goal: int = 0
    closes_on: dt.date | None = None
    delivery_mode: str = "identities"
    place: Place | None = None
    display: str = "full"
    comments_closed: Box = False

    @field_validator("author")
    @classmethod
    def _author(cls, value: str) -> str:
        author = proper_name(value, AUTHOR_LONG)
        if len(author) > 60:
            raise ValueError(AUTHOR_LONG)
        return author

    @model_validator(mode="before")
    @classmethod
    def _boxes(cls, values: Any) -> Any:
        return {**values, "themes": [value for name, value in values.items() if name.startswith(THEME)]}

    @field_validator("themes")
    @classmethod
    def _themes(cls, value: list[str]) -> list[str]:
        if not 1 <= len(value) <= MOST_THEMES:
            raise ValueError("Choisissez un à trois thèmes.")
        return value

    @field_validator("goal", mode="before")
    @classmethod
    def _goal(cls, value: object) -> object:
        try:
            return typed.goal(str(value))
        except ValueError:
            raise ValueError("Indiquez un nombre de signatures, par exemple 5 000.") from None

    @field_validator("closes_on", mode="before")
    @classmethod
    def _closes_on(cls, value: object) -> object:
        if not str(value or "").strip():
            return None
        try:
            return typed.last_day(typed.day(str(value)))
        except ValueError as error:
            sentence = Message("Indiquez un jour comme 2027-01-31, ou laissez vide : %(why)s.", why=error.args[0])
            raise ValueError(sentence) from None

    @field_validator("place", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        if not isinstance(value, str) or not value.strip():
            return value or None
        try:
            return chosen(clean_line(value))
        except ValueError as error:
            raise ValueError(Message("Précisez le lieu, ou laissez vide : %(why)s.", why=error.args[0])) from None

    @field_validator("display")
    @classmethod
    def _display(cls, value: str) -> str:
        if value not in DISPLAYS:
            raise ValueError("Choisissez ce que les signataires pourront montrer.")
        return value

    @field_validator("delivery_mode")
    @classmethod
    def _delivery(cls, value: str) -> str:
        if value not in DELIVERIES:
            raise ValueError("Choisissez ce que le destinataire recevra.")
        return value


def rows_of(values: Mapping[str, str], fields: tuple[str, ...]) -> dict[int, dict[str, str]]:
    """Row number → what was typed in it, for fields ``<field>-<number>``; empty rows are none."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        found = _ROW.fullmatch(name)
        if found and found["field"] in fields and value.strip():
            rows.setdefault(int(found["n"]), {})[found["field"]] = value
    return dict(sorted(rows.items()))


def each_row(values: Mapping[str, str], fields: tuple[str, ...], model: type[Row]) -> list[Row]:
    """Raises Invalid: an error stands by the field of its row."""
    read: list[Row] = []
    errors: dict[str, str] = {}
    for n, typed_in in rows_of(values, fields).items():
        try:
            read.append(validated(model, typed_in))
        except Invalid as invalid:
            errors |= {f"{field}-{n}": sentence for field, sentence in invalid.errors.items()}
    if errors:
        raise Invalid(errors)
    return read


def recipients(values: Mapping[str, str]) -> list[RecipientRow]:
    """Raises Invalid."""
    read = each_row(values, RECIPIENT, RecipientRow)
    if not 1 <= len(read) <= MOST_RECIPIENTS:
        raise Invalid({"name-1": "Indiquez de un à vingt destinataires : à qui demandez-vous quelque chose ?"})
    return read


def sources(values: Mapping[str, str]) -> list[SourceRow]:
    """Raises Invalid."""
    read = each_row(values, SOURCE, SourceRow)
    if len(read) > MOST_SOURCES:
        raise Invalid({"title-51": "Indiquez 50 sources au plus."})
    return read


RECIPIENT = ("name", "role")
SOURCE = ("kind", "title", "publisher", "date", "url")
