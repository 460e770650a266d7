"""search: the words that people type, alone or within a theme or a list, the lists, and what is close to a title.

Among 100,000 petitions, on both databases.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.petitions import front, jobs, lists, queries, search, themes
from app.petitions.lists import Among
from app.petitions.models import CountTotal, Petition, PetitionText, PetitionTheme, PlaceTally
from app.petitions.nearby import nearby
from tests.bench import stage
from tests.bench.results import Result

PETITIONS = 100_000
OPEN = 20_000
# Of those that have ended, one in so many was won.
WON = 80
TITLE, TEXT = 9, 250
QUESTIONS, ROUNDS = 200, 5
# In which each petition was signed.
HOURS = 32
LIMIT = 50
DOCS = Path(__file__).parents[2] / "docs"


class Language:
    """Words as often as French says them: the n-th one n times less than the first (Zipf)."""

    def __init__(self) -> None:
        # Always the same petitions, and questions.
        self.chance = random.Random(12)
        papers = " ".join(path.read_text() for path in sorted(DOCS.glob("*-*.md"))).lower()
        counted: dict[str, int] = {}
        for word in re.findall(r"[a-zà-ÿœ]{3,}", papers):
            counted[word] = counted.get(word, 0) + 1
        real = sorted(counted, key=lambda word: -counted[word])
        # Names of people and places, of which there is no end.
        names = (
            "".join(self.chance.choices(("ba", "ro", "mi", "len", "tour", "va", "sy"), k=4)) for _ in range(20_000)
        )
        self.words = [*real, *dict.fromkeys(names)]
        self.weights = list(accumulate(1 / (n + 3) for n in range(len(self.words))))

    def say(self, n: int) -> str:
        return " ".join(self.chance.choices(self.words, cum_weights=self.weights, k=n))


def search_bench() -> Iterator[Result]:
    for name, place in (("SQLite", stage.on_sqlite), ("PostgreSQL", stage.on_postgres)):
        yield from _on(name, place)


def _on(name: str, place: Callable[[], AbstractContextManager[stage.Stage]]) -> Iterator[Result]:
    language = Language()
    with place() as site:
        _petitions(site, language)
        began = time.monotonic()
        jobs.index(site.database)
        took = time.monotonic() - began
        _counts(site)
        site.analyze()
        began = time.monotonic()
        jobs.rank_front(site.database)
        ranking = time.monotonic() - began
        typed = [language.say(n) for n in (1, 2, 3) for _ in range(QUESTIONS // 3)]
        # The worst: those that every text has.
        typed += language.words[:10]
        titles = [language.say(TITLE) for _ in range(QUESTIONS)]
        now = clock.now()
        with site.database.read() as session:
            names = [theme.name for theme in themes.offered(session)]
        # From that of half of the petitions to that of fifty, each with every question, and in every order.
        within = [(words, names[n % len(names)]) for n, words in enumerate(typed)]
        some = [(sort, name) for name in names for sort in ("", *queries.SORTS)]
        apart = [(words, among) for words in typed for among in Among]
        ended = [(among, name, page) for among in Among for name in ("", *names) for page in (1, 2, 500)]

        def found(session: Session, words: str, theme: str = "", among: Among | None = None) -> object:
            return search.found(session, now, typed=words, theme=theme, sort="", page=1, among=among)

        def listed(session: Session, among: Among, theme: str, page: int, sort: str = "") -> object:
            """With the numbers of all three lists, as their page shows them."""
            total = None if theme else lists.numbers(session, now)[among]
            found = lists.listed(session, now, among, theme=theme, sort=sort, page=page, total=total)
            return found, lists.themes_of(session, now, among)

        def home(session: Session, _n: int) -> object:
            return front.front(session, now)

        def beside(session: Session, n: int) -> object:
            return nearby(session, session.get_one(Petition, site.petition_id + PETITIONS - n), now)

        def on_home(session: Session, of: tuple[str, str]) -> object:
            return lists.listed(session, now, Among.OPEN, theme=of[1], sort=of[0], page=1)

        measured = (
            ("page of results", _timed(site, typed, found), f", indexed in {took:.0f} s"),
            ("page of results in a theme", _timed(site, within, lambda session, both: found(session, *both)), ""),
            (
                "page of results in a list",
                _timed(site, apart, lambda session, two: found(session, two[0], "", two[1])),
                "",
            ),
            ("list of a theme", _timed(site, some, on_home), ""),
            ("list, with the numbers of all", _timed(site, ended, lambda session, of: listed(session, *of)), ""),
            ("home", _timed(site, range(QUESTIONS), home), f", ranked in {ranking:.1f} s"),
            ("others near one that was signed", _timed(site, range(QUESTIONS), beside), ""),
            (
                "similar to a title",
                _timed(site, titles, lambda session, title: search.similar(session, now, title)),
                "",
            ),
        )
    many = f"{PETITIONS:,} petitions".replace(",", " ")
    for what, (p50s, p99s, worst), more in measured:
        note = f"p50 {median(p50s):.1f} ms, worst {worst:.0f} ms{more}"
        yield Result(
            "search", f"{what}, {many}, {name}, p99", "ms", p99s, "limit", [LIMIT], 1.0, at_most=True, note=note
        )


def _timed(
    site: stage.Stage, asked: Sequence[Any], answer: Callable[[Session, Any], object]
) -> tuple[list[float], list[float], float]:
    """In milliseconds: the median and the 99th percentile of each round, and the worst of all."""
    p50s, p99s, worst = [], [], 0.0
    for warm in range(ROUNDS + 1):
        taken = []
        for one in asked:
            with site.database.read() as session:
                began = time.perf_counter()
                answer(session, one)
                taken.append((time.perf_counter() - began) * 1000)
        if warm:
            p50s.append(median(taken))
            p99s.append(quantiles(taken, n=100)[98])
            worst = max(worst, *taken)
    return p50s, p99s, worst


def _petitions(site: stage.Stage, language: Language) -> None:
    """The newest are open; half have the first theme, half of the others the second, and so on. The index is empty."""
    now = clock.now()
    with site.database.read() as session:
        first = session.get_one(Petition, site.petition_id)
        model = {column.key: getattr(first, column.key) for column in Petition.__table__.columns}
        after = session.scalars(select(Petition.id).order_by(Petition.id.desc()).limit(1)).one()
        offered = [theme.id for theme in themes.offered(session)]
    for start in range(0, PETITIONS, 1000):
        rows, texts, about = [], [], []
        for n in range(start, start + 1000):
            is_open = n >= PETITIONS - OPEN
            ends = now + timedelta(days=30 if is_open else -30 - n % 700)
            title, identifier = language.say(TITLE), after + 1 + n
            state: dict[str, object] = {
                "state": "open" if is_open else "closed",
                "closes_at": ends,
                "closed_at": None if is_open else ends,
            }
            if not is_open and n % WON == 0:
                state |= {"outcome": "partly", "outcome_at": ends.date()}
            else:
                state |= {"outcome": "", "outcome_at": None}
            rows.append(model | state | {"id": identifier, "slug": f"petition-{n}", "title": title, "search": ""})
            text = {"petition_id": identifier, "version": model["version"], "title": title, "created_at": now}
            texts.append(text | {"markdown": language.say(TEXT), "html": ""})
            theme = offered[min((n + 1 & -n - 1).bit_length(), len(offered)) - 1]
            about.append({"petition_id": identifier, "position": 0, "theme_id": theme})
        with site.database.write() as session:
            session.execute(insert(Petition), rows)
            session.execute(insert(PetitionText), texts)
            session.execute(insert(PetitionTheme), about)


def _counts(site: stage.Stage) -> None:
    """Ten million signatures, of some hours each; one petition in ten was signed since yesterday."""
    hour = clock.hour_of(clock.now())
    with site.database.write() as session:
        for n in range(HOURS):
            ago = timedelta(hours=n if n < 3 else n * 24)
            some = select(Petition.id, literal(hour - ago), 1 + (Petition.id * (n + 1)) % 6)
            if n < 3:
                some = some.where(Petition.id % 10 == n)
            session.execute(insert(CountTotal).from_select(["petition_id", "hour", "confirmed"], some))
        none, due = literal({}, PlaceTally.cells.type), literal(hour)
        one, zero = literal(1), literal(0)
        counted = select(Petition.id, none, one, 60 + Petition.id % 977, zero, zero, due)
        names = ["petition_id", "cells", "noted", "counted", "seen", "seen_count", "due_at"]
        session.execute(insert(PlaceTally).from_select(names, counted.where(Petition.id % 10 < 9)))
