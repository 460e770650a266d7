"""What routes of moderation ask for."""

from typing import Annotated

from fastapi import Depends, Request

from app.moderation.forms.filtering import Filters, filters_of
from app.moderation.proofs import MOST_BLOCKS
from app.web.forms import MAX_FIELDS, Values, read_pairs


async def read_decision(request: Request) -> Values:
    """A decision's form, where ``article`` may be repeated: the first, and the others in ``articles``."""
    return _cited(await read_pairs(request))


async def read_review(request: Request) -> Values:
    """The same of a petition: a field for each block of its text."""
    return _cited(await read_pairs(request, MAX_FIELDS + MOST_BLOCKS))


def _cited(pairs: list[tuple[str, str]]) -> Values:
    values = dict(pairs)
    cited = list(dict.fromkeys(value for name, value in pairs if name == "article" and value.strip()))
    if len(cited) > 1:
        values["article"], values["articles"] = cited[0], ",".join(cited[1:])
    return values


def read_filters(request: Request) -> Filters:
    """Which part of the queue somebody looks at: acts carry it along, and come back to it."""
    return filters_of(request.query_params)


Within = Annotated[Filters, Depends(read_filters)]
DecisionValues = Annotated[Values, Depends(read_decision)]
ReviewValues = Annotated[Values, Depends(read_review)]
