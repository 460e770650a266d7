"""Petitions: a text addressed to recipients, that people may sign while it is open.

States: draft → submitted → open → closed → delivered, or refused; purged at the end of life.
A petition's text has *versions*, numbered as they are published: a *typo* is corrected within one, an *amendment* makes
the next, a *change* is any other dated line, an *address* is for good. Its *goal* is reached by *steps*. Its *keys*
encrypt what its signers wrote and recognise a second signature; destroying them is the last act of its life.
Counts are kept as a folded total per hour plus small delta rows, so that nobody waits on a
counter: displayed count = total + deltas = confirmed rows, always.
"""
