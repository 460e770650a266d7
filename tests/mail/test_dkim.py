"""The signature of our domain, as whoever receives a mail verifies it."""

from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.errors import SettingsError
from app.mail import outbox
from app.mail.dkim import signer_of
from app.mail.outbox import Mail
from app.mail.sending import Sender
from app.settings import Settings
from tests.conftest import settings_for
from tests.mailserver import MailServer
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
RSA = rsa.generate_private_key(65537, 2048)
HARD = "\n".join([
    "Été à Sète : « rendez-nous le train de nuit » — 100 € œuvre", ".", "..fin de ligne  ", ".caché",
    "\tun\ttab  et  deux", "long " * 200, "sansblanc" * 150, "", "", "From la gare", "= signe égal =", "", "",
])  # fmt: skip


def written(folder: Path, key: Key, secret: bytes = b"") -> str:
    """The file of a key, as openssl writes it."""
    file = folder / "dkim.pem"
    how = BestAvailableEncryption(secret) if secret else NoEncryption()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return str(file)


def published(settings: Settings) -> Callable[..., bytes | None]:
    """A name server that has the record which `doctor` says to publish."""
    signer = signer_of(settings)
    assert signer is not None
    record = "".join(signer.record.strip('"').split('" "'))
    return lambda name, timeout=5: record.encode() if name.decode() == f"{signer.name}." else None


@pytest.fixture(params=["rsa", "ed25519"])
def settings(database_url: str, tmp_path: Path, mail_server: MailServer, request: pytest.FixtureRequest) -> Settings:
    key = RSA if request.param == "rsa" else ed25519.Ed25519PrivateKey.generate()
    return settings_for(
        database_url,
        tmp_path,
        smtp_url=mail_server.url,
        mail_from="Pétitions <envoi@pétitions.fr>",
        dkim_key_file=written(tmp_path, key),
        dkim_selector="nov.2026",
    )


def test_what_arrives_is_signed_by_our_domain_and_nobody_can_change_or_add_to_it(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    words = {"title": "Été à Sète : " * 12, "text": HARD, "html": f"<p>{HARD}</p>"}
    stop = "https://p.exemple.fr/desabonnement/" + "jeton" * 30
    with site.database.write() as session:
        mails = [Mail("updates/letter", to, "fr", words) for to in ("a@exemple.test", "hélène@éxemple.fr")]
        outbox.enqueue(session, [*mails, Mail("updates/letter", "b@exemple.test", "fr", words, unsubscribe=stop)])
    sender.send_due()
    ask = published(site.settings)
    for mail in mail_server.wait(3):
        assert dkim.verify(mail.raw, dnsfunc=ask), mail.recipients
        head, _, body = mail.raw.partition(b"\r\n\r\n")
        signed = str(mail.message["DKIM-Signature"])
        assert "c=relaxed/relaxed" in signed
        assert "d=xn--ptitions-b1a.fr" in signed
        assert "s=nov.2026" in signed
        assert all(len(line) <= 78 for line in head.split(b"\r\n") if b"<http" not in line)
        for name in (b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Feedback-ID", b"Reply-To",
                     b"List-Unsubscribe", b"List-Unsubscribe-Post"):  # fmt: skip
            assert not dkim.verify(b"%b: x@exemple.test\r\n%b" % (name, mail.raw), dnsfunc=ask), name
            assert not dkim.verify(b"%b\r\n%b: x@exemple.test\r\n\r\n%b" % (head, name, body), dnsfunc=ask), name
        assert not dkim.verify(mail.raw.replace(b"gare", b"Gare", 1), dnsfunc=ask)
        # What servers on the way may do to blanks is not a change.
        assert dkim.verify(mail.raw.replace(b"Subject: ", b"Subject:   ", 1) + b"\r\n\r\n", dnsfunc=ask)


def test_a_public_key_is_published_as_its_norm_says(settings: Settings) -> None:
    signer = signer_of(settings)
    assert signer is not None
    raw = b64decode(signer.public)
    if signer.kind == "rsa":
        assert raw == RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # RFC 6376, 3.6.1
    else:
        assert len(raw) == 32  # RFC 8463, 4: without a wrapping
    assert all(len(each) <= 257 for each in signer.record.split(" ") if each.startswith('"'))


def test_without_a_key_nothing_is_signed(site: Site, mail_server: MailServer) -> None:
    unsigned = site.settings.model_copy(update={"dkim_key_file": ""})
    with site.database.write() as session:
        outbox.enqueue(
            session, [Mail("updates/letter", "a@exemple.test", "fr", {"title": "a", "text": "b", "html": "c"})]
        )
    with closing(Sender(unsigned, site.database, site.app.state.templates)) as sender:
        sender.send_due()
    assert mail_server.mails[0].message["DKIM-Signature"] is None


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda folder: None, "illisible"),
    "text": (lambda folder: (folder / "dkim.pem").write_text("une clé"), "n’est pas une clé privée PEM"),
    "public": (
        lambda folder: (folder / "dkim.pem").write_bytes(
            RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        ),
        "n’est pas une clé privée PEM",
    ),
    "closed": (lambda folder: written(folder, RSA, b"secret"), "n’est pas une clé privée PEM"),
    "small": (lambda folder: written(folder, rsa.generate_private_key(65537, 1024)), "2048 à 4096"),
    "other": (lambda folder: written(folder, ec.generate_private_key(ec.SECP256R1())), "2048 à 4096"),
}


@pytest.mark.typed("une clé DKIM absente, chiffrée, trop courte, publique", "le démarrage s’arrête et dit laquelle")
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_key_stops_the_start_with_one_sentence(wrong: str, tmp_path: Path) -> None:
    make, why = WRONG[wrong]
    make(tmp_path)
    settings = settings_for("sqlite:///x", tmp_path, dkim_key_file=str(tmp_path / "dkim.pem"))
    with pytest.raises(SettingsError) as caught:
        signer_of(settings)
    assert str(caught.value).startswith("SIGNONS_DKIM_KEY_FILE : ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
