"""Statements of reasons for other programs: checked against the fields that the Commission publishes."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from app.moderation.models import Decision
from app.moderation.statements import EUROPE

# Field → (required, allowed values or None for text, list or not); from the database's API documentation.
_CATEGORIES = (
    "ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE CYBER_VIOLENCE_AGAINST_WOMEN"
    " DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    " NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE OTHER_VIOLATION_TC PROTECTION_OF_MINORS"
    " RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE"
)
FIELDS: dict[str, set[str] | None] = {
    "puid": None,
    "decision_visibility": {
        f"DECISION_VISIBILITY_{name}"
        for name in (
            "CONTENT_REMOVED",
            "CONTENT_DISABLED",
            "CONTENT_DEMOTED",
            "CONTENT_AGE_RESTRICTED",
            "CONTENT_INTERACTION_RESTRICTED",
            "CONTENT_LABELLED",
            "OTHER",
        )
    },
    "decision_visibility_other": None,
    "decision_provision": {
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "DECISION_PROVISION_TOTAL_SUSPENSION",
        "DECISION_PROVISION_PARTIAL_TERMINATION",
        "DECISION_PROVISION_TOTAL_TERMINATION",
    },
    "decision_account": {"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"},
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "illegal_content_legal_ground": None,
    "illegal_content_explanation": None,
    "incompatible_content_ground": None,
    "incompatible_content_explanation": None,
    "incompatible_content_illegal": {"Yes", "No"},
    "category": {f"STATEMENT_CATEGORY_{name}" for name in _CATEGORIES.split()},
    "category_specification": {
        "KEYWORD_CYBER_HARASSMENT",
        "KEYWORD_DEFAMATION",
        "KEYWORD_HATE_SPEECH",
        "KEYWORD_INCITEMENT_VIOLENCE_HATRED",
        "KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING",
        "KEYWORD_TERRORIST_CONTENT",
        "KEYWORD_OTHER",
    },
    "category_specification_other": None,
    "content_type": {"CONTENT_TYPE_TEXT"},
    "content_language": None,
    "content_date": None,
    "application_date": None,
    "territorial_scope": set(EUROPE),
    "decision_facts": None,
    "source_type": {
        "SOURCE_ARTICLE_16",
        "SOURCE_TRUSTED_FLAGGER",
        "SOURCE_TYPE_OTHER_NOTIFICATION",
        "SOURCE_VOLUNTARY",
    },
    "automated_detection": {"Yes", "No"},
    "automated_decision": {
        "AUTOMATED_DECISION_FULLY",
        "AUTOMATED_DECISION_PARTIALLY",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    },
}
REQUIRED = {
    "puid", "decision_ground", "category", "content_type", "content_date", "application_date", "decision_facts",
    "source_type", "automated_detection", "automated_decision",
}  # fmt: skip
LISTS = {"decision_visibility", "category_specification", "content_type", "territorial_scope"}
RESTRICTIONS = {"decision_visibility", "decision_provision", "decision_account"}


def problems(record: dict[str, Any]) -> list[str]:
    """Why the database would refuse this statement; empty when it would take it."""
    found = [f"{name}: missing" for name in sorted(REQUIRED - record.keys())]
    found += [f"{name}: unknown field" for name in sorted(record.keys() - FIELDS.keys())]
    if not RESTRICTIONS & record.keys():
        found.append("no restriction")
    for name, value in record.items():
        allowed = FIELDS.get(name)
        if (name in LISTS) != isinstance(value, list):
            found.append(f"{name}: wrong shape")
            continue
        values = value if isinstance(value, list) else [value]
        found += [f"{name}: {one}" for one in values if allowed is not None and one not in allowed]
        found += [f"{name}: too long" for one in values if len(one) > 5000]
    for name in ("content_date", "application_date"):
        try:
            date.fromisoformat(str(record.get(name)))
        except ValueError:
            found.append(f"{name}: not a date")
    return found


def json_lines(decisions: Iterable[Decision]) -> Iterator[str]:
    """One statement a line; what takes nothing away has none."""
    for decision in decisions:
        if decision.statement and not problems(decision.statement):
            yield json.dumps(decision.statement, ensure_ascii=False) + "\n"
