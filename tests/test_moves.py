"""What a state may become is a table: every pair is tried with every verb, and exactly its rows succeed.

All histories are walked, each verb in a savepoint of its own, so that what a verb asks of the past (an opening, a
decision of the last minute) is met whenever it can be.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.accounts.models import Account
from app.comments import actions as comment_actions
from app.comments import models as comments
from app.comments.models import Comment, CommentState
from app.errors import Refused
from app.mail import models as mails
from app.mail import outbox
from app.mail.models import MailState, OutboxMail
from app.mail.outbox import Mail
from app.moderation import actions
from app.moderation.actions import Judgment, receiving
from app.moderation.models import Appeal, Case, Decision
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import models as petitions
from app.petitions.models import Petition, PetitionState
from app.privacy import models as privacy
from app.privacy.actions import erasing, requests
from app.privacy.models import DataRequest, RequestState
from app.redress import actions as redress
from app.redress.actions import Report
from app.signatures import actions as signature_actions
from app.signatures import models as signatures
from app.signatures.actions.confirming import Target
from app.signatures.doubts import NO_PROOF
from app.signatures.models import Signature, SignatureState
from tests.moderation.desk import ME, OTHER, PASSAGE, TEXT
from tests.site import PETITION, Site

pytestmark = pytest.mark.databases("sqlite")

Verb = Callable[[], object]
Pairs = set[tuple[str, str]]
REPORT = Report("illegal", "insult", None, "Ce texte est illicite.", "", "Paul", "paul@exemple.test", "fr")
ORDER = ("Office central", "INJ-1")


def walk(session: Session, verbs: Sequence[Verb], look: Callable[[], tuple[str, Hashable]]) -> Pairs:
    """Every (before, after) of some history; *look* gives the state, and what else a verb may look at."""
    seen: set[Hashable] = set()
    found: Pairs = set()

    def onwards() -> None:
        before = look()
        if before in seen:
            return
        seen.add(before)
        for verb in verbs:
            point = session.begin_nested()
            try:
                verb()
                session.flush()
                session.expire_all()
                after = look()
                if after[0] != before[0]:
                    found.add((before[0], after[0]))
                onwards()
            except Refused:
                pass
            finally:
                point.rollback()
                session.expire_all()

    onwards()
    return found


class Desk:
    """The people who decide, and what they can do about one text."""

    def __init__(self, session: Session, target: str, target_id: int, passage: str, article: int) -> None:
        self.session, self.target, self.target_id = session, target, target_id
        self.refusal = Judgment("refuse", [article], passage, "Critiquez ce qu’il fait.")
        who = session.scalars(select(Account).where(Account.email.in_([ME, OTHER])).order_by(Account.id)).all()
        self.first, self.second = who

    def last(self) -> Decision | None:
        return self.session.scalars(
            select(Decision)
            .where(Decision.target == self.target, Decision.target_id == self.target_id)
            .order_by(Decision.id.desc())
            .limit(1)
        ).one_or_none()

    def history(self) -> Hashable:
        last = self.last()
        appealed = last is not None and self.session.scalar(select(Appeal).where(Appeal.decision_id == last.id))
        return last and (last.kind, last.source, last.before["state"], last.undone_at is None, bool(appealed))

    def undo(self) -> None:
        if (last := self.last()) is not None and last.moderator_id is not None:
            actions.undo(self.session, last.id, self.session.get_one(Account, last.moderator_id))

    def reverse(self) -> None:
        """The author contests, somebody else judges."""
        if (last := self.last()) is None:
            return
        judge = self.second if last.moderator_id == self.first.id else self.first
        row = redress.appeal(self.session, last.id, "author", "Je conteste cette décision.")
        redress.form_view(self.session, row.id, judge, "publish", "Rien à redire.")
        redress.judge(self.session, row.id, judge, "reversed", "La critique est permise.")

    def report(self, judgment: Judgment) -> None:
        """Somebody reports it, and is followed or not."""
        redress.receive(self.session, self.target, self.target_id, REPORT)
        case = self.session.scalars(select(Case).order_by(Case.id.desc()).limit(1)).one()
        redress.settle(self.session, case.id, 0, self.first, judgment)


def of_petitions(site: Site) -> Pairs:
    site.account("moderator", email=ME)
    site.account("moderator", email=OTHER)
    with site.database.write() as session:
        file = importing.parse(PETITION, "essai.md")
        petition = petition_actions.create(session, file, folder=None, image_store=Path("unused"))
        desk = Desk(session, "petition", petition.id, "la bibliothèque de Montfleur", 10)

        def review(judgment: Judgment) -> Verb:
            remarks = [(1, "Donnez la date.")] if judgment.kind == "correct" else []
            return lambda: actions.review(session, petition.id, petition.submissions, desk.first, judgment, remarks)

        def end() -> None:
            petition.closes_at = petition.opened_at
            petition_actions.close_ended(session)

        def look() -> tuple[str, Hashable]:
            found = session.get_one(Petition, petition.id)
            known = bool(found.opened_at), bool(found.closed_at), bool(found.delivered_at), found.submissions
            return found.state, (known, desk.history())

        return walk(
            session,
            [
                lambda: actions.submit(session, petition),
                *map(review, (Judgment("publish"), Judgment("correct"), desk.refusal)),
                lambda: petition_actions.publish(session, petition),
                lambda: petition_actions.close(session, petition),
                end,
                lambda: petition_actions.deliver(session, petition),
                lambda: petition_actions.rewrite(session, petition, file),
                lambda: desk.report(desk.refusal),
                lambda: desk.report(Judgment("keep")),
                desk.reverse,
                desk.undo,
            ],
            look,
        )


def of_comments(site: Site) -> Pairs:
    slug = site.publish()
    site.account("moderator", email=ME)
    site.account("moderator", email=OTHER)
    comment_id = site.comment(slug, TEXT)
    with site.database.write() as session:
        comment = session.get_one(Comment, comment_id)
        signature_id = comment.signature_id
        assert signature_id is not None
        desk = Desk(session, "comment", comment_id, PASSAGE, 1)

        def decide(judgment: Judgment) -> Verb:
            return lambda: actions.decide(session, comment_id, comment.version, desk.first, judgment)

        def look() -> tuple[str, Hashable]:
            found = session.get_one(Comment, comment_id)
            # A text may be written again as often as it is refused; twice tells everything.
            return found.state, (min(found.revision, 2), desk.history())

        return walk(
            session,
            [
                decide(Judgment("publish")),
                decide(desk.refusal),
                lambda: actions.not_handled(session, comment_id),
                lambda: redress.take_down(session, [comment_id], desk.first, *ORDER, comment.created_at),
                lambda: comment_actions.rewrite(session, comment, TEXT),
                lambda: erasing.withdraw(session, comment.petition_id, signature_id, "web"),
                lambda: desk.report(desk.refusal),
                desk.reverse,
                desk.undo,
            ],
            look,
        )


def of_signatures(site: Site) -> Pairs:
    site.sign(site.publish())
    with site.database.write() as session:
        row = session.scalars(select(Signature)).one()
        target = Target(row.petition_id, row.id)
        act = (*target[:1], [row.id], None, "other")

        def without_proof() -> None:
            row.doubt = NO_PROOF

        def look() -> tuple[str, Hashable]:
            found = session.get(Signature, target[:2])
            return (found.state, (found.doubt, found.place is None)) if found is not None else ("", None)

        return walk(
            session,
            [
                without_proof,
                lambda: signature_actions.confirm_group(session, [target], receiving.receive_drafts),
                lambda: signature_actions.set_aside(session, *act),
                lambda: signature_actions.invalidate(session, *act),
                lambda: signature_actions.put_back(session, *act),
                lambda: signature_actions.withdraw(session, *target[:2]),
            ],
            look,
        )


def of_mails(site: Site) -> Pairs:
    with site.database.write() as session:
        (mail_id,) = outbox.enqueue_held(session, [Mail("accounts/idle", "a@exemple.test", "fr")], timedelta(0))

        def mail() -> OutboxMail:
            return session.get_one(OutboxMail, mail_id)

        def again() -> None:
            """Its worker was killed many times, and time went by."""
            mail().send_after, mail().attempts = clock.now(), outbox.MAX_UNKNOWN

        return walk(
            session,
            [
                lambda: outbox.claim(session),
                lambda: outbox.lease(session, mail_id, mail().attempts, again=False),
                lambda: outbox.sent(session, mail_id),
                lambda: outbox.failed(session, mail_id, mail().attempts, "refused", final=True),
                lambda: outbox.failed(session, mail_id, mail().attempts, "not now"),
                lambda: outbox.refused(session, mail_id),
                lambda: outbox.cancel_held(session, [mail_id]),
                again,
            ],
            lambda: (mail().state, (min(mail().attempts, outbox.MAX_UNKNOWN), mail().error)),
        )


def of_requests(site: Site) -> Pairs:
    site.account("admin", email=ME)
    me = site.account_id(ME)
    with site.database.write() as session:
        row = requests.note(session, date(2026, 1, 5), "letter", "Une copie.", me)
        closing = [partial(requests.close, session, row.id, state, "Répondu.", me) for state in RequestState]
        return walk(session, closing, lambda: (session.get_one(DataRequest, row.id).state, None))


WALKS: dict[type[StrEnum], tuple[Callable[[Site], Pairs], Mapping[Any, str]]] = {
    PetitionState: (of_petitions, petitions.MOVES),
    CommentState: (of_comments, comments.MOVES),
    SignatureState: (of_signatures, signatures.MOVES),
    MailState: (of_mails, mails.MOVES),
    RequestState: (of_requests, privacy.MOVES),
}


@pytest.mark.parametrize("states", list(WALKS))
def test_a_state_becomes_what_its_table_says_and_nothing_else(site: Site, states: type[StrEnum]) -> None:
    walk_them, moves = WALKS[states]
    reached = walk_them(site)
    wrong = [pair for pair in permutations(states, 2) if (pair in reached) != (pair in moves)]
    assert wrong == []


@pytest.mark.parametrize("states", list(WALKS))
def test_each_row_says_why(states: type[StrEnum]) -> None:
    assert all(len(why.split()) > 2 for why in WALKS[states][1].values())
