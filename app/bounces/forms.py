"""What the sending service posts: JSON, signed (Standard Webhooks)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Word = Annotated[str, StringConstraints(max_length=320, strip_whitespace=True)]


class Event(BaseModel):
    """One mail that came back, or that somebody complained of; what else is in it is not read.

    ``type``, and then either ``message``, the report as it arrived (RFC 3464, RFC 5965), or ``recipient`` with
    what its server answered: ``status`` (``5.1.1``) and ``diagnostic`` (its words). ``envelope``: the sender on
    the envelope, where the service knows it; it says which mail. Of whom a ``message`` speaks is believed where
    ``recipient`` says the same, or the seal of the envelope proves it.
    """

    model_config = ConfigDict(extra="ignore")

    type: Literal["bounce", "complaint"]
    recipient: Word = ""
    status: Annotated[str, StringConstraints(max_length=20)] = ""
    diagnostic: Annotated[str, StringConstraints(max_length=2000)] = ""
    envelope: Word = ""
    message: str = ""
