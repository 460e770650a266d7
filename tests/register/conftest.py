"""A site whose news become lines when a test says so."""

import pytest

from tests.register.scene import Scene
from tests.site import Site


@pytest.fixture
def scene(site: Site) -> Scene:
    return Scene(site, site.publish())
