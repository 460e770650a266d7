"""Second looks: a decision judged again, blind, by somebody else."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.db import Db, Session
from app.errors import Conflict, NotFound
from app.moderation import actions, charter, proofs, queries
from app.moderation.dependencies import Within
from app.moderation.desk import claim_of
from app.moderation.forms import SecondLookForm
from app.moderation.forms.filtering import Filters
from app.moderation.models import CharterVersion, Decision, SecondLook, Target
from app.moderation.queries import reviews
from app.moderation.routes.base import router
from app.petitions import texts
from app.petitions.models import Petition
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other


@router.get("/moderation/relectures/{decision_id}")
def second_page(request: Request, session: Db, moderator: Moderator, within: Within, decision_id: RowId) -> Response:
    return _page(request, session, moderator, within, decision_id)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    decision_id: int,
    form: Shown = EMPTY_FORM,
) -> Response:
    look = session.get(SecondLook, decision_id)
    first = queries.decision(session, decision_id)
    if look is None or first is None or look.first_decider == moderator.id:
        raise NotFound("Ce texte n’est pas à relire, ou pas par vous.")
    found = _second_text(session, first)
    if found is None or look.judged_at is not None:
        raise Conflict("Ce texte a déjà été relu, ou n’existe plus.")
    text, in_force = found
    claim = claim_of(session, f"second-{decision_id}", moderator, clock.now())
    return page(
        request,
        "moderation/second.html",
        422 if form["errors"] else 200,
        decision_id=decision_id,
        text=text,
        charter=in_force,
        look=look,
        claim=claim,
        form=form,
        kept=within.to(""),
    )


def _second_text(session: Session, first: Decision) -> tuple[str, CharterVersion] | None:
    """What was decided on, and the charter that applied to it."""
    if first.target == Target.PETITION:
        petition = session.get(Petition, first.target_id)
        if petition is None:
            return None
        written = texts.judged(session, petition, first.text_sha256)
        # As the first person read it, whatever its author has written since.
        read = reviews.reviewed(session, first.id)
        text = proofs.plain(read) if read is not None else f"{written.title}\n\n{written.markdown}"
        return text, charter.in_force(session, written.created_at)
    row = comment_queries.with_author(session, first.target_id)
    return (row.text, charter.in_force(session, row.created_at)) if row is not None else None


@router.post("/moderation/relectures/{decision_id}")
@limited("staff")
def look_again(
    request: Request, session: Db, moderator: Moderator, within: Within, decision_id: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_page, request, session, moderator, within, decision_id)):
        form = validated(SecondLookForm, values)
        actions.look_again(session, decision_id, moderator, form.decision, form.article or None)
    return see_other(request, within.to("/moderation"))
