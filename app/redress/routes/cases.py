"""Cases of notices, appeals, rights of reply, and the urgent path."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import actions as moderation_actions
from app.moderation import charter, proofs
from app.moderation import queries as moderation_queries
from app.moderation.actions import asked_for
from app.moderation.dependencies import DecisionValues, Within
from app.moderation.desk import bench, came_second, claim_of, comment_view
from app.moderation.forms import DecisionForm
from app.moderation.forms.filtering import Filters
from app.moderation.models import Appeal, Case, Decision, Order, Reply, Target
from app.moderation.queries import cases, reviews, waiting, workbench
from app.petitions import public
from app.petitions.models import Petition
from app.redress import actions, queries
from app.redress.forms import AuthorityForm, JudgeForm, OrderForm, ReplyDecisionForm, ViewForm
from app.redress.routes.base import router
from app.updates import queries as update_queries
from app.web.forms import Form, RowId, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other, settings_of
from app.web.sorting import in_order, sorting

HOME = "/moderation"
# By what the orders carried out may be in order.
ORDERS: dict[str, Callable[[Order], Any]] = {
    "reference": attrgetter("reference"),
    "recue": attrgetter("received_at"),
    "executee": attrgetter("executed_at"),
    "textes": attrgetter("items"),
}


@router.get("/moderation/dossiers/{case_id}")
def case_page(request: Request, session: Db, moderator: Moderator, within: Within, case_id: RowId) -> Response:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound("Ce dossier n’existe pas.")
    if case.target == Target.COMMENT:
        return see_other(request, within.to(f"{HOME}?element=case-{case_id}"))
    return _petition_case(request, session, moderator, within, case_id)


def _petition_case(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    case_id: int,
    form: Shown = EMPTY_FORM,
) -> Response:
    case = session.get(Case, case_id)
    assert case is not None
    petition = session.get(Petition, case.target_id)
    if petition is None:
        raise NotFound("Cette pétition n’existe pas.")
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    return page(
        request,
        "redress/case.html",
        422 if form["errors"] else 200,
        case=case,
        petition=petition,
        p=view,
        proof=proofs.proof_of(view),
        notices=cases.notices_of(session, case.id),
        notes=workbench.notes(session, "petition", petition.id),
        news=update_queries.published(session, petition.id),
        claim=claim_of(session, f"case-{case.id}", moderator, clock.now()),
        charter=charter.in_force(session, clock.now()),
        form=form,
        kept=within.to(""),
    )


@router.post("/moderation/dossiers/{case_id}/decision")
@limited("staff")
def settle(
    request: Request, session: Db, moderator: Moderator, within: Within, case_id: RowId, values: DecisionValues
) -> Response:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound("Ce dossier n’existe pas.")
    with _settling(request, session, moderator, within, case, values):
        form = validated(DecisionForm, values)
        actions.settle(session, case_id, form.version, moderator, asked_for(form))
    return see_other(request, within.to(HOME))


@contextmanager
def _settling(
    request: Request, session: Session, moderator: Account, within: Filters, case: Case, values: Values
) -> Iterator[None]:
    """The page where this case is decided, with what was typed; who decided first, for the one who came second."""
    if case.target == Target.PETITION:
        with shown_again(values, partial(_petition_case, request, session, moderator, within, case.id)):
            yield
        return

    def again(form: Shown) -> Response:
        context = bench(session, moderator, f"case-{case.id}", clock.now(), {}, within, locale_of(request))
        return page(request, "moderation/queue.html", 422, **context, form=form)

    with came_second(request, session, case.target_id, within), shown_again(values, again):
        yield


# Appeals


@router.get("/moderation/recours/{appeal_id}")
def appeal_page(request: Request, session: Db, moderator: Moderator, within: Within, appeal_id: RowId) -> Response:
    return _appeal_page(request, session, moderator, within, appeal_id)


def _appeal_page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    appeal_id: int,
    form: Shown = EMPTY_FORM,
) -> Response:
    appeal = session.get(Appeal, appeal_id)
    first = moderation_queries.decision(session, appeal.decision_id) if appeal is not None else None
    if appeal is None or first is None:
        raise NotFound("Ce recours n’existe pas.")
    seen = appeal.view_by == moderator.id
    petition = session.get(Petition, first.target_id) if first.target == Target.PETITION else None
    return page(
        request,
        "redress/appeal.html",
        422 if form["errors"] else 200,
        **(_as_read(request, session, petition, first) if petition is not None else {}),
        appeal=appeal,
        mine=appeal.first_decider == moderator.id,
        claim=claim_of(session, f"appeal-{appeal.id}", moderator, clock.now()),
        alone=len(workbench.moderators(session)) < 2,
        # Hidden until the judge has formed a view.
        first=first if seen or appeal.outcome else None,
        subject=comment_view(session, first.target_id, locale_of(request)) if first.target == Target.COMMENT else None,
        petition=petition,
        charter=charter.in_force(session, first.waiting_since),
        form=form,
        kept=within.to(""),
    )


def _as_read(request: Request, session: Session, petition: Petition, first: Decision) -> dict[str, Any]:
    """The petition as it was decided on: its author may have written on."""
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    read = reviews.reviewed(session, first.id)
    was = proofs.as_it_was(view, read) if read is not None else view
    changed = read is not None and not proofs.is_the_same(view, read)
    return {"p": was, "proof": proofs.proof_of(was), "rewritten": changed}


@router.post("/moderation/recours/{appeal_id}/avis")
@limited("staff")
def form_view(
    request: Request, session: Db, moderator: Moderator, within: Within, appeal_id: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_appeal_page, request, session, moderator, within, appeal_id)):
        form = validated(ViewForm, values)
        actions.form_view(session, appeal_id, moderator, form.view, form.view_reasons)
    return see_other(request, within.to(f"/moderation/recours/{appeal_id}"))


@router.post("/moderation/recours/{appeal_id}/jugement")
@limited("staff")
def judge(
    request: Request, session: Db, moderator: Moderator, within: Within, appeal_id: RowId, values: DecisionValues
) -> Response:
    with shown_again(values, partial(_appeal_page, request, session, moderator, within, appeal_id)):
        form = validated(JudgeForm, values)
        judgment = asked_for(form.decision(values)) if form.article else None
        actions.judge(session, appeal_id, moderator, form.outcome, form.reasons, judgment)
    return see_other(request, within.to(HOME))


# Rights of reply


@router.get("/moderation/reponses/{reply_id}")
def reply_page(request: Request, session: Db, moderator: Moderator, within: Within, reply_id: RowId) -> Response:
    return _reply_page(request, session, moderator, within, reply_id)


def _reply_page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    reply_id: int,
    form: Shown = EMPTY_FORM,
) -> Response:
    reply = session.get(Reply, reply_id)
    if reply is None:
        raise NotFound("Cette demande n’existe pas.")
    return page(
        request,
        "redress/reply_desk.html",
        422 if form["errors"] else 200,
        reply=reply,
        subject=comment_view(session, reply.comment_id, locale_of(request)) if reply.comment_id else None,
        petition=session.get_one(Petition, reply.petition_id),
        claim=claim_of(session, f"reply-{reply.id}", moderator, clock.now()),
        form=form,
        kept=within.to(""),
    )


@router.post("/moderation/reponses/{reply_id}/decision")
@limited("staff")
def decide_reply(
    request: Request, session: Db, moderator: Moderator, within: Within, reply_id: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_reply_page, request, session, moderator, within, reply_id)):
        form = validated(ReplyDecisionForm, values)
        actions.decide_reply(session, reply_id, form.version, moderator, form.decision == "publish", form.reasons)
    return see_other(request, within.to(HOME))


# The urgent path


@router.get("/moderation/urgences")
def urgent_page(request: Request, session: Db, moderator: Moderator) -> Response:
    """The runbook, with a clock for each open urgent case."""
    return _urgent_page(request, session)


def _urgent_page(request: Request, session: Session, form: Shown = EMPTY_FORM) -> Response:
    now = clock.now()
    order = sorting(request, ORDERS, "-recue")
    target = waiting.TARGETS["urgent"][0]
    open_cases = [
        {"case": case, "due": due, "minutes": int((due - now).total_seconds() / 60), "late": due < now}
        for case in queries.urgent_cases(session)
        for due in [case.opened_at + target]
    ]
    return page(
        request,
        "redress/urgent.html",
        422 if form["errors"] else 200,
        cases=open_cases,
        now=now,
        orders=in_order(queries.orders(session), order, ORDERS),
        order=order,
        form=form,
    )


@router.post("/moderation/urgences/injonction")
@limited("staff")
def execute_order(request: Request, session: Db, moderator: Moderator, values: Form) -> Response:
    """Everything named goes, everywhere, in one act."""
    with shown_again(values, partial(_urgent_page, request, session)):
        form = validated(OrderForm, values)
        actions.take_down(session, form.comments, moderator, form.authority, form.reference, form.received_at)
    return see_other(request, "/moderation/urgences")


@router.post("/moderation/urgences/{case_id}/autorites")
@limited("staff")
def tell_authority(request: Request, session: Db, moderator: Moderator, case_id: RowId, values: Form) -> Response:
    with shown_again(values, partial(_urgent_page, request, session)):
        moderation_actions.tell_authority(session, case_id, moderator, validated(AuthorityForm, values).authority)
    return see_other(request, "/moderation/urgences")
