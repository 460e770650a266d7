"""What stands where a petition has no picture: hills under a disc, in a colour of its own, drawn by the server.

Colour and shapes come from its address alone: the same everywhere, for good. Whoever writes on it does so in INK,
which every tone bears (a test counts: 5.5 at least).
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

WIDTH, HEIGHT = 320, 180
INK = "#fffdf8"
# Sky, disc, then the hills from the farthest; one hue, five steps of lightness (oklch .42, .50, .375, .325, .275).
TONES = (
    ("#74383e", "#8f4c53", "#652d33", "#522328", "#401a1e"),  # brick
    ("#733b27", "#8e503a", "#64301e", "#512616", "#401c0f"),  # ochre
    ("#6a440b", "#845922", "#5c3802", "#4a2d00", "#392201"),  # sand
    ("#544f08", "#6b6620", "#474302", "#393601", "#2c2900"),  # olive
    ("#32582a", "#46703d", "#284b20", "#1f3d18", "#162f11"),  # fern
    ("#095b41", "#237356", "#024e36", "#013f2b", "#003020"),  # pine
    ("#025959", "#067272", "#004b4b", "#033d3d", "#012f2f"),  # lagoon
    ("#02556d", "#116d8a", "#02485d", "#033a4b", "#002d3b"),  # petrol
    ("#2b4e7a", "#3e6596", "#21426a", "#193557", "#112844"),  # slate
    ("#494579", "#5e5b94", "#3d3a69", "#312e56", "#252344"),  # indigo
    ("#5e3e6d", "#775386", "#51335e", "#41284c", "#331e3c"),  # violet
    ("#6d3958", "#874d6f", "#5e2e4b", "#4d243c", "#3c1a2e"),  # plum
)


@dataclass(frozen=True)
class Cover:
    """What ``parts/picture.html`` draws, in a box of WIDTH by HEIGHT; *disc*: its centre and radius."""

    sky: str
    disc: tuple[int, int, int]
    disc_tone: str
    # Path and tone, the farthest first.
    hills: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def of(slug: str) -> Cover:
    chance = hashlib.sha256(slug.encode()).digest()
    sky, disc_tone, *tones = TONES[chance[0] % len(TONES)]
    disc = (60 + chance[1] * 200 // 255, 48 + chance[2] * 30 // 255, 20 + chance[3] * 22 // 255)
    hills = tuple(
        (_hill(78 + 32 * n, chance[4 + 3 * n], chance[5 + 3 * n], chance[6 + 3 * n]), tone)
        for n, tone in enumerate(tones)
    )
    return Cover(sky, disc, disc_tone, hills)


def _hill(height: int, wide: int, steep: int, shift: int) -> str:
    """A slow wave from edge to edge, filled to the foot; each number is one of 256."""
    half = 70 + wide * 70 // 255
    rise = 14 + steep * 22 // 255
    x = -(shift * 2 * half // 255)
    crests = -(-(WIDTH - x) // half)
    wave = f"M{x} {height}q{half // 2} {-2 * rise} {half} 0" + f"t{half} 0" * (crests - 1)
    return f"{wave}V{HEIGHT}H{x}z"
