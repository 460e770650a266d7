"""The worker's side of the outbox: mails leave side by side, and what became of them is written by groups."""

import queue
import threading
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from time import monotonic, sleep

import structlog
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app import clock
from app.crypto import Unsealable
from app.db import Database, Session, away
from app.mail import bounced, budget, composing, destinations, dkim, envelope, outbox, queries, traffic
from app.mail.destinations import RELAY, Pace
from app.mail.models import OF_ADDRESSES, Bounce, CaughtMail, Urgency
from app.mail.transport import Deferred, Rejected, SmtpTransport, Unavailable
from app.settings import Settings
from app.templating import Templates

# Between two tries to write down what became of mails, and the tries' end once asked to stop.
RETRY = 0.5
STOPPING = 10.0
# What lands within so many seconds is written in one transaction.
GATHER = 0.01
# Something is looked at again at least so often; others that are due, at most.
TURN, LOOK = 0.1, 0.05
HOLD_ON = outbox.CLAIM.total_seconds() / 3
# Those that left are counted at least so often.
COUNT = 5.0
# How many are claimed for each that may leave at once.
AHEAD = 4
log = structlog.get_logger("mail")


@dataclass(frozen=True)
class Claimed:
    """A mail that is this worker's."""

    taken: outbox.Taken
    mail: outbox.Mail
    # Where it goes, as far as what is taken at once is concerned.
    destination: str


@dataclass(frozen=True)
class Landed:
    """What became of one that was handed to a connection."""

    claimed: Claimed
    # Of the local mailbox, which keeps it.
    message: bytes = b""
    error: Exception | None = None


@dataclass(frozen=True)
class Step:
    """What one transaction decided: how many never leave, who waits, who leaves now, and whether others are due."""

    refused: int = 0
    waiting: list[Claimed] = field(default_factory=list)
    leaving: list[Claimed] = field(default_factory=list)
    more: bool = False


