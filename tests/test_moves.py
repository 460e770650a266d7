"""What a state may become is a table: every pair is tried with every verb, and exactly its rows succeed.

All histories are walked, each verb in a savepoint of its own, so that what a verb asks of the past (an opening, a
decision of the last minute) is met whenever it can be.
"""

from ast import literal_eval
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256
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
from app.db import vault_of
from app.errors import Refused
from app.mail import models as mails
from app.mail import outbox
from app.mail.models import MailState, OutboxMail
from app.mail.outbox import Mail
from app.moderation import actions
from app.moderation.actions import Judgment, receiving
from app.moderation.actions.amending import decide_amendment
from app.moderation.actions.news import decide_news, take_news_off
from app.moderation.models import (
    Appeal,
    AppealOutcome,
    Case,
    CaseOutcome,
    Decision,
    Notice,
    NoticeOutcome,
    Reply,
    ReplyState,
)
from app.moderation.models.decisions import APPEAL_MOVES
from app.moderation.models.notices import CASE_MOVES, NOTICE_MOVES, REPLY_MOVES
from app.moderation.queries import reviews
from app.organisations import actions as organisation_actions
from app.organisations import links
from app.organisations import models as organisations
from app.organisations.models import Invitation, InvitationState
from app.organisations.queries import members
from app.organisations.rights import Right
from app.paper import actions as paper_actions
from app.paper import models as sheets
from app.paper.choices import SheetReason
from app.paper.models import Sheet, SheetState
from app.petitions import actions as petition_actions
from app.petitions import importing, queries, reopening, versions
from app.petitions import models as petitions
from app.petitions.models import Amendment, AmendmentState, Petition, PetitionState
from app.privacy import models as privacy
from app.privacy.actions import requests, undoing
from app.privacy.models import DataRequest, RequestState
from app.redress import actions as redress
from app.redress.actions import Report
from app.signatures import actions as signature_actions
from app.signatures import models as signatures
from app.signatures.actions.confirming import Target
from app.signatures.doubts import NO_PROOF
from app.signatures.models import Signature, SignatureState
from app.updates import actions as updates
from app.updates import models as news
from app.updates import queries as news_queries
from app.updates.models import Update, UpdateState
from tests.moderation.desk import ME, OTHER, PASSAGE, TEXT
from tests.site import PETITION, Site

pytestmark = pytest.mark.databases("sqlite")

Verb = Callable[[], object]
Pairs = set[tuple[str, str]]
Moves = Mapping[Any, str]
Table = type[Appeal | Case | Notice]
REPORT = Report("illegal", "insult", None, "Ce texte est illicite.", "", "Paul", "paul@exemple.test", "fr")
ORDER = ("Office central", "INJ-1")


def walk(session: Session, verbs: Sequence[Verb], look: Callable[[], tuple[str, Hashable]], most: int = 0) -> Pairs:
    """Every (before, after) of some history, of *most* verbs if given; *look*: the state, and what else they see."""
    # What was looked at, and with how many verbs still to come.
    seen: dict[Hashable, int] = {}
    found: Pairs = set()

    def onwards(left: int) -> None:
        before = look()
        if seen.get(before, 0) >= left:
            return
        seen[before] = left
        for verb in verbs:
            point = session.begin_nested()
            try:
                verb()
                session.flush()
                session.expire_all()
                after = look()
                if after[0] != before[0]:
                    found.add((before[0], after[0]))
                onwards(left - 1 if most else left)
            except Refused:
                pass
            finally:
                point.rollback()
                session.expire_all()

    onwards(most or 1)
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


class SecondThoughts:
    """An author who takes a comment back, and undoes that within the minute."""

    def __init__(self, session: Session, comment: Comment) -> None:
        assert comment.signature_id is not None
        self.session, self.petition_id, self.signature_id = session, comment.petition_id, comment.signature_id
        self.comment_id = comment.id
        # Token → what the comment was.
        self.tokens: dict[str, str] = {}

    def withdraw(self) -> None:
        was = self.session.get_one(Comment, self.comment_id).state
        if token := undoing.withdraw(self.session, self.petition_id, self.signature_id, "web"):
            self.tokens[token] = was

    def undo(self) -> None:
        for token in self._open():
            undoing.undo(self.session, token)

    def before(self) -> list[str]:
        """What the comment would be again."""
        return [self.tokens[token] for token in self._open()]

    def _open(self) -> list[str]:
        """Of the tokens of every history, the one of this."""
        return [token for token in self.tokens if undoing.look(self.session, token).open]


