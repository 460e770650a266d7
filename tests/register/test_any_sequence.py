"""Whatever happens in whatever order: the register with its news, the displayed count and the rows say the same."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from app import clock
from app.comments.actions import receive_drafts
from app.petitions import actions as petition_actions
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy.actions import erasing, undoing
from app.register import actions as register
from app.register import queries, tree
from app.register.entries import Entry, Kind
from app.signatures import actions
from app.signatures import queries as signature_queries
from app.signatures.actions import setting_aside
from app.signatures.forms import SignForm
from app.signatures.models import Signature, SignatureState
from tests.register.scene import Scene
from tests.site import FORM, Site

ACTS = (
    "confirm", "confirm", "confirm", "withdraw", "undo", "erase", "set aside", "set aside", "invalidate", "put back",
    "sheet", "sheet taken back", "older release", "fold", "sequence", "sequence", "reconcile",
)  # fmt: skip


@dataclass
class Told:
    """A petition of its own, and what was done to it."""

    scene: Scene
    petition_id: int
    slug: str
    sheets: list[tuple[datetime, int]] = field(default_factory=list)
    people: int = 0

    def do(self, act: str, n: int) -> None:
        getattr(self, "_" + act.replace(" ", "_"))(n)

    def _state(self, *states: SignatureState) -> list[Signature]:
        with self.scene.site.database.read() as session:
            mine = select(Signature).where(Signature.petition_id == self.petition_id, Signature.state.in_(states))
            return list(session.scalars(mine.order_by(Signature.id)).all())

    def _one(self, n: int, *states: SignatureState) -> Signature | None:
        found = self._state(*(states or (SignatureState.CONFIRMED,)))
        return found[n % len(found)] if found else None

    def _confirm(self, n: int) -> None:
        database = self.scene.site.database
        with database.write() as session:
            signing = actions.signing_of(session, session.get_one(Petition, self.petition_id))
            forms = [
                SignForm.model_validate(FORM | {"email": f"p{self.petition_id}.{self.people + i}@exemple.test"})
                for i in range(1 + n % 3)
            ]
            actions.sign_group(session, [actions.SignRequest(signing, form, "fr", "http://x") for form in forms])
        self.people += len(forms)
        waiting = [actions.Target(self.petition_id, row.id) for row in self._state(SignatureState.PENDING)]
        with database.write() as session:
            actions.confirm_group(session, waiting, receive_drafts)

    def _withdraw(self, n: int) -> None:
        if (row := self._one(n, *SignatureState)) is not None:
            with self.scene.site.database.write() as session:
                assert actions.withdraw(session, self.petition_id, row.id)

    def _undo(self, n: int) -> None:
        if (row := self._one(n)) is not None:
            with self.scene.site.database.write() as session:
                token = undoing.withdraw(session, self.petition_id, row.id, "web")
            with self.scene.site.database.write() as session:
                undoing.undo(session, token)

    def _erase(self, n: int) -> None:
        with self.scene.site.database.write() as session:
            erasing.erase(session, f"p{self.petition_id}.{n % max(self.people, 1)}@exemple.test", "web")

    def _set_aside(self, n: int) -> None:
        self._moved(setting_aside.set_aside, self._one(n))

    def _invalidate(self, n: int) -> None:
        self._moved(setting_aside.invalidate, self._one(n, SignatureState.CONFIRMED, SignatureState.QUARANTINED))

    def _put_back(self, n: int) -> None:
        self._moved(setting_aside.put_back, self._one(n, SignatureState.QUARANTINED, SignatureState.INVALIDATED))

    def _moved(self, verb: object, row: Signature | None) -> None:
        if row is not None:
            with self.scene.site.database.write() as session:
                assert verb(session, self.petition_id, [row.id], None, "checked") == 1  # type: ignore[operator]

    def _sheet(self, n: int) -> None:
        now = clock.now()
        sheet = (clock.hour_of(now), 1 + n)
        self.sheets.append(sheet)
        with self.scene.site.database.write() as session:
            register.count_paper(session, self.petition_id, {(sheet[0], 1): sheet[1]}, now)

    def _sheet_taken_back(self, n: int) -> None:
        if self.sheets:
            hour, signatures = self.sheets.pop()
            with self.scene.site.database.write() as session:
                register.count_paper(session, self.petition_id, {(hour, 1): -signatures}, clock.now())

    def _older_release(self, n: int) -> None:
        """It puts somebody aside, and knows of no register."""
        if (row := self._one(n)) is None:
            return
        with self.scene.site.database.write() as session:
            args = (self.petition_id, [row.id], SignatureState.CONFIRMED, SignatureState.QUARANTINED, clock.now())
            [moved] = signature_queries.move(session, *args)
            hour = clock.hour_of(moved.confirmed_at)
            petition_queries.add_to_count(session, self.petition_id, {(hour, 1): -1})
        self._reconcile(n)

    def _fold(self, n: int) -> None:
        with self.scene.site.database.write() as session:
            petition_actions.fold_counts(session)

    def _sequence(self, n: int) -> None:
        self.scene.sequence()

    def _reconcile(self, n: int) -> None:
        self.scene.sequence()
        self.scene.reconcile()

    def check(self) -> None:
        with self.scene.site.database.read() as session:
            assert queries.differences(session, [self.petition_id]) == []
            shown, paper = petition_queries.count(session, self.petition_id), on_paper.count(session, self.petition_id)
        assert shown == len(self._state(SignatureState.CONFIRMED)) + paper
        assert paper == sum(n for _, n in self.sheets)

    def entries(self) -> list[Entry]:
        with self.scene.site.database.read() as session:
            head = queries.head(session, self.petition_id)
            assert head is not None
            bundles = queries.bundles(session, self.petition_id, 0, 100)
        lines = [line for bundle in bundles for line in tree.entries_of(bundle)]
        stack = tree.Stack()
        for line in lines:
            stack.push(line)
        assert (head.size, head.root) == (stack.size, stack.root())
        return [Entry.read(line) for line in lines]


@examples(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 20)), min_size=4, max_size=14))
def test_any_sequence(scene: Scene, acts: list[tuple[str, int]]) -> None:
    told = _fresh(scene.site)
    told.do("confirm", 2)
    for act, n in acts:
        told.do(act, n)
        told.check()
    told.do("sequence", 0)
    entries = told.entries()
    with scene.site.database.read() as session:
        assert sum(entry.change for entry in entries) == petition_queries.count(session, told.petition_id)
        assert not queries.is_news(session)
    # Each person's lines come to what their row says: one, or none.
    of_people = Counter(entry.kind for entry in entries if entry.commitment)
    assert of_people[Kind.CONFIRMED] == len({entry.rest for entry in entries if entry.kind == Kind.CONFIRMED})


def _fresh(site: Site) -> Told:
    slug = site.publish()
    scene = Scene(site, slug)
    clock.travel(timedelta(seconds=1))
    return Told(scene, scene.petition_id, slug)
