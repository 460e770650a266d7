"""What a moderator posts about news of a petition."""

from typing import Literal

from pydantic import field_validator

from app.moderation.forms.base import Explanation
from app.web.forms import IdOrZero, PostedForm


class RefusalForm(PostedForm):
    """The article that is not respected, and why; the verb says what is missing."""

    article: IdOrZero = 0
    explanation: Explanation = ""
    # The mark of what was on the page, see updates.actions.mark.
    seen: str = ""


class NewsForm(RefusalForm):
    """``publish``, or ``refuse`` under an article, with an explanation."""

    decision: Literal["publish", "refuse"] | None = None

    @field_validator("decision", mode="before")
    @classmethod
    def _decision(cls, value: object) -> object:
        if value not in {"publish", "refuse"}:
            raise ValueError("Choisissez : publier, ou refuser.")
        return value
