"""The bus between processes: everybody hears a change, the one who said it only once."""

from app.bus import Bus
from app.settings import Settings
from tests.services import valkey, wait_for


def hear_each_other(settings: Settings) -> None:
    heard: list[list[int]] = [[], []]
    one, two = Bus(settings), Bus(settings)
    try:
        for bus, ears in zip((one, two), heard, strict=True):
            bus.subscribe(ears.append)
            bus.start()

        def both_listen() -> bool:
            one.publish(1)
            two.publish(2)
            return 2 in heard[0] and 1 in heard[1]

        wait_for(both_listen, "they listen")
        one.publish(7)
        wait_for(lambda: 7 in heard[1], "the other hears")
        one.publish(8)
        wait_for(lambda: 8 in heard[1], "what came before has been heard by everybody")
        assert heard[0].count(7) == 1
        assert heard[1].count(7) == 1
    finally:
        one.stop()
        two.stop()


def test_through_the_database(settings: Settings) -> None:
    if not settings.is_sqlite:  # which has nobody to tell
        hear_each_other(settings)


def test_through_valkey(settings: Settings) -> None:
    with valkey() as server:
        hear_each_other(settings.model_copy(update={"redis_url": server.url()}))
