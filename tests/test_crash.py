"""Two kills of each of the two that matter most; `make crash` plays every scene, twenty kills each."""

import pytest

from tests.crash.scenes import run


@pytest.mark.parametrize(("scene", "database"), [("web", "sqlite"), ("postgres", "postgresql")])
def test_nothing_that_was_promised_is_lost(scene: str, database: str) -> None:
    assert run(scene, database, kills=2).problems == []
