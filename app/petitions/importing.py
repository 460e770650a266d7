"""A petition from a file: Markdown with YAML front matter (``signons petition import``).

Everything is checked before anything is written, the picture too; an error names the field and its line.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.errors import Refused
from app.folding import fold
from app.petitions import images, places, typed
from app.petitions.frontmatter import FrontMatter, Location, Unreadable
from app.petitions.models import DISPLAYS, SOURCE_KINDS
from app.petitions.places import Place
from app.petitions.typed import MAX_LINE, MAX_TEXT
from app.text import clean_line, has_ink, visible

MAX_THEMES = 3


def _clean(value: object) -> object:
    """One line of what is seen; empty when nothing is."""
    if not isinstance(value, str):
        return value
    line = clean_line(value)
    return line if has_ink(line) else ""


def _seen(value: object) -> object:
    """Markdown as it is seen: its spaces mean something."""
    return visible(value).strip() if isinstance(value, str) else value


Theme = Annotated[str, StringConstraints(min_length=1, max_length=60), BeforeValidator(_clean)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LINE), BeforeValidator(_clean)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RecipientEntry(_Strict):
    name: Line
    role: Line


class SourceEntry(_Strict):
    title: Line
    publisher: Line
    date: dt.date | None = None
    url: Annotated[str, StringConstraints(max_length=500), BeforeValidator(_clean)] = ""
    kind: str = "article"

    @field_validator("kind")
    @classmethod
    def _kind(cls, value: str) -> str:
        """``Enquête`` as on the page, or its code."""
        codes = {fold(label): code for code, label in SOURCE_KINDS.items()} | {code: code for code in SOURCE_KINDS}
        if (code := codes.get(fold(value))) is None:
            raise ValueError("article, enquête, étude, vidéo ou texte officiel est attendu")
        return code

    @field_validator("date", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        return typed.day(value) if isinstance(value, str) else value

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("une adresse commence par https:// ou http://")
        return value


class ImageEntry(_Strict):
    file: Line
    alt: Line
    caption: Annotated[str, StringConstraints(max_length=300), BeforeValidator(_clean)] = ""
    credit: Annotated[str, StringConstraints(max_length=200), BeforeValidator(_clean)] = ""
    focus: tuple[int, int] = (50, 50)

    @field_validator("focus", mode="before")
    @classmethod
    def _focus(cls, value: object) -> object:
        return typed.focus(" ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))

    @field_validator("file")
    @classmethod
    def _readable(cls, value: str, info: ValidationInfo) -> str:
        """Looked at when the file's own folder is known."""
        if info.context is not None:
            try:
                images.look(images.read(info.context / value))
            except Refused as refused:
                raise ValueError(refused.message) from None
        return value


