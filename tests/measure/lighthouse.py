"""What Lighthouse says, as a phone sees the four pages that a signer goes through."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys.people import People, open_mail, sign
from tests.measure import npm
from tests.measure.effort import standing
from tests.services import chromium

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# Whatever else the machine does can only make a page slower: of so many runs, the best.
TRIES = 3
# What a page does on purpose, and why.
ON_PURPOSE = {"confirm": {"is-crawlable": "an address with a token is for one person: no search engine may list it"}}


@dataclass
class Scores:
    page: str
    scores: dict[str, int] = field(default_factory=dict)
    short: list[str] = field(default_factory=list)
    not_run: str = ""

    @property
    def whole(self) -> bool:
        return not self.not_run and all(score == 100 for score in self.scores.values())


def judge(folder: Path) -> list[Scores]:
    folder.mkdir(parents=True, exist_ok=True)
    with standing() as (demo, browser):
        petition, email = demo.petition("nuit"), "lighthouse@exemple.test"
        people = People(browser, demo)
        page = people.arrive()
        sign(page, petition, email)
        open_mail(page, email, "/confirmer/")
        places = {
            "home": demo.url,
            "petition": demo.url + petition,
            "comments": f"{demo.url}{petition}/commentaires",
            "confirm": page.url,
        }
        people.close()
        return [_best(name, address, folder) for name, address in places.items()]


def _best(name: str, address: str, folder: Path) -> Scores:
    best = Scores(name)
    for n in range(TRIES):
        report = folder / f"{name}-{n}.json"
        found = chromium()
        skipped = [f"--skip-audits={audit}" for audit in ON_PURPOSE.get(name, {})]
        done = npm.run(
            "lighthouse", address, "--quiet", "--output=json", f"--output-path={report}", *skipped,
            f"--chrome-flags={' '.join(['--headless=new', *found.args])}", folder=folder, CHROME_PATH=str(found.path),
        )  # fmt: skip
        if isinstance(done, str) or not report.exists():
            return Scores(name, not_run=done if isinstance(done, str) else done.stderr.strip()[-300:])
        scores = read(name, json.loads(report.read_text()))
        if sum(scores.scores.values()) > sum(best.scores.values()):
            best = scores
        if best.whole:
            break
    return best


def read(name: str, said: dict[str, Any]) -> Scores:
    """The scores, and of what is short of the whole, the audits that count and fail."""
    scores = {key: round(100 * (said["categories"][key]["score"] or 0)) for key in CATEGORIES}
    weighty = {ref["id"] for key in CATEGORIES for ref in said["categories"][key]["auditRefs"] if ref["weight"]}
    short = [
        f"{key}: {audit['title']} {audit.get('displayValue', '')}".strip()
        for key, audit in said["audits"].items()
        if key in weighty and audit["score"] is not None and audit["score"] < 0.9
    ]
    return Scores(name, scores, short)
