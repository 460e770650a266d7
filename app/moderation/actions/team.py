"""Between moderators: claims, notes, handing on, verdicts on hints, second looks, preferences."""

import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.hints import SEVERITY, VERSIONS
from app.comments.models import Comment, HintOff
from app.errors import Conflict, Invalid, NotFound
from app.moderation import queries
from app.moderation.models import Case, Decision, HintVerdict, Note, Preference, SecondLook
from app.moderation.queries import cases, workbench

CLAIM_FOR = timedelta(minutes=10)
# A hint judged this often that is right less than half the time switches itself off.
ENOUGH_VERDICTS = 200
SAMPLED = 0.02


def claim(session: Session, queue: str, item_id: int, account: Account) -> bool:
    """Tell the others that one has it open; False when somebody else has."""
    now = clock.now()
    workbench.drop_claims(session, account.id, now)
    return workbench.claim(session, queue, item_id, account.id, now, now + CLAIM_FOR)


def note(session: Session, target: str, target_id: int, account: Account, text: str) -> None:
    """Raises Invalid."""
    if not text.strip():
        raise Invalid({"note": "Écrivez la note, ou laissez la page telle quelle."})
    session.add(
        Note(target=target, target_id=target_id, account_id=account.id, text=text.strip(), created_at=clock.now())
    )


def escalate(session: Session, comment_id: int, account: Account, urgent: bool, text: str) -> Case:
    """Hand a comment on to the others, with a word; urgent: ahead of everything. Raises NotFound, Conflict."""
    comment = comment_queries.lock(session, comment_id)
    if comment is None or comment.state == "withdrawn":
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    kind = "urgent" if urgent else "escalated"
    found = cases.latest_case(session, "comment", comment.id, comment.revision)
    if found is None or found.closed_at is not None:
        found = open_case(session, "comment", comment.id, comment.revision, kind, comment.severity, account.id)
    elif urgent:
        found.kind = kind
    queries.release(session, "comment", comment.id)
    if text.strip():
        note(session, "comment", comment.id, account, text)
    audit.record(session, "comment.escalated", "comment", comment.id, account.id, case=found.id, kind=kind)
    return found


def open_case(
    session: Session, target: str, target_id: int, revision: int, kind: str, severity: int, by: int | None
) -> Case:
    case = Case(
        kind=kind,
        target=target,
        target_id=target_id,
        revision=revision,
        severity=severity,
        version=1,
        notices=0,
        opened_at=clock.now(),
        opened_by=by,
        outcome="",
        authority="",
    )
    session.add(case)
    session.flush()
    return case


def tell_authority(session: Session, case_id: int, account: Account, authority: str) -> None:
    """A threat to life was reported: to whom, and when (DSA art. 18). Raises NotFound, Invalid."""
    case = cases.lock_case(session, case_id)
    if case is None:
        raise NotFound("Ce dossier n’existe pas.")
    if not authority.strip():
        raise Invalid({"authority": "Dites qui a été prévenu, et comment."})
    case.authority, case.authority_at = authority.strip(), clock.now()
    audit.record(session, "case.authority_told", "case", case.id, account.id)


def judge_hint(session: Session, comment_id: int, hint: str, founded: bool, account: Account) -> None:
    """Say whether a hint was right; one that is wrong too often is switched off. Raises NotFound."""
    comment = session.get(Comment, comment_id)
    if comment is None or hint not in {found["hint"] for found in comment.hints}:
        raise NotFound("Cet indice n’est pas sur ce commentaire.")
    version = next(found["version"] for found in comment.hints if found["hint"] == hint)
    verdict = session.get(HintVerdict, (comment_id, hint, version))
    if verdict is None:
        session.add(
            HintVerdict(
                comment_id=comment_id,
                hint=hint,
                version=version,
                founded=founded,
                account_id=account.id,
                at=clock.now(),
            )
        )
    else:
        verdict.founded, verdict.account_id, verdict.at = founded, account.id, clock.now()
    session.flush()
    switch_off_wrong_hints(session)


def switch_off_wrong_hints(session: Session) -> list[str]:
    """Rules under one half after enough verdicts, in their present version."""
    off = workbench.switched_off(session)
    gone = [
        row.hint
        for row in workbench.precision(session)
        if row.n >= ENOUGH_VERDICTS
        and row.founded * 2 < row.n
        and VERSIONS.get(row.hint) == row.version
        and row.hint not in off
    ]
    for hint in gone:
        session.add(HintOff(hint=hint, version=VERSIONS[hint], at=clock.now()))
        audit.record(session, "hint.switched_off", "hint", hint)
    return gone


def prefer(session: Session, account: Account, **wishes: object) -> None:
    """How one works: keys, blur, digests, quiet hours."""
    row = session.get(Preference, account.id)
    if row is None:
        row = workbench.preference(session, account.id)
        session.add(row)
    for name, value in wishes.items():
        setattr(row, name, value)


# Second looks


def sampled() -> bool:
    """True once in fifty times."""
    return secrets.randbelow(10_000) < SAMPLED * 10_000


def draw(session: Session, decision: Decision, *, required: bool = False) -> bool:
    """Have a decision judged again, blind, by somebody else.

    *required*: its article needs two people, and waits for a second one if there is none yet.
    Otherwise, for comments, by lot, when there is somebody to do it.
    """
    if decision.moderator_id is None or decision.source == "appeal":
        return False
    if not required and not (decision.target == "comment" and _by_lot(session)):
        return False
    look = SecondLook(
        decision_id=decision.id, first_decider=decision.decider, drawn_at=clock.now(), kind="", required=required
    )
    session.add(look)
    return True


def _by_lot(session: Session) -> bool:
    return sampled() and len(workbench.moderators(session)) >= 2


def look_again(session: Session, decision_id: int, account: Account, kind: str, article: int | None) -> bool:
    """The second opinion; True when both agree. Where it was required, publishing against a refusal
    opens a case. Raises NotFound, Conflict, Invalid."""
    look = workbench.lock_second_look(session, decision_id)
    first = queries.decision(session, decision_id)
    if look is None or first is None or look.first_decider == account.id:
        raise NotFound("Ce texte n’est pas à relire, ou pas par vous.")
    if look.judged_at is not None:
        raise Conflict("Quelqu’un a déjà relu ce texte.")
    if kind not in {"publish", "refuse"} or (kind == "refuse" and article not in SEVERITY):
        raise Invalid({"article": "Choisissez : publier, ou refuser sous un article."})
    refused = first.kind in {"refuse", "remove"}
    look.kind, look.article = kind, article if kind == "refuse" else None
    look.agreed = refused == (kind == "refuse") and (not refused or look.article in first.articles)
    look.judge_id, look.judged_at = account.id, clock.now()
    audit.record(session, "decision.second_look", "decision", decision_id, account.id, agreed=look.agreed)
    queries.release(session, "second", decision_id)
    if look.required and refused and kind == "publish":
        text = f"La seconde personne publierait : désaccord sur la décision {first.reference}."
        _disagree(session, first, account, text)
    return bool(look.agreed)


def _disagree(session: Session, first: Decision, account: Account, text: str) -> None:
    """The refusal stands meanwhile; somebody maintains it or not."""
    if first.target == "comment":
        escalate(session, first.target_id, account, urgent=False, text=text)
        return
    open_case(session, first.target, first.target_id, first.revision, "escalated", 3, account.id)
    note(session, first.target, first.target_id, account, text)
