"""The workbench: the queue, a comment, its decision; claims, notes, batches, undo, hints."""

import secrets
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, Invalid, NotFound, Refused
from app.moderation import actions, charter
from app.moderation.actions import Judgment, asked_for
from app.moderation.dependencies import DecisionValues, Within
from app.moderation.desk import PAGES, bench, came_second, comment_view, page_of
from app.moderation.forms import BatchForm, DecisionForm, HintsForm, NoteForm, PreferenceForm
from app.moderation.forms.filtering import Filters
from app.moderation.models import DecisionKind, Target
from app.moderation.previews import preview
from app.moderation.queries import queue, waiting, workbench
from app.moderation.routes.base import router
from app.web.forms import Form, RowId, ShowAgain, Shown, Values, asked, identifier, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other

HOME = "/moderation"
CLAIMED = {"comment", "case", *PAGES}


@router.get("/moderation")
def queue_page(
    request: Request, session: Db, moderator: Moderator, within: Within, element: str = "", commentaire: str = ""
) -> Response:
    key = element or (f"comment-{commentaire}" if commentaire else "")
    return _page(request, session, moderator, within, key)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    key: str,
    form: Shown = EMPTY_FORM,
) -> Response:
    context = bench(session, moderator, key, clock.now(), form["values"], within, locale_of(request))
    return page(request, "moderation/queue.html", 422 if form["errors"] else 200, **context, form=form)


@router.get("/moderation/compte.json")
def count(session: Db, moderator: Moderator, within: Within) -> Response:
    """How many items wait in the list that is looked at: the page offers to load them, it never moves by itself."""
    if within.petition:
        n = len(queue.head(session, clock.now(), moderator.id, within))
    else:
        counts = waiting.counts(session, moderator.id)
        n = sum(n for name, n, _oldest in counts if within.queue in ("", name))
    return JSONResponse({"waiting": n}, headers={"cache-control": "no-store"})


@router.post("/moderation/commentaires/{comment_id}/decision")
@limited("staff")
def decide(
    request: Request, session: Db, moderator: Moderator, comment_id: RowId, within: Within, values: DecisionValues
) -> Response:
    with (
        came_second(request, session, comment_id, within),
        _again(request, session, moderator, within, comment_id, values),
    ):
        form = validated(DecisionForm, values)
        judgment = asked_for(form)
        if judgment.kind == DecisionKind.REFUSE and judgment.articles and _may_rewrite(session, comment_id, judgment):
            judgment = judgment.within(effects=judgment.effects | {"ask_rewrite"})
        actions.decide(session, comment_id, form.version, moderator, judgment)
    return see_other(request, within.to(HOME))


def _may_rewrite(session: Session, comment_id: int, judgment: Judgment) -> bool:
    """The charter says of which articles the author may write another text: all those cited must."""
    found = comment_view(session, comment_id)
    if found is None:
        return False
    in_force = charter.in_force(session, found["written_at"])
    cited = [charter.article(in_force, n) for n in judgment.articles]
    return all(article is not None and article.effect == "refuse_rewrite" for article in cited)


def _again(
    request: Request, session: Session, moderator: Account, within: Filters, comment_id: int, values: Values
) -> AbstractContextManager[None]:
    """The comment with what was typed, when that does not do. Raises NotFound."""

    def again(form: Shown) -> Response:
        if comment_view(session, comment_id) is None:
            raise NotFound("Ce commentaire n’existe pas, ou plus.")
        return _page(request, session, moderator, within, f"comment-{comment_id}", form)

    return shown_again(values, again)


@router.post("/moderation/commentaires/{comment_id}/apercu")
@limited("staff")
def preview_page(
    request: Request, session: Db, moderator: Moderator, comment_id: RowId, within: Within, values: DecisionValues
) -> Response:
    """The mail as it would leave; nothing is written."""
    with _again(request, session, moderator, within, comment_id, values):
        shown = preview(session, comment_id, asked_for(validated(DecisionForm, values)), moderator)
    context: dict[str, Any] = {
        "previews": [shown],
        "values": values,
        "comment_id": comment_id,
        "batch": None,
        "kept": within.to(""),
    }
    return page(request, "moderation/preview.html", **context)


# Batches


