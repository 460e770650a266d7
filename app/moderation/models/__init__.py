"""The tables of moderation: the charter, decisions, reviews, notices and appeals, the team's own."""

from app.moderation.models.charter import CharterArticle, CharterVersion
from app.moderation.models.decisions import (
    Appeal,
    AppealOutcome,
    AuthorLimit,
    Decision,
    DecisionKind,
    Ground,
    SecondLook,
    Source,
    Target,
)
from app.moderation.models.notices import (
    Case,
    CaseKind,
    CaseOutcome,
    Notice,
    NoticeOutcome,
    Order,
    Reply,
    ReplyState,
)
from app.moderation.models.reviews import Part, PetitionRemark, ReviewedPetition
from app.moderation.models.team import Claim, HintVerdict, Note, Preference

__all__ = [
    "Appeal",
    "AppealOutcome",
    "AuthorLimit",
    "Case",
    "CaseKind",
    "CaseOutcome",
    "CharterArticle",
    "CharterVersion",
    "Claim",
    "Decision",
    "DecisionKind",
    "Ground",
    "HintVerdict",
    "Note",
    "Notice",
    "NoticeOutcome",
    "Order",
    "Part",
    "PetitionRemark",
    "Preference",
    "Reply",
    "ReplyState",
    "ReviewedPetition",
    "SecondLook",
    "Source",
    "Target",
]
