"""What each hint says of some texts, and what was decided on them, as Markdown tables.

``python -m tests.moderation.hints_table /path/comments.json`` prints them; ``--write`` puts them in the documentation.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from app.comments import hints

DECISIONS = Path(__file__).with_name("hints_decisions.yaml")
DOCUMENT = Path(__file__).parents[2] / "docs" / "indices-de-moderation.md"
BETWEEN = re.compile(r"(?<=<!-- table: début -->\n).*?(?=<!-- table: fin -->)", re.DOTALL)


def tables(texts: Sequence[str], decided: dict[str, Any]) -> str:
    """The texts one by one, then the rules one by one."""
    decisions = {entry["sha256"]: entry for entry in decided["texts"]}
    judged = [(hints.look(text), text, decisions.get(sha(text))) for text in texts]
    return "\n".join(["", *_texts(judged, decided["by"]), "", *_rules(judged), ""])


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts(judged: Sequence[Any], by: str) -> Iterator[str]:
    yield f"Décisions prises par : {by}."
    yield ""
    yield "| n | ce que dit le texte | indices (article : passage) | décision, et pourquoi | passages fondés |"
    yield "|---|---|---|---|---|"
    for n, (found, text, decision) in enumerate(judged, 1):
        said = [f"{hints.LABELS[h.hint]} ({h.article} : « {text[h.start : h.end]} »)" for h in found]
        if decision is None:
            yield f"| {n} | {sha(text)} | {' ; '.join(said) or 'aucun'} | pas encore décidé | – |"
            continue
        share = f"{sum(_founded(h, text, decision) for h in found)} sur {len(found)}" if found else "–"
        row = (decision["about"], " ; ".join(said) or "aucun", decision["decision"], share)
        yield f"| {n} | {' | '.join(row)} |"


def _founded(hint: hints.Hint, text: str, decision: dict[str, Any]) -> bool:
    return text[hint.start : hint.end] in decision["founded"]


def _rules(judged: Sequence[Any]) -> Iterator[str]:
    shown: Counter[str] = Counter()
    founded: Counter[str] = Counter()
    for found, text, decision in judged:
        for hint in found if decision is not None else ():
            shown[hint.hint] += 1
            founded[hint.hint] += _founded(hint, text, decision)
    yield "| règle | version | passages montrés | fondés | précision |"
    yield "|---|---|---|---|---|"
    for name in sorted(shown):
        precision = f"{100 * founded[name] / shown[name]:.0f} %"
        row = (hints.LABELS[name], hints.VERSIONS[name], shown[name], founded[name], precision)
        yield f"| {' | '.join(map(str, row))} |"
    yield f"| les {len(hints.VERSIONS) - len(shown)} autres | – | 0 | – | – |"


def made(file: Path) -> str:
    return tables(json.loads(file.read_text()), yaml.safe_load(DECISIONS.read_text()))


if __name__ == "__main__":
    fresh = made(Path(sys.argv[1]))
    if "--write" in sys.argv:
        DOCUMENT.write_text(BETWEEN.sub(lambda _: fresh, DOCUMENT.read_text()))
    else:
        print(fresh)
