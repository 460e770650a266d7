"""What moderators may post about texts, and about how they work."""

from app.moderation.forms.judging import (
    BatchForm,
    CharterForm,
    DecisionForm,
    HintsForm,
    NoteForm,
    PreferenceForm,
    ReviewForm,
    SecondLookForm,
)

__all__ = [
    "BatchForm", "CharterForm", "DecisionForm", "HintsForm", "NoteForm", "PreferenceForm", "ReviewForm",
    "SecondLookForm",
]  # fmt: skip
