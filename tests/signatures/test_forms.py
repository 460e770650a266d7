"""What may be typed in the sign form, and how a refusal is told."""

import re
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from app import text
from app.signatures.forms import SignForm, email_address, with_library
from app.signatures.places import NOWHERE, departement, is_odd, postal_code
from tests.site import FORM, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def reserved() -> None:
    """As every process does when it starts."""
    text.reserve(["Signons"])


def form(**changes: str) -> SignForm:
    return SignForm.model_validate(FORM | changes)


def complaint(field: str, **changes: str) -> str:
    with pytest.raises(ValidationError) as refused:
        form(**changes)
    (error,) = refused.value.errors()
    assert error["loc"] == (field,)
    return str(error["msg"])


@pytest.mark.parametrize(
    "name",
    ["É", "李", "O’Neil", "d'Arc", "de La Tour du Pin", "Jean-Pierre", "N’Guyễn", "Мария", "أحمد", "Ælfgifu",
     "M. Durand", "’t Hooft", "García (Pérez)", "X", "Ph.de Rothschild", "J.-P. Dupont", "St.Martin", "W" * 120],
)  # fmt: skip
def test_names_of_people_are_accepted_as_they_are(name: str) -> None:
    signed = form(given_name=name, family_name=name)
    assert (signed.given_name, signed.family_name) == (name, name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Marie   Anne\t", "Marie Anne"),
        ("Marie\u00a0Anne", "Marie Anne"),
        ("Ma\u200brie", "Marie"),
        ("\u202eeiraM", "eiraM"),
        ("Rene\u0301e", "Renée"),
        ("Marie\r\nAnne", "Marie Anne"),
    ],
)
def test_names_are_cleaned_of_what_nobody_sees(typed: str, kept: str) -> None:
    assert form(given_name=typed).given_name == kept


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b", "=1+1", "+33612345678", "-Marie", "@marie", "＝cmd", "\u200b=cmd", "\u00a0@cmd", "12345",
     "!!!", "https://exemple.fr", "www.exemple", "exemple.com", "Marie exemple.fr", "<b>M</b>", "{Marie}", "M" * 121,
     "t.me/xx", "ev1l.gg",
     "Jo\u00ado.com", "Ѕіgnоns", "Signons", "\u3164", "\ufe0f", "Appelez le 06 12 34 56 78"],
)  # fmt: skip
def test_what_is_no_name_is_refused(name: str) -> None:
    assert complaint("given_name", given_name=name)
    assert complaint("family_name", family_name=name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("35000", "35000"),
        (" 35 000 ", "35000"),
        ("35\u00a0000", "35000"),
        ("\u200b35000", "35000"),
        ("３５０００", "35000"),
        ("F-35000", "35000"),
        ("01000", "01000"),
        ("20000", "20000"),
        ("20200", "20200"),
        ("97110", "97110"),
        ("97600", "97600"),
        ("98735", "98735"),
        ("98800", "98800"),
        ("98000", "98000"),
        ("95880", "95880"),
        ("F 35000", "35000"),
        ("FR-35000", "35000"),
        ("75008 PARIS", "75008"),
        ("35042 Rennes Cedex 3", "35042"),
        ("00100", "00100"),
        ("99999", "99999"),
    ],
)
def test_french_postal_codes_are_accepted_as_people_paste_them(typed: str, kept: str) -> None:
    assert form(postal_code=typed).postal_code == kept


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "3500", "350000", "2A004", "abcde", "35-00", "٣٥٠٠٠", "35000A", "Paris", "75008 01"],
)
def test_what_is_no_french_postal_code_is_refused(typed: str) -> None:
    assert complaint("postal_code", postal_code=typed)


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("1000", "BE", "1000"),
        ("sw1a 1aa", "GB", "SW1A 1AA"),
        ("1234  AB", "NL", "1234 AB"),
        ("", "IE", ""),
        ("00-950", "PL", "00-950"),
        ("98000", "MC", "98000"),
        ("97400", "RE", "97400"),
        ("35000", "", "35000"),
        ("1000", "be", "1000"),
    ],
)
def test_other_countries_have_their_own_codes(typed: str, country: str, kept: str) -> None:
    assert form(postal_code=typed, country=country).postal_code == kept


@pytest.mark.parametrize("typed", ["=1+1", "-1000", "1000;DROP", "A" * 20, "<b>", "１０００é"])
def test_a_code_of_another_country_is_still_a_code(typed: str) -> None:
    assert complaint("postal_code", postal_code=typed, country="BE")


@pytest.mark.parametrize("country", ["XX", "FRA", "France", "EU", "<", "00"])
def test_a_country_that_does_not_exist_is_refused(country: str) -> None:
    assert complaint("country", country=country)


