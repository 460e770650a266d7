"""Translations: French is the language of the messages themselves, English the second one."""

from collections.abc import Callable


class Message(str):
    """A French sentence with parameters: ``Message("%(most)s caractères au plus.", most=80)``.

    As a string it is finished, in French, as logs and terminals say it. Pages say it in their language: its msgid is
    translated there and the parameters put in again, those that are messages themselves translated too.
    """

    __slots__ = ("msgid", "parameters")
    msgid: str
    parameters: dict[str, object]

    def __new__(cls, msgid: str, /, **parameters: object) -> "Message":
        self = super().__new__(cls, msgid % parameters if parameters else msgid)
        self.msgid, self.parameters = msgid, parameters
        return self

    def said(self, translated: Callable[[str], str]) -> str:
        """The sentence, *translated* giving each msgid in the language of the page."""
        held = {
            name: value.said(translated) if isinstance(value, Message) else value
            for name, value in self.parameters.items()
        }
        return translated(self.msgid) % held if held else translated(self.msgid)
