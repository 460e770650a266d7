"""A site whose news become lines when a test says so."""

from collections.abc import Iterator

import pytest

from tests.register.scene import Scene
from tests.site import Site


@pytest.fixture
def scene(site: Site) -> Iterator[Scene]:
    yield Scene(site, site.publish())
