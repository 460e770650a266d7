"""What an organiser may post about a petition's exports and comments."""

from app.web.forms import PostedForm


class ExportForm(PostedForm):
    """The file wanted; the verb knows which there are."""

    purpose: str = ""
    format: str = "csv"


class AskForm(PostedForm):
    """What an administrator asks of another one, and why; the verb says what is missing."""

    asked: str = ""
    reason: str = ""


class CommentsForm(PostedForm):
    """``on`` or ``off``."""

    open: str = ""


class CarryForm(PostedForm):
    """Who shall carry the petition: the address of an organisation."""

    organisation: str = ""
