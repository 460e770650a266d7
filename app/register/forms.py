"""What a witness posts."""

from typing import Annotated

from pydantic import StringConstraints

from app.web.forms import PostedForm


class CosignatureForm(PostedForm):
    """``note``: a head of ours as it was signed, and below it the line of the witness."""

    note: Annotated[str, StringConstraints(max_length=20_000)]
