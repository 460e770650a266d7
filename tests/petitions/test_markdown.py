"""What an organiser's Markdown may become, and what it never becomes."""

import re
from html import unescape

import pytest
from markupsafe import escape

from app.petitions import markdown
from app.templating import kept_together


@pytest.mark.parametrize(
    ("attack", "forbidden"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<style>body{display:none}</style>", "<style"),
        ('<iframe src="https://evil.example"></iframe>', "<iframe"),
        ('<p onclick="alert(1)">x</p>', "<p onclick"),
        ('<img src="https://evil.example/pixel.gif">', "<img"),
        ("![pixel](https://evil.example/pixel.gif)", "<img"),
        ("![pixel](/images/x.webp)", "<img"),
        ("<form action='https://evil.example'>", "<form"),
        ("[x](javascript:alert(1))", 'href="javascript'),
        ("[x](JaVaScRiPt:alert(1))", "href="),
        ("[x](data:text/html;base64,PHNjcmlwdD4=)", "href="),
        ("[x](vbscript:x)", "href="),
        ("[x](&#106;avascript:alert(1))", "href="),
        ("<javascript:alert(1)>", "href="),
        ("[x][1]\n\n[1]: javascript:alert(1)", "href="),
        ('[x](https://a.example "t\\" onmouseover=\\"alert(1)")', '" onmouseover='),
        ("<https://a.example/?\"onclick='x'>", ' onclick="'),
    ],
)
def test_nothing_that_acts_or_loads_comes_through(attack: str, forbidden: str) -> None:
    html = markdown.render(f"Avant.\n\n{attack}\n\nAprès.")
    assert forbidden.lower() not in html.lower()
    assert "<p>Avant.</p>" in html
    assert "<p>Après.</p>" in html


def test_only_the_allowed_elements_come_out() -> None:
    everything = (
        "# a\n\n### b\n\n*c* **d** `e`\n\n> f\n\n---\n\n- g\n\n1. h\n\n    code\n\n```\nx\n```\n\n<b>i</b> ![j](k)"
    )
    tags = set(re.findall(r"<(\w+)", markdown.render(everything)))
    assert tags <= markdown.TAGS
    assert {"h2", "h3", "em", "strong", "blockquote", "ul", "ol", "li"} <= tags


def test_links_get_a_rel_that_protects_and_endorses_nothing() -> None:
    html = markdown.render("[la source](https://exemple.org/a?b=1&c=2) et <https://exemple.org>")
    links = re.findall(r"<a [^>]*>", html)
    assert len(links) == 2
    assert all('rel="nofollow noopener ugc"' in link for link in links)
    assert 'href="https://exemple.org/a?b=1&amp;c=2"' in links[0]


def test_no_class_or_attribute_of_an_author_comes_through() -> None:
    html = markdown.render('<span class="nowrap evil" id="x" style="color:red">texte</span> <a class="button">b</a>')
    assert not re.search(r'<\w+[^>]* (id|style|class)="', html)


def test_a_level_one_heading_never_competes_with_the_title_of_the_page() -> None:
    assert markdown.render("# Grand\n\n## Moyen\n\n### Petit\n") == "<h2>Grand</h2>\n<h2>Moyen</h2>\n<h3>Petit</h3>\n"


def test_a_list_keeps_the_number_it_starts_with() -> None:
    assert '<ol start="4">' in markdown.render("4. quatre\n5. cinq")


def test_words_are_kept_as_they_were_typed() -> None:
    typed = "NON MERCI ! « Vraiment ? » C’est à 10 % & plus : d'accord ; oui"
    shown = re.sub(r"</?(p|span)[^>]*>", "", markdown.render(typed)).strip()
    assert shown.replace("&amp;", "&") == typed


@pytest.mark.parametrize(
    "typed",
    [
        "Non à l'institutionnalisation !",
        "« L'anticonstitutionnellement »",
        'Dit "vous-et-moi-ensemble-toujours" ?',
        "https://exemple.org/lire?page=1&section=2 : à lire",
        "Coûts &amp; délais : &sect; &#39; 1 < 2 ; R&D !",
        "&" * 30 + " !",
    ],
)
def test_typography_never_cuts_what_stands_for_a_sign(typed: str) -> None:
    plain = re.sub(r"</?span[^>]*>", "", str(kept_together(typed)))
    assert unescape(plain) == typed
    assert plain == str(escape(typed))
    # Typed as it must be so that Markdown reads it word for word.
    marked = re.sub(r"([&<>\\*_])", r"\\\1", typed)
    assert unescape(re.sub(r"</?(p|span)[^>]*>", "", markdown.render(marked))).strip() == typed


def test_an_address_in_a_text_is_whole_in_its_words_and_in_its_link() -> None:
    html = markdown.render("Voir <https://exemple.org/lire?page=1&section=2&copy=3> !")
    assert 'href="https://exemple.org/lire?page=1&amp;section=2&amp;copy=3"' in html
    assert unescape(re.sub(r"<[^>]+>", "", html)).strip() == "Voir https://exemple.org/lire?page=1&section=2&copy=3 !"


def test_words_stay_with_their_sign() -> None:
    assert kept_together("Non à l'oubli !") == 'Non à <span class="nowrap">l&#39;oubli !</span>'


def test_a_block_of_code_is_lines_that_fold() -> None:
    assert markdown.render("```\na & b\n  c\n```") == "<p><code>a &amp; b<br>  c</code></p>\n"
