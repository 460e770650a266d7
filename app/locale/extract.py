"""Bring the English catalogue up to date: ``python -m app.locale.extract``.

Messages are collected from every template, and from everything in French that the code holds, but for what is said
on the command line to who runs the instance. Translations stay; a message that is gone leaves; a new one comes without
translation, and ``tests/test_locale.py`` says so.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "app" / "locale" / "en" / "LC_MESSAGES" / "signons.po"
JINJA = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
# Read on the command line, or at the start, by who runs the instance; a demonstration, which people could have written;
# words that are compared with others and said to nobody; consent texts, which have a version in each language.
NOT_FOR_PAGES = (
    "audit/chain.py", "backup/", "cli/", "conninfo.py", "consents/", "db.py", "demo/", "folding.py", "locale/",
    "mail/dkim.py", "migrations.py", "naming.py", "operations/", "petitions/frontmatter.py", "petitions/glyphs.py",
    "petitions/importing.py", "petitions/words.py", "register/asking.py", "register/checking.py",
    "register/verifier.py", "settings.py", "vault.py",
)  # fmt: skip
# What is French without a doubt: its letters and its quotation marks, or a word that it can hardly do without.
FRENCH = re.compile(
    r"[àâçèéêëîïôùûœÀÂÇÈÉÊÎÔŒ’«»]"
    r"|\b(?:au|aux|avec|ce|ces|cette|dans|de|des|du|en|est|et|la|le|les|nous|ou|par|pas|plus|pour|que|qui|"
    r"sans|se|sera|ses|son|sont|sur|un|une|vos|votre|vous)\b",
    re.IGNORECASE,
)
# An address of the site, a pattern, a piece of markup, a name made for programs.
CODE = re.compile(r"^[/?#.&<]|</|\\|\(\?|\w\|\w|^\S+/\S+$|^[a-z0-9]+(?:[-_.][a-z0-9]+)+$|^\W*$")
# What a model, a check of a table or a developer's mistake says.
ENGLISH = re.compile(r"\b(?:IN|its|Sans|AT BE)\b")
# The name of a language is in that language.
CHARTER = ("title", "body", "breaks", "ok", "applies")
UNSAID = {"Français", "département ", "Reçu du registre public · Receipt of the public register · v1"}
# What has none of these words is known by the call or the table that it is in.
CALLS = {
    "ValueError", "Refused", "Invalid", "NotFound", "Gone", "Conflict", "Busy", "TooMany",
    "Unable", "HTTPException", "refuse", "answer", "person_name", "proper_name", "Line", "Message", "bounded", "number",
    "Step", "Waiting", "_use",
}  # fmt: skip
TABLES = {
    "TITLES", "SENTENCE", "AWAY", "BROKEN", "WHY", "UNKNOWN", "UNLAWFUL", "SORTS", "BEST", "PURPOSE_LABELS",
    "STATE_LABELS", "WRONG", "NOTICE_CATEGORIES", "KINDS", "TARGETS", "SOURCES", "GROUNDS", "sentences",
    "errors", "error", "sentence", "NOTICE_VERSIONS", "DAY_D", "DONE", "SLOW", "FULL", "LATE",
    "CLOSED", "CHANGED", "NO_CODE", "NO_MORE", "NOT_OURS", "INCOMPLETE", "ADDRESS", "FORGOTTEN", "NONE", "PROMISED",
    "BY_INVITATION", "BY_THE_TEAM", "QUEUES", "REASONS", "ACTS", "LABELS", "TAGS",
    "AUTHORS", "MEANWHILE", "NOT_A_PROOF", "NO_SUCH", "OVER", "TOO_MANY", "WAYS",
    "ROLES", "TAKEN", "WEAK", "WRONG_CODE", "WRONG_KEY", "NOT_MADE", "WRONG_PROOF", "WRONG_SPARE", "NOWHERE",
    "REWRITTEN", "EXPECTED", "UNREADABLE", "ONE", "TOO_LONG", "SEVERAL", "SOURCE_KINDS", "TOO_MUCH", "_WORDS",
}  # fmt: skip
Message = str | tuple[str, ...]


def from_templates() -> Iterator[tuple[Message, str]]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract("jinja2.ext:babel_extract", file, options=JINJA):
                yield message, str(path.relative_to(ROOT))


def from_python() -> Iterator[tuple[Message, str]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        if not path.relative_to(ROOT / "app").as_posix().startswith(NOT_FOR_PAGES):
            for message in sentences(path.read_text("utf-8")):
                yield message, str(path.relative_to(ROOT))


def from_data() -> Iterator[tuple[Message, str]]:
    """The charter as it ships, so that it is read in English for as long as it applies; what word lists are called."""
    charter, hints = (ROOT / "app" / path for path in ("moderation/charter.yaml", "comments/hints/words.yaml"))
    shipped = yaml.safe_load(charter.read_text("utf-8"))
    for said in (shipped["summary"], *(article[name] for article in shipped["articles"] for name in CHARTER)):
        yield said.strip(), str(charter.relative_to(ROOT))
    for words in yaml.safe_load(hints.read_text("utf-8"))["lists"]:
        yield words["label"], str(hints.relative_to(ROOT))


def is_french(text: object) -> TypeGuard[str]:
    """A sentence or a label in French, for people."""
    if not isinstance(text, str):
        return False
    known = len(text) > 3 and bool(FRENCH.search(text)) and not text.isupper()
    return known and not CODE.search(text) and text not in UNSAID


def sentences(source: str) -> Iterator[Message]:
    """What is in French in this source, and what the calls and the tables named above say."""
    tree = ast.parse(source)
    apart = {id(node) for node in _comments(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "translate_plural":
            both = tuple(str(one.value) for one in node.args[1:3] if isinstance(one, ast.Constant))
            yield from [both] if both else []
        if isinstance(node, ast.Constant) and id(node) not in apart and is_french(node.value):
            yield node.value
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


def _comments(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings; the pieces of an f-string, which no catalogue can hold; plurals, which are told apart."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "translate_plural":
            yield from node.args
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from (value for value in node.values if isinstance(value, ast.Constant))


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
    """A word in ASCII small letters is a name of the code, not a word for people; so is a figure, a list of names."""
    words = text.replace("_", "").replace(", ", "").replace(".", "")
    if text.startswith("/"):  # an address of the site
        return True
    return (
        not text.strip() or (text.isascii() and words.isalnum() and text == text.lower()) or bool(ENGLISH.search(text))
    )


@cache
def collected() -> Catalog:
    """Everything that a catalogue should have."""
    catalogue = Catalog(locale="en", domain="signons", charset="utf-8")
    for message, place in (*from_templates(), *from_python(), *from_data()):
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
        write_po(file, found, width=0, sort_output=True, include_lineno=False, ignore_obsolete=True)
