"""The tables of moderation: the charter, decisions, notices and appeals, the team's own."""

from app.moderation.models.charter import CharterArticle, CharterVersion
from app.moderation.models.decisions import Appeal, AuthorLimit, Decision, PetitionRemark, SecondLook
from app.moderation.models.notices import Case, Notice, Order, Reply
from app.moderation.models.team import Claim, HintVerdict, Note, Preference

__all__ = [
    "Appeal",
    "AuthorLimit",
    "Case",
    "CharterArticle",
    "CharterVersion",
    "Claim",
    "Decision",
    "HintVerdict",
    "Note",
    "Notice",
    "Order",
    "PetitionRemark",
    "Preference",
    "Reply",
    "SecondLook",
]
