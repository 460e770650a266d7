"""What the workbench shows: the list, one comment with everything around it, the record of its author.

A moderator sees the text and the display name, never an e-mail nor a postal code that is not public.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.accounts.models import Account
from app.comments import hints as comment_hints
from app.comments import queries as comment_queries
from app.comments.models import Comment
from app.comments.public import masked
from app.errors import Conflict, Gone
from app.moderation import charter, queries
from app.moderation.actions.deciding import UNDO_FOR
from app.moderation.forms.filtering import STATES, Filters
from app.moderation.models import Case, Target
from app.moderation.queries import cases, queue, waiting, workbench
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures.public import HIDDEN, public_name
from app.web.forms import ShowAgain, asked, identifier
from app.web.rendering import page

QUEUES = {
    "urgent": "Urgent",
    "illegal": "Signalé illicite",
    "charter": "Signalé",
    "escalated": "Transmis",
    "comment": "Commentaires",
    "petition": "Pétitions",
    "amendment": "Amendements",
    "news": "Nouvelles",
    "reply": "Droits de réponse",
    "appeal": "Recours",
    "confirm": "Seconde personne",
    "second": "Relectures",
}
# Judged without knowing whose.
BLIND = ("appeal", "confirm", "second")
PAGES = {
    "appeal": "recours",
    "reply": "reponses",
    "second": "relectures",
    "petition": "petitions",
    "amendment": "amendements",
    "news": "nouvelles",
}


def bench(
    session: Session,
    moderator: Account,
    key: str,
    now: datetime,
    values: dict[str, str],
    filters: Filters = queue.NO_FILTERS,
    locale: str = "fr",
) -> dict[str, Any]:
    """The context of the three panes; *key* names the item that is open, *filters* narrow the list."""
    items = queue.head(session, now, moderator.id, filters)
    names = _names(session, items, locale)
    selected = _selected(session, items, key, locale)
    if selected is not None:
        case = selected["case"]
        selected["claim"] = claim_of(session, f"case-{case.id}" if case else selected["key"], moderator, now)
    undoable = queries.undoable(session, moderator.id, now - UNDO_FOR)
    return {
        "items": [_line(item, names, filters, now, moderator) for item in items],
        "filters": filters,
        "kept": filters.to(""),
        "of_petition": queue.title_of(session, filters.petition),
        "selected": selected,
        "counts": [
            {
                "label": QUEUES[name],
                "etat": STATES[name],
                "n": n,
                "oldest": oldest,
                "late": oldest and now - oldest > waiting.TARGETS[name][0],
            }
            for name, n, oldest in waiting.counts(session, moderator.id)
        ],
        "charter": charter.in_force(session, selected["written_at"] if selected is not None else now),
        "preference": workbench.preference(session, moderator.id),
        "undoable": undoable,
        "alone": len(workbench.moderators(session)) < 2,
        "ticked": {name[5:] for name in values if name.startswith("item-")},
    }


def claim_of(session: Session, key: str, moderator: Account, now: datetime) -> dict[str, Any]:
    """Who has the item of this key open, if anybody."""
    kind, _, number = key.partition("-")
    found = workbench.live_claim(session, kind, int(number), now)
    return {
        "key": key,
        "by": found.email if found else "",
        "until": found.until if found else now,
        "mine": found is not None and found.account_id == moderator.id,
    }


def page_of(key: str) -> str:
    """Where the item of this key is read and decided."""
    kind, _, number = key.partition("-")
    return f"/moderation/{PAGES[kind]}/{number}" if kind in PAGES else f"/moderation?element={key}"


def _names(session: Session, items: Sequence[queue.Item], locale: str) -> dict[int, str]:
    """Comment → its author as everybody may read them."""
    ids = [item.target_id for item in items if item.target == Target.COMMENT and item.queue not in BLIND]
    return {row.comment_id: _name(session, row, locale)[0] for row in comment_queries.authors(session, ids)}


def _line(
    item: queue.Item, names: dict[int, str], filters: Filters, now: datetime, moderator: Account
) -> dict[str, Any]:
    kind = item.kind
    href = page_of(item.key)
    if kind == "case" and item.target == Target.PETITION:
        href = f"/moderation/dossiers/{item.item_id}"
    return {
        "key": item.key,
        "href": filters.to(href),
        "here": kind in {"comment", "case"} and item.target == Target.COMMENT,
        "queue": item.queue,
        "label": QUEUES[item.queue],
        "comment_id": item.target_id if item.queue == "comment" else None,
        "version": item.version,
        "excerpt": item.excerpt,
        "petition": item.petition_title,
        "author": names.get(item.target_id, "") if item.target == Target.COMMENT else item.author,
        "since": item.since,
        "late": now > item.due,
        "severity": item.severity,
        "notices": item.notices,
        "violent": item.violent,
        "taken": item.claimed_by is not None and item.claimed_by != moderator.id,
    }


def _selected(session: Session, items: list[queue.Item], key: str, locale: str) -> dict[str, Any] | None:
    """The item asked for, else the first one that the bench itself can show."""
    kind, _, typed = key.partition("-")
    item_id = asked(typed, identifier, 0)
    if kind == "comment" and item_id:
        return comment_view(session, item_id, locale)
    if kind == "case" and item_id:
        case = session.get(Case, item_id)
        if case is None or case.target != Target.COMMENT:
            return None
        return comment_view(session, case.target_id, locale)
    for item in items:
        if item.kind in {"comment", "case"} and item.target == Target.COMMENT:
            return comment_view(session, item.target_id, locale)
    return None


def comment_view(session: Session, comment_id: int, locale: str = "fr") -> dict[str, Any] | None:
    """Everything about one comment that a decision may need."""
    row = comment_queries.with_author(session, comment_id)
    if row is None:
        return None
    comment = session.get_one(Comment, comment_id)
    petition = session.get_one(Petition, comment.petition_id)
    revisions = comment_queries.revisions(session, comment_id)
    case = cases.case_of(session, "comment", comment_id, comment.revision)
    name, place = _name(session, row, locale)
    verdicts = workbench.verdicts(session, comment_id)
    off = comment_queries.hints_off(session)
    found = [hint for hint in comment.hints if hint["hint"] not in off]
    return {
        "id": comment.id,
        "key": f"comment-{comment.id}",
        "state": comment.state,
        "version": comment.version,
        "petition": {"slug": petition.slug, "title": petition.title},
        "name": name,
        "place": place,
        "text": comment.text,
        "shown": masked(comment.text, comment.masks),
        "masked": bool(comment.masks),
        "at": comment.created_at,
        "written_at": revisions[-1].created_at if revisions else comment.created_at,
        "revisions": revisions[:-1],
        "hints": _hints(comment.text, found, verdicts),
        "violent": any(hint["hint"] in comment_hints.VIOLENT for hint in found),
        "record": queries.author_record(session, comment.signature_id),
        "past": queries.author_decisions(session, comment.signature_id),
        "decisions": [d for d in queries.decisions(session, "comment", comment_id) if d.undone_at is None],
        "neighbours": queue.neighbours(session, comment),
        "looks": workbench.second_looks(session, comment_id),
        "notes": workbench.notes(session, "comment", comment_id),
        "case": case,
        "notices": cases.notices_of(session, case.id) if case is not None else [],
    }


def _hints(text: str, found: list[dict[str, Any]], verdicts: dict[str, bool]) -> list[dict[str, Any]]:
    """One line a rule, with the first passage that it points at."""
    lines: dict[str, dict[str, Any]] = {}
    for hint in found:
        line = lines.setdefault(
            hint["hint"],
            {
                "name": hint["hint"],
                "label": comment_hints.LABELS.get(hint["hint"], hint["hint"]),
                "article": hint["article"],
                "passage": text[hint["start"] : hint["end"]][:400],
                "n": 0,
                "verdict": verdicts.get(hint["hint"]),
            },
        )
        line["n"] += 1
    return list(lines.values())


def _name(session: Session, row: Any, locale: str) -> tuple[str, str]:
    try:
        if row.id is not None:
            return public_name(row, petition_keys.of(session, row.petition_id), locale)
    except Gone:
        pass
    return HIDDEN[locale], ""


@contextmanager
def came_second(
    request: Request, session: Session, comment_id: int, filters: Filters = queue.NO_FILTERS
) -> Iterator[None]:
    """Who decided what, for the one who came second."""
    try:
        yield
    except Conflict as conflict:
        raise ShowAgain(_decided_page(request, session, comment_id, conflict.message, filters)) from None


def _decided_page(request: Request, session: Session, comment_id: int, why: str, filters: Filters) -> Response:
    decisions = [d for d in queries.decisions(session, "comment", comment_id) if d.undone_at is None]
    found = comment_view(session, comment_id)
    last = decisions[-1] if decisions else None
    return page(
        request,
        "moderation/decided.html",
        409,
        decision=last,
        moderator=last.moderator.email if last is not None and last.moderator else "",
        comment_state=found["state"] if found else "withdrawn",
        petition=found["petition"] if found else None,
        why=why,
        kept=filters.to(""),
    )
