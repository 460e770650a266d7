"""What can go wrong, in the words of the trade; answers.py gives each its page."""

from app.locale import Message


class SignonsError(Exception):
    """Base of every error that a person may read; ``str()`` is a French sentence.

    ``message`` is to be translated where it is shown: a msgid, with the parameters that go into it.
    """

    def __init__(self, message: str, /, **parameters: object) -> None:
        self.message = Message(message, **parameters) if parameters else message
        super().__init__(self.message)


class SettingsError(SignonsError):
    """A setting is wrong: the process does not start."""


class Refused(SignonsError):
    """A verb cannot be carried out; nothing was changed."""

    status = 422


class Invalid(Refused):
    """A form was refused: ``errors`` maps each field to a sentence that says what to do."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(next(iter(errors.values())))
        self.errors = errors


class NotFound(Refused):
    """There is no such thing, or it is not this person's."""

    status = 404


class Moved(NotFound):
    """It is at another address now, for good."""

    def __init__(self, message: str, before: str, now: str) -> None:
        super().__init__(message)
        self.before, self.now = before, now


class Gone(Refused):
    """It existed; it has expired, been used or been withdrawn."""

    status = 410


class Conflict(Refused):
    """Somebody else was faster, or the state changed meanwhile."""

    status = 409


class Unable(Refused):
    """It is asked for in a way in which we do not say it."""

    status = 501


class Busy(Refused):
    """Too much at once; try again in ``retry_after`` seconds."""

    status = 503

    def __init__(self, message: str, retry_after: int = 5, **parameters: object) -> None:
        super().__init__(message, **parameters)
        self.retry_after = retry_after


class TooMany(Refused):
    """This address has asked too often; try again in ``retry_after`` seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int = 60, **parameters: object) -> None:
        super().__init__(message, **parameters)
        self.retry_after = retry_after
