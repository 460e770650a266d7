"""Consent: what was asked, in which words, and what each person answered, and when.

A *consent text* is immutable: another wording is another version, and the earlier one ends.
A *consent event* is appended (given, confirmed, withdrawn, expired) and never changed: the
database itself refuses it, until the petition's evidence key is destroyed. Purposes: ``sign``,
``public_name``, ``updates``, ``newsletter``, ``organiser_contact``; none implies another, and the
last event of a purpose is the only truth about it.
"""
