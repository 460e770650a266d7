"""One served demo and one Chromium for every journey; each person has a browser of their own."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from tests.journeys.people import PATIENCE, Demo, People
from tests.services import chromium, serve

# Ordinary settings: a whole neighbourhood signs from this one address.
MANY = {f"SIGNONS_RATE_{what}": "10000/minute" for what in ("SIGN", "POST", "LOGIN")} | {"SIGNONS_PACE_NETWORK": "1000"}


# As patient as whatever is done (people.py): on a busy machine a page comes when it can.
expect.set_options(timeout=PATIENCE)


def _settled(click: Callable[..., None]) -> Callable[..., None]:
    """A click is over once the page that it leads to is there and its scripts listen, as for whoever looks at it."""

    def through(self: Locator, **options: Any) -> None:
        click(self, **options)
        self.page.wait_for_load_state("domcontentloaded")

    return through


# For the whole run, in this process.
pytest.MonkeyPatch().setattr(Locator, "click", _settled(Locator.click))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marked, and first: they are the longest, and each process has its demo and browser once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


# "package", not "session": Playwright keeps an event loop running, which other tests could not bear.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = chromium()
    assert found.path is not None, found.reason
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found.path, args=found.args)
        yield running
        running.close()


def _settings(folder: Path) -> dict[str, str]:
    return {"SIGNONS_DATABASE_URL": f"sqlite:///{folder}/signons.db", "SIGNONS_VAR_DIR": str(folder), **MANY}


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `signons demo` was typed."""
    folder = tmp_path_factory.mktemp("loaded")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
    Demo("", folder, clean | _settings(folder)).command("demo")
    return folder


@contextmanager
def served(loaded: Path, folder: Path, **settings: str) -> Iterator[Demo]:
    """`signons serve` on a copy of the demo."""
    shutil.copytree(loaded, folder, dirs_exist_ok=True)
    with serve(_settings(folder) | settings) as server:
        yield Demo(server.url, folder, server.environment())


@pytest.fixture(scope="package")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with served(loaded, tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def people(browser: Browser, demo: Demo) -> Iterator[People]:
    """Opens browsers. At the end, none of their pages may have complained or asked anything of strangers."""
    crowd = People(browser, demo)
    yield crowd
    crowd.close()
    assert crowd.complaints() == []
