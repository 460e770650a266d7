"""Statements of reasons: what a decision tells its author, in the field names of the Commission's
Transparency Database, without the text itself nor anything about a person.

The author's mail adds the quoted passage and the moderator's explanation, which the decision keeps.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from app.moderation import charter
from app.moderation.models import CharterArticle, Decision, DecisionKind, Ground
from app.templating import long_date
from app.zone import ZONE

APPEAL_FOR = timedelta(days=183)
# Categories and keywords of the database for the ones that the charter names.
CATEGORIES: dict[str, tuple[str, list[str]]] = {
    "CYBER_VIOLENCE": ("STATEMENT_CATEGORY_CYBER_VIOLENCE", ["KEYWORD_CYBER_HARASSMENT"]),
    "DEFAMATION": ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", ["KEYWORD_DEFAMATION"]),
    "HATE_SPEECH": ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", ["KEYWORD_HATE_SPEECH"]),
    "INCITEMENT_VIOLENCE_HATRED": ("STATEMENT_CATEGORY_VIOLENCE", ["KEYWORD_INCITEMENT_VIOLENCE_HATRED"]),
    "DATA_PROTECTION": ("STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", ["KEYWORD_OTHER"]),
    "IMPERSONATION": ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", ["KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING"]),
    "PROTECTION_OF_MINORS": ("STATEMENT_CATEGORY_PROTECTION_OF_MINORS", ["KEYWORD_OTHER"]),
    "SELF_HARM": ("STATEMENT_CATEGORY_SELF_HARM", ["KEYWORD_OTHER"]),
    "SCAMS_AND_FRAUD": ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", ["KEYWORD_OTHER"]),
    "TERRORIST": ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", ["KEYWORD_TERRORIST_CONTENT"]),
    "": ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", ["KEYWORD_OTHER"]),
}
SOURCE_TYPES = {"notice": "SOURCE_ARTICLE_16", "order": "SOURCE_TYPE_OTHER_NOTIFICATION"}
ORIGINS = {
    "own": "lors de la relecture",
    "notice": "à la suite d’un signalement",
    "order": "à la suite d’une injonction d’une autorité",
    "appeal": "à la suite d’un recours",
}
# Grounds that are no article of the charter: the rule, and why it applies.
GROUNDS = {
    "not_handled": ("Commentaires non traités dans les trente jours", "Aucun modérateur n’a pu lire ce texte à temps."),
    "withdrawn": ("Retrait par l’auteur", "L’auteur a repris son texte."),
}
UNLAWFUL = "Le passage cité dans la décision tombe sous le coup de ce texte."
WHATS = {"comment": "Commentaire", "petition": "Pétition", "reply": "Droit de réponse"}
EUROPE = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905


def statement(
    decision: Decision, cited: Sequence[CharterArticle], written_on: date, language: str, about: str
) -> dict[str, Any]:
    """One record of the database; empty for a decision that takes nothing away."""
    if decision.ground == Ground.NONE:
        return {}
    category, _ = CATEGORIES[_category(decision, cited)]
    keywords = _keywords(decision, cited)
    record: dict[str, Any] = {
        "puid": decision.reference,
        **_restriction(decision),
        **_ground(decision, cited),
        "category": category,
        "category_specification": keywords,
        "content_type": ["CONTENT_TYPE_TEXT"],
        "content_language": language.upper(),
        "content_date": written_on.isoformat(),
        "application_date": decision.decided_at.astimezone(ZONE).date().isoformat(),
        "territorial_scope": EUROPE,
        "decision_facts": _facts(decision, about, written_on),
        "source_type": SOURCE_TYPES.get(decision.source, "SOURCE_VOLUNTARY"),
        # A hint is never what decides; the machine only closes what nobody handled.
        "automated_detection": "No",
        "automated_decision": (
            "AUTOMATED_DECISION_NOT_AUTOMATED" if decision.moderator_id else "AUTOMATED_DECISION_FULLY"
        ),
    }
    if "KEYWORD_OTHER" in keywords:
        record["category_specification_other"] = "Charte de la plateforme"
    return record


def _keywords(decision: Decision, cited: Sequence[CharterArticle]) -> list[str]:
    """Those of every article cited."""
    if decision.ground == Ground.ORDER or not cited:
        return CATEGORIES[_category(decision, cited)][1]
    found = [keyword for a in cited for keyword in CATEGORIES.get(a.category, CATEGORIES[""])[1]]
    return list(dict.fromkeys(found))


def _category(decision: Decision, cited: Sequence[CharterArticle]) -> str:
    if decision.ground == Ground.ORDER:
        return "TERRORIST"
    return cited[0].category if cited and cited[0].category in CATEGORIES else ""


def _restriction(decision: Decision) -> dict[str, Any]:
    """What was restricted: the text, a passage of it, or what its author may do."""
    fields: dict[str, Any] = {}
    if decision.kind in {DecisionKind.REFUSE, DecisionKind.REMOVE}:
        fields["decision_visibility"] = ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    elif "mask" in decision.effects:
        fields["decision_visibility"] = ["DECISION_VISIBILITY_OTHER"]
        fields["decision_visibility_other"] = "Un passage est masqué, le reste du texte est publié tel quel."
    if "limit_author" in decision.effects or "close_thread" in decision.effects:
        fields["decision_provision"] = "DECISION_PROVISION_PARTIAL_SUSPENSION"
    if "quarantine" in decision.effects:
        fields["decision_account"] = "DECISION_ACCOUNT_SUSPENDED"
    return fields


def _ground(decision: Decision, cited: Sequence[CharterArticle]) -> dict[str, Any]:
    if decision.ground in {Ground.LAW, Ground.ORDER, Ground.NOTICE}:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": decision.provision,
            "illegal_content_explanation": UNLAWFUL,
        }
    if decision.ground in GROUNDS:
        rule, why = GROUNDS[decision.ground]
    else:
        rule = _shorter(charter.cited(cited), 500)
        why = _shorter(" ".join(article.applies for article in cited), 2000)
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": rule,
        "incompatible_content_explanation": why,
        "incompatible_content_illegal": "No",
    }


def _shorter(text: str, longest: int) -> str:
    """What the database would refuse for its length alone is cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _facts(decision: Decision, about: str, written_on: date) -> str:
    moderator = "par une personne" if decision.moderator_id else "par la machine, sans lecture"
    return (
        f"{WHATS[decision.target]} du {long_date(written_on)}, {about}."
        f" Décision prise {ORIGINS[decision.source]}, {moderator}."
        + (f" Le passage en cause compte {len(decision.passage)} caractères." if decision.passage else "")
    )
