"""Goals are reached by steps that never move."""

import pytest

from app import clock
from app.petitions import jobs
from app.petitions.goals import current_step, passed, percent, steps
from app.templating import long_date
from tests.site import PETITION, Site, text_of


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (50, [50]),
        (100, [100]),
        (101, [100, 101]),
        (5000, [100, 200, 500, 1000, 2000, 5000]),
        (7500, [100, 200, 500, 1000, 2000, 5000, 7500]),
    ],
)
def test_steps_lead_to_the_goal_and_stop_there(goal: int, expected: list[int]) -> None:
    assert list(steps(goal)) == expected


@pytest.mark.parametrize(
    ("count", "step"), [(0, 100), (99, 100), (100, 200), (499, 500), (500, 1000), (4999, 5000), (5000, 5000), (9, 100)]
)
def test_the_step_worked_towards_is_the_first_not_reached(count: int, step: int) -> None:
    assert current_step(count, 5000) == step


def test_the_bar_is_full_only_when_the_goal_is_reached() -> None:
    assert percent(99, 100) == 99
    assert percent(4999, 5000) == 99
    assert percent(5000, 5000) == 100
    assert percent(9000, 5000) == 100
    assert percent(0, 5000) == 0


def test_passed_steps_are_those_that_the_count_has_reached() -> None:
    assert passed(99, 5000) == []
    assert passed(500, 5000) == [100, 200, 500]
    assert passed(6000, 5000) == [100, 200, 500, 1000, 2000, 5000]


def test_a_passed_step_is_dated_once_and_shown(site: Site) -> None:
    slug = site.publish(PETITION.replace("goal: 500", "goal: 2"))
    for name in "ab":
        site.confirmed(slug, email=f"{name}@exemple.test")
    jobs.fold_counts(site.database)
    day = long_date(clock.now())
    site.later(days=3)
    site.confirmed(slug, email="c@exemple.test")
    jobs.fold_counts(site.database)
    assert f"Paliers franchis : 2 le {day}" in text_of(site.client.get(f"/petitions/{slug}").text)
    assert site.count(slug) == 3