@router.post("/moderation/lot")
@limited("staff")
def batch(request: Request, session: Db, moderator: Moderator, within: Within, values: DecisionValues) -> Response:
    """First the mails, then the decisions: all of them or none."""
    with shown_again(values, partial(_page, request, session, moderator, within, "")):
        form = validated(BatchForm, values)
    judgment = asked_for(form)
    try:
        if form.confirm:
            actions.decide_many(session, form.items, moderator, judgment, f"L-{secrets.token_hex(8)}")
            return see_other(request, within.to(HOME))
        previews = [
            preview(session, comment_id, judgment.within(passage=passage), moderator, lenient=True)
            for comment_id, _version, passage in form.items
        ]
    except Refused as refused:
        errors = refused.errors if isinstance(refused, Invalid) else {"": refused.message}
        shown = _page(request, session, moderator, within, "", {"values": values, "errors": errors})
        shown.status_code = refused.status
        raise ShowAgain(shown) from None
    context: dict[str, Any] = {"previews": previews, "values": values, "comment_id": None, "batch": form.items}
    return page(request, "moderation/preview.html", **context, kept=within.to(""))


@router.post("/moderation/decisions/{decision_id}/annulation")
@limited("staff")
def undo(request: Request, session: Db, moderator: Moderator, within: Within, decision_id: RowId) -> Response:
    undone = actions.undo(session, decision_id, moderator)
    first = undone[0]
    open_again = f"{HOME}?element=comment-{first.target_id}" if first.target == Target.COMMENT else HOME
    return see_other(request, within.to(open_again))


# Between moderators


@router.post("/moderation/prises/{key}")
@limited("staff")
def claim(request: Request, session: Db, moderator: Moderator, within: Within, key: str) -> Response:
    kind, _, typed = key.partition("-")
    item_id = asked(typed, identifier, 0)
    if kind not in CLAIMED or not item_id:
        raise NotFound("Cet élément n’existe pas.")
    if not actions.claim(session, kind, item_id, moderator):
        raise Conflict("Une autre personne a déjà pris cet élément.")
    # A case about a petition has a page of its own, to which this one leads.
    there = f"{HOME}/dossiers/{item_id}" if kind == "case" else page_of(f"{kind}-{item_id}")
    return see_other(request, within.to(there))


@router.post("/moderation/commentaires/{comment_id}/notes")
@limited("staff")
def note(
    request: Request, session: Db, moderator: Moderator, comment_id: RowId, within: Within, values: Form
) -> Response:
    with _again(request, session, moderator, within, comment_id, values):
        actions.note(session, "comment", comment_id, moderator, validated(NoteForm, values).note)
    return see_other(request, within.to(f"{HOME}?element=comment-{comment_id}"))


@router.post("/moderation/commentaires/{comment_id}/transmission")
@limited("staff")
def escalate(
    request: Request, session: Db, moderator: Moderator, comment_id: RowId, within: Within, values: Form
) -> Response:
    with _again(request, session, moderator, within, comment_id, values):
        form = validated(NoteForm, values)
    actions.escalate(session, comment_id, moderator, form.urgent, form.note)
    return see_other(request, within.to(HOME))


@router.post("/moderation/commentaires/{comment_id}/indices")
@limited("staff")
def judge_hint(
    request: Request, session: Db, moderator: Moderator, comment_id: RowId, within: Within, values: Form
) -> Response:
    for hint, founded in validated(HintsForm, values).verdicts.items():
        actions.judge_hint(session, comment_id, hint, founded, moderator)
    return see_other(request, within.to(f"{HOME}?element=comment-{comment_id}"))


@router.get("/moderation/moi")
def mine(request: Request, session: Db, moderator: Moderator) -> Response:
    """One's own figures and habits: nobody else can open this page."""
    return _mine(request, session, moderator)


def _mine(request: Request, session: Session, moderator: Account, form: Shown = EMPTY_FORM) -> Response:
    return page(
        request,
        "moderation/mine.html",
        422 if form["errors"] else 200,
        preference=workbench.preference(session, moderator.id),
        figures=workbench.personal(session, moderator.id, clock.now()),
        form=form,
    )


@router.post("/moderation/moi")
@limited("staff")
def prefer(request: Request, session: Db, moderator: Moderator, values: Form) -> Response:
    with shown_again(values, partial(_mine, request, session, moderator)):
        form = validated(PreferenceForm, values)
    actions.prefer(session, moderator, **form.model_dump())
    return see_other(request, "/moderation/moi")