def of_petitions(site: Site) -> Pairs:
    site.account("moderator", email=ME)
    site.account("moderator", email=OTHER)
    with site.database.write() as session:
        file, other = (
            importing.parse(text, "essai.md") for text in (PETITION, PETITION.replace("trois jours", "deux"))
        )
        petition = petition_actions.create(session, file, folder=None, image_store=Path("unused"))
        desk = Desk(session, "petition", petition.id, "la bibliothèque de Montfleur", 10)

        def review(judgment: Judgment) -> Verb:
            remarks = {"1": "Donnez la date."} if judgment.kind == "correct" else {}
            return lambda: actions.review(session, petition.id, petition.submissions, desk.first, judgment, remarks)

        def rewrite() -> None:
            """Never what it says already."""
            written = queries.text_of(session, petition).markdown
            petition_actions.rewrite(session, petition, file if written == other.text else other)

        def end() -> None:
            petition.closes_at = petition.opened_at
            petition_actions.close_ended(session)

        def look() -> tuple[str, Hashable]:
            found = session.get_one(Petition, petition.id)
            known = bool(found.opened_at), bool(found.closed_at), bool(found.delivered_at)
            # Corrections may be asked as often as one likes; twice tells everything.
            sent = min(found.submissions, 2), len(reviews.refusals(session, petition.id))
            last, words = desk.last(), queries.text_of(session, found).markdown.encode()
            written_on = last is not None and last.text_sha256 != sha256(words).hexdigest()
            return found.state, (known, sent, written_on, desk.history())

        return walk(
            session,
            [
                rewrite,
                lambda: actions.submit(session, petition),
                *map(review, (Judgment("publish"), Judgment("correct"), desk.refusal)),
                lambda: petition_actions.publish(session, petition),
                lambda: petition_actions.close(session, petition),
                lambda: reopening.reopen(session, petition),
                end,
                lambda: petition_actions.deliver(session, petition),
                lambda: desk.report(desk.refusal),
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
        author = SecondThoughts(session, comment)
        desk = Desk(session, "comment", comment_id, PASSAGE, 1)

        def decide(judgment: Judgment) -> Verb:
            return lambda: actions.decide(session, comment_id, comment.version, desk.first, judgment)

        def look() -> tuple[str, Hashable]:
            found = session.get_one(Comment, comment_id)
            # A text may be written again as often as it is refused; twice tells everything.
            return found.state, (min(found.revision, 2), desk.history(), *author.before())

        return walk(
            session,
            [
                decide(Judgment("publish")),
                decide(desk.refusal),
                lambda: actions.not_handled(session, comment_id),
                lambda: redress.take_down(session, [comment_id], desk.first, *ORDER, comment.created_at),
                lambda: comment_actions.rewrite(session, comment, TEXT),
                author.withdraw,
                author.undo,
                lambda: desk.report(desk.refusal),
                desk.reverse,
                desk.undo,
            ],
            look,
        )


def of_redress(site: Site) -> dict[Table, Pairs]:
    """One report of one comment and what follows, by table."""
    slug = site.publish()
    site.account("moderator", email=ME)
    site.account("moderator", email=OTHER)
    comment_id = site.comment(slug, TEXT)
    with site.database.write() as session:
        comment = session.get_one(Comment, comment_id)
        author = SecondThoughts(session, comment)
        desk = Desk(session, "comment", comment_id, PASSAGE, 1)
        actions.decide(session, comment_id, comment.version, desk.first, Judgment("publish"))
        notice = redress.receive(session, "comment", comment_id, REPORT)

        def settle(judgment: Judgment) -> Verb:
            return lambda: redress.settle(session, notice.case_id, 0, desk.first, judgment)

        def contest(appellant: str) -> None:
            if (last := desk.last()) is not None:
                redress.appeal(session, last.id, appellant, "Je conteste cette décision.")

        def judge(outcome: str) -> None:
            row = session.scalars(select(Appeal).order_by(Appeal.id.desc()).limit(1)).one_or_none()
            if row is not None:
                redress.form_view(session, row.id, desk.second, "publish", "Rien à redire.")
                judgment = desk.refusal if row.notice_id is not None else None
                redress.judge(session, row.id, desk.second, outcome, "Voilà pourquoi.", judgment)

        def rows(table: Table) -> tuple[tuple[int, str], ...]:
            return tuple(
                (row.id, row.outcome) for row in session.execute(select(table.id, table.outcome).order_by(table.id))
            )

        def look() -> tuple[str, Hashable]:
            session.flush()
            outcomes = [dict(rows(table)) for table in ENDS]
            return str(outcomes), (comment.state, desk.history(), *author.before())

        seen = walk(
            session,
            [
                settle(Judgment("keep")),
                settle(desk.refusal),
                partial(contest, "author"),
                partial(contest, f"notice:{notice.id}"),
                partial(judge, "upheld"),
                partial(judge, "reversed"),
                author.withdraw,
                author.undo,
                desk.undo,
            ],
            look,
            most=4,
        )
        found: dict[Table, Pairs] = {table: set() for table in ENDS}
        for old, new in seen:
            for table, was, now in zip(ENDS, literal_eval(old), literal_eval(new), strict=True):
                found[table] |= {(was[n], now[n]) for n in was.keys() & now.keys() if was[n] != now[n]}
        return found


def of_replies(site: Site) -> Pairs:
    slug = site.publish()
    site.account("moderator", email=ME)
    form = {
        "name": "Paul",
        "capacity": "Maire",
        "email": "paul@exemple.test",
        "passage": "la bibliothèque de Montfleur",
        "text": "Je réponds ici.",
    }
    assert site.client.post(f"/petitions/{slug}/droit-de-reponse", data=form).status_code == 200
    with site.database.write() as session:
        me = session.scalars(select(Account)).one()
        reply = session.scalars(select(Reply)).one()
        return walk(
            session,
            [
                partial(redress.decide_reply, session, reply.id, 0, me, publish=publish, reasons="Voilà pourquoi.")
                for publish in (True, False)
            ],
            lambda: (session.get_one(Reply, reply.id).state, None),
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
            session.flush()  # groups of rows are changed behind the session's back
            return session.get_one(OutboxMail, mail_id, populate_existing=True)

        def taken() -> list[outbox.Taken]:
            it = mail()
            return [
                outbox.Taken(
                    it.id, it.template, it.sealed, it.subject, it.attempts, it.error, it.urgency, False
                )
            ]  # fmt: skip

        def again() -> None:
            """Its worker was killed many times, and time went by."""
            row = mail()
            row.send_after, row.attempts = clock.now(), outbox.MAX_UNKNOWN

        return walk(
            session,
            [
                lambda: outbox.claim(session),
                lambda: outbox.lease(session, taken()),
                lambda: outbox.sent(session, taken()),
                lambda: outbox.failed(session, mail_id, mail().attempts, "refused", final=True),
                lambda: outbox.failed(session, mail_id, mail().attempts, "not now"),
                lambda: outbox.refused(session, mail_id, outbox.BOUNCED),
                lambda: outbox.cancel_held(session, [mail_id]),
                again,
            ],
            lambda: (mail().state, (min(mail().attempts, outbox.MAX_UNKNOWN), mail().error)),
        )


def of_invitations(site: Site) -> Pairs:
    for email in (ME, OTHER):
        site.account("organiser", email=email)
    with site.database.write() as session:
        me, other = session.scalars(select(Account).order_by(Account.id)).all()
        where = organisation_actions.create(session, "Les Amis de la Lanterne", "", "", me.id).id
        row = organisation_actions.invite(session, where, other.email, [Right.MEMBERS], me.id)
        token = links.make(vault_of(session), row)
        return walk(
            session,
            [
                lambda: organisation_actions.accept(session, token, other),
                lambda: organisation_actions.revoke(session, where, row.id, me.id),
                lambda: organisation_actions.leave(session, where, me.id),
                lambda: organisation_actions.leave(session, where, other.id),
                lambda: organisation_actions.remove(session, where, me.id, other.id),
            ],
            lambda: (session.get_one(Invitation, row.id).state, len(members(session, where))),
        )


def of_requests(site: Site) -> Pairs:
    site.account("admin", email=ME)
    me = site.account_id(ME)
    with site.database.write() as session:
        row = requests.note(session, date(2026, 1, 5), "letter", "Une copie.", me)
        closing = [partial(requests.close, session, row.id, state, "Répondu.", me) for state in RequestState]
        verbs = [*closing, partial(requests.reopen, session, row.id, me)]
        return walk(session, verbs, lambda: (session.get_one(DataRequest, row.id).state, None))


ENDS: dict[Table, tuple[type[StrEnum], Moves]] = {
    Appeal: (AppealOutcome, APPEAL_MOVES),
    Case: (CaseOutcome, CASE_MOVES),
    Notice: (NoticeOutcome, NOTICE_MOVES),
}


def of_amendments(site: Site) -> Pairs:
    site.account("moderator", email=ME)
    slug = site.publish()
    with site.database.write() as session:
        me = session.scalars(select(Account)).one()
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        row = versions.propose(session, petition.id, petition.title, "Un autre texte. " * 9, "Parce que.", me.id)
        return walk(
            session,
            [
                partial(decide_amendment, session, row.id, me, publish=True),
                partial(decide_amendment, session, row.id, me, publish=False, explanation="Voilà pourquoi."),
                partial(versions.take_back, session, petition.id, me.id),
                lambda: petition_actions.close(session, petition),
            ],
            lambda: (session.get_one(Amendment, row.id).state, petition.state),
        )


def of_news(site: Site) -> Pairs:
    """Of one of the first of a petition, and of one that comes later."""
    site.account("moderator", email=ME)
    site.account("organiser", email=OTHER)
    slug = site.publish()
    with site.database.write() as session:
        me, author = session.scalars(select(Account).order_by(Account.id)).all()
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        row = updates.begin(session, petition.id, "Rendez-vous", "Venez nombreuses mardi soir.", author.id)

        def trusted() -> None:
            """A moderator has read others."""
            for n in range(updates.REVIEWED):
                told = updates.post(
                    session,
                    petition,
                    kind="answer",
                    title=f"Réponse {n}",
                    text="",
                    by=author.id,
                    mail=False,
                    review=False,
                )
                told.state, told.decided_at = "published", clock.now()

        def look() -> tuple[str, Hashable]:
            found = session.get_one(Update, row.id)
            known = news_queries.let_through(session, petition.id) > 1
            return found.state, (found.published_at is None, found.refused_at is None, known)

        why = "Ce n’est pas le sujet."
        return walk(
            session,
            [
                partial(updates.send, session, petition.id, row.id, author.id, mail=True),
                partial(updates.recall, session, petition.id, row.id, author.id),
                partial(decide_news, session, row.id, me, publish=True, seen=""),
                partial(decide_news, session, row.id, me, publish=False, seen="", article=10, explanation=why),
                partial(take_news_off, session, row.id, me, 10, why, ""),
                partial(updates.save, session, petition.id, row.id, "Rendez-vous", "Venez nombreux mardi soir."),
                lambda: updates.publish_due(session, clock.now() + updates.CALL_BACK),
                trusted,
            ],
            look,
            most=7,
        )


def of_sheets(site: Site) -> Pairs:
    slug = site.publish()
    for email in (ME, OTHER):
        site.account("organiser", slug, email=email)
    with site.database.write() as session:
        me, other = session.scalars(select(Account).order_by(Account.id)).all()
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        paper_actions.issue(session, petition, 1, "Mairie", me)

        def sheet() -> Sheet:
            return session.scalars(select(Sheet).execution_options(populate_existing=True)).one()

        verbs: list[Verb] = [
            partial(paper_actions.enter, session, petition, 1, {"35000": 3}, me, None, site.settings.var),
            partial(paper_actions.set_aside, session, petition, 1, SheetReason.TYPED, me),
            partial(paper_actions.reopen, session, petition, 1, me),
            *(partial(paper_actions.check, session, petition, 1, n, by) for n in (3, 4) for by in (me, other)),
            *(partial(paper_actions.begin_again, session, petition, 1, by) for by in (me, other)),
        ]
        return walk(session, verbs, lambda: (sheet().state, sheet().entered_by))


WALKS: dict[type[StrEnum], tuple[Callable[[Site], Pairs], Moves]] = {
    PetitionState: (of_petitions, petitions.MOVES),
    CommentState: (of_comments, comments.MOVES),
    AmendmentState: (of_amendments, petitions.AMENDMENT_MOVES),
    ReplyState: (of_replies, REPLY_MOVES),
    UpdateState: (of_news, news.MOVES),
    SheetState: (of_sheets, sheets.MOVES),
    SignatureState: (of_signatures, signatures.MOVES),
    MailState: (of_mails, mails.MOVES),
    RequestState: (of_requests, privacy.MOVES),
    InvitationState: (of_invitations, organisations.MOVES),
}


def astray(states: type[StrEnum], moves: Moves, reached: Pairs) -> list[tuple[str, str]]:
    return [pair for pair in permutations(states, 2) if (pair in reached) != (pair in moves)]


@pytest.mark.slow
@pytest.mark.parametrize("states", list(WALKS))
def test_a_state_becomes_what_its_table_says_and_nothing_else(site: Site, states: type[StrEnum]) -> None:
    walk_them, moves = WALKS[states]
    assert astray(states, moves, walk_them(site)) == []


@pytest.mark.slow
def test_appeals_cases_and_notices_end_as_their_tables_say(site: Site) -> None:
    reached = of_redress(site)
    assert {table.__name__: astray(*ENDS[table], reached[table]) for table in ENDS} == {
        "Appeal": [],
        "Case": [],
        "Notice": [],
    }


@pytest.mark.parametrize("moves", [moves for _, moves in (*WALKS.values(), *ENDS.values())])
def test_each_row_says_why(moves: Moves) -> None:
    assert all(len(why.split()) > 2 for why in moves.values())
