"""What is done to drafts: begun, saved, thrown away, proposed."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import launching
from app.accounts.models import Account
from app.crypto import uuid7
from app.db import vault_of
from app.drafting import forms, links, queries, reading
from app.drafting.models import Draft
from app.drafting.steps import STEPS, Step
from app.errors import Conflict, Invalid, NotFound, Refused
from app.locale import Message
from app.moderation import actions as moderation_actions
from app.organisations.queries import where_may
from app.organisations.rights import Right
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions import themes
from app.petitions.images import Kept
from app.petitions.models import Petition
from app.settings import Settings

# Since somebody last wrote in it: whoever holds its address, or a person with an account.
STRANGERS_FOR = timedelta(days=30)
ACCOUNTS_FOR = timedelta(days=365)
# Of one account at once.
MOST_DRAFTS = 50
LATE = "Ce texte est en relecture ou publié : il ne change plus ici. Rien n’a été enregistré."
BY_INVITATION = (
    "Ici, on lance une pétition sur invitation : suivez le lien de la vôtre, ou demandez-la en nous écrivant."
)
BY_THE_TEAM = "Ici, c’est l’équipe de la plateforme qui lance les pétitions : envoyez-lui votre texte."
TAKEN = "Ce brouillon est entre-temps dans l’espace d’une autre personne. Rien n’a été fait."
PROMISED = "Des personnes ont signé sur cette promesse : ce que le destinataire recevra ne change plus."


class Elsewhere(Conflict):
    """The same step was saved from another window since this one was opened; nothing is overwritten."""


def begin(session: Session, settings: Settings, account: Account | None, typed: Mapping[str, str]) -> Draft:
    """A draft with these first words; *account*'s, or of whoever holds its address. Raises Refused."""
    _allowed(session, settings, account)
    if account is not None and queries.count_of_account(session, account.id) >= MOST_DRAFTS:
        raise Refused("Vous avez déjà cinquante brouillons : supprimez-en un d’abord.")
    draft = _made(session, typed)
    draft.saves = {STEPS[0].path: 1}
    draft.account_id = account.id if account is not None else None
    session.add(draft)
    session.flush()
    return draft


def _allowed(session: Session, settings: Settings, account: Account | None) -> None:
    """Raises Refused where the operator has it otherwise (SIGNONS_LAUNCH)."""
    if not launching.may(settings, session, account.email if account is not None else ""):
        raise Refused(BY_INVITATION if settings.launch == "invited" else BY_THE_TEAM)


def _made(session: Session, typed: Mapping[str, Any]) -> Draft:
    now, draft_id = clock.now(), uuid7()
    key = links.key_of(links.address_of(vault_of(session), draft_id))
    return Draft(id=draft_id, key=key, typed=dict(typed), saves={}, created_at=now, saved_at=now)


def reopen(session: Session, petition: Petition, account: Account) -> Draft:
    """The draft in which *petition* is corrected: the one that it came from, or one made of it. Raises Conflict."""
    locked = petition_queries.lock(session, petition.id)  # of two at once, the second finds the draft of the first
    if locked is None or locked.state not in petition_actions.WRITABLE:
        raise Conflict(LATE)
    draft = queries.of_petition(session, petition.id)
    if draft is None:
        draft = _made(session, reading.written(petition, petition_queries.text_of(session, petition)))
        draft.account_id, draft.petition_id = account.id, petition.id
        session.add(draft)
        session.flush()
    return draft


def save(session: Session, draft_id: uuid.UUID, step: Step, typed: Mapping[str, str], seen: int) -> Draft:
    """Keep a step as it was typed, from a window that saw save number *seen* of it.

    Raises Elsewhere, Conflict (proposed), NotFound.
    """
    draft = _writable(session, draft_id)
    before = step.held(draft.typed)
    kept = _tidy(step.held(typed)) | {name: before[name] for name in before.keys() & {forms.PICTURE}}
    if kept != before:
        if draft.saves.get(step.path, 0) != seen:
            raise Elsewhere("Cette étape a été enregistrée depuis une autre fenêtre. Rien n’a été écrasé.")
        others = {name: value for name, value in draft.typed.items() if name not in before}
        draft.typed = others | kept
        draft.saves = draft.saves | {step.path: seen + 1}
    draft.saved_at = clock.now()
    return draft


def _in_the_list(session: Session, names: Sequence[str]) -> None:
    """Raises Invalid when one of these themes is no longer offered."""
    offered = {theme.name for theme in themes.offered(session)}
    for name in names:
        known = themes.find(session, name)
        if known is None or known.name not in offered:
            raise Invalid(
                {"reglages": Message("Le thème « %(name)s » n’est plus proposé : choisissez-en un autre.", name=name)}
            )


