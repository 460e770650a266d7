"""Exports: the signatures of a petition handed over as CSV, one purpose at a time.

``delivery``: what the signers were told that the recipient would get. ``contact``: those who
accepted contact by the organiser, with their e-mail. ``audit``: pseudonyms, states and times, no
identity. Every export is journalled with its count and its SHA-256.
"""