@pytest.mark.parametrize(
    ("code", "number"),
    [("35000", "35"), ("01000", "01"), ("20000", "2A"), ("20137", "2A"), ("20200", "2B"), ("20620", "2B"),
     ("97110", "971"), ("97600", "976"), ("98735", "987"), ("98000", "980"), ("97133", "977"), ("97150", "978"),
     ("94390", "91"), ("98799", "989"), ("33220", "33"), ("75116", "75"), ("35042", "35"), ("20090", "2A"),
     ("20600", "2B"), ("00100", NOWHERE), ("96000", NOWHERE), ("97999", NOWHERE)],
)  # fmt: skip
def test_the_departement_comes_from_the_code(code: str, number: str) -> None:
    assert departement(postal_code(code, "FR"), "FR") == number


def test_there_is_no_departement_abroad() -> None:
    assert departement("35000", "DE") == ""


@pytest.mark.typed("La Réunion choisie comme pays, avec 97400", "la France, département 974")
def test_overseas_is_france_whatever_was_chosen_in_the_list() -> None:
    signed = form(country="RE", postal_code="97400")
    assert (signed.country, departement(signed.postal_code, signed.country)) == ("FR", "974")


@pytest.mark.typed("un code postal qu’aucune commune n’a, 00100 des armées", "accepté, et signalé")
def test_a_code_that_no_commune_has_is_odd() -> None:
    assert [is_odd(code, "FR") for code in ("35000", "98000", "35042", "00100", "99999")] == [
        False, False, True, True, True
    ]  # fmt: skip
    assert not is_odd("99999", "DE")


@pytest.mark.typed("une adresse collée avec une espace de largeur nulle", "nettoyée, acceptée")
@pytest.mark.parametrize(
    "typed", ["marie@exemple.test\u200b", "ma\u200brie@exemple\u00ad.test", "\u202amarie@exemple.test\u202c"]
)
def test_an_address_is_cleaned_of_what_a_copy_brings_along(typed: str) -> None:
    assert form(email=typed).email == "marie@exemple.test"


@pytest.mark.typed("une personne qui n’a qu’un nom", "une case, et elle signe")
def test_who_has_one_name_ticks_a_box() -> None:
    signed = form(given_name="Sukarno", family_name="", single_name="on")
    assert (signed.given_name, signed.family_name) == ("Sukarno", "")
    assert "cochez" in complaint("family_name", family_name="")
    assert "décochez" in complaint("family_name", family_name="Durand", single_name="on")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" marie@exemple.test ", "marie@exemple.test"),
        ("Marie.Durand+petition@Exemple.FR", "Marie.Durand+petition@exemple.fr"),
        ("o'neil@exemple.fr", "o'neil@exemple.fr"),
        ("marie@éxemple.fr", "marie@éxemple.fr"),
        ("zoé@Exemple.fr", "zoé@exemple.fr"),
        ("zoe\u0301@éxemple.fr", "zoé@éxemple.fr"),
        ("з\u200bоя@пример.бг", "зоя@пример.бг"),
        ("m@sous.domaine.exemple.paris", "m@sous.domaine.exemple.paris"),
    ],
)
def test_addresses_are_kept_as_typed_but_for_the_domain_s_case(typed: str, kept: str) -> None:
    assert form(email=typed).email == kept


@pytest.mark.parametrize(
    "email",
    ["", "marie", "marie@", "@exemple.fr", "marie@exemple", "marie@localhost", "marie@exemple..fr", "marie@[127.0.0.1]",
     "ma rie@exemple.fr", "Marie <marie@exemple.fr>", "marie@exemple.fr, b@exemple.fr",
     "marie@exemple.fr\nBcc: b@exemple.fr", "marie@@exemple.fr", "zo é@exemple.fr", "zoé..@exemple.fr",
     "é" * 250 + "@exemple.fr", "a" * 250 + "@exemple.fr"],
)  # fmt: skip
def test_what_cannot_be_mailed_is_refused(email: str) -> None:
    assert complaint("email", email=email)


def _kept(read: Callable[[str], str], typed: str) -> str | None:
    try:
        return read(typed)
    except ValueError:
        return None


def test_the_short_way_for_plain_addresses_says_what_the_library_says() -> None:
    local = ("a", "A.b", "x..y", ".x", "x.", "a b", "a_b+c", "é", "a@a", '"a b"', "a`b", "a" * 64, "a" * 65, "")
    domain = ("b.fr", "B.Fr", "localhost", "a.invalid", "example.com", "[1.2.3.4]", "1.2.3.4", "é.fr", "xn--9ca.fr",
              "b", "b.", ".b.fr", "b..fr", "-b.fr", "b-.fr", "a_b.fr", "c.123", "x.onion", f"{'b' * 63}.fr",
              f"{'b' * 64}.fr", ".".join(["b" * 60] * 3) + ".fr", ".".join(["b" * 60] * 4) + ".fr")  # fmt: skip
    for typed in [f"{name}@{host}" for name in local for host in domain] + ["a", "a@", "@b.fr", "a\n@b.fr", "a@b.fr\n"]:
        assert _kept(email_address, typed) == _kept(with_library, typed.strip()), typed


