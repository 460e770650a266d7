"""What we write is what is read, whoever reads: another library than the one that wrote, and the standard one."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from fast_mail_parser import PyMail, parse_email
from hypothesis import example, given
from hypothesis import settings as run
from hypothesis import strategies as st

from app.mail.composing import compose
from app.mail.outbox import Mail
from app.settings import Settings
from app.templating import Templates

FRENCH = "aàâbcçdeéèêëfghiîïjklmnoôœpqrstuùûüvwxyÿzABCÀÉÈÇŒ0123456789’'-,;:.!?()«»/&%€…"
WORD = st.text(st.sampled_from(FRENCH), min_size=1, max_size=14)
ODD = st.sampled_from(
    ["🙏🏽", "🇫🇷", "« Oui »".replace(" ", "\u202f"), "=?utf-8?q?x?=", "<b>", '"', "\\", "àSète", "W" * 90]
)
SPACE = st.sampled_from([" ", " ", " ", "\u00a0", "\u202f"])
LINE = st.lists(st.tuples(WORD | ODD, SPACE), min_size=1, max_size=40).map(
    lambda pairs: "".join(word + space for word, space in pairs).strip()
)
NAME = LINE.map(lambda text: " ".join(re.sub(r'[<>"\\]', "", text)[:100].split())).filter(
    lambda text: bool(text.strip(" '"))
)
LINK = st.builds(
    "https://{}/desabonnement/{}".format,
    st.sampled_from(["p.exemple.fr", "petitions.association-des-amis-du-parc.exemple.org:8443", "xn--ptitions-d1a.fr"]),
    st.text(st.sampled_from("abcXYZ012-_~"), min_size=40, max_size=200),
)
READ = policy.default


def written(title: str, sender: str = "Signons <a@exemple.fr>", link: str = "", text: str = "Bonjour.") -> bytes:
    settings = Settings(_env_file=None, mail_from=sender)  # type: ignore[call-arg]
    mail = Mail("updates/letter", "marie@exemple.fr", "fr", {"title": title, "text": text, "html": f"<p>{text}</p>"})
    if link:
        mail = Mail(mail.template, mail.to, mail.locale, mail.context, unsubscribe=link)
    return compose(TEMPLATES, settings.sender, mail)


TEMPLATES = Templates(Settings(_env_file=None))  # type: ignore[call-arg]


def both(source: bytes) -> tuple[PyMail, EmailMessage]:
    parsed = message_from_bytes(source, policy=READ)
    assert isinstance(parsed, EmailMessage)
    return parse_email(source), parsed


def sender_of(mail: PyMail) -> tuple[str | None, str]:
    assert mail.from_ is not None
    return mail.from_.display_name, mail.from_.address


@pytest.mark.typed(
    "tout objet français, tout nom, tout lien (propriété)",
    "relus à l’identique par une autre bibliothèque que celle qui les a écrits",
)
@run(deadline=None)
@given(title=LINE, name=NAME, link=LINK)
@example(
    "Rendez-nous le train de nuit Paris – Briançon : il relie depuis cent ans les Alpes à Sète", "Été", "https://p/d"
)
@example("a " * 60 + "fin", "a", "https://p/d")
@example("é" * 200, "é" * 100, "https://p/d")
@example("🇫🇷" * 60, "Les Amis, Rennes", "https://p/d")
def test_subject_sender_and_link_are_read_back_as_they_were_written(title: str, name: str, link: str) -> None:
    source = written(title, f"{name} <a@exemple.fr>", link)
    assert source.isascii()
    other, own = both(source)
    assert other.subject == own["Subject"] == title
    assert own["From"].addresses[0].addr_spec == "a@exemple.fr"
    if len(name.encode()) <= 39:  # of a name in several encoded words the standard library puts spaces between them
        assert own["From"].addresses[0].display_name == name
    assert sender_of(other) == (name, "a@exemple.fr")
    assert other.headers["List-Unsubscribe"] == [f"<{link}>"]
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in source
    head = source.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 for line in head if b"<http" not in line)
    for word in re.findall(rb"=\?.*?\?=", b" ".join(head)):
        assert len(word) <= 75


@run(deadline=None)
@given(text=st.lists(LINE, min_size=1, max_size=8).map("\n".join))
def test_texts_are_read_back_and_seven_bits_are_enough(text: str) -> None:
    source = written("Titre", text=text)
    assert source.isascii()
    assert max(map(len, source.split(b"\r\n"))) <= 78
    other, own = both(source)
    body = own.get_body(("plain",))
    assert body is not None
    assert text in body.get_content().replace("\r\n", "\n")
    assert text in other.text_plain[0].replace("\r\n", "\n")
    assert f"<p>{text}</p>" in other.text_html[0].replace("\r\n", "\n")


@run(deadline=None)
@given(title=st.text(max_size=120))
def test_no_text_whatever_breaks_a_header_or_adds_one(title: str) -> None:
    source = written(title)
    other, own = both(source)
    assert set(own.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Feedback-ID", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert own.defects == []
    said = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", title.encode("utf-8", "replace").decode()).strip(" ")
    assert own["Subject"] == other.subject == said


SENDERS = {
    "Association Les Amis, Rennes <a@ex.fr>": ("Association Les Amis, Rennes", "a@ex.fr"),
    '"Association Les Amis, Rennes" <a@ex.fr>': ("Association Les Amis, Rennes", "a@ex.fr"),
    "Les Amis; du parc <a@ex.fr>": ("Les Amis; du parc", "a@ex.fr"),
    "Pétitions : le site <a@ex.fr>": ("Pétitions : le site", "a@ex.fr"),
    'Les "Amis" du parc <a@ex.fr>': ('Les "Amis" du parc', "a@ex.fr"),
    r'"Les \"Amis\"" <a@ex.fr>': ('Les "Amis"', "a@ex.fr"),
    "L’Été à Sète (collectif) <a@ex.fr>": ("L’Été à Sète (collectif)", "a@ex.fr"),
    "Collectif @ Rennes <a@ex.fr>": ("Collectif @ Rennes", "a@ex.fr"),
    "J.-P. Dupont & fils <jp.dupont+envoi@ex.fr>": ("J.-P. Dupont & fils", "jp.dupont+envoi@ex.fr"),
    "Pétitions <envoi@pétitions.fr>": ("Pétitions", "envoi@xn--ptitions-b1a.fr"),
    "  Pétitions<envoi@EX.fr> ": ("Pétitions", "envoi@ex.fr"),
    "a@ex.fr": ("Signons", "a@ex.fr"),
    "<a@ex.fr>": ("Signons", "a@ex.fr"),
    "🌳 Le parc <a@serveur.local>": ("🌳 Le parc", "a@serveur.local"),
}


@pytest.mark.typed(
    "SIGNONS_MAIL_FROM avec une virgule, « ; », « : », des guillemets, des accents, un domaine accentué",
    "compris comme un nom et une adresse, et relu tel quel par le destinataire",
)
@pytest.mark.parametrize("said", SENDERS)
def test_sender_is_understood_as_a_name_and_an_address_and_sent_right(said: str) -> None:
    name, address = SENDERS[said]
    other, own = both(written("Titre", said))
    assert sender_of(other) == (name, address)
    assert (own["From"].addresses[0].display_name, own["From"].addresses[0].addr_spec) == (name, address)
    assert own["From"].defects == ()
    assert own["Message-ID"].endswith(f"{address.partition('@')[2]}>")
