"""What a member may do with what is the organisation's."""

from collections.abc import Iterable
from enum import StrEnum


class Right(StrEnum):
    # Write them, propose them, set them, close them.
    PETITIONS = "petitions"
    # Tell the news.
    UPDATES = "updates"
    # Export those who signed; never given by default.
    SIGNATURES = "signatures"
    # Invite, give rights, take them; and what the organisation says of itself.
    MEMBERS = "members"


EVERY = frozenset(Right)
# Those that the other members are told of.
GRAVE = frozenset({Right.SIGNATURES, Right.MEMBERS})


def spelled(rights: Iterable[Right]) -> str:
    """Their codes, always in the same order: ``petitions,updates``."""
    return ",".join(right for right in Right if right in set(rights))
