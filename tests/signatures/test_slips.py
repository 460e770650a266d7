"""Likely slips of an address: asked about before anything is sent, never corrected by force."""

import re

import pytest

from app.signatures import mailboxes
from app.signatures.slips import COMMON, REAL, distance, likely
from app.web import ratelimit
from tests.site import FORM, Site, text_of

SLIPS = {
    "gmial.con": "gmail.com", "gmial.com": "gmail.com", "gamil.com": "gmail.com", "gmal.com": "gmail.com",
    "gmail.con": "gmail.com", "gmail.cm": "gmail.com", "gmail.co": "gmail.com", "gmail.om": "gmail.com",
    "gmail.comm": "gmail.com", "gmail.fr": "gmail.com", "gmaill.com": "gmail.com", "gmailcom": "gmail.com",
    "GMIAL.COM": "gmail.com", "gnail.com": "gmail.com", "hotmal.com": "hotmail.com", "hotmal.fr": "hotmail.fr",
    "hotmial.con": "hotmail.com", "otmail.fr": "hotmail.fr", "hotmail.rf": "hotmail.fr", "orangr.fr": "orange.fr",
    "ornage.fr": "orange.fr", "orange.ft": "orange.fr", "orangefr": "orange.fr", "wanado.fr": "wanadoo.fr",
    "wannadoo.fr": "wanadoo.fr", "yaho.fr": "yahoo.fr", "yahooo.com": "yahoo.com", "freee.fr": "free.fr",
    "fere.fr": "free.fr", "free.f": "free.fr", "sfr.ft": "sfr.fr", "laposte.ner": "laposte.net",
    "lapsote.net": "laposte.net", "outlok.fr": "outlook.fr", "outloook.com": "outlook.com", "iclod.com": "icloud.com",
    "icloud.fr": "icloud.com", "live.ft": "live.fr", "protonmial.com": "protonmail.com", "aol.con": "aol.com",
}  # fmt: skip
# Companies, words, places, and what is nobody's: nothing to ask.
RIGHT = [
    *REAL, "example.org", "exemple.fr", "exemple.test", "demo.test", "test.fr", "mairie-montfleur.fr", "gouv.fr",
    "ac-rennes.fr", "mail.com", "grange.fr", "orage.fr", "five.fr", "tree.fr", "life.fr", "lire.fr", "sfa.fr", "afr.fr",
    "yahoo.gr", "yahoo.com.br", "hotmail.nl", "outlook.cz", "gmx.li", "cloud.com", "laporte.net", "free-lance.fr",
    "orangerie.fr", "gmail-conseil.fr", "outils.fr", "hotel.fr", "hotels.com", "university.edu", "x.fr", "", "com",
    "gmaіl.com", "été.fr",
]  # fmt: skip


@pytest.mark.typed("marie@gmial.con, marie@orange.ft, marie@gmailcom", "« Vouliez-vous dire marie@gmail.com ? »")
def test_what_a_hand_mistypes_is_recognised_and_nothing_else() -> None:
    found = {domain: likely(f"Marie.D@{domain}") for domain in SLIPS}
    assert found == {domain: f"Marie.D@{meant}" for domain, meant in SLIPS.items()}
    assert {domain: likely(f"marie@{domain}") for domain in RIGHT} == dict.fromkeys(RIGHT)
    assert likely("gmial.com") is None  # no address at all
    # What is proposed is never asked about in its turn.
    assert set(SLIPS.values()) <= set(COMMON) <= REAL


def test_the_distance_counts_what_fingers_do() -> None:
    for one, other, n in [("gmail", "gmail", 0), ("gmial", "gmail", 1), ("gmal", "gmail", 1), ("gmaill", "gmail", 1),
                          ("gnail", "gmail", 1), ("", "abc", 3), ("abc", "", 3), ("ca", "abc", 3)]:  # fmt: skip
        assert distance(one, other) == n, (one, other)


def test_a_mailbox_is_named_where_it_is_known() -> None:
    names = {"gmail.com": "Gmail", "wanadoo.fr": "Orange", "hotmail.be": "Outlook", "Yahoo.FR": "Yahoo"}
    assert {domain: found.name for domain in names if (found := mailboxes.of(f"a@{domain}"))} == names
    for domain in ("exemple.test", "yahoo.phish.fr", "gmail.evil.fr", "outlook", "gmail.co"):
        assert mailboxes.of(f"a@{domain}") is None, domain


