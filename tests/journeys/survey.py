"""Looks at one page the way a demanding visitor does: axe, narrow screens, big text, shifts."""

from contextlib import suppress
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TooLate

# Must run before the page's own content. Shifts within half a second of an input are excused by the standard.
# Not in a sandbox, the frame that shows a mail: it refuses every script, and says so of an observer's.
COUNT_SHIFTS = """
window.shifts = [];
if (origin !== "null") new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({type: "layout-shift", buffered: true});
if (window === top) addEventListener("beforeunload", () => { window.leaving = true; });
"""
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const inside = node => { for (let up = node.parentElement; up; up = up.parentElement)
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return true; };
  const wide = [...document.body.querySelectorAll("*")].filter(
    node => node.getBoundingClientRect().right > room + 1 && !inside(node));
  return wide.slice(0, 5).map(node => `${node.tagName.toLowerCase()}.${node.className} to ${
    Math.round(node.getBoundingClientRect().right)} of ${room}`).concat(wide.length ? [] : ["something unseen"]);
}"""
# A tenth of what Core Web Vitals call good: a page that a busy machine paints in two pieces may move by a hair.
STILL = 0.01
# Each page is seen at both widths and in both schemes; the pairs alternate from page to page.
LOOKS = (((360, "light"), (1440, "dark")), ((1440, "light"), (360, "dark")))
FULL = {"resultTypes": ["violations"], "selectors": False}  # of what was found, its source is told
# The second time, only what depends on colour and size.
COLOURS = FULL | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}}
AXE, AXE_AGAIN = Axe(), Axe("")  # half a megabyte, given to each page once


@dataclass
class Survey:
    """What was found, kind by kind: each line names the page, then what is wrong there."""

    seen: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    width: list[str] = field(default_factory=list)
    shift: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def look(self, page: Page, name: str = "") -> None:
        with suppress(TooLate):  # a download leaves and stays
            page.wait_for_function("!window.leaving", timeout=5000)
        page.wait_for_load_state()
        name = name or page.evaluate("location.pathname + location.search")
        self.seen.append(name)
        shifted = sum(page.evaluate("window.shifts"))
        if shifted > STILL:
            self.shift.append(f"{name}: {shifted:.4f}")
        looks = zip(LOOKS[len(self.seen) % 2], (AXE, AXE_AGAIN), (FULL, COLOURS), strict=True)
        for (width, scheme), axe, rules in looks:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            for violation in axe.run(page, options=rules).response["violations"]:
                nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                self.axe.append(f"{name} at {width}, {scheme}: {violation['id']} — {nodes}")
        for width in (320, 360, 720):  # the first is what 1280 px leave at 400 %
            page.set_viewport_size({"width": width, "height": 900})
            self.width += [f"{name} at {width} px: {wide}" for wide in page.evaluate(TOO_WIDE)]
