"""Reading what a browser posts: ``application/x-www-form-urlencoded``, UTF-8, no NUL."""

from itertools import chain
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Path, Request
from pydantic import BaseModel, ValidationError

Values = dict[str, str]
# A row's number in an address; what no table can hold is not there (404).
RowId = Annotated[int, Path(gt=0, lt=2**31)]
MAX_FIELDS = 200
# Of staff who tick lines one by one, 500 at most.
MAX_LONG_FIELDS = 520


async def read_pairs(request: Request, most: int = MAX_FIELDS) -> list[tuple[str, str]]:
    """``(field, value)`` as they were posted. Raises HTTPException 400 or 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Ce formulaire est attendu dans le format habituel des navigateurs.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:  # UnicodeDecodeError is one
        raise HTTPException(400, "Cet envoi contient des caractères illisibles.") from None
    if "\x00" in "".join(chain.from_iterable(pairs)):
        raise HTTPException(400, "Cet envoi contient des caractères illisibles.")
    return pairs


async def read_form(request: Request) -> Values:
    """Field → last value typed."""
    return dict(await read_pairs(request))


async def read_long_form(request: Request) -> Values:
    """The same, longer."""
    return dict(await read_pairs(request, MAX_LONG_FIELDS))


Form = Annotated[Values, Depends(read_form)]
LongForm = Annotated[Values, Depends(read_long_form)]


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Values) -> Model:
    """The model made of what was typed; raises FormRefused with a sentence a field."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors: dict[str, str] = {}
        for problem in error.errors(include_url=False, include_input=False):
            message = str(problem["msg"]).removeprefix("Value error, ")
            errors.setdefault(str(problem["loc"][0]) if problem["loc"] else "", message)
        raise FormRefused(errors, values) from None


class FormRefused(Exception):
    """A form to show again with 422: raised, so that nothing of it is kept.

    ``errors`` maps each field to its sentence; ``values`` is what was typed, all of it;
    ``page`` names the template and its context, where the route knows them already.
    """

    def __init__(self, errors: dict[str, str], values: Values, status: int = 422) -> None:
        super().__init__("form refused")
        self.errors = errors
        self.values = values
        self.status = status
        self.page: tuple[str, dict[str, Any]] | None = None

    @property
    def form(self) -> dict[str, dict[str, str]]:
        return {"values": self.values, "errors": self.errors}
