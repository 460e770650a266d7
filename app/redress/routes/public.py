"""What anybody may do, without an account: report, appeal, write again, answer."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.comments import queries as comment_queries
from app.comments.models import MAX_LENGTH, CommentState
from app.comments.public import masked
from app.db import Db, Session, vault_of
from app.errors import Gone, Invalid, NotFound
from app.locale import Message
from app.mail import accents
from app.moderation import links as decision_links
from app.moderation import queries as moderation_queries
from app.moderation.models import Appeal, Decision, Reply
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.redress import actions, links
from app.redress.actions import Report, appealing
from app.redress.forms import NOTICE_CATEGORIES, AppealForm, NoticeForm, ReplyForm, RewriteForm
from app.redress.routes.base import router
from app.web.forms import Form, RowId, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, said, see_other

INCOMPLETE = "Ce lien n’est pas complet : recopiez-le en entier depuis le message."
CHOICES = [(name, words) for name, (_ground, _article, words) in NOTICE_CATEGORIES.items()]


def _comment_target(session: Session, comment_id: int) -> dict[str, Any]:
    row = comment_queries.with_author(session, comment_id)
    if row is None or row.state != CommentState.PUBLISHED:
        raise NotFound("Ce commentaire n’existe pas, ou n’est plus publié.")
    petition = session.get_one(Petition, row.petition_id)
    return {
        "action": f"/commentaires/{comment_id}/signaler",
        "label": Message("Commentaire %(n)s, sur la pétition « %(title)s »", n=comment_id, title=petition.title),
        "text": masked(row.text, row.masks),
        "slug": petition.slug,
    }


def _petition_target(petition: Petition) -> dict[str, Any]:
    return {
        "action": f"/petitions/{petition.slug}/signaler",
        "label": Message("Pétition « %(title)s »", title=petition.title),
        "text": "",
        "slug": petition.slug,
    }


@router.get("/commentaires/{comment_id}/signaler")
def report_comment_page(request: Request, session: Db, comment_id: RowId) -> Response:
    return _report_page(request, _comment_target(session, comment_id))


@router.post("/commentaires/{comment_id}/signaler")
@limited()
def report_comment(request: Request, session: Db, comment_id: RowId, values: Form) -> Response:
    return _report(request, session, "comment", comment_id, _comment_target(session, comment_id), values)


@router.get("/petitions/{slug}/signaler")
def report_petition_page(request: Request, session: Db, petition: PublicPetition) -> Response:
    return _report_page(request, _petition_target(petition))


@router.post("/petitions/{slug}/signaler")
@limited()
def report_petition(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    return _report(request, session, "petition", petition.id, _petition_target(petition), values)


def _report_page(request: Request, about: dict[str, Any], form: Shown = EMPTY_FORM) -> Response:
    status = 422 if form["errors"] else 200
    return page(request, "redress/report.html", status, about=about, choices=CHOICES, form=form)


def _report(
    request: Request, session: Session, target: str, target_id: int, about: dict[str, Any], values: Values
) -> Response:
    with shown_again(values, partial(_report_page, request, about)):
        form = validated(NoticeForm, values)
        if errors := form.who():
            raise Invalid(errors)
        accents.reachable(session, form.email)
    if form.website:
        return page(request, "redress/report_done.html", reference="", about=about, email="")
    ground, article, _words = NOTICE_CATEGORIES[form.category]
    report = Report(
        ground, form.category, article, form.reasons, form.passage, form.name, form.email, locale_of(request)
    )
    notice = actions.receive(session, target, target_id, report)
    return page(request, "redress/report_done.html", reference=notice.reference, about=about, email=form.email)


# The address of a notifier


@router.get("/signalements/{token}")
def notice_page(request: Request, session: Db, token: str) -> Response:
    """What became of a notice, once its notifier's address is confirmed; before, one button."""
    notice = actions.notice_of(session, _notice_id(session, token))
    return page(request, "redress/notice.html", notice=notice, token=token)


@router.post("/signalements/{token}")
@limited()
def confirm_notifier(request: Request, session: Db, token: str) -> Response:
    actions.confirm(session, _notice_id(session, token))
    return see_other(request, f"/signalements/{token}")


def _notice_id(session: Session, token: str) -> int:
    found = links.read_notice(vault_of(session), token)
    if found is None:
        raise NotFound(INCOMPLETE)
    notice_id, expires = found
    if clock.now() > datetime.fromtimestamp(expires, UTC):
        raise Gone("Ce lien a expiré.")
    return notice_id