def test_nothing_is_consented_to_by_silence() -> None:
    assert form().purposes == ["sign"]
    assert form(display="full").purposes == ["sign", "public_name"]
    assert form(consent_updates="on").purposes == ["sign", "updates"]
    assert form(consent_newsletter="on").purposes == ["sign", "newsletter"]
    assert form(consent_organiser="on").purposes == ["sign", "organiser_contact"]
    assert form(consent_updates="", consent_newsletter="off", consent_organiser="0").purposes == ["sign"]


REFUSALS = {
    "given_name": "",
    "family_name": "=cmd",
    "email": "marie@exemple",
    "country": "XX",
    "postal_code": "3500",
    "display": "everything",
    "comment": "é" * 2001,
    "consent_signature": "",
    "age_declared": "",
}


def test_each_refusal_is_told_at_the_top_and_at_the_field_with_what_was_typed(site: Site) -> None:
    slug = site.publish()
    for field, value in REFUSALS.items():
        response = site.sign(slug, **{"comment": "Mon avis & le tien", "consent_updates": "on", field: value})
        assert response.status_code == 422, field
        html = response.text
        summary = html.partition('id="erreurs"')[2].partition("</ul>")[0]
        assert f'href="#champ-{field}"' in summary, field
        assert summary.count("<li>") == 1, field
        assert f'id="champ-{field}"' in html, field
        assert "Une réponse est à corriger" in text_of(html), field
        for kept, typed in {"family_name": "Durand", "email": "marie@exemple.test", "postal_code": "35000"}.items():
            if kept != field:
                assert re.search(rf'name="{kept}"[^>]*value="{re.escape(typed)}"', html), (field, kept)
        if field != "comment":
            assert "Mon avis &amp; le tien</textarea>" in html, field
        assert re.search(r'name="consent_updates"[^>]*checked', html), field
        assert not re.search(r'name="consent_newsletter"[^>]*checked', html), field
    assert site.signatures() == []
    assert site.mails() == []


def test_the_summary_takes_the_focus_and_follows_the_order_of_the_page(site: Site) -> None:
    slug = site.publish()
    html = site.client.post(f"/petitions/{slug}/signatures", data={"country": "FR"}).text
    start = html.index('id="erreurs"')
    opening = html[html.rindex("<", 0, start) : html.index(">", start)]
    assert 'tabindex="-1"' in opening
    assert "autofocus" in opening
    linked = re.findall(r'href="#champ-(\w+)"', html[start:])
    assert linked == ["given_name", "family_name", "email", "postal_code", "consent_signature", "age_declared"]


def test_a_field_in_error_is_tied_to_its_sentence(site: Site) -> None:
    slug = site.publish()
    html = site.sign(slug, email="faux").text
    field = re.search(r'<input[^>]*id="champ-email"[^>]*>', html)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert re.search(r'aria-describedby="[^"]*erreur-email"', field[0])
    assert '<p class="error" id="erreur-email">' in re.sub(r"\s+", " ", html)


def test_what_was_typed_comes_back_as_text_not_as_html(site: Site) -> None:
    slug = site.publish()
    attack = '"><script>alert(1)</script>'
    html = site.sign(slug, given_name=attack, comment="</textarea><script>alert(2)</script>").text
    assert "<script>alert" not in html
    assert "&#34;&gt;&lt;script&gt;" in html


def test_a_refused_form_is_nobody_else_s(site: Site) -> None:
    slug = site.publish()
    response = site.sign(slug, email="faux")
    assert response.headers["cache-control"] == "no-store"


def test_somebody_under_fifteen_is_refused_politely_and_nothing_is_kept(site: Site) -> None:
    slug = site.publish()
    response = site.sign(slug, age_declared="")
    assert response.status_code == 422
    assert "si vous avez 15 ans ou plus" in text_of(response.text)
    assert site.signatures() == []


def test_no_optional_box_is_ticked_before_somebody_ticks_it(site: Site) -> None:
    slug = site.publish()
    form = site.client.get(f"/petitions/{slug}").text
    site.sign(slug)
    link = site.mails()[-1].link("/confirmer/")
    confirm = site.client.get(link).text
    site.client.post(link)
    thanks = site.client.get(link).text
    for html, n in ((form, 2), (confirm, 3), (thanks, 3)):
        boxes = re.findall(r'<input[^>]*type="checkbox"[^>]*>', html)
        assert len(boxes) == n
        assert not [box for box in boxes if "checked" in box]
        assert n == 2 or re.search(r'value="hidden"\s+checked', html)
