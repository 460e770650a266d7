"""What a tab shows: the page's title, then the site's name, never so long that the name is lost."""

import re
from html import unescape

import pytest

from app.templating import TITLE, headline
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Charte", "Charte · Signons"),
        ("L’eau &amp; le pain &lt;b&gt;", "L’eau &amp; le pain &lt;b&gt; · Signons"),
        ("mot " * 14 + "mots", "mot " * 14 + "mots · Signons"),
        ("Fraude : " + "mot " * 14, "Fraude : " + "mot " * 11 + "mot… · Signons"),
        ("أ" * 80, "أ" * 59 + "… · Signons"),
    ],
)
def test_a_title_is_cut_after_a_word(title: str, shown: str) -> None:
    assert headline(title, "Signons") == shown
    assert len(unescape(headline(title, "Signons"))) <= TITLE


def test_a_long_name_of_the_site_leaves_half_to_the_page() -> None:
    assert headline("mot " * 20, "Pétitions " * 10).startswith("mot mot mot mot mot mot mot mot… · Pétitions")


def test_every_title_ends_with_the_site_s_name(site: Site) -> None:
    slug = site.publish()
    admin = site.staff("admin")
    for path in (f"/petitions/{slug}", f"/petitions/{slug}/versions", f"/organisation/petitions/{slug}", "/absente"):
        found = re.search(r"<title>(.*?)</title>", admin.get(path).text)
        assert found is not None, path
        assert found[1].endswith(" · Signons"), path
        assert len(unescape(found[1])) <= TITLE, path
