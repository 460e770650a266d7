"""Goals are reached by steps: 100, 200, 500, 1 000 … up to the author's target, never moved."""

from collections.abc import Iterator


def steps(goal: int) -> Iterator[int]:
    """1-2-5 × 10ⁿ from one hundred, then the goal itself."""
    power = 100
    while power < goal:
        for digit in (1, 2, 5):
            if digit * power < goal:
                yield digit * power
        power *= 10
    yield goal


def current_step(count: int, goal: int) -> int:
    """The step that is being worked towards; the goal once it is reached."""
    return next((step for step in steps(goal) if count < step), goal)


def passed(count: int, goal: int) -> list[int]:
    return [step for step in steps(goal) if step <= count]


def percent(count: int, goal: int) -> int:
    """How far towards the present step, 0 to 100; never 100 before it is reached."""
    return min(100, count * 100 // current_step(count, goal))
