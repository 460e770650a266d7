"""Statements of reasons for other programs: checked against the fields that the Commission publishes,
which are kept as data with their source (transparency_database.yaml)."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import structlog
import yaml

from app.moderation.models import Decision

DATABASE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("transparency_database.yaml").read_text())
FIELDS: dict[str, dict[str, Any]] = DATABASE["fields"]
log = structlog.get_logger("moderation")


def problems(record: dict[str, Any]) -> list[str]:
    """Why the database would refuse this statement; empty when it would take it."""
    found = [f"{name}: missing" for name, rule in FIELDS.items() if rule.get("required") and name not in record]
    found += [f"{name}: unknown field" for name in sorted(record.keys() - FIELDS.keys())]
    if not record.keys() & set(DATABASE["any_of"]):
        found.append("no restriction")
    for name, (other, value) in DATABASE["needed_with"].items():
        if value in _list(record.get(other)) and not record.get(name):
            found.append(f"{name}: missing with {value}")
    for name in record.keys() & FIELDS.keys():
        found += [f"{name}: {problem}" for problem in _field(record[name], FIELDS[name])]
    return found


def _field(value: Any, rule: dict[str, Any]) -> Iterator[str]:
    if isinstance(value, list) != bool(rule.get("list")):
        yield "wrong shape"
        return
    if value == []:
        yield "empty"
    for one in _list(value):
        if not isinstance(one, str):
            yield f"not a text: {one!r}"
        elif "values" in rule and one not in rule["values"]:
            yield f"not allowed: {one}"
        elif len(one) > rule.get("max", 5000):
            yield "too long"
        elif "pattern" in rule and not re.fullmatch(rule["pattern"], one):
            yield f"not in the format: {one}"
        elif "date" in rule and not _is_day(one, date.fromisoformat(rule["date"])):
            yield f"not a day since {rule['date']}: {one}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_day(text: str, since: date) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) >= since
    except ValueError:
        return False


def json_lines(decisions: Iterable[Decision]) -> Iterator[str]:
    """One statement a line; what takes nothing away, or is forgotten with its text, has none."""
    for decision in decisions:
        if not decision.statement:
            continue
        if found := problems(decision.statement):
            log.error("statement_not_exported", reference=decision.reference, problems=found)
            continue
        yield json.dumps(decision.statement, ensure_ascii=False) + "\n"
