"""What is cleaned, what it looks like, what may be a name."""

import unicodedata

import pytest

from app import text

MAN, ZWJ = "\U0001f468", "\u200d"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.fixture(autouse=True)
def ours() -> None:
    text.reserve(["Signons", "Ville de Lyon"])


@pytest.mark.parametrize(
    "seen",
    ["Đặng Thị Ngọc", "שָׁלוֹם", "مُحَمَّد", "བསྒྲུབས", "สมชาย", "می‌خواهم", "辻\U000e0100", f"{MAN}{ZWJ}{MAN}", "❤️‍🔥", "1️⃣",
     SCOTLAND, "\U0001fae9 est de 2024", "a • b", "क्षेत्र"],
)  # fmt: skip
def test_what_is_seen_stays(seen: str) -> None:
    assert text.clean_line(seen) == unicodedata.normalize("NFC", seen)


@pytest.mark.typed("U+3164, U+00AD, U+061C, des étiquettes invisibles", "ce n’est pas un nom")
@pytest.mark.parametrize(
    "nothing",
    ["\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u00ad", "\u061c", "\u034f", "\u17b4", "\u17b5", "\u180e",
     "\u200b", "\u200d", "\u202e", "\u2065", "\u2069", "\ufe0f", "\ufeff", "\ufffc", "\U000e0041", "\U000e0100",
     "\U000e01ef", "\ue000", "\x85", "\u2028", "\u00a0", "\t\r\n"],
)  # fmt: skip
def test_what_is_not_seen_goes_and_is_no_name(nothing: str) -> None:
    assert text.clean_line(f"Ma{nothing}rie").replace(" ", "") in {"Marie", f"Ma{nothing}rie"}
    assert not text.has_ink(text.clean_line(nothing * 10))
    with pytest.raises(ValueError, match="rien"):
        text.proper_name(nothing * 3, "rien")


def test_no_direction_mark_survives_in_any_text() -> None:
    for mark in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        assert text.clean_line(f"a{mark}b") == "ab"
        assert text.clean_text(f"a{mark}b\nc") == "ab\nc"
        assert text.visible(f"  - a{mark}b\n\n\n\tc") == "  - ab\n\n\n\tc"


@pytest.mark.typed("soixante marques sur une lettre", "quelques-unes restent")
def test_no_sign_climbs_over_the_lines_around() -> None:
    for mark in "\u0301\u0338\u0e47\u0489\u20dd\u06e1":
        assert len(text.clean_line("Za" + mark * 60 + "lgo")) <= len("Zalgo") + text.MARKS


def test_line_ends_of_every_system_are_line_ends() -> None:
    assert text.clean_text("a\r\nb\rc\x0bd\u2028e\u2029\u2029\u2029f") == "a\nb\nc\nd\ne\n\nf"


@pytest.mark.typed("Ph.de Rothschild, J.-P. Dupont, Nguyễn, שרה", "ce sont des noms")
@pytest.mark.parametrize(
    "name",
    ["Ph.de Rothschild", "Jean-Ph.de Rothschild", "J.-P. Dupont", "P.H.de La Tour", "St.Martin", "M.Dupont", "Dr.No",
     "M.le Comte", "García (Pérez)", "Signol", "Lyon", "Collectif 1789", "Ville de Lyonnais"],
)  # fmt: skip
def test_names_are_names(name: str) -> None:
    assert text.proper_name(name, "rien") == name


@pytest.mark.typed("t.me/xx, ev1l.gg, Joo­.com", "ce n’est pas un nom")
@pytest.mark.parametrize(
    "link",
    ["t.me/xx", "ev1l.gg", "Joo.com", "Jo\u00ado.com", "Joo。com", "ｊｏｏ．ｃｏｍ", "t.mе/xx", "bit.ly/a", "joo.de",
     "x.com", "hxxp evil", "https evil", "www.exemple", "exemple point fr", "exemple[.]fr", "exemple (dot) com",
     "exemple . fr",
     "marie@exemple", "Marie allez sur ev1l.xyz vite"],
)  # fmt: skip
def test_a_link_in_any_clothing_is_no_name(link: str) -> None:
    with pytest.raises(ValueError, match="adresse de site"):
        text.proper_name(link, "rien")


@pytest.mark.typed("Ѕіgnоns en cyrillique, en pleine chasse", "refusé avec une phrase")
@pytest.mark.parametrize(
    "name",
    ["Signons", "SIGNONS", "Ѕіgnоns", "Ｓｉｇｎｏｎｓ", "Ⓢⓘⓖⓝⓞⓝⓢ", "𝐒𝐢𝐠𝐧𝐨𝐧𝐬", "ꜱɪɢɴᴏɴꜱ", "🅂🄸🄶🄽🄾🄽🅂", "S1gn0ns",
     "Slgnons", "Sïgnôns", "Équipe Signons", "S i g n o n s", "S.i.g.n.o.n.s", "Si\u200bgnons",
     "VILLE-DE-LYON", "La Ville de Lyοn"],
)  # fmt: skip
def test_nobody_signs_with_the_name_of_the_site(name: str) -> None:
    with pytest.raises(ValueError, match="plateforme"):
        text.proper_name(name, "rien")


def test_the_quick_look_misses_nothing_in_latin_letters() -> None:
    assert all(map(text.may_be_ours, ["Signons", "sígnöñs", "Équipe SIGNONS", "ville-de-lyon", "Slgnons"]))
    assert not any(map(text.may_be_ours, ["Marie", "Durand", "Lyon", "Jean-François", "Signol"]))


@pytest.mark.typed('O’Brien, "Léa", ’t Hooft, un nom d’une lettre', "l’initiale est une lettre")
@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("’t Hooft", "tH"),
        ("'.", ""),
        ('".', ""),
        ("ﬁliatre", "fi"),
        ("(É)lan", "Él"),
        ("O", "O"),
        ("李", "李"),
        ("", ""),
    ],
)
def test_initials_are_letters(name: str, letters: str) -> None:
    assert text.first_letters(name, 2) == letters
