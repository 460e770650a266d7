"""The figures that the schedule prints are those that the machine applies, in both languages.

Sentences are read as people read them; months and years are of the calendar, whatever the month they begin in.
"""

import re
from datetime import date, timedelta

import pytest
from limits import parse_many

from app.privacy import schedule
from app.privacy.schedule import SCHEDULE, Line
from app.settings import Settings
from app.templating import translations

FRENCH = "un deux trois quatre cinq six sept huit neuf dix onze douze"
ENGLISH = "one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {
    "fr": {word: n for n, word in enumerate(FRENCH.split(), 1)}
    | {"une": 1, "vingt": 20, "vingt et un": 21, "vingt-quatre": 24, "trente": 30, "quarante-cinq": 45, "soixante": 60},
    "en": {word: n for n, word in enumerate(ENGLISH.split(), 1)}
    | {"twenty": 20, "twenty-one": 21, "twenty-four": 24, "thirty": 30, "forty-five": 45, "sixty": 60},
}
UNITS = {
    "fr": {"minute": "minutes", "heure": "hours", "jour": "days", "mois": "months", "an": "years"},
    "en": {"minute": "minutes", "hour": "hours", "day": "days", "month": "months", "year": "years"},
}
# What is counted and is no promise.
COUNTED = " dates"


def later(day: date, months: int) -> date:
    return date(day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1, 1)


def figures(text: str, language: str) -> list[tuple[str, set[timedelta | int]]]:
    """What *text* says in figures or in words, in its order, and what each may stand for."""
    numbers, units = NUMBERS[language], UNITS[language]
    words = "|".join(sorted(numbers, key=len, reverse=True))
    found: list[tuple[str, set[timedelta | int]]] = []
    for match in re.finditer(rf"\b({words}|\d+)\b(?: ({'|'.join(units)})s?\b)?", text, re.IGNORECASE):
        word, unit = match[1].lower(), units.get((match[2] or "").lower(), "")
        n = int(word) if word.isdigit() else numbers[word]
        if not unit and (n == 1 or text.startswith(COUNTED, match.end())):
            continue
        if unit in {"months", "years"}:
            first = [date(2027 + m // 12, m % 12 + 1, 1) for m in range(48)]
            found.append((match[0], {later(day, n * (12 if unit == "years" else 1)) - day for day in first}))
        else:
            found.append((match[0], {timedelta(**{unit: n}) if unit else n}))
    return found


def assert_says(text: str, expected: tuple[timedelta | int, ...], language: str = "fr") -> None:
    said = figures(text, language)
    assert len(said) == len(expected), (said, expected)
    for (words, means), figure in zip(said, expected, strict=True):
        assert figure in means, f"« {words} » is not {figure}"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("line", SCHEDULE, ids=lambda line: line.name)
def test_each_line_prints_the_figures_that_are_applied(line: Line, language: str) -> None:
    say = translations(language).gettext
    assert_says(" ".join(map(say, (line.data, line.until, line.then))), line.figures, language)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_day_d_too(language: str) -> None:
    assert_says(translations(language).gettext(schedule.DAY_D), schedule.DAY_D_FIGURES, language)


def test_a_sentence_that_says_something_else_is_seen() -> None:
    year = timedelta(days=365)
    for wrong in ("Deux ans.", "Onze mois après la date.", "Un an, ou trente jours.", "Tout de suite.", "Une heure."):
        with pytest.raises(AssertionError):
            assert_says(wrong, (year,))
    assert_says("Une fois, un an après ; ou douze mois, à six de vous, 48 heures.", (year, year, 6, timedelta(days=2)))


def test_the_limiter_forgets_an_address_when_the_schedule_says() -> None:
    for name in ("rate_sign", "rate_post", "rate_login"):
        windows = [item.get_expiry() for item in parse_many(Settings.model_fields[name].default)]
        assert timedelta(seconds=max(windows)) <= schedule.SIGNER_ADDRESS, name


def test_an_erasure_is_remembered_longer_than_a_backup_may_come_back() -> None:
    assert schedule.ERASURE_JOURNAL > schedule.BACKUPS