class Sender:
    """Sends what is due, until *stop*. One per worker; its connections have threads of their own."""

    def __init__(
        self, settings: Settings, database: Database, templates: Templates, stop: threading.Event | None = None
    ) -> None:
        self.settings = settings
        self.database = database
        self.templates = templates
        self.stop = stop or threading.Event()
        self._signer = dkim.signer_of(settings)
        # What left and is not counted yet, by the hour.
        self._left = Counter[datetime]()
        self._counted = 0.0
        self.most = settings.smtp_connections if settings.smtp_url else 1
        # The one that was used last is used next: those that a quiet hour does not need go to sleep.
        self._idle = deque[SmtpTransport]()
        self._connections = list[SmtpTransport]()
        self._mailings = min(settings.smtp_mailings, self.most)
        self._threads = ThreadPoolExecutor(self.most, thread_name_prefix="smtp")
        self._landed = queue.SimpleQueue[Landed]()
        self._waiting: list[Claimed] = []
        # Of those under way, those of mailings: few, as so many people may read it twice when this worker is killed.
        self._flying = self._mailing = 0
        self._more = True
        self._looked = self._held_on = 0.0
        # Whether our server takes addresses with accents, as it last said; and as it was written down.
        self._accents: bool | None = None if settings.smtp_url else True
        self._accents_told: bool | None = None
        self._telling: bool | None = None
        self._pace: dict[str, Pace] = {}
        self._rates: list[RateLimitItem] = parse_many(settings.smtp_rate) if settings.smtp_rate else []
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def send_due(self) -> int:
        """Until nothing is due, or asked to stop; returns how many mails it was done with."""
        done, self._more = 0, True
        while self._more or self._flying or self._waiting:
            landed = self._arrived()
            refused, leaving = self._written(landed)
            done += len(landed) + refused
            for claimed in leaving:
                self._threads.submit(self._leave, claimed)
            if monotonic() - self._counted > COUNT:
                self._count()
        self._count()
        self._hang_up(but=1)
        return done

    def greet(self) -> None:
        """Know what our server takes before anybody is written to, as far as it answers."""
        if self.settings.smtp_url:
            connection = self._connection()
            with suppress(Unavailable):
                connection.open()
            self._keep(connection)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._hang_up(but=0)

    def _hang_up(self, but: int) -> None:
        while len(self._idle) > but:
            gone = self._idle.popleft()
            self._connections.remove(gone)
            gone.close()

    # On the threads of the connections

    def _leave(self, claimed: Claimed) -> None:
        """Hand it over; whatever happens is told."""
        try:
            message = composing.compose(self.templates, self.settings.sender, claimed.mail)
            if self._signer is not None:
                message = self._signer.signed(message)
            if self.settings.smtp_url:
                self._hand_over(claimed, message)
            landed = Landed(claimed, message)
        except Exception as error:  # a poison mail must not stop those behind it
            landed = Landed(claimed, error=error)
        self._landed.put(landed)

    def _hand_over(self, claimed: Claimed, message: bytes) -> None:
        connection = self._connection()
        try:
            connection.send(message, self._envelope(claimed), composing.written_to(claimed.mail.to))
        finally:
            self._keep(connection)

    def _connection(self) -> SmtpTransport:
        try:
            return self._idle.pop()
        except IndexError:
            connection = SmtpTransport(self.settings.smtp_url, self.settings.smtp_per_connection)
            self._connections.append(connection)
            return connection

    def _keep(self, connection: SmtpTransport) -> None:
        if connection.accents is not None:
            self._accents = connection.accents
        self._idle.append(connection)

    def _envelope(self, claimed: Claimed) -> str:
        """Where this mail comes back to."""
        address = self.settings.bounce_address
        if not address:
            return self.settings.sender.address
        return envelope.sender_of(self.database.info["vault"].bounces, address, claimed.taken.id, claimed.mail.to)

    # On the thread of the worker

    def _arrived(self) -> list[Landed]:
        """What has landed; waits for it a little where there is nothing else to do."""
        landed = list[Landed]()
        until = monotonic() + TURN
        while self._flying:
            try:
                landed.append(self._landed.get(timeout=max(0.0, until - monotonic())))
            except queue.Empty:
                break
            self._flying -= 1
            self._mailing -= _to_many(landed[-1].claimed)
            self._weigh(landed[-1])
            if len(landed) == 1:
                until = monotonic() + GATHER
        if self._waiting and not landed and not self._flying:
            self.stop.wait(TURN)  # what they wait for takes nothing for now
        return landed

    def _written(self, landed: Sequence[Landed]) -> tuple[int, list[Claimed]]:
        """Write what became of these, however long the database is away: a mail that left must not leave again.

        The same transaction claims more and tells which leave next. Gives how many are not to leave after all, and
        the next ones.
        """
        until = monotonic() + outbox.LEAVES.total_seconds()
        while True:
            try:
                with self.database.write() as session:
                    self._note(session, landed)
                    step = self._step(session)
                self._left[clock.hour_of(clock.now())] += sum(each.error is None for each in landed)
                return self._done(step)
            except Exception as error:
                if not landed or not away(error) or monotonic() > until:
                    raise
            sleep(RETRY)
            if self.stop.is_set():
                until = min(until, monotonic() + STOPPING)

    def _done(self, step: Step) -> tuple[int, list[Claimed]]:
        """It is durable: so it goes on from there."""
        self._waiting, self._more = step.waiting, step.more
        self._accents_told = self._telling
        self._flying += len(step.leaving)
        for claimed in step.leaving:
            self._pace_of(claimed.destination).flying += 1
            self._mailing += _to_many(claimed)
        for pace in self._pace.values():
            pace.news = False
        return step.refused, step.leaving

    def _step(self, session: Session) -> Step:
        now, relay = _seconds(), self._pace_of(RELAY)
        self._tell(session)
        if self.stop.is_set() or relay.held(now):
            self._give_back(session, self._waiting, relay.until)
            return Step()
        relay.flying = self._flying
        room, waiting = relay.free(now), self._let_go(session, now)
        # Nobody knows of those behind whoever was let go.
        refused, more = 0, self._more or len(waiting) < len(self._waiting)
        mailing = sum(_to_many(each) for each in waiting)
        urgent = len(waiting) - mailing
        look = monotonic() - self._looked > LOOK or (more and not mailing)
        if room and urgent < self.most and look:
            new, refused, more = self._claim(
                session, AHEAD * self.most - urgent, max(0, AHEAD * self._mailings - mailing)
            )
            waiting = sorted([*waiting, *new], key=lambda each: each.taken.urgency)
            self._looked = monotonic()
        next_ones = self._next(waiting, room, now)
        # Not any more: erased meanwhile, or another worker's.
        ours = outbox.lease(session, [each.taken for each in next_ones])
        leaving = [each for each in next_ones if each.taken.id in ours]
        tried = {each.taken.id for each in next_ones}
        waiting = [each for each in waiting if each.taken.id not in tried]
        if monotonic() - self._held_on > HOLD_ON:
            outbox.hold_on(session, [each.taken for each in waiting])
            self._held_on = monotonic()
        return Step(refused, waiting, leaving, more)

    def _tell(self, session: Session) -> None:
        """Operators see which provider takes fewer, or that our server takes none, or none with accents."""
        now, accents = clock.now(), self._accents
        if accents is not None and accents != self._accents_told:
            queries.note_accents(session, now, taken=accents)
        self._telling = accents
        for name, pace in self._pace.items():
            if not pace.news or (name != RELAY and name not in destinations.PROVIDERS):
                continue
            if pace.slowed:
                until = datetime.fromtimestamp(pace.until, UTC)
                queries.note_route(session, name, now, until, 0 if pace.away else pace.room, pace.words)
            else:
                queries.forget_route(session, name)

    def _let_go(self, session: Session, now: float) -> list[Claimed]:
        """Those that still wait here: what goes where nothing is taken for a while leaves its place to others."""
        held = [each for each in self._waiting if self._pace_of(each.destination).held(now + TURN)]
        for name in {each.destination for each in held}:
            these = [each for each in held if each.destination == name]
            self._give_back(session, these, self._pace_of(name).until)
        return [each for each in self._waiting if each not in held]

    def _give_back(self, session: Session, claimed: Sequence[Claimed], until: float = 0.0) -> None:
        moment = datetime.fromtimestamp(until, UTC) if until > _seconds() else None
        outbox.release(session, [each.taken for each in claimed], moment)
        # None of their tries counts any more: they are counted when they are taken again.
        untried = [each.mail for each in claimed if each.taken.attempts == 1]
        budget.give_back(session, untried)
        bounced.give_back(session, untried)

    def _claim(self, session: Session, wanted: int, last: int) -> tuple[list[Claimed], int, bool]:
        """More mails, *last* of a mailing at most; how many of them never leave; whether there may be others."""
        full = [name for name in destinations.PROVIDERS if name in self._pace and self._full(name)]
        taken = outbox.claim(session, wanted, full, last)
        claimed = []
        for row in taken:
            try:
                mail = outbox.opened(session, row)
            except (Unsealable, ValueError):
                # The key is another's, perhaps: with the right one it leaves.
                log.error("mail_unreadable", id=row.id, template=row.template)
                outbox.postponed(session, row, "cannot be opened")
                continue
            claimed.append(Claimed(row, mail, destinations.destination(mail.to)))
        affordable = self._affordable(session, claimed)
        more = len(taken) == wanted or (last > 0 and sum(row.urgency == Urgency.LAST for row in taken) == last)
        return affordable, len(claimed) - len(affordable), more

    def _full(self, name: str) -> bool:
        """It takes none for now, or as many wait here as it takes at once."""
        pace = self._pace[name]
        waiting = sum(each.destination == name for each in self._waiting)
        return pace.held(_seconds()) or (pace.slowed and waiting >= pace.room)

    def _affordable(self, session: Session, claimed: list[Claimed]) -> list[Claimed]:
        """Without those whose address does not answer, or has had enough; what is tried again was counted before."""
        first, left = [each for each in claimed if each.taken.first], set[int]()
        for why, too_many in ((outbox.BOUNCED, bounced.held), (outbox.OVER_BUDGET, budget.over)):
            places = too_many(session, [each.mail for each in first])
            for place in places:
                outbox.refused(session, first[place].taken.id, why)
            left |= {first[place].taken.id for place in places}
            first = [each for each in first if each.taken.id not in left]
        return [each for each in claimed if each.taken.id not in left]

    def _next(self, claimed: Sequence[Claimed], room: int, now: float) -> list[Claimed]:
        """Those that leave now: as many as there are connections, and as each destination takes."""
        leaving, more = list[Claimed](), Counter[str]()
        mailing = self._mailing
        for each in claimed:
            if len(leaving) == room:
                break
            if _to_many(each) and mailing == self._mailings:
                break  # all behind it are of mailings too
            if self._pace_of(each.destination).free(now) > more[each.destination]:
                if not self._affords():
                    break
                more[each.destination] += 1
                mailing += _to_many(each)
                leaving.append(each)
        return leaving

    def _affords(self) -> bool:
        """Within each rate of the settings, and then counted in each: what one refuses spends nothing of another."""
        return all(self._window.test(rate, "smtp") for rate in self._rates) and all(
            self._window.hit(rate, "smtp") for rate in self._rates
        )

    def _pace_of(self, destination: str) -> Pace:
        if destination not in self._pace:
            if len(self._pace) > 1000:
                self._pace = {name: pace for name, pace in self._pace.items() if pace.slowed or pace.flying}
            self._pace[destination] = Pace(self.most, self.most)
        return self._pace[destination]

    def _weigh(self, landed: Landed) -> None:
        """What it says of where it went, and of our server."""
        now, error = _seconds(), landed.error
        there, relay = self._pace_of(landed.claimed.destination), self._pace_of(RELAY)
        relay.flying = self._flying
        there.flying -= 1
        if isinstance(error, Unavailable) and error.slower:
            taken = sum(each.connection is not None for each in list(self._connections)) if error.greeting else 0
            relay.refused(now, str(error), taken)
        elif isinstance(error, Unavailable):
            relay.gone(now, str(error))
        elif isinstance(error, Deferred) and error.slower:
            there.refused(now, str(error))
        elif error is None:
            relay.accepted(now)
            there.accepted(now)

    def _count(self) -> None:
        """Write down how many left."""
        if self._left.total():
            with self.database.write() as session:
                traffic.add(session, self._left)
            self._left.clear()
        self._counted = monotonic()

    # What is written of those that landed

    def _note(self, session: Session, landed: Sequence[Landed]) -> None:
        gone = [each for each in landed if each.error is None]
        if not self.settings.smtp_url:
            session.add_all([_caught(each) for each in gone])
        outbox.sent(session, [each.claimed.taken for each in gone])
        for each in landed:
            if each.error is not None:
                self._note_failure(session, each.claimed, each.error)

    def _note_failure(self, session: Session, claimed: Claimed, error: Exception) -> None:
        taken, about = claimed.taken, {"id": claimed.taken.id, "template": claimed.taken.template}
        if isinstance(error, Deferred | Rejected):
            final, reason = isinstance(error, Rejected), str(error)
            log.warning("mail_rejected" if final else "mail_deferred", **about, reason=reason)
            outbox.failed(session, taken.id, taken.attempts, reason, final=final)
            _note_bounce(session, claimed.mail.to, getattr(error, "bounce", None))
        elif isinstance(error, Unavailable):
            log.warning("mail_postponed", **about, reason=str(error))
            until = max(clock.now(), datetime.fromtimestamp(self._pace_of(RELAY).until, UTC))
            outbox.postponed(session, taken, str(error), until)
        else:
            log.error("mail_poison", **about, reason=type(error).__name__)
            outbox.postponed(session, taken, type(error).__name__)


def _to_many(claimed: Claimed) -> bool:
    return claimed.taken.urgency == Urgency.LAST


def _seconds() -> float:
    return clock.now().timestamp()


def _caught(landed: Landed) -> CaughtMail:
    mail = landed.claimed.mail
    message = message_from_bytes(landed.message, policy=policy.default)
    return CaughtMail(
        recipient=mail.to,
        title=str(message["Subject"]),
        source=landed.message.replace(b"\r\n", b"\n"),
        caught_at=clock.now(),
        mail_subject=mail.subject,
    )


def _note_bounce(session: Session, email: str, bounce: Bounce | None) -> None:
    """What its server said of an address while the mail was handed over: nobody can have forged that."""
    if bounce is not None:
        bounced.count(session, bounce)
        if bounce in OF_ADDRESSES:
            bounced.note(session, email, bounce)