def buttons(page: str) -> dict[str, str]:
    """The answers that a page offers: name of the button, and the address that it stands for."""
    return dict(re.findall(r'name="(email_\w+)"\s+value="([^"]*)"', page))


@pytest.mark.databases("sqlite")
def test_a_slip_is_asked_about_and_either_answer_is_one_tap(site: Site) -> None:
    slug = site.publish()
    typed = {"email": " Marie@gmial.con ", "comment": "Le train de 21 h 40."}
    asked = site.sign(slug, **typed)
    assert asked.status_code == 422
    assert "Vouliez-vous dire Marie@gmail.com ?" in text_of(asked.text).replace("\u202f", " ")
    assert 'href="#champ-email"' in asked.text
    assert "Le train de 21 h 40." in asked.text
    assert site.signatures() == []
    answers = buttons(asked.text)
    assert answers == {"email_instead": "Marie@gmail.com", "email_kept": " Marie@gmial.con "}
    # Enter presses the first button of a form: it answers nothing.
    first = re.search(r"<button[^>]*>", asked.text[asked.text.index('<form class="form"') :])
    assert first
    assert "name=" not in first[0]
    # Yes; no.
    assert site.sign(slug, **typed, email_instead=answers["email_instead"]).status_code == 303
    assert site.sign(slug, **typed, email_kept=answers["email_kept"]).status_code == 303
    assert [mail.to for mail in site.mails()] == ["Marie@gmail.com", "Marie@gmial.con"]
    # Kept is that very address: another slip is asked about again, and so is a made-up answer.
    assert site.sign(slug, email="marie@hotmal.fr", email_kept=answers["email_kept"]).status_code == 422
    assert site.sign(slug, email="marie@hotmal.fr", email_likely="x", email_broken="on").status_code == 422
    assert site.sign(slug, email="marie@ok.test", email_instead="marie@gmial.com").status_code == 422
    assert len(site.signatures()) == 2


@pytest.mark.databases("sqlite")
def test_beside_other_errors_a_slip_is_asked_about_once(site: Site) -> None:
    slug = site.publish()
    both = site.sign(slug, email="marie@gmial.com", given_name="", postal_code="x")
    links = re.findall(r'href="#champ-(\w+)"', both.text)
    assert links == ["given_name", "email", "postal_code"]
    kept = site.sign(slug, email="marie@gmial.com", given_name="", email_kept="marie@gmial.com")
    assert re.findall(r'href="#champ-(\w+)"', kept.text) == ["given_name"]
    # Remembered with the form, so that the next sending asks nothing.
    assert buttons(kept.text) == {"email_kept": "marie@gmial.com"}
    assert site.sign(slug, email="marie@gmial.com", email_kept="marie@gmial.com").status_code == 303


@pytest.mark.databases("sqlite")
def test_an_address_that_is_not_whole_can_only_be_corrected(site: Site) -> None:
    slug = site.publish()
    asked = site.sign(slug, email="marie@gmailcom", email_kept="marie@gmailcom")
    assert asked.status_code == 422
    assert "Cette adresse n’est pas complète." in text_of(asked.text)
    assert buttons(asked.text) == {"email_instead": "marie@gmail.com"}
    plain = site.sign(slug, email="marie@nulle part")
    assert "Vérifiez votre adresse e-mail" in text_of(plain.text)
    assert buttons(plain.text) == {}


@pytest.mark.databases("sqlite")
def test_the_answer_is_no_haste_and_takes_no_proof(site: Site) -> None:
    """One tap, less than three seconds after the page came."""
    slug = site.publish()
    site.sign(slug, email="a@gmial.com", email_instead="a@gmail.com", secondes="0")
    site.sign(slug, email="b@gmial.com", email_kept="b@gmial.com", secondes="0")
    site.sign(slug, email="c@exemple.test", secondes="0")
    assert [row.doubt for row in site.signatures()] == [None, None, "f"]


@pytest.mark.databases("sqlite")
def test_in_a_frame_and_in_english_it_is_the_same(site: Site) -> None:
    slug = site.publish()
    for path in (f"/widget/{slug}/signatures", f"/en/petitions/{slug}/signatures"):
        ratelimit.limiter.reset()
        asked = site.client.post(path, data=FORM | {"email": "marie@gmial.com"})
        assert asked.status_code == 422, path
        assert set(buttons(asked.text)) == {"email_instead", "email_kept"}, path
        done = site.client.post(path, data=FORM | {"email": "marie@gmial.com", "email_instead": "marie@gmail.com"})
        assert done.status_code == 303, path
        assert ("set-cookie" in done.headers) is ("widget" not in path)
