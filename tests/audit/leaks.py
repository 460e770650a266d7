"""Loaded by schemathesis in its own environment: no answer tells what is inside."""

import os

import schemathesis  # type: ignore[import-not-found, unused-ignore]

INSIDE = [b"Traceback (most recent call last)", b"sqlalchemy", b"psycopg", b"sqlite3.", b"site-packages", b"$argon2"]
SECRETS = [word.encode() for word in os.environ["AUDIT_SECRETS"].split()]


@schemathesis.check  # type: ignore[untyped-decorator, unused-ignore]
def no_leak(ctx, response, case) -> None:  # type: ignore[no-untyped-def]
    for word in INSIDE + SECRETS:
        # What was typed may be shown again: only what was not sent counts.
        assert word not in response.content, f"the answer holds {word[:12]!r}…"
