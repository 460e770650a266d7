"""What a first visit weighs, on the wire: nothing cached, pictures left out."""

import pytest
from playwright.sync_api import Browser

from tests.journeys.people import Demo
from tests.measure.effort import weight

KB = 1000


@pytest.mark.parametrize("path", ["/", "the petition", "the list", "the comments", "/lancer"])
def test_a_first_visit_takes_sixty_kilobytes_at_most(browser: Browser, demo: Demo, path: str) -> None:
    ends = {"the petition": "", "the list": "/signatures", "the comments": "/commentaires"}
    found = weight(browser, demo, demo.petition("nuit") + ends[path] if path in ends else path)
    assert found["requests"] >= 2
    assert found["bytes"] <= 60 * KB, found
    assert found["style"] <= 8 * KB, found
