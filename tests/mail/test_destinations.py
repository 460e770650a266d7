"""How much one destination gets at once."""

from app.mail.destinations import MINUTE, Pace


def busy(open_ones: int) -> Pace:
    pace = Pace(64, 64, flying=64)
    pace.refused(1000.0, "421", open_ones)
    return pace


def test_one_that_has_no_room_for_more_connections_keeps_those_that_it_took() -> None:
    assert busy(50).room == 50


def test_one_that_takes_fewer_mails_gets_half() -> None:
    assert busy(0).room == 32


def test_whatever_is_open_a_refusal_costs_one_at_least() -> None:
    assert busy(64).room == 63


def test_a_minute_that_goes_well_gives_one_more() -> None:
    pace = busy(50)
    for seconds in (2.0, MINUTE - 1, MINUTE, MINUTE + 1, 2 * MINUTE - 1):
        pace.accepted(1000.0 + seconds)
    assert pace.room == 51
