"""A receipt proves its line to whoever has the address, or says what does not hold: three verifiers, the same cases."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.mail.addresses import canonical
from app.register import entries, notes, receipts, tree, verifier
from app.register.entries import PERSONAL, Entry, Kind
from app.register.notes import Head, Signer
from app.register.receipts import Flaw, Receipt

EMAIL = "Marie.Durand+petitions@gmail.com"
SECRET = bytes(range(16))
HOUR = datetime(2026, 11, 27, 16, tzinfo=UTC)
SIGNER = Signer("petitions.exemple/registre", b"k" * 32)
KEY = str(SIGNER.verifier)


def made(
    name: str = "gare",
    kind: Kind = Kind.CONFIRMED,
    signer: Signer = SIGNER,
    size: int = 300,
    at: int = 137,
    email: str = EMAIL,
) -> str:
    """A receipt of one entry among others."""
    own = entries.commitment(SECRET, canonical(email), name, kind).hex()
    some = [Entry(Kind.CONFIRMED, 1, 1, HOUR, sha256(bytes([n % 256, n >> 8])).hexdigest()) for n in range(size)]
    some[at] = Entry(kind, PERSONAL[kind], 1, HOUR, own)
    grown = tree.Growing(0, {})
    for entry in some:
        grown.append(bytes(entry))
    tiles, origin = grown.changed(), f"petitions.exemple/registre/{name}"
    note = notes.sign(str(Head(origin, size, grown.root())), [signer])
    proof = tree.inclusion(lambda level, number: tiles[level, number], at, size)
    return str(Receipt(origin, some[at], SECRET, signer.verifier, at, proof, note))


WHOLE = made()
OTHER = made("velo")


def _swapped(here: str, there: str) -> str:
    """The head of another register below one's own line and proof."""
    return "\n\n".join([*here.split("\n\n")[:2], *there.split("\n\n")[2:]])


def _flipped(text: str, after: str, ahead: int) -> str:
    at = text.index(after) + len(after) + ahead
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


# What was done to it, and what is said; the address is right but where it says otherwise.
WRONG: dict[str, tuple[str, Flaw]] = {
    "another text": ("Bonjour, voici mon reçu.", Flaw.NONE),
    "cut in its signature": (WHOLE[:-40], Flaw.TRUNCATED),
    "cut in its proof": (WHOLE[: WHOLE.index("index") + 60], Flaw.TRUNCATED),
    "only its title": (receipts.TITLE, Flaw.TRUNCATED),
    "a line that is none": (WHOLE.replace("entry v1 confirmed +1", "entry v1 confirmed +2"), Flaw.ALTERED),
    "its commitment": (re.sub(r"(T16Z [0-9a-f]{54}).{10}", r"\g<1>0123456789", WHOLE), Flaw.ENTRY),
    "its kind": (WHOLE.replace("confirmed +1", "withdrawn -1"), Flaw.ENTRY),
    "its hour": (WHOLE.replace("T16Z", "T17Z"), Flaw.PROOF),
    "its place": (WHOLE.replace("index 137", "index 136"), Flaw.PROOF),
    "its proof": (_flipped(WHOLE, "index 137\n", 5), Flaw.PROOF),
    "a proof one line shorter": (re.sub(r"(index 137\n)[^\n]+\n", r"\1", WHOLE), Flaw.PROOF),
    "its head": (WHOLE.replace("\n300\n", "\n301\n"), Flaw.HEAD),
    "its signature": (_flipped(WHOLE, "— petitions.exemple/registre ", 30), Flaw.HEAD),
    "its secret": (WHOLE.replace("secret 0001", "secret 0101"), Flaw.ADDRESS),
    "another key": (made(signer=Signer(SIGNER.name, b"z" * 32)), Flaw.OTHER_KEY),
    "the head of another petition": (_swapped(WHOLE, OTHER), Flaw.PETITION),
    "line and proof in another petition": (OTHER.replace("velo\nentry", "gare\nentry"), Flaw.PETITION),
}  # fmt: skip
by_case = pytest.mark.parametrize(("text", "flaw"), WRONG.values(), ids=list(WRONG))


