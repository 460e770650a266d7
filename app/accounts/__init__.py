"""Accounts of the people who work here: organisers, moderators, administrators.

Signers have none. An account signs in with a password and a second factor; what it may do follows
from its role and, for organisers, from the petitions that it owns. A *staff session* is a row: it
can be revoked, and expires by itself.
"""
