"""Bring the English catalogue up to date: ``python -m app.locale.extract``.

Messages are collected from the templates that the public reads, and from the sentences that the
code says to people. Translations stay; a message that is gone is kept as obsolete; a new one
comes without translation, and ``tests/test_locale.py`` says so.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "app" / "locale" / "en" / "LC_MESSAGES" / "signons.po"
# What staff and organisers read is in French only; but of their own account.
STAFF = (
    "administration/",
    "organising/",
    "email/accounts/new_administrator/",
    "email/moderation/amendment/",
    "email/moderation/digest/",
    "email/moderation/news/",
    "email/moderation/petition/",
    "email/moderation/submitted/",
    "email/updates/test/",
)
# Of those on the layout of staff, the pages of one's own account.
OWN = {"accounts", "privacy"}
STAFF_LAYOUT = '{% extends "layouts/staff.html" %}'
JINJA = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
# Modules that speak to the public, and the calls and tables in which they do.
SPEAKERS = (
    "accounts/actions/*.py",
    "accounts/dependencies.py",
    "accounts/passwords.py",
    "accounts/routes/*.py",
    "comments/*.py",
    "drafting/*.py",
    "lanes.py",
    "live/feed.py",
    "mail/routes.py",
    "moderation/forms/*.py",
    "moderation/statements.py",
    "answers.py",
    "main.py",
    "petitions/addresses.py",
    "petitions/choices.py",
    "petitions/dependencies.py",
    "petitions/images.py",
    "petitions/keys.py",
    "petitions/network_card.py",
    "petitions/places.py",
    "petitions/queries.py",
    "pages/published.py",
    "pages/routes/*.py",
    "privacy/dependencies.py",
    "privacy/forms.py",
    "privacy/routes/*.py",
    "privacy/schedule.py",
    "privacy/actions/closing.py",
    "privacy/actions/self_service.py",
    "redress/actions/appealing.py",
    "redress/actions/noticing.py",
    "redress/actions/rewriting.py",
    "redress/forms.py",
    "redress/routes/public.py",
    "transparency/routes.py",
    "turn.py",
    "signatures/*.py",
    "signatures/actions/*.py",
    "text.py",
    "web/*.py",
)
CALLS = {
    "ValueError", "Refused", "Invalid", "NotFound", "Gone", "Conflict", "Busy", "TooMany",
    "Unable", "HTTPException", "refuse", "answer", "person_name", "proper_name", "Line", "Message", "bounded", "number",
    "Step",
}  # fmt: skip
TABLES = {
    "TITLES", "SENTENCE", "AWAY", "BROKEN", "UNKNOWN", "UNLAWFUL", "SORTS", "BEST", "CONSENT_LABELS",
    "DISPLAY_LABELS", "PURPOSE_LABELS",
    "STATE_LABELS", "WRONG", "NOTICE_CATEGORIES", "KINDS", "TARGETS", "SOURCES", "GROUNDS", "sentences",
    "errors", "error", "sentence", "NOTICE_VERSIONS", "DAY_D", "DONE", "SLOW", "FULL", "LATE",
    "CLOSED", "CHANGED", "NO_CODE", "NO_MORE", "NOT_OURS", "INCOMPLETE", "ADDRESS", "FORGOTTEN", "NONE", "PROMISED",
    "BY_INVITATION", "BY_THE_TEAM",
    "ROLES", "TAKEN", "WEAK", "WRONG_CODE", "WRONG_KEY", "NOT_MADE", "WRONG_PROOF", "WRONG_SPARE", "NOWHERE",
    "REWRITTEN", "EXPECTED", "UNREADABLE", "ONE", "TOO_LONG", "SEVERAL", "NO_SUCH", "SOURCE_KINDS", "TOO_MUCH",
}  # fmt: skip
Message = str | tuple[str, ...]


def public_templates() -> Iterator[Path]:
    folder = ROOT / "templates"
    for path in sorted(folder.rglob("*.*")):
        name = path.relative_to(folder)
        if name.as_posix().startswith(STAFF):
            continue
        source = path.read_text("utf-8")
        # Parts of moderation's pages are for staff.
        part = name.parts[0] == "moderation" and name.name.startswith("_")
        if part or (source.startswith(STAFF_LAYOUT) and name.parts[0] not in OWN):
            continue
        yield path


def from_templates() -> Iterator[tuple[Message, str]]:
    for path in public_templates():
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("jinja2.ext:babel_extract", file, options=JINJA):
                yield message, str(path.relative_to(ROOT))


def from_python() -> Iterator[tuple[Message, str]]:
    for pattern in SPEAKERS:
        for path in sorted((ROOT / "app").glob(pattern)):
            for message in sentences(path.read_text("utf-8")):
                yield message, str(path.relative_to(ROOT))


def sentences(source: str) -> Iterator[str]:
    """What the calls and the tables named above say in this source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in CALLS:
            for argument in node.args:
                yield from _said(argument)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in TABLES:
                    yield from _said(value)
        elif isinstance(node, ast.keyword) and node.arg in TABLES:
            yield from _said(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_name(target) in TABLES for target in targets):
                yield from _said(node.value)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _said(node: ast.expr) -> Iterator[str]:
    """The sentences of an expression: constants, values of dicts."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and not _is_code(node.value):
            yield node.value
    elif isinstance(node, ast.Dict):
        for value in node.values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.isalpha():
                yield value.value
            else:
                yield from _said(value)
    elif isinstance(node, ast.Tuple):
        for value in node.elts:
            yield from _said(value)


def _is_code(text: str) -> bool:
    """A word in ASCII small letters is a name of the code, not a word for people; so is a figure."""
    return (text.isascii() and text.replace("_", "").isalnum() and text == text.lower()) or not text.strip()


def collected() -> Catalog:
    """Everything that a catalogue should have."""
    catalogue = Catalog(locale="en", domain="signons", charset="utf-8")
    for message, place in (*from_templates(), *from_python()):
        catalogue.add(message, locations=[(place, 0)], flags=["python-format"] if "%(" in str(message) else [])
    return catalogue


def update() -> Catalog:
    """The catalogue with its translations, brought up to date; nothing is guessed (no fuzzy)."""
    catalogue = Catalog(locale="en", domain="signons", project="Signons", charset="utf-8", fuzzy=False)
    if CATALOGUE.exists():
        with CATALOGUE.open("rb") as file:
            catalogue = read_po(file, locale="en")
    made = catalogue.creation_date
    catalogue.update(collected(), no_fuzzy_matching=True)
    # The same messages make the same file.
    catalogue.creation_date = made
    return catalogue


if __name__ == "__main__":
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    found = update()
    with CATALOGUE.open("wb") as file:
        write_po(file, found, width=0, sort_output=True, include_lineno=False, ignore_obsolete=False)