def _entrust(session: Session, petition: Petition, account: Account, organisation: str) -> None:
    theirs = {one.slug: one.id for one in where_may(session, account.id, Right.PETITIONS)}
    if organisation not in theirs:
        raise Invalid({"organisation": "Choisissez l’organisation qui portera cette pétition, ou vous-même."})
    petition_actions.entrust(session, petition, theirs[organisation], account.id)


def set_picture(session: Session, draft_id: uuid.UUID, kept: Kept | None) -> None:
    """Another picture, or none. Raises NotFound, Conflict."""
    draft = _writable(session, draft_id)
    others = {name: value for name, value in draft.typed.items() if name not in {"focus_x", "focus_y", forms.PICTURE}}
    picture = {forms.PICTURE: f"{kept.name} {kept.width} {kept.height}"} if kept is not None else {}
    draft.typed, draft.saved_at = others | picture, clock.now()


def claim(session: Session, draft_id: uuid.UUID, account: Account) -> None:
    """The draft is *account*'s from now on, in their space. Raises Conflict (somebody else's meanwhile), NotFound."""
    _claim(session, _writable(session, draft_id), account)


def _claim(session: Session, draft: Draft, account: Account) -> None:
    if draft.account_id is None:
        draft.account_id = account.id
        audit.record(session, "draft.claimed", "draft", draft.id.hex, account.id)
    elif draft.petition_id is None and draft.account_id != account.id:
        raise Conflict(TAKEN)


def _tidy(typed: Mapping[str, str]) -> dict[str, str]:
    """Without what is empty, its rows one after the other."""
    tables = (forms.RECIPIENT, forms.SOURCE)
    in_rows = {f"{field}-" for fields in tables for field in fields}
    kept = {name: value for name, value in typed.items() if value.strip() and not name.startswith(tuple(in_rows))}
    for fields in tables:
        # A kind alone is what the list shows before anything is typed.
        rows = [row for row in forms.rows_of(typed, fields).values() if row.keys() - {"kind"}]
        kept |= {f"{field}-{n}": value for n, row in enumerate(rows, 1) for field, value in row.items()}
    return kept


def _writable(session: Session, draft_id: uuid.UUID) -> Draft:
    """Locked, and its petition not in anybody else's hands. Raises NotFound, Conflict."""
    draft = queries.lock(session, draft_id)
    if draft is None:
        raise NotFound("Ce brouillon n’existe plus.")
    if draft.petition_id is not None:
        petition = petition_queries.alone(session, draft.petition_id)
        if petition.state not in petition_actions.WRITABLE:
            raise Conflict(LATE)
    return draft


def throw_away(session: Session, draft_id: uuid.UUID, account: Account | None) -> None:
    """What was typed is gone at once; a petition that it was proposed as stays. Raises NotFound, Conflict."""
    draft = _writable(session, draft_id)
    if account is not None:
        audit.record(session, "draft.thrown_away", "draft", draft.id.hex, account.id)
    queries.delete_one(session, draft.id)


def propose(
    session: Session, settings: Settings, draft_id: uuid.UUID, account: Account, organisation: str = ""
) -> Petition:
    """To the moderators: it becomes a petition, or another text of the one that it was.

    *organisation*: the address of one where *account* writes petitions, which carries it. Raises Invalid, Conflict,
    Refused.
    """
    _allowed(session, settings, account)
    draft = _writable(session, draft_id)
    found = reading.read(draft.typed)
    _in_the_list(session, found.file.themes)
    _claim(session, draft, account)
    if draft.petition_id is None:
        petition = petition_actions.create(
            session, found.file, folder=None, image_store=settings.var / "images", by=account.id
        )
        petition_actions.add_owner(session, petition, account.id, account.id)
        draft.petition_id = petition.id
        if organisation:
            _entrust(session, petition, account, organisation)
    else:
        petition = petition_queries.alone(session, draft.petition_id)
        if petition.opened_at is not None and found.delivery_mode != petition.delivery_mode:
            raise Invalid({"reglages": PROMISED})
        petition_actions.rewrite(session, petition, found.file, account.id)
    petition_actions.set_picture(petition, found.picture)
    if found.delivery_mode != petition.delivery_mode:
        petition.delivery_mode = found.delivery_mode
        audit.record(session, "petition.delivery_mode", "petition", petition.id, account.id, mode=found.delivery_mode)
    petition.comments_open = found.comments_open
    moderation_actions.submit(session, petition, account.id)
    return petition
