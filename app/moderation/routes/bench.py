"""The workbench: the queue, a comment, its decision; claims, notes, batches, undo, hints."""

import secrets
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, Invalid, NotFound, Refused
from app.moderation import actions, charter, queries
from app.moderation.actions import Judgment
from app.moderation.dependencies import DecisionValues
from app.moderation.desk import PAGES, bench, comment_view, page_of
from app.moderation.forms import BATCH, DecisionForm, chosen
from app.moderation.previews import preview
from app.moderation.queries import figures, notices, queue
from app.moderation.routes.base import Id, router
from app.web.forms import Form, FormRefused, Values, validated
from app.web.ratelimit import limited
from app.web.rendering import page, see_other

HOME = "/moderation"
CLAIMED = {"comment", "case", *PAGES}


@router.get("/moderation")
def queue_page(
    request: Request, session: Db, moderator: Moderator, element: str = "", commentaire: str = ""
) -> Response:
    key = element or (f"comment-{commentaire}" if commentaire else "")
    return _page(request, session, moderator, key)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    key: str,
    values: Values | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    context = bench(session, moderator, key, clock.now(), values or {})
    form = {"values": values or {}, "errors": errors or {}}
    return page(request, "moderation/queue.html", status, **context, form=form, **more)


@router.get("/moderation/compte.json")
def count(session: Db, moderator: Moderator) -> Response:
    """How many items wait: the page offers to load them, it never moves by itself."""
    waiting = sum(n for _queue, n, _oldest in queue.counts(session, moderator.id))
    return JSONResponse({"waiting": waiting}, headers={"cache-control": "no-store"})


def judgment_of(form: DecisionForm) -> Judgment:
    """What the form asks for, in the words of the verbs."""
    effects = set(form.effects)
    if form.decision in {"refuse"}:
        effects.discard("mask")
    elif effects:
        effects &= {"mask", "limit_author", "close_thread"}
    return Judgment(
        form.decision or "",
        form.cited,
        form.passage,
        form.explanation,
        frozenset(effects),
        form.ground,
        form.provision,
    )


@router.post("/moderation/commentaires/{comment_id}/decision")
@limited("staff")
def decide(request: Request, session: Db, moderator: Moderator, comment_id: Id, values: DecisionValues) -> Response:
    try:
        form = validated(DecisionForm, values)
        judgment = judgment_of(form)
        if judgment.kind == "refuse" and judgment.articles and _may_rewrite(session, comment_id, judgment):
            judgment = judgment.within(effects=judgment.effects | {"ask_rewrite"})
        actions.decide(session, comment_id, form.version, moderator, judgment)
    except FormRefused as refused:
        return _again(request, session, moderator, comment_id, values, refused.errors)
    except Invalid as invalid:
        return _again(request, session, moderator, comment_id, values, invalid.errors)
    except Conflict as conflict:
        return decided_page(request, session, comment_id, str(conflict))
    return see_other(request, HOME)


def _may_rewrite(session: Session, comment_id: int, judgment: Judgment) -> bool:
    """The charter says of which articles the author may write another text: all those cited must."""
    found = comment_view(session, comment_id)
    if found is None:
        return False
    in_force = charter.in_force(session, found["written_at"])
    cited = [charter.article(in_force, n) for n in judgment.articles]
    return all(article is not None and article.effect == "refuse_rewrite" for article in cited)


def _again(
    request: Request, session: Session, moderator: Account, comment_id: int, values: Values, errors: dict[str, str]
) -> Response:
    """Nothing was written before the form was refused: the page may be returned."""
    if comment_view(session, comment_id) is None:
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    return _page(request, session, moderator, f"comment-{comment_id}", values, errors, 422)


def decided_page(request: Request, session: Session, comment_id: int, why: str) -> Response:
    """Who decided what, for the one who came second."""
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
    )


@router.post("/moderation/commentaires/{comment_id}/apercu")
@limited("staff")
def preview_page(
    request: Request, session: Db, moderator: Moderator, comment_id: Id, values: DecisionValues
) -> Response:
    """The mail as it would leave; nothing is written."""
    try:
        shown = preview(session, comment_id, judgment_of(validated(DecisionForm, values)), moderator)
    except FormRefused as refused:
        return _again(request, session, moderator, comment_id, values, refused.errors)
    except Invalid as invalid:
        return _again(request, session, moderator, comment_id, values, invalid.errors)
    return page(request, "moderation/preview.html", previews=[shown], values=values, comment_id=comment_id, batch=None)


# Batches


