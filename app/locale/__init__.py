"""Translations: French is the language of the messages themselves, English the second one."""

from collections.abc import Callable
from typing import Any


class Spoken(str):
    """A day or a number in a ``Message``: ``Spoken(long_date, day)``, in French as a string, said as its page says."""

    __slots__ = ("_how", "_value")
    _how: Callable[[Any, str], str]
    _value: object

    def __new__(cls, how: Callable[[Any, str], str], value: object) -> "Spoken":
        self = super().__new__(cls, how(value, "fr"))
        self._how, self._value = how, value
        return self

    def said_in(self, locale: str) -> str:
        return self._how(self._value, locale)


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

    def said(self, translated: Callable[[str], str], locale: str) -> str:
        """The sentence, *translated* giving each msgid in the language of the page."""
        held = dict(self.parameters)
        for name, value in self.parameters.items():
            if isinstance(value, Message):
                held[name] = value.said(translated, locale)
            elif isinstance(value, Spoken):
                held[name] = value.said_in(locale)
        return translated(self.msgid) % held if held else translated(self.msgid)
