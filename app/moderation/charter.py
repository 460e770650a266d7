"""The charter: installed in its first version, read as it was at any moment."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from app.moderation import queries
from app.moderation.models import CharterArticle, CharterVersion

FIRST_VERSION = Path(__file__).with_name("charter.yaml")


def install_first_version(session: Session) -> bool:
    """Version 1, once; True when it was added."""
    if queries.charter_versions(session):
        return False
    data = _first_version()
    version = CharterVersion(
        number=data["number"],
        summary=data["summary"].strip(),
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
    )
    version.articles = [CharterArticle(**article) for article in data["articles"]]
    session.add(version)
    return True


def _first_version() -> dict[str, Any]:
    """The file, as rows keep it."""
    data: dict[str, Any] = yaml.safe_load(FIRST_VERSION.read_text())
    for article in data["articles"]:
        article.update({name: value.strip() for name, value in article.items() if isinstance(value, str)})
    return data


def unlike_the_file(session: Session) -> list[int]:
    """Articles of the file that are not those installed in its version: an update changed them, this base did not.

    What was published is never corrected; a later version, once published here, settles it.
    """
    data = _first_version()
    versions = queries.charter_versions(session)
    if not versions or versions[0].number != data["number"]:
        return []
    installed = {article.n: article for article in versions[0].articles}
    changed = [
        a["n"]
        for a in data["articles"]
        if a["n"] not in installed or any(getattr(installed[a["n"]], name) != value for name, value in a.items())
    ]
    return sorted({*changed, *(installed.keys() - {a["n"] for a in data["articles"]})})


def article(version: CharterVersion, n: int) -> CharterArticle | None:
    return next((article for article in version.articles if article.n == n), None)


def in_force(session: Session, at: datetime) -> CharterVersion:
    """The version that applied at that moment."""
    return queries.charter_at(session, at)


def numbered(session: Session, number: int) -> CharterVersion | None:
    """One version, whether it applies yet or not."""
    return next((version for version in queries.charter_versions(session) if version.number == number), None)


def cited(articles: Sequence[CharterArticle]) -> str:
    """The rule, as statements of reasons and mails name it."""
    rules = " ; ".join(f"article {article.n} : {article.title}" for article in articles)
    return f"Charte, version {articles[0].version}, {rules}" if articles else ""
