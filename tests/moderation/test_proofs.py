"""A petition cut into blocks that take remarks: nothing of the page is lost, and remarks find their words again."""

from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest
from markupsafe import Markup

from app.moderation import proofs
from app.moderation.models import PetitionRemark
from app.petitions import covers, markdown
from app.petitions.blocks import top_level
from app.petitions.public import View
from app.petitions.typed import MAX_TEXT

NOW = datetime(2026, 11, 22, tzinfo=UTC)
NESTED = """Un début.

- une ligne
  - dedans

    > une citation dans la liste
  - encore
- la suite

1. premier

   deuxième paragraphe
2. second

> Une citation
>
> - avec une liste
> ## et un titre

| a | b |
|---|---|
| 1 | 2 |

---

## Un titre avec `du code` et [un lien](https://exemple.fr "titre")

```
<script>alert(1)</script>
```
"""
HOSTILE = (
    "<script>alert(1)</script>", "<style>body{}</style>\n\n</div></article>", "![x](/a.webp)", "<p onclick=x>y</p>",
    "[x](javascript:alert(1))", '[x](https://a.example "t\\" onmouseover=\\"alert(1)")', "&lt;p&gt; &amp;lt; &#0;",
    "<!-- -->\n\n<![CDATA[ x ]]>\n\n<?php ?>", "a<br>b\\\nc", "</p></ul>\n\n- </li></ul>", "<https://a.example/?\"x>",
    "- a\n\n  ```\n  </p>\n  ```\n\n> > >", "\r\nCRLF\r\n\r\nencore\x0b\x0c", "# \n\n## \u200b\n\n### x",
)  # fmt: skip
RTL = "שלום לכולם\n\nمرحبا بالعالم\n\n## עברית\n\n- أ\n- ב"
TEXTS = {
    "plain": "Un paragraphe.\n\n## Un titre\n\nUn autre.",
    "nested": NESTED,
    "right to left": RTL,
    "empty": "",
    "one long paragraph": "mot " * 10_000,
    "thousands of scraps": "a\n\n" * 13_000,
    "deep": "> " * 60 + "au fond",
    "deep lists": "\n".join("  " * n + "- x" for n in range(60)),
    **{f"hostile {n}": text for n, text in enumerate(HOSTILE)},
}


def view(text: str, **changes: object) -> View:
    made = View(
        slug="s", title="Un titre", theme="Culture", themes=[], place="", cover=covers.of("s"),
        state="submitted", is_open=False, count=0, paper=0, goal=500,
        step=100,
        percent=0, author="Collectif", opened_at=None, closes_at=None, closed_at=None, last_day=None, ends_soon=False,
        recipients=[{"name": "Claire Vasseur", "role": "Maire"}], outcome=None, image=None, url="", id=1,
        body_html=Markup(markdown.render(text)), sources=[], steps_passed=[], views=0, views_today=0, version=1,
        version_at=NOW, by_version=[],
        comments_open=True, comments_count=0, delivery_mode="identities", erased_on=NOW, last_hour=0,
        displays=["hidden", "initial", "full"], organisation=None, purged=False,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(TEXTS))
def test_the_blocks_are_the_page(name: str) -> None:
    html = markdown.render(TEXTS[name])
    pieces = top_level(html)
    assert "".join(pieces) == html
    for piece in pieces:
        # Balanced by itself: sanitising it again changes nothing.
        assert piece.count("<ul") == piece.count("</ul>")
        assert piece.count("<blockquote") == piece.count("</blockquote>")
        assert piece.count("<p>") == piece.count("</p>")
    proof = proofs.proof_of(view(TEXTS[name]))
    assert "".join(block.html for block in proof.text) == html
    assert len(proof.text) <= proofs.MOST_BLOCKS
    assert [block.key for block in proof.text] == [str(n) for n in range(1, len(proof.text) + 1)]


def test_each_outermost_element_is_a_block() -> None:
    shown = [block.quoted for block in proofs.proof_of(view(NESTED)).text]
    assert [words.split()[0] if words else "" for words in shown] == [
        "Un", "une", "premier", "Une", "|", "", "Un", "<script>alert(1)</script>",
    ]  # fmt: skip
    assert shown[1] == "une ligne dedans une citation dans la liste encore la suite"
    assert proofs.proof_of(view(RTL)).text[0].quoted == "שלום לכולם"


def test_words_inside_a_word_are_not_taken_apart() -> None:
    (block,) = proofs.proof_of(view("**Rouv**rir : « ici »")).text
    assert block.quoted.replace("\u202f", " ") == "Rouvrir : « ici »"


def test_a_long_text_is_cut_in_no_time() -> None:
    text = ("- **a** [b](https://c.fr)\n\n" * 2000)[:MAX_TEXT]
    before = proofs.content_of(view(text + "\n\nfin"))
    start = perf_counter()
    found = proofs.changes(before, view("x\n\n" + text))
    assert perf_counter() - start < 3
    assert {change.kind for change in found} >= {"gone", "new"}


def remarks(text: str) -> list[PetitionRemark]:
    """One on each block of the text."""
    return [proofs.remark_on(block, f"Sur {block.key}") for block in proofs.proof_of(view(text)).text]


def test_remarks_find_their_words_again() -> None:
    made = remarks("Premier.\n\nSecond.\n\nDernier.")
    proof = proofs.proof_of(view("Nouveau.\n\nPremier.\n\nChangé.\n\nDernier."), made)
    assert [[remark.text for remark in block.remarks] for block in proof.text] == [[], ["Sur 1"], [], ["Sur 3"]]
    assert [(remark.quoted, remark.text) for remark in proof.astray] == [("Second.", "Sur 2")]


def test_twice_the_same_words_are_told_apart_by_their_place() -> None:
    made = remarks("Pareil.\n\nPareil.")[1:]
    assert [len(block.remarks) for block in proofs.proof_of(view("Pareil.\n\nPareil."), made).text] == [0, 1]


def test_remarks_on_lines_as_they_were_made_before_keep_their_quotes() -> None:
    old = [
        PetitionRemark(part="", block=5, quoted="Second", text="La date ?"),
        PetitionRemark(part="", block=0, quoted="", text="Trop long."),
    ]
    proof = proofs.proof_of(view("Premier.\n\nSecond."), old)
    assert [remark.text for remark in proof.text[1].remarks] == ["La date ?"]
    assert [remark.text for remark in proof.astray] == ["Trop long."]


def test_what_was_read_is_told_from_what_was_written_since() -> None:
    first = view("Un texte.", sources=[{"title": "S", "publisher": "G", "date": NOW.date(), "url": ""}])
    read = proofs.content_of(first)
    assert proofs.is_the_same(first, read)
    assert proofs.is_the_same(replace(first, goal=9, theme="Sport"), read)  # nobody judges those
    assert proofs.changes(read, first) == []
    others: list[dict[str, Any]] = [
        {"title": "Autre"}, {"author": "Autre"}, {"recipients": []}, {"delivery_mode": "count"}, {"sources": []},
        {"body_html": Markup("<p>Autre.</p>")}, {"image": {"url": "/images/x", "alt": ""}},
    ]  # fmt: skip
    for change in others:
        assert not proofs.is_the_same(replace(first, **change), read)
    again = proofs.as_it_was(replace(first, title="Autre", body_html=Markup("<p>Autre.</p>")), read)
    assert (again.title, again.body_html) == ("Un titre", first.body_html)
    found = proofs.changes(read, replace(first, title="Autre"))
    assert [(c.kind, c.words) for c in found if c.kind != "kept"] == [("gone", "Un titre"), ("new", "Autre")]
