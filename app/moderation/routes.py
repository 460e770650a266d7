"""The charter for everybody; the queue and the decisions for moderators."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.db import Db, Session
from app.errors import Conflict, Gone, Invalid, NotFound
from app.moderation import actions, charter, queries
from app.moderation.forms import DecisionForm
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures.public import public_name
from app.web.forms import Form, FormRefused, RowId, Values, validated
from app.web.ratelimit import limited
from app.web.rendering import page, public, see_other

router = APIRouter()


@router.get("/charte")
def charter_page(request: Request, session: Db) -> Response:
    versions = queries.charter_versions(session)
    return public(request, "moderation/charter.html", charter=charter.in_force(session, clock.now()), history=versions)


@router.get("/moderation")
def queue(request: Request, session: Db, moderator: Moderator, commentaire: int | None = None) -> Response:
    return _queue_page(request, session, moderator, commentaire)


def _queue_page(
    request: Request,
    session: Session,
    moderator: Account,
    selected_id: int | None,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    now = clock.now()
    rows = queries.waiting(session)
    items = [_item(session, row, now) for row in rows]
    selected = next((item for item in items if item["id"] == selected_id), items[0] if items else None)
    total, oldest = queries.waiting_summary(session)
    version = charter.in_force(session, selected["at"] if selected else now)
    if selected is not None:
        row = comment_queries.with_author(session, selected["id"])
        selected = selected | {
            "record": queries.author_record(session, row.id if row is not None else None),
            "neighbours": [i for i in items if i["petition"] == selected["petition"] and i["id"] != selected["id"]][:3],
        }
    return page(
        request,
        "moderation/queue.html",
        status,
        items=items,
        selected=selected,
        counts={"waiting": total, "oldest": oldest},
        charter=version,
        form={"values": values or {}, "errors": errors or {}},
    )


def _item(session: Session, row: Any, now: Any) -> dict[str, Any]:
    """A comment as the public would see it, with the display name only."""
    author = comment_queries.with_author(session, row.id)
    try:
        keys = petition_keys.of(session, row.petition_id)
        name, place = public_name(author, keys) if author is not None and author.id is not None else ("Anonyme", "")
    except Gone:
        name, place = "Anonyme", ""
    return {
        "id": row.id,
        "petition": {"slug": row.slug, "title": row.title},
        "name": name,
        "place": place,
        "text": row.text,
        "at": row.created_at,
        "version": row.version,
        "claimed_by": None,
    }


@router.post("/moderation/commentaires/{comment_id}/decision")
@limited("staff")
def decide(request: Request, session: Db, moderator: Moderator, comment_id: RowId, values: Form) -> Response:
    try:
        form = validated(DecisionForm, values)
    except FormRefused as refused:
        return _refused_page(request, session, moderator, comment_id, values, refused.errors)
    try:
        if form.decision == "publish":
            actions.publish(session, comment_id, form.version, moderator)
        else:
            actions.refuse(
                session,
                comment_id,
                form.version,
                moderator,
                article=form.article,
                passage=form.passage,
                explanation=form.explanation,
            )
    except Invalid as invalid:
        return _refused_page(request, session, moderator, comment_id, values, invalid.errors)
    except Conflict:
        return _decided_page(request, session, comment_id)
    return see_other(request, "/moderation")


def _refused_page(
    request: Request, session: Session, moderator: Account, comment_id: int, values: Values, errors: dict[str, str]
) -> Response:
    """Nothing was written before the form was refused: the page may be returned."""
    if comment_queries.with_author(session, comment_id) is None:
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    return _queue_page(request, session, moderator, comment_id, values, errors, 422)


def _decided_page(request: Request, session: Session, comment_id: int) -> Response:
    """Who decided what, for the one who came second."""
    decisions = queries.decisions(session, "comment", comment_id)
    row = comment_queries.with_author(session, comment_id)
    petition = session.get(Petition, row.petition_id) if row is not None else None
    return page(
        request,
        "moderation/decided.html",
        409,
        decision=decisions[-1] if decisions else None,
        moderator=decisions[-1].moderator.email if decisions and decisions[-1].moderator else "",
        comment_state=row.state if row is not None else "withdrawn",
        petition=petition,
    )
