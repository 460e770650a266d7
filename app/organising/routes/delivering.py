"""Handing over: the pack, the dated line with its proof, the link of a recipient, an answer that is reported."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import HalfSession, Organiser, Posted, require_fresh
from app.accounts.models import Account
from app.db import Db, Session
from app.deliveries import actions, queries
from app.deliveries.actions import Handed, packing
from app.deliveries.choices import WAYS
from app.deliveries.dependencies import Offered, OfferedProof
from app.deliveries.forms import MAX_NOTE, AskLinkForm, HandedForm, ReportedForm
from app.deliveries.models import Delivery
from app.errors import Invalid, Refused
from app.exports import permissions as export_permissions
from app.exports import queries as export_queries
from app.locale import Message
from app.organisations.rights import Right
from app.organising import desk
from app.organising.dependencies import ExportedPetition, OwnPetition, ToldPetition, WrittenPetition
from app.organising.routes.base import router
from app.petitions import permissions
from app.petitions import queries as petition_queries
from app.petitions.end_of_life import erased_on
from app.petitions.models import Petition
from app.subscriptions import queries as subscription_queries
from app.updates import actions as updates
from app.updates import queries as update_queries
from app.web.admission import InLane, in_lane
from app.web.forms import Form, RowId, ShowAgain, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.web.uploads import uploading
from app.zone import day_of

DONE = {
    "remise": "La remise est notée, et sa page le dit.",
    "preuve": "La preuve est gardée, scellée.",
    "lien": "Votre demande est faite : une personne de l’administration vérifie l’adresse, puis envoie le lien.",
    "reponse": "La réponse est enregistrée.",
}


@router.get("/petitions/{slug}/remise")
def delivery_page(
    request: Request, session: Db, organiser: Organiser, petition: OwnPetition, fait: str = ""
) -> Response:
    return _page(request, session, organiser, petition, done=DONE.get(fait, ""))


def _page(
    request: Request,
    session: Session,
    organiser: Account,
    petition: Petition,
    form: Shown = EMPTY_FORM,
    *,
    asking: Shown = EMPTY_FORM,
    proving: dict[int, str] | None = None,
    done: str = "",
) -> Response:
    """*asking*: the form for a link; *proving*: delivery → what was wrong with its proof."""
    now, deliveries = clock.now(), queries.of_petition(session, petition.id)
    refused = form["errors"] or asking["errors"] or proving
    links = {(link.delivery_id, link.place): link for link in queries.links(session, petition.id)}
    return page(
        request,
        "organising/delivery.html",
        422 if refused else 200,
        **_context(session, organiser, petition),
        deliveries=deliveries,
        proofs=queries.proofs_there(session, petition.id),
        links=links,
        packs=[row for row, _ in export_queries.journal(session, petition.id) if row.purpose == "delivery"][:1],
        may_pack=not export_permissions.needed(session, petition, organiser)
        or "delivery" in export_permissions.held(session, petition, organiser),
        may_be=actions.may_be(petition),
        today=day_of(now),
        erased_on=erased_on(petition, now),
        form=form,
        asking=asking,
        asked_at=_asked_at(deliveries, asking),
        proving=proving or {},
        done=done,
    )


def _asked_at(deliveries: Sequence[Delivery], asking: Shown) -> tuple[int, int] | None:
    """Beside which recipient a refused form stands: the first when it named none."""
    if not asking["errors"] or not deliveries:
        return None
    typed = asking["values"].get("delivery"), asking["values"].get("place")
    every = [(row.number, place) for row in deliveries for place in range(len(row.recipients))]
    return next((one for one in every if tuple(map(str, one)) == typed), every[0])


def _context(session: Session, organiser: Account, petition: Petition) -> dict[str, Any]:
    return {
        "petition": petition,
        "desk": desk.of(session, petition, organiser),
        "count": petition_queries.count(session, petition.id),
        "ways": WAYS,
        "longest_note": MAX_NOTE,
        "seen": queries.how_many(session, petition.id),
    }


@router.post("/petitions/{slug}/remise/dossier")
@limited("staff")
def make_pack(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: ExportedPetition,
    fields: Posted,
) -> Response:
    if petition.delivery_mode == "identities":  # names leave
        require_fresh(request, signed, fields)
    export_permissions.check(session, petition, "delivery", organiser)
    record = packing.begin(session, petition, organiser.id)
    return InLane(
        request,
        "packing",
        packing.stream(request.app.state.database, record.id, settings_of(request).origin),
        media_type=packing.MEDIA_TYPE,
        headers={
            "content-disposition": f'attachment; filename="{packing.filename(petition, record.started_at)}"',
            "cache-control": "no-store",
            "x-export-id": str(record.id),
        },
    )


@router.post("/petitions/{slug}/remise")
@uploading
@in_lane("picturing")
@limited("staff")
def hand_over(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: WrittenPetition,
    fields: Posted,
    values: Form,
    offered: OfferedProof,
) -> Response:
    """First what it changes, for good; then, with its proof, it is done."""
    with shown_again(values, partial(_page, request, session, organiser, petition)):
        form = validated(HandedForm, values)
        handed = Handed(form.on, form.places, form.way, form.note)
        actions.check(petition, handed, clock.now())
    # Data will be erased. Asked before a file is chosen, which could not be sent again.
    require_fresh(request, signed, fields)
    if form.act != "deliver":
        return _question(request, session, organiser, petition, handed, {"values": values, "errors": {}})
    with shown_again(values, partial(_question, request, session, organiser, petition, handed)):
        _whole(offered)
        mail = permissions.may(session, organiser, petition, Right.UPDATES)
        actions.hand_over(session, petition.id, handed, form.seen, organiser.id, offered.proof, mail=mail)
    return see_other(request, f"/organisation/petitions/{petition.slug}/remise?fait=remise")


def _whole(offered: Offered) -> None:
    """Raises Invalid."""
    if offered.refused:
        raise Invalid({"proof": Message("Preuve : %(why)s.", why=offered.refused)})


def _question(
    request: Request, session: Session, organiser: Account, petition: Petition, handed: Handed, form: Shown
) -> Response:
    now = clock.now()
    return page(
        request,
        "organising/delivery_question.html",
        422 if form["errors"] else 200,
        **_context(session, organiser, petition),
        handed=handed,
        to=[petition.recipients[place] for place in sorted(set(handed.places))],
        first=petition.delivered_at is None,
        left_out=actions.left_out(session, petition),
        ends=actions.end_after(petition, handed, now),
        told=subscription_queries.count_willing(session, "updates", petition.id),
        may_mail=permissions.may(session, organiser, petition, Right.UPDATES),
        mailed_lately=not updates.may_mail_delivery(session, petition.id, now),
        form=form,
    )


@router.post("/petitions/{slug}/remise/{number}/preuve")
@uploading
@in_lane("picturing")
@limited("staff")
def add_proof(
    request: Request,
    session: Db,
    organiser: Organiser,
    petition: WrittenPetition,
    number: RowId,
    values: Form,
    offered: OfferedProof,
) -> Response:
    def again(form: Shown) -> Response:
        return _page(request, session, organiser, petition, proving={number: form["errors"]["proof"]})

    with shown_again(values, again):
        _whole(offered)
        if offered.proof is None:
            raise Invalid({"proof": "Choisissez le fichier de la preuve."})
        actions.add_proof(session, petition.id, number, offered.proof, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/remise?fait=preuve")


@router.post("/petitions/{slug}/remise/{number}/preuve/copie")
@limited("staff")
def open_proof(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: WrittenPetition,
    number: RowId,
    fields: Posted,
) -> Response:
    """Never shown in the browser: a file that may be anything has no page of ours."""
    require_fresh(request, signed, fields)
    name, content, kind = actions.open_proof(session, petition.id, number, organiser.id)
    ending = name.rpartition(".")[2]
    headers = {
        "content-disposition": f'attachment; filename="preuve-{petition.slug}-{number}.{ending}"',
        "cache-control": "no-store",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type=kind, headers=headers)


@router.post("/petitions/{slug}/remise/lien")
@limited("staff")
def ask_link(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    def again(asking: Shown) -> Response:
        return _page(request, session, organiser, petition, asking=asking)

    with shown_again(values, again):
        form = validated(AskLinkForm, values)
        actions.ask(session, petition, form.delivery, form.place, form.source, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/remise?fait=lien")


@router.get("/petitions/{slug}/reponse")
def reported_page(request: Request, session: Db, organiser: Organiser, petition: ToldPetition) -> Response:
    return _reported_page(request, session, organiser, petition)


def _reported_page(
    request: Request,
    session: Session,
    organiser: Account,
    petition: Petition,
    form: Shown = EMPTY_FORM,
    status: int = 0,
) -> Response:
    return page(
        request,
        "organising/answer.html",
        status or (422 if form["errors"] else 200),
        petition=petition,
        desk=desk.of(session, petition, organiser),
        today=day_of(clock.now()),
        told=subscription_queries.count_willing(session, "updates", petition.id),
        mailing_from=updates.mailing_from(session, petition.id, clock.now()),
        pending=update_queries.mailing_pending(session, petition.id),
        form=form,
    )


@router.post("/petitions/{slug}/reponse")
@limited("staff")
def report_answer(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, values: Form
) -> Response:
    again = partial(_reported_page, request, session, organiser, petition)
    try:
        with shown_again(values, again):
            form = validated(ReportedForm, values)
            actions.report(
                session,
                petition,
                who=form.who,
                on=form.on,
                text=form.text,
                source_url=form.source_url,
                source_title=form.source_title,
                mail=bool(form.mail),
                by=organiser.id,
            )
    except Refused as refused:  # what does not leave now is still there
        raise ShowAgain(again({"values": values, "errors": {"": refused.message}}, refused.status)) from None
    return see_other(request, f"/organisation/petitions/{petition.slug}/nouvelles")
