"""A petition from a file: Markdown with YAML front matter (``signons petition import``).

Everything is checked before anything is written; an error names the field and its line.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from app.errors import Refused
from app.web.forms import FIRST_DAY, LAST_DAY

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
MAX_TEXT = 50_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RecipientEntry(_Strict):
    name: Line
    role: Line


class SourceEntry(_Strict):
    title: Line
    publisher: Line
    date: dt.date | None = None
    url: str = Field("", max_length=500)

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("une adresse commence par https:// ou http://")
        return value


class ImageEntry(_Strict):
    file: Line
    alt: Line
    caption: str = Field("", max_length=300)
    credit: str = Field("", max_length=200)


def _in_the_calendar(value: dt.date) -> dt.date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError("une date entre 2000 et 2100 est attendue")
    return value


class PetitionFile(_Strict):
    """What a petition is made of, before it has an address."""

    title: Annotated[str, StringConstraints(min_length=5, max_length=200)]
    author: Line
    recipients: list[RecipientEntry] = Field(min_length=1, max_length=20)
    goal: int = Field(ge=1, le=100_000_000)
    theme: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    sources: list[SourceEntry] = Field([], max_length=50)
    image: ImageEntry | None = None
    closes_on: Annotated[dt.date, AfterValidator(_in_the_calendar)] | None = None
    text: Annotated[str, StringConstraints(min_length=50, max_length=MAX_TEXT)]


_SENTENCES = {
    "missing": "ce champ est obligatoire",
    "extra_forbidden": "ce champ n’existe pas",
    "string_type": "un texte est attendu (entre guillemets s’il contient « : »)",
    "string_too_short": "ce texte est trop court",
    "string_too_long": "ce texte est trop long",
    "int_parsing": "un nombre entier est attendu",
    "int_type": "un nombre entier est attendu",
    "int_from_float": "un nombre entier est attendu",
    "greater_than_equal": "ce nombre est trop petit",
    "less_than_equal": "ce nombre est trop grand",
    "list_type": "une liste est attendue (une ligne par élément, précédée d’un tiret)",
    "too_short": "un élément au moins est attendu",
    "too_long": "il y a trop d’éléments",
    "model_type": "des champs « nom : valeur » sont attendus",
    "date_type": "une date AAAA-MM-JJ est attendue",
    "date_from_datetime_parsing": "une date AAAA-MM-JJ est attendue",
    "date_parsing": "une date AAAA-MM-JJ est attendue",
}


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written, so that a wrong one is told with its field and line."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> PetitionFile:
    """The petition of a file. Raises Refused: one line a mistake, with field and line number."""
    try:
        source = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise Refused(f"{path} : lecture impossible ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise Refused(f"{path}, ligne {line} : ce fichier n’est pas en UTF-8.") from None
    return parse(source, str(path))


def parse(source: str, name: str) -> PetitionFile:
    """See :func:`read`."""
    if not source.startswith("---\n") or "\n---" not in source[3:]:
        raise Refused(f"{name}, ligne 1 : le fichier commence par un en-tête YAML entre deux lignes « --- ».")
    end = source.index("\n---", 3)
    header, text = source[4 : end + 1], source[end + 4 :].strip()
    if "\x00" in source:
        raise Refused(f"{name} : caractère nul dans le texte.")
    try:
        node = yaml.compose(header, Loader=_Loader)
        values = yaml.load(header, Loader=_Loader)  # noqa: S506 a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 1
        raise Refused(f"{name}, ligne {line} : en-tête YAML illisible ({error.problem}).") from None
    except (ValueError, yaml.YAMLError) as error:
        raise Refused(f"{name}, en-tête : {error}.") from None
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        raise Refused(f"{name}, ligne 2 : des champs « nom : valeur » sont attendus.")
    if "text" in values:
        raise Refused(f"{name}, ligne {_line(node, ('text',))}, champ text : ce champ n’existe pas.")
    try:
        return PetitionFile.model_validate({**values, "text": text})
    except ValidationError as error:
        text_line = source[: end + 4].count("\n") + 1
        lines = []
        for problem in error.errors(include_url=False, include_input=False):
            location = problem["loc"]
            sentence = _SENTENCES.get(problem["type"], str(problem["msg"]).removeprefix("Value error, "))
            line = text_line if location == ("text",) else _line(node, location)
            lines.append(f"{name}, ligne {line}, champ {_field(location)} : {sentence}.")
        raise Refused("\n".join(lines)) from None


def _field(location: tuple[Any, ...]) -> str:
    """``recipients[2].name``, counted from one as people do."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _line(node: yaml.Node, location: tuple[Any, ...]) -> int:
    """The line in the file of the deepest part of *location* that exists (the first is ``---``)."""
    line = node.start_mark.line + 2
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 2, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 2
        else:
            break
    return line