# Appeals


@router.get("/recours/{token}")
def appeal_page(request: Request, session: Db, token: str) -> Response:
    decision_id, appellant = _appellant(session, token)
    return _appeal_page(request, session, actions.appealable(session, decision_id, appellant), token)


def _appeal_page(
    request: Request,
    session: Session,
    decision: Decision,
    token: str,
    form: Shown = EMPTY_FORM,
    done: Appeal | None = None,
) -> Response:
    return page(
        request,
        "redress/appeal_form.html",
        422 if form["errors"] else 200,
        decision=decision,
        label=said(request, appealing.about(session, decision)),
        token=token,
        form=form,
        done=done,
    )


@router.post("/recours/{token}")
@limited()
def appeal(request: Request, session: Db, token: str, values: Form) -> Response:
    decision_id, appellant = _appellant(session, token)
    decision = actions.appealable(session, decision_id, appellant)
    with shown_again(values, partial(_appeal_page, request, session, decision, token)):
        made = actions.appeal(session, decision_id, appellant, validated(AppealForm, values).text)
    return _appeal_page(request, session, decision, token, done=made)


def _appellant(session: Session, token: str) -> tuple[int, str]:
    found = decision_links.read_appeal(vault_of(session), token)
    if found is None:
        raise NotFound(INCOMPLETE)
    decision_id, appellant, expires = found
    if clock.now() > datetime.fromtimestamp(expires, UTC):
        raise Gone("Le délai de six mois pour contester cette décision est passé.")
    return decision_id, appellant


# Writing again after a refusal


@router.get("/reecrire/{token}")
def rewrite_page(request: Request, session: Db, token: str) -> Response:
    comment = actions.rewritable(session, _refusal(session, token))
    return _rewrite_page(request, token, {"values": {"text": comment.text}, "errors": {}})


def _rewrite_page(request: Request, token: str, form: Shown = EMPTY_FORM, *, done: bool = False) -> Response:
    status = 422 if form["errors"] else 200
    return page(request, "redress/rewrite.html", status, token=token, form=form, done=done, longest=MAX_LENGTH)


@router.post("/reecrire/{token}")
@limited()
def rewrite(request: Request, session: Db, token: str, values: Form) -> Response:
    decision = _refusal(session, token)
    with shown_again(values, partial(_rewrite_page, request, token)):
        actions.rewrite(session, decision, validated(RewriteForm, values).text)
    return _rewrite_page(request, token, done=True)


def _refusal(session: Session, token: str) -> Decision:
    """The decision of a genuine link. Raises NotFound, Gone."""
    found = decision_links.read_rewrite(vault_of(session), token)
    decision = moderation_queries.decision(session, found[0]) if found is not None else None
    if found is None or decision is None:
        raise NotFound(INCOMPLETE)
    if clock.now() > datetime.fromtimestamp(found[1], UTC):
        raise Gone("Le délai de trente jours pour proposer un autre texte est passé.")
    return decision


# Right of reply


@router.get("/petitions/{slug}/droit-de-reponse")
def reply_page(request: Request, session: Db, petition: PublicPetition, commentaire: str = "") -> Response:
    return _reply_page(request, petition, {"values": {"comment": commentaire}, "errors": {}})


def _reply_page(
    request: Request, petition: Petition, form: Shown = EMPTY_FORM, *, done: Reply | None = None
) -> Response:
    status = 422 if form["errors"] else 200
    return page(request, "redress/reply.html", status, petition=petition, form=form, done=done)


@router.post("/petitions/{slug}/droit-de-reponse")
@limited()
def ask_reply(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    with shown_again(values, partial(_reply_page, request, petition)):
        form = validated(ReplyForm, values)
        accents.reachable(session, form.email)
        if form.comment:
            row = comment_queries.with_author(session, form.comment)
            if row is None or row.petition_id != petition.id or row.state != CommentState.PUBLISHED:
                raise Invalid({"comment": "Aucun commentaire publié de cette pétition n’a ce numéro."})
    reply = actions.ask_reply(
        session,
        petition.id,
        form.comment or None,
        name=form.name,
        capacity=form.capacity,
        email=form.email,
        passage=form.passage,
        text=form.text,
        locale=locale_of(request),
    )
    return _reply_page(request, petition, done=reply)
