"""News of a petition, read as its page will show them; what is online may be taken off."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Invalid, NotFound, Refused
from app.moderation import charter
from app.moderation.actions.news import decide_news, decided_by_another, take_news_off
from app.moderation.dependencies import Within
from app.moderation.desk import claim_of
from app.moderation.forms.filtering import Filters
from app.moderation.forms.news import NewsForm, RefusalForm
from app.moderation.routes.base import router
from app.petitions.models import Petition
from app.updates import actions, public, queries
from app.updates.models import UpdateState
from app.web.forms import Form, RowId, ShowAgain, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other

# What is its author's alone.
UNREAD = {UpdateState.DRAFT, UpdateState.RECALLED}
# Of a form that does not say what was read: nothing is so marked.
UNMARKED = "-"


@router.get("/moderation/nouvelles/{update_id}")
def news_page(request: Request, session: Db, moderator: Moderator, within: Within, update_id: RowId) -> Response:
    return _page(request, session, moderator, within, update_id)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    update_id: int,
    form: Shown = EMPTY_FORM,
    status: int = 0,
) -> Response:
    update = queries.get(session, update_id)
    if update is None or update.state in UNREAD:
        raise NotFound("Cette nouvelle n’existe pas, ou son auteur l’a reprise.")
    petition = session.get_one(Petition, update.petition_id)
    now = clock.now()
    return page(
        request,
        "moderation/news.html",
        status or (422 if form["errors"] else 200),
        update=update,
        seen=actions.mark(update),
        item=public.as_written(update, 3, locale_of(request)),
        petition=petition,
        earlier=queries.let_through(session, petition.id),
        yours=decided_by_another(session, update, petition, moderator),
        charter=charter.in_force(session, update.submitted_at or update.created_at),
        claim=claim_of(session, f"news-{update.id}", moderator, now),
        form=form,
        kept=within.to(""),
    )


@contextmanager
def _again(
    request: Request, session: Session, moderator: Account, within: Filters, update_id: int, values: Values
) -> Iterator[None]:
    """Whoever comes too late reads what became of it."""
    again = partial(_page, request, session, moderator, within, update_id)
    with shown_again(values, again):
        try:
            yield
        except (Invalid, NotFound):
            raise
        except Refused as refused:
            shown = {"values": values, "errors": {"": refused.message}}
            raise ShowAgain(again(shown, refused.status)) from None


@router.post("/moderation/nouvelles/{update_id}/decision")
@limited("staff")
def decide(
    request: Request, session: Db, moderator: Moderator, within: Within, update_id: RowId, values: Form
) -> Response:
    with _again(request, session, moderator, within, update_id, values):
        form = validated(NewsForm, values)
        decide_news(
            session,
            update_id,
            moderator,
            publish=form.decision == "publish",
            article=form.article,
            explanation=form.explanation,
            seen=form.seen or UNMARKED,
        )
    return see_other(request, within.to("/moderation"))


@router.post("/moderation/nouvelles/{update_id}/retrait")
@limited("staff")
def take_off(
    request: Request, session: Db, moderator: Moderator, within: Within, update_id: RowId, values: Form
) -> Response:
    with _again(request, session, moderator, within, update_id, values):
        form = validated(RefusalForm, values)
        take_news_off(session, update_id, moderator, form.article, form.explanation, form.seen or UNMARKED)
    return see_other(request, within.to(f"/moderation/nouvelles/{update_id}"))
