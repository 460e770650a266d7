"""Markdown as plain text: what is said, without the marks."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from app.petitions.markdown import render
from app.petitions.readable import readable
from tests.site import text_of

TEXTS = {
    "Un *mot*, **deux**, `trois`.": "Un mot, deux, trois.",
    "## Titre\nsuite": "Titre\n\nsuite",
    "une\nligne\\\nautre": "une\nligne\nautre",
    "- a\n- b\n  - c": "- a\n- b\n  - c",
    "- a\n\n- b": "- a\n\n- b",
    "7. a\n8. b": "7. a\n8. b",
    "> dit\n>\n> oui": "> dit\n> \n> oui",
    "a\n\n***\n\nb": "a\n\n* * *\n\nb",
    "[ici](https://a.fr/b_c)": "ici (https://a.fr/b_c)",
    "<https://a.fr/b_c>": "https://a.fr/b_c",
    "[nous](mailto:a@b.fr) <a@b.fr>": "nous (mailto:a@b.fr) a@b.fr",
    "[non](ftp://a.fr)": "non",
    "&amp; &lt;b&gt; <b>x</b>": "& <b> <b>x</b>",
    "2 \\* 3": "2 * 3",
    "![un arbre](https://a.fr/x.png)": "un arbre",
    "    du code": "du code",
    "": "",
    "##": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_marks_go_and_words_stay(text: str) -> None:
    assert readable(text) == TEXTS[text]


@run(deadline=None)
@given(st.text(st.sampled_from("ab \n#*_->`[]()!1.&;\\<~\t«»é🙏")))
def test_no_word_of_the_page_is_lost(text: str) -> None:
    letters = Counter(re.findall(r"[abé🙏]", text_of(render(text))))
    assert letters <= Counter(readable(text))
