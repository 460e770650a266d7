"""What may be posted about sheets: how many to print, what is on one, what a second person finds on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, model_validator

from app.errors import Invalid
from app.locale import Message
from app.paper.choices import AT_ONCE, LINES, MOST_SHEETS, SheetReason
from app.signatures.places import postal_code
from app.text import clean_line, has_ink
from app.web.forms import PostedForm, number

MOST_ADDRESS = 200
ROWS = range(1, LINES + 1)
_NUMBER = "Indiquez le numéro de la feuille, tel qu’il y est imprimé."
_HOW_MANY = Message("Indiquez un nombre de signatures, de 1 à %(most)s.", most=LINES)


def _sheet_number(value: object) -> int:
    return number(value, 1, MOST_SHEETS, _NUMBER)


def _signatures(value: object) -> int:
    return number(value, 1, LINES, _HOW_MANY)


def _sheets(value: object) -> int:
    return number(value, 1, AT_ONCE, Message("Demandez de 1 à %(most)s feuilles à la fois.", most=AT_ONCE))


def _address(value: str) -> str:
    line = clean_line(value)
    if len(line) > MOST_ADDRESS:
        raise ValueError(Message("Raccourcissez : %(longest)s caractères au plus.", longest=MOST_ADDRESS))
    if not has_ink(line):
        raise ValueError("Dites où rapporter les feuilles remplies : c’est imprimé sur chacune.")
    return line


class SheetsForm(PostedForm):
    """How many sheets to number, and where people bring them back."""

    how_many: Annotated[int, BeforeValidator(_sheets)] = 0
    return_to: Annotated[str, AfterValidator(_address)] = ""


@dataclass(frozen=True)
class Entry:
    """What is on one sheet: signatures by postal code, "" abroad."""

    sheet: int
    lines: Mapping[str, int]


def entry(values: Mapping[str, str]) -> Entry:
    """Rows ``code-<row>`` and ``n-<row>``, and ``abroad``. Raises Invalid, with a sentence by the field of each row."""
    errors: dict[str, str] = {}
    sheet = 0
    try:
        sheet = _sheet_number(values.get("sheet", ""))
    except ValueError as error:
        errors["sheet"] = error.args[0]
    lines = _lines(values, errors)
    if not errors and not lines:
        errors["code-1"] = "Indiquez au moins une signature : un code postal, et combien de personnes."
    if not errors and (total := sum(lines.values())) > LINES:
        errors["n-1"] = Message(
            "Une feuille a %(most)s lignes, vous en avez compté %(n)s : recomptez.", most=LINES, n=total
        )
    if errors:
        raise Invalid(errors)
    return Entry(sheet, lines)


def _lines(values: Mapping[str, str], errors: dict[str, str]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for row in ROWS:
        code, n = values.get(f"code-{row}", "").strip(), values.get(f"n-{row}", "").strip()
        if not code and not n:
            continue
        found: dict[str, str | int] = {}
        for field, typed, read in ((f"code-{row}", code, _french), (f"n-{row}", n, _signatures)):
            try:
                found[field] = read(typed)
            except ValueError as error:
                errors[field] = error.args[0]
        if len(found) == 2:
            where, how_many = str(found[f"code-{row}"]), int(found[f"n-{row}"])
            lines[where] = lines.get(where, 0) + how_many
    if abroad := values.get("abroad", "").strip():
        try:
            lines[""] = _signatures(abroad)
        except ValueError as error:
            errors["abroad"] = error.args[0]
    return lines


def _french(typed: str) -> str:
    if not typed:
        raise ValueError("Indiquez le code postal de cette ligne, ou videz-la.")
    try:
        return postal_code(typed, "FR")
    except ValueError:
        raise ValueError("Indiquez un code postal de cinq chiffres, par exemple 35000.") from None


class CheckForm(PostedForm):
    """The number of signatures that a second person finds on the sheet."""

    total: Annotated[int, BeforeValidator(_signatures)] = 0


class SetAsideForm(PostedForm):
    """Why it shall count no more."""

    reason: str = ""

    @model_validator(mode="after")
    def _known(self) -> "SetAsideForm":
        if self.reason not in set(SheetReason):
            raise Invalid({"reason": "Choisissez pourquoi cette feuille ne compte plus : chacun pourra le lire."})
        return self
