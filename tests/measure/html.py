"""The source of every page, as ``tests/journeys/test_every_page.py`` walks them, for html-validate."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

from tests.journeys.people import People
from tests.journeys.survey import Survey
from tests.journeys.test_every_page import WALKS
from tests.measure import npm
from tests.measure.effort import standing

CONFIG = Path(__file__).parents[2] / ".htmlvalidate.mjs"


@dataclass
class Collector(Survey):
    """Looks at nothing, and keeps what the server has sent: in French, and in English where it can be asked for."""

    folder: Path = Path()
    walk: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    _last: dict[Page, Response] = field(default_factory=dict)

    def hear(self, page: Page) -> None:
        def heard(response: Response) -> None:
            if response.request.is_navigation_request() and response.frame == page.main_frame:
                self._last[page] = response

        page.on("response", heard)

    def look(self, page: Page, name: str = "") -> None:
        page.wait_for_load_state()
        response = self._last[page]
        url = urlsplit(page.url)
        path = url.path + (f"?{url.query}" if url.query else "")
        self.seen.append(name or path)
        self._keep(name or path, response.text())
        if response.request.method == "GET" and response.status == 200 and not path.startswith("/en"):
            english = page.context.request.get(f"/en{path}")
            if english.ok and "text/html" in english.headers["content-type"]:
                self._keep(f"{name or path} in English", english.text())

    def _keep(self, name: str, source: str) -> None:
        stem = re.sub(r"[^\w.-]+", "-", f"{self.walk}-{len(self.kept):03}-{name}")[:120]
        (self.folder / f"{stem}.html").write_text(source)
        self.kept[stem] = name


def collect(folder: Path) -> tuple[int, list[str]]:
    """Every page and state into *folder*, one file each: how many; and the walks that did not reach their end."""
    folder.mkdir(parents=True, exist_ok=True)
    kept, cut = 0, []
    with standing() as (demo, browser):
        for walk in WALKS:
            people, found = People(browser, demo), Collector(folder=folder, walk=walk.__name__)
            page = people.arrive()
            found.hear(page)
            try:
                walk(page, demo, found)
            except (PlaywrightError, AssertionError, TimeoutError) as error:
                cut.append(f"{walk.__name__}, cut after {found.seen[-1:]}: {str(error).splitlines()[0]}")
            people.close()
            kept += len(found.kept)
    return kept, cut


@dataclass
class Said:
    """What html-validate found: each kind with how often and one place; and how many pages it read."""

    pages: int
    findings: list[str]
    not_run: str = ""


def validate(folder: Path) -> Said:
    pages, cut = collect(folder)
    said = judge(folder, pages)
    said.findings += cut
    return said


def judge(folder: Path, pages: int) -> Said:
    report = folder / "said.json"  # the tool may end before a pipe has taken all that it says
    options = ("--config", str(CONFIG), "--formatter", f"json={report}")
    done = npm.run("html-validate", *options, "*.html", folder=folder)
    if isinstance(done, str):
        return Said(pages, [], done)
    if not report.exists():
        return Said(pages, [], f"html-validate ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return Said(pages, read(json.loads(report.read_text())))


def read(results: list[dict[str, Any]]) -> list[str]:
    """One line for each mistake, however many pages repeat it."""
    times: Counter[str] = Counter()
    first: dict[str, str] = {}
    for result in results:
        for message in result["messages"]:
            kind = f"{message['ruleId']}: {message['message']} ({message.get('selector')})"
            times[kind] += 1
            first.setdefault(kind, f"{Path(result['filePath']).name}:{message['line']}")
    return [f"{kind} × {n}, first in {first[kind]}" for kind, n in times.most_common()]
