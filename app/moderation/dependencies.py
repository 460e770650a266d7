"""What routes of moderation ask for."""

from typing import Annotated

from fastapi import Depends, Request

from app.web.forms import Values, read_pairs


async def read_decision(request: Request) -> Values:
    """A decision's form, where ``article`` may be repeated: the first, and the others in ``articles``."""
    pairs = await read_pairs(request)
    values = dict(pairs)
    cited = list(dict.fromkeys(value for name, value in pairs if name == "article" and value.strip()))
    if len(cited) > 1:
        values["article"], values["articles"] = cited[0], ",".join(cited[1:])
    return values


DecisionValues = Annotated[Values, Depends(read_decision)]