def alone(tmp_path: Path, text: str, email: str = EMAIL, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """The stand-alone script, with nothing but Python."""
    path = tmp_path / "recu.txt"
    path.write_text(text, "utf-8")
    command = [sys.executable, "-I", verifier.__file__, str(path), *([key] if key else [])]
    return subprocess.run(command, input=f"{email}\n", capture_output=True, text=True, check=False, cwd=tmp_path)


def command(tmp_path: Path, text: str, email: str = EMAIL, *more: str) -> tuple[int, str]:
    path = tmp_path / "recu.txt"
    path.write_text(text, "utf-8")
    # No setting at all: not even a database to be found.
    environment = {"SIGNONS_DATABASE_URL": "nowhere", "SIGNONS_BASE_URL": "nowhere"}
    words = ["register", "verify", str(path), "--key", KEY, *more]
    done = CliRunner().invoke(main, words, input=f"{email}\n", env=environment)
    return done.exit_code, done.output


@pytest.mark.parametrize("kind", PERSONAL)
def test_a_receipt_holds(kind: Kind, tmp_path: Path) -> None:
    text = made(kind=kind)
    for said in (text, text.replace("\n", "\r\n"), f"\ufeff  {text}\n\n"):
        proven = receipts.check(said, "mariedurand@googlemail.com", [KEY])
        assert (proven.head.size, proven.receipt.position, proven.known) == (300, 137, True)
    assert not receipts.check(text, EMAIL).known
    done = alone(tmp_path, text, "mariedurand@gmail.com")
    assert (done.returncode, done.stdout.split(".")[0]) == (0, "OUI"), done.stderr
    assert KEY in alone(tmp_path, text, key="").stdout
    status, output = command(tmp_path, text)
    assert (status, "Ce reçu est vrai" in output) == (0, True), output


@by_case
def test_what_does_not_hold_has_its_sentence_everywhere(text: str, flaw: Flaw, tmp_path: Path) -> None:
    assert text != WHOLE
    with pytest.raises(receipts.Wrong) as raised:
        receipts.check(text, EMAIL, [KEY])
    assert raised.value.flaw == flaw
    done = alone(tmp_path, text)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"NON. {receipts.SENTENCES[flaw]}")
    status, output = command(tmp_path, text)
    assert status == 1
    assert output.endswith(f"{receipts.SENTENCES[flaw]}\n")


def test_somebody_else_s_receipt_is_not_mine(tmp_path: Path) -> None:
    for email in ("marie.durand@exemple.fr", "", "marie", "mariedurand@gmail.com@x"):
        with pytest.raises(receipts.Wrong) as raised:
            receipts.check(WHOLE, email, [KEY])
        assert raised.value.flaw == Flaw.ADDRESS, email
        assert alone(tmp_path, WHOLE, email).stderr.endswith(f"{receipts.SENTENCES[Flaw.ADDRESS]}\n")
    assert command(tmp_path, WHOLE, "autre@exemple.fr")[0] == 1


ADDRESSES = [
    "a.b+c@gmail.com", "A.B@GoogleMail.com", "a.b-c_d+e@pm.me", "a.b+c@me.com", "a.b+c@outlook.fr", "a+b@live.com",
    "a.b+c@posteo.de", "a+b@zaclys.com", "a.b+c@exemple.fr", "Éloïse@exemple.fr", "a@bücher.de", "a+b@mailo.com",
    "a+b@fastmail.fm", "a+b@mail.gmail.com", "a+b@msn.com", "a.b@protonmail.ch",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_script_writes_addresses_as_we_do(address: str) -> None:
    assert verifier.canonical(f" {address} ") == canonical(address)


def test_the_script_is_short_and_asks_nothing_of_anybody() -> None:
    source = Path(verifier.__file__).read_text()
    assert source.count("\n") <= 150
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= sys.stdlib_module_names - {"socket", "urllib", "http", "subprocess"}


def test_the_script_takes_one_spelling_of_a_signature() -> None:
    """RFC 8032, and no more: neither S + L, nor a point that is none, nor a y beyond the field."""
    key, message = SIGNER.verifier.public, b"une tete"
    good = SIGNER._key.sign(message)
    s = int.from_bytes(good[32:], "little")
    assert verifier.signed(key, message, good)
    wrong: dict[str, Callable[[], bool]] = {
        "S + L": lambda: verifier.signed(key, message, good[:32] + (s + verifier.ORDER).to_bytes(32, "little")),
        "another message": lambda: verifier.signed(key, b"une autre", good),
        "R": lambda: verifier.signed(key, message, bytes([good[0] ^ 1]) + good[1:]),
        "short": lambda: verifier.signed(key, message, good[:63]),
        "long": lambda: verifier.signed(key, message, good + b"\0"),
        "y beyond the field": lambda: verifier.signed((2**255 - 18).to_bytes(32, "little"), message, good),
        "minus zero": lambda: verifier.signed(bytes([1]) + bytes(30) + b"\x80", message, good),
        "no point": lambda: verifier.signed(bytes([2]) + bytes(31), message, good),
    }
    assert [name for name, accepted in wrong.items() if accepted()] == []
