"""What a moderator posts about another text for a published petition."""

from typing import Literal

from pydantic import field_validator

from app.moderation.forms.base import Explanation
from app.web.forms import IdOrZero, PostedForm


class AmendmentForm(PostedForm):
    """``publish``, or ``refuse`` with an explanation, under an article where one is broken."""

    decision: Literal["publish", "refuse"] | None = None
    article: IdOrZero = 0
    explanation: Explanation = ""

    @field_validator("decision", mode="before")
    @classmethod
    def _decision(cls, value: object) -> object:
        if value not in {"publish", "refuse"}:
            raise ValueError("Choisissez : publier, ou refuser.")
        return value
