"""Translations: French is the language of the messages themselves, English the second one."""