@router.post("/moderation/lot")
@limited("staff")
def batch(request: Request, session: Db, moderator: Moderator, values: DecisionValues) -> Response:
    """First the mails, then the decisions: all of them or none."""
    items = chosen(values)
    if not items or len(items) > BATCH:
        error = f"Choisissez de un à {BATCH} commentaires."
        return _page(request, session, moderator, "", values, {"": error}, 422)
    try:
        form = validated(DecisionForm, values)
        judgment = judgment_of(form)
        items = [(comment_id, version, passage or form.passage) for comment_id, version, passage in items]
        if values.get("confirm"):
            actions.decide_many(session, items, moderator, judgment, f"L-{secrets.token_hex(8)}")
            return see_other(request, HOME)
        previews = [
            preview(session, comment_id, judgment.within(passage=passage), moderator, lenient=True)
            for comment_id, _version, passage in items
        ]
    except FormRefused as refused:
        return _page(request, session, moderator, "", values, refused.errors, 422)
    except Refused as refused:
        errors = getattr(refused, "errors", {"": str(refused)})
        return _page(request, session, moderator, "", values, errors, refused.status)
    context: dict[str, Any] = {"previews": previews, "values": values, "comment_id": None, "batch": items}
    return page(request, "moderation/preview.html", **context)


@router.post("/moderation/decisions/{decision_id}/annulation")
@limited("staff")
def undo(request: Request, session: Db, moderator: Moderator, decision_id: Id) -> Response:
    undone = actions.undo(session, decision_id, moderator)
    first = undone[0]
    return see_other(request, f"{HOME}?element=comment-{first.target_id}" if first.target == "comment" else HOME)


# Between moderators


@router.post("/moderation/prises/{key}")
@limited("staff")
def claim(request: Request, session: Db, moderator: Moderator, key: str) -> Response:
    kind, _, number = key.partition("-")
    if kind not in CLAIMED or not number.isdecimal() or len(number) > 9:
        raise NotFound("Cet élément n’existe pas.")
    if not actions.claim(session, kind, int(number), moderator):
        raise Conflict("Une autre personne a déjà pris cet élément.")
    # A case about a petition has a page of its own, to which this one leads.
    return see_other(request, f"{HOME}/dossiers/{number}" if kind == "case" else page_of(key))


@router.post("/moderation/commentaires/{comment_id}/notes")
@limited("staff")
def note(request: Request, session: Db, moderator: Moderator, comment_id: Id, values: Form) -> Response:
    try:
        actions.note(session, "comment", comment_id, moderator, values.get("note", "")[:2000])
    except Invalid as invalid:
        return _again(request, session, moderator, comment_id, values, invalid.errors)
    return see_other(request, f"{HOME}?element=comment-{comment_id}")


@router.post("/moderation/commentaires/{comment_id}/transmission")
@limited("staff")
def escalate(request: Request, session: Db, moderator: Moderator, comment_id: Id, values: Form) -> Response:
    actions.escalate(session, comment_id, moderator, bool(values.get("urgent")), values.get("note", "")[:2000])
    return see_other(request, HOME)


@router.post("/moderation/commentaires/{comment_id}/indices")
@limited("staff")
def judge_hint(request: Request, session: Db, moderator: Moderator, comment_id: Id, values: Form) -> Response:
    """The field is the hint's name, its value ``founded`` or ``unfounded``."""
    for name, value in values.items():
        if value in {"founded", "unfounded"}:
            actions.judge_hint(session, comment_id, name, value == "founded", moderator)
    return see_other(request, f"{HOME}?element=comment-{comment_id}")


@router.get("/moderation/moi")
def mine(request: Request, session: Db, moderator: Moderator) -> Response:
    """One's own figures and habits: nobody else can open this page."""
    return page(
        request,
        "moderation/mine.html",
        preference=notices.preference(session, moderator.id),
        figures=figures.personal(session, moderator.id, clock.now()),
    )


@router.post("/moderation/moi")
@limited("staff")
def prefer(request: Request, session: Db, moderator: Moderator, values: Form) -> Response:
    digest = values.get("digest", "urgent")
    hours = {name: values.get(name, "") for name in ("quiet_from", "quiet_to")}
    if digest not in {"never", "daily", "urgent"} or not all(h.isdecimal() and int(h) < 24 for h in hours.values()):
        raise Refused("Choisissez un rythme de messages et des heures de 0 à 23.")
    wishes = {"keys": bool(values.get("keys")), "blur": bool(values.get("blur")), "digest": digest}
    actions.prefer(session, moderator, **wishes, **{name: int(hour) for name, hour in hours.items()})
    return see_other(request, "/moderation/moi")
