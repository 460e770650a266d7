"""French postal codes and their département, from the administrative data of the State.

``postal_codes.txt`` is derived from the npm package ``@etalab/decoupage-administratif`` (data of INSEE and
La Poste, Licence Ouverte 2.0). To make it anew from a later edition::

    npm pack @etalab/decoupage-administratif && tar xzf etalab-*.tgz
    .venv/bin/python -m app.signatures.postal_codes package/data/communes.json "6.0.0, édition 2026"

CEDEX codes and those of the army are in no such list: a code that is missing is odd, not wrong.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

FILE = Path(__file__).with_name("postal_codes.txt")
# Not French, served by La Poste all the same.
MONACO = {"980": ["98000"]}


def read() -> dict[str, str]:
    """Code → département: that of most of its inhabitants where it spans several."""
    lines = (line.split() for line in FILE.read_text().splitlines() if not line.startswith("#"))
    return {code: departement for departement, *codes in lines for code in codes}


def write(communes: Path, edition: str) -> None:
    """Derive the table anew."""
    inhabitants: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for commune in json.loads(communes.read_text()):
        for code in commune.get("codesPostaux", ()):
            place = commune.get("departement") or commune["collectivite"]
            inhabitants[code][place] += commune.get("population", 0)
    found: defaultdict[str, list[str]] = defaultdict(list, MONACO)
    for code, places in sorted(inhabitants.items()):
        found[places.most_common(1)[0][0]].append(code)
    head = f"# @etalab/decoupage-administratif {edition}, Licence Ouverte 2.0 ; voir postal_codes.py\n"
    FILE.write_text(head + "".join(f"{place} {' '.join(codes)}\n" for place, codes in sorted(found.items())))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
