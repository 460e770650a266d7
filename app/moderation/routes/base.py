"""The router, and what its modules share."""

from typing import Annotated

from fastapi import APIRouter, Path

router = APIRouter()
# A number that a column can hold; anything else is a page that does not exist.
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
