"""What may be posted to moderation, by moderators and by anybody."""

from app.moderation.forms.judging import (
    BatchForm,
    CharterForm,
    DecisionForm,
    JudgeForm,
    NoteForm,
    PreferenceForm,
    ReviewForm,
    SecondLookForm,
    ViewForm,
)
from app.moderation.forms.redress import (
    NOTICE_CATEGORIES,
    AppealForm,
    AuthorityForm,
    NoticeForm,
    OrderForm,
    ReplyDecisionForm,
    ReplyForm,
    RewriteForm,
)

__all__ = [
    "NOTICE_CATEGORIES", "AppealForm", "AuthorityForm", "BatchForm", "CharterForm", "DecisionForm", "JudgeForm",
    "NoteForm", "NoticeForm", "OrderForm", "PreferenceForm", "ReplyDecisionForm", "ReplyForm", "ReviewForm",
    "RewriteForm", "SecondLookForm", "ViewForm",
]  # fmt: skip
