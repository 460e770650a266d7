"""Whatever is typed, page and paper show it: signs of every script, lists within lists, links, headings."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from app.petitions import actions, glyphs, importing, markdown, pdf
from app.petitions.blocks import blocks_of
from app.petitions.public import View
from tests.petitions.reading import pdf_text, prose
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

QR = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h5v5z"/></svg>'
TEXT = PETITION.split("\n---\n")[1].strip()
ACCESSIBLE = b"pdfuaid"
# A run on the same examples every time, on this machine and elsewhere.
quiet = settings(
    database=None, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def view(text: str, title: str = "Rouvrir la bibliothèque", **more: Any) -> View:
    """A petition that no database has seen."""
    shown: dict[str, Any] = dict.fromkeys(field.name for field in fields(View))
    shown |= {"title": title, "author": "Le collectif", "count": 3, "version": 1, "version_at": datetime.now(UTC)}
    shown |= {"recipients": [{"name": "Claire Vasseur", "role": "Maire"}], "sources": []}
    shown |= {"url": "https://petitions.exemple.fr/petitions/x", "body_html": Markup(markdown.render(text))}
    return View(**shown | more)


def paper(text: str, title: str = "Rouvrir la bibliothèque", **more: Any) -> bytes:
    return pdf.render(view(text, title, **more), "fr")


def blocks(text: str) -> list[dict[str, Any]]:
    return blocks_of(markdown.render(text), "https://petitions.exemple.fr/petitions/x")


def said(block: dict[str, Any]) -> str:
    return "".join(run["text"] for run in block["runs"])


@pytest.mark.typed("🙏 ✅ ☐ 🇫🇷, chinois, thaï, tamoul, arabe, hébreu", "sur la page et sur le papier")
@pytest.mark.parametrize(
    "typed",
    [
        "🙏 ✅ ☐ ☑ 👩‍👩‍👧‍👦 👍🏿 ♥️",
        "🇫🇷 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣",
        "→ ⇒ ★ ∑ ½ ① ✓ ✗ ▪ ℃ №",
        "ﬁn œuvre Œdème ẞ",
        "中文请愿书 日本語の請願 한국어 청원",
        "ภาษาไทย தமிழ் हिन्दी বাংলা සිංහල",
        "العربية עברית فارسی",
        "Русский Ελληνικά Հայերեն ქართული አማርኛ Tiếng Việt",
    ],
)
def test_signs_of_every_script_are_on_page_and_paper(site: Site, typed: str) -> None:
    source = PETITION.replace("Rouvrir la", f"{typed} la").replace("Depuis janvier", f"{typed} : depuis janvier")
    slug = site.publish(source)
    assert typed.split()[0] in site.client.get(f"/petitions/{slug}").text
    for path in ("petition.pdf", "affiche.pdf"):
        response = site.client.get(f"/petitions/{slug}/{path}")
        assert response.status_code == 200, path
        assert ACCESSIBLE in response.content
    assert glyphs.printable(typed).replace("\u2060", "").split()[-1] == typed.replace("\ufeff", "").split()[-1]
    assert glyphs.MARK not in glyphs.printable(typed)


@pytest.mark.typed("les puces de Word (U+F0B7)", "deviennent des puces")
def test_the_bullets_of_word_are_everybody_s(site: Site) -> None:
    slug = site.publish(PETITION.replace("Depuis janvier", "\uf0b7 Un \uf0d8 deux \uf0fc trois. Depuis janvier"))
    assert "• Un ➢ deux ✓ trois." in prose(site.client.get(f"/petitions/{slug}").text)
    assert "• Un ➢ deux ✓ trois." in pdf_text(site.client.get(f"/petitions/{slug}/petition.pdf").content)


def test_a_sign_that_no_font_has_is_marked_and_said() -> None:
    shown = pdf_text(paper(f"Amazigh \u2d30\u2d63 et mandingue \u07d2. {TEXT}"))
    assert "Amazigh ▯▯ et mandingue ▯" in shown
    assert "▯ remplace un signe" in shown
    assert "▯" not in pdf_text(paper(TEXT))


def test_the_list_of_what_fonts_have_is_true() -> None:
    compiler = typst.Compiler(font_paths=glyphs.folders(), ignore_system_fonts=True)
    ends = [chr(n) for pair in zip(*glyphs._ranges(), strict=True) for n in pair]
    assert len(ends) > 4000
    assert not glyphs.refuses(compiler, [c for c in ends if c != "\ufeff"])
    assert all(glyphs.refuses(compiler, c) for c in "\u2d30\u07d2\u0f40\x01")


@pytest.mark.typed("un paragraphe précédé de quatre espaces ou d’une tabulation", "imprimé comme les autres")
def test_a_paragraph_that_begins_with_blanks_is_a_paragraph() -> None:
    for start in ("    ", "\t", "      "):
        text = f"Avant.\n\n{start}Nous **voulons** un abri.\n\nAprès."
        assert "<p>Nous <strong>voulons</strong> un abri.</p>" in markdown.render(text)
        assert "Avant. Nous voulons un abri. Après." in pdf_text(paper(text))


@pytest.mark.typed("des listes imbriquées, une liste qui commence à 2", "gardent leur profondeur et leurs numéros")
def test_lists_keep_their_depth_and_their_numbers() -> None:
    text = "2. deux\n3. trois\n   - dedans\n     1. au fond\n4. quatre\n\n> cité\n>\n> - en liste\n"
    numbered, quoted = blocks(text)
    assert (numbered["kind"], numbered["start"], len(numbered["items"])) == ("ol", 2, 3)
    inside = numbered["items"][1][1]
    assert (inside["kind"], said(inside["items"][0][0])) == ("ul", "dedans")
    assert inside["items"][0][1]["kind"] == "ol"
    assert [block["kind"] for block in quoted["blocks"]] == ["p", "ul"]
    shown = pdf_text(paper(text))
    assert re.search(r"2\. deux 3\. trois • dedans 1\. au fond 4\. quatre", shown), shown


@pytest.mark.typed("un lien dans le texte", "son adresse est imprimée")
def test_links_lead_somewhere_from_paper_too() -> None:
    text = (
        "Voir [**le** rapport](https://exemple.org/r?a=1&section=2), <https://exemple.org/seul>, [ici](/comptage), "
        "[rien](#la), [faux](http://[::1) et [nous écrire](mailto:nous@exemple.org)."
    )
    source = {
        "title": "Fermée",
        "publisher": "La Gazette",
        "date": None,
        "url": "https://exemple.org/gazette",
        "kind_label": "Enquête",
    }
    content = paper(text, sources=[source])
    for address in ("https://exemple.org/r?a=1&section=2", "https://exemple.org/seul", "mailto:nous@exemple.org"):
        assert f"/URI({address})".encode() in content, address
    assert b"/URI(https://petitions.exemple.fr/comptage)" in content
    assert b"/URI(https://exemple.org/gazette)" in content
    shown = re.sub(r"\s", "", pdf_text(content))
    assert "lerapport[1],https://exemple.org/seul,ici[2]" in shown
    assert "[1]https://exemple.org/r?a=1&section=2" in shown
    assert "Fermée,LaGazette·Enquêtehttps://exemple.org/gazette" in shown
    assert b"#la" not in content


@pytest.mark.typed("un texte qui commence par ###, un ## vide", "un plan sans trou")
@pytest.mark.parametrize(
    "typed", ["### Trois\n\n# Un\n\n### Trois", "##\n\n## \n\n###### Six", "## \u200b\u3164\n\n#### Q"]
)
def test_headings_make_an_outline(typed: str) -> None:
    html = markdown.render(f"{typed}\n\n{TEXT}")
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 2
    assert set(levels) <= {2, 3}
    assert not re.search(r"<h\d>\W*</h", html)
    assert ACCESSIBLE in paper(f"{typed}\n\n{TEXT}")


def test_right_to_left_words_begin_on_the_right() -> None:
    arabic, french, listed = blocks("« مرحبا » en arabe\n\nBonjour مرحبا\n\n- שלום\n")
    assert (arabic["rtl"], french["rtl"], listed["rtl"]) == (True, False, True)


def test_a_poster_stays_on_one_page() -> None:
    long = view(TEXT, "W" * 200, recipients=[{"name": "Nom " * 60, "role": "Rôle " * 50}] * 20)
    content = pdf.poster(long, QR, "fr")
    assert content.count(b"/Type/Page/") == 1
    assert "et 19 autres" in pdf_text(content)
    assert pdf.poster(view(TEXT, " \u3164 "), QR, "fr").count(b"/Type/Page/") == 1


def test_what_is_refused_after_all_is_printed_without_the_constraint() -> None:
    data = {"title": "Un \u2d30", "longest": "Un", "rtl": False, "recipients": "X", "url": "x", "qr": QR.decode()}
    data |= {"families": glyphs.families(""), "marked": False, **pdf.words("fr")}
    content = pdf._at_any_price(pdf._POSTER, data)
    assert ACCESSIBLE not in content
    assert "Lire et signer" in pdf_text(content)


SIGN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
# What Markdown gives a meaning to, and what looks like it.
MARKS = (
    *("#", "##\n", "### a\n", "###### b\n", "    ", "\t", "- ", "  - ", "      * ", "1. ", "0) ", "999999999. "),
    *("> ", ">>>> ", "---\n", "===\n", "**", "_", "`", "```\n", "~~~", "\\", "  \n", "\n\n", ":"),
    *("[a](", "](http://x/)", '[x](https://é.fr/ü?a=1&b=2 "t")', "[](", "[z](http://[zz)", "![i](j)"),
    *("<https://a.b>", "<b>", "&amp;", "&#x1F64F;", "&sect;"),
)
PIECE = st.one_of(
    st.text(SIGN, max_size=12),
    st.sampled_from(MARKS),
    st.sampled_from(
        [
            "mot",
            "W" * 80,
            "🇫🇷",
            "👩‍👩‍👧‍👦",
            "e\u0301\u0302\u0303",
            "中\u0301",
            "شکر",
            "\u200b",
            "**a *b " * 30,
            "> " * 40,
        ]
    ),
)
WRITTEN = st.lists(PIECE, max_size=25).map("".join)


@pytest.mark.slow
@settings(quiet, max_examples=150)
@given(text=WRITTEN, title=st.text(SIGN, max_size=60))
def test_everything_that_can_be_typed_can_be_printed(text: str, title: str) -> None:
    shown = view(
        text,
        title,
        author=title,
        sources=[{"title": title, "publisher": title, "date": None, "url": "", "kind_label": "Étude"}],
    )
    for content in (pdf.render(shown, "fr"), pdf.poster(shown, QR, "fr")):
        assert ACCESSIBLE in content, (text, title)


@pytest.mark.typed("tout Markdown, tout Unicode (propriété)", "page, PDF et affiche répondent toujours")
@settings(quiet, max_examples=25)
@given(text=WRITTEN, title=st.text(SIGN, max_size=60))
def test_no_text_stops_its_page_or_its_papers(site: Site, text: str, title: str) -> None:
    file = importing.parse(PETITION, "essai.md").model_copy(
        update={"title": f"Une pétition {title}", "text": f"{text}\n\n{TEXT}"}
    )
    with site.database.write() as session:
        petition = actions.create(session, file, folder=None, image_store=Path("unused"))
        actions.publish(session, petition)
        slug = petition.slug
    for path in ("", "/petition.pdf", "/affiche.pdf", ".json"):
        assert site.client.get(f"/petitions/{slug}{path}").status_code == 200, (path, text, title)
    assert "Depuis janvier" in text_of(prose(site.client.get(f"/petitions/{slug}").text))