class PetitionFile(_Strict):
    """What a petition is made of, before it has an address."""

    title: Annotated[str, StringConstraints(min_length=5, max_length=200), BeforeValidator(_clean)]
    author: Line
    recipients: list[RecipientEntry] = Field(min_length=1, max_length=20)
    goal: int = Field(ge=1, le=100_000_000)
    themes: list[Theme] = Field([], max_length=MAX_THEMES)
    # The first of them, or the only one.
    theme: Annotated[str, StringConstraints(max_length=60), BeforeValidator(_clean)] = Field("", validate_default=True)
    place: Place | None = None
    # The most that signers may show.
    display: str = "full"
    sources: list[SourceEntry] = Field([], max_length=50)
    image: ImageEntry | None = None
    closes_on: dt.date | None = None
    text: Annotated[str, StringConstraints(min_length=50, max_length=MAX_TEXT), BeforeValidator(_seen)]

    @field_validator("theme")
    @classmethod
    def _one_theme(cls, value: str, info: ValidationInfo) -> str:
        themes = info.data.get("themes", [value])
        if not value and not themes:
            raise PydanticCustomError("missing", "missing")
        if value and len({value, *themes}) > MAX_THEMES:
            raise PydanticCustomError("too_long", "too_long")
        return value or str(themes[0])

    @field_validator("place", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        """As people type it, or by its code."""
        if isinstance(value, list | dict):
            raise ValueError("un seul lieu est attendu")
        return places.chosen(value) if isinstance(value, str) and value.strip() else value or None

    @field_validator("display")
    @classmethod
    def _display(cls, value: str) -> str:
        if value not in DISPLAYS:
            raise ValueError("hidden, initial ou full est attendu")
        return value

    @property
    def all_themes(self) -> list[str]:
        """The first one first."""
        return list(dict.fromkeys([self.theme, *self.themes]))

    @field_validator("goal", mode="before")
    @classmethod
    def _goal(cls, value: object) -> object:
        return typed.goal(value) if isinstance(value, str) else value

    @field_validator("closes_on", mode="before")
    @classmethod
    def _closes_on(cls, value: object) -> object:
        day = typed.day(value) if isinstance(value, str) else value
        return typed.last_day(day) if isinstance(day, dt.date) else day


_SENTENCES = {
    "missing": "ce champ est obligatoire",
    "extra_forbidden": "ce champ n’existe pas",
    "string_type": "un texte est attendu, pas une liste ; mettez-le entre guillemets",
    "string_too_short": "ce texte est trop court",
    "string_too_long": "ce texte est trop long",
    "greater_than_equal": "ce nombre est trop petit",
    "less_than_equal": "ce nombre est trop grand",
    "int_type": "un nombre entier est attendu",
    "list_type": "une liste est attendue (une ligne par élément, précédée d’un tiret)",
    "too_short": "un élément au moins est attendu",
    "too_long": "il y a trop d’éléments",
    "model_type": "des champs « nom : valeur » sont attendus",
    "date_type": "une date AAAA-MM-JJ est attendue",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def read(path: Path) -> PetitionFile:
    """The petition of a file. Raises Refused: one line a mistake, with field and line number."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused("%(path)s : lecture impossible (%(why)s).", path=path, why=error.strerror) from None
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Refused("%(path)s, ligne %(line)s : ce fichier n’est pas en UTF-8.", path=path, line=line) from None
    return parse(source, str(path), path.parent)


def parse(source: str, name: str, folder: Path | None = None) -> PetitionFile:
    """See :func:`read`. The picture is looked at when *folder* says where it lies."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if control := _CONTROLS.search(source):
        line = source.count("\n", 0, control.start()) + 1
        invisible = "%(name)s, ligne %(line)s : un caractère invisible (U+%(code)04X) est à enlever."
        raise Refused(invisible, name=name, line=line, code=ord(control[0]))
    if not source.startswith("---\n") or "\n---" not in source[3:]:
        raise Refused(
            "%(name)s, ligne 1 : le fichier commence par un en-tête YAML entre deux lignes « --- ».", name=name
        )
    end = source.index("\n---", 3)
    try:
        front = FrontMatter(source[4 : end + 1])
    except Unreadable as error:
        field = f", champ {error.field}" if error.field else ""
        where = f"{name}, ligne {error.line + 1}{field}"
        raise Refused("%(where)s : %(why)s.", where=where, why=error) from None
    if "text" in front.values:
        line = front.line(("text",)) + 1
        raise Refused("%(name)s, ligne %(line)s, champ text : ce champ n’existe pas.", name=name, line=line)
    try:
        return PetitionFile.model_validate(front.values | {"text": source[end + 4 :].strip()}, context=folder)
    except ValidationError as error:
        text_line = source[: end + 4].count("\n") + 1
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            location: Location = problem["loc"]
            sentence = _SENTENCES.get(problem["type"], str(problem["msg"]).removeprefix("Value error, "))
            line = text_line if location == ("text",) else front.line(location) + 1
            lines.append(f"{name}, ligne {line}, champ {_field(location)} : {sentence}.")
        raise Refused("%(lines)s", lines="\n".join(lines)) from None


def _field(location: Location) -> str:
    """``recipients[2].name``, counted from one as people do."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
