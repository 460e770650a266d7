"""A receipt: what somebody keeps to show that their event is in the register. Text, made once, checked anywhere. Pure.

    Reçu du registre public · Receipt of the public register · v1
    register petitions.example/registre/gare
    entry v1 confirmed +1 1 2026-11-27T16Z 6b2f…
    secret 3d0c…
    key petitions.example/registre+5a1c0d7e+AX…

    c2sp.org/tlog-proof@v1
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
    …

    petitions.example/registre/gare
    109482
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

    — petitions.example/registre Wg…

From its seventh line on it is a C2SP ``tlog-proof`` of that entry. It names nobody: the address is given by
whoever checks it.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest

from app.mail.addresses import canonical
from app.register import entries, notes, tree
from app.register.entries import SECRET, Entry
from app.register.notes import Head, Note, Verifier

TITLE = "Reçu du registre public · Receipt of the public register · v1"
PROOF = "c2sp.org/tlog-proof@v1"
MOST_SIGNS = 20_000


class Flaw(StrEnum):
    NONE = "none"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    OTHER_KEY = "other-key"
    HEAD = "head"
    PETITION = "petition"
    ENTRY = "entry"
    PROOF = "proof"
    ADDRESS = "address"


SENTENCES = {
    Flaw.NONE: "Ce texte n’est pas un reçu : un reçu commence par « Reçu du registre public ».",
    Flaw.TRUNCATED: "Ce reçu est incomplet : il en manque la fin. Téléchargez-le ou copiez-le en entier.",
    Flaw.ALTERED: "Ce reçu a été modifié : une de ses lignes n’est pas écrite comme nous les écrivons.",
    Flaw.OTHER_KEY: "Ce reçu est signé par une autre clé que celle du registre : il ne vient pas de ce site.",
    Flaw.HEAD: "La tête de ce reçu a été modifiée : la signature du registre ne lui correspond pas.",
    Flaw.PETITION: "Ce reçu mêle deux pétitions : sa ligne et sa tête ne sont pas du même registre.",
    Flaw.ENTRY: "La ligne de ce reçu a été modifiée : ce n’est pas celle que le registre contient à cette place.",
    Flaw.PROOF: "La preuve de ce reçu ne mène pas de sa ligne à la tête signée : il a été modifié.",
    Flaw.ADDRESS: "La ligne est bien dans le registre, mais ce reçu n’est pas celui de cette adresse.",
}


class Wrong(Exception):
    """One thing does not hold, the first that was found."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(SENTENCES[flaw])
        self.flaw = flaw


@dataclass(frozen=True)
class Receipt:
    # The log's origin, the entry, and what makes its commitment out of an address.
    origin: str
    entry: Entry
    secret: bytes
    key: Verifier
    position: int
    proof: Sequence[bytes]
    # The checkpoint, as it was signed.
    note: str

    def __str__(self) -> str:
        said = [TITLE, f"register {self.origin}", f"entry {bytes(self.entry).decode()}"]
        said += [f"secret {self.secret.hex()}", f"key {self.key}", ""]
        said += [PROOF, f"index {self.position}", *(b64encode(digest).decode() for digest in self.proof), ""]
        return "\n".join(said) + "\n" + self.note

    @classmethod
    def read(cls, text: str) -> "Receipt":
        """Spaces around it and the line ends of other systems do not matter. Raises Wrong."""
        text = text.lstrip("\ufeff").replace("\r\n", "\n").strip()
        if not text.startswith(TITLE) or len(text) > MOST_SIGNS:
            raise Wrong(Flaw.NONE)
        parts = text.split("\n\n")
        if len(parts) < 4 or len(parts[3].rpartition(" ")[2]) < SIGNATURE:
            raise Wrong(Flaw.TRUNCATED)
        heading, proof = _HEADING.fullmatch(parts[0]), _PROOF.fullmatch(parts[1])
        if len(parts) > 4 or heading is None or proof is None:
            raise Wrong(Flaw.ALTERED)
        try:
            return cls(
                origin=heading[1],
                entry=Entry.read(heading[2].encode()),
                secret=bytes.fromhex(heading[3]),
                key=Verifier.read(heading[4]),
                position=int(proof[1]),
                proof=[_digest(line) for line in proof[2].split()],
                note=str(Note.read(f"{parts[2]}\n\n{parts[3]}\n")),
            )
        except (entries.Malformed, notes.Malformed):
            raise Wrong(Flaw.ALTERED) from None


# Of four bytes and an Ed25519 signature, in base64.
SIGNATURE = 92
_HEADING = re.compile(rf"{re.escape(TITLE)}\nregister (\S+)\nentry (.+)\nsecret ([0-9a-f]{{{2 * SECRET}}})\nkey (\S+)")
_PROOF = re.compile(rf"{re.escape(PROOF)}\nindex (0|[1-9]\d{{0,11}})((?:\n[A-Za-z0-9+/]{{43}}=){{0,63}})", re.ASCII)


def _digest(line: str) -> bytes:
    """Raises Malformed for a second spelling of the same bytes."""
    found = b64decode(line)
    if b64encode(found).decode() != line:
        raise notes.Malformed("base64")
    return found


@dataclass(frozen=True)
class Proven:
    """What holds, and on whose word."""

    receipt: Receipt
    head: Head
    # The key was known beforehand, and not only from the receipt itself.
    known: bool


def check(text: str, email: str, keys: Collection[str] = ()) -> Proven:
    """*keys*: vkeys of the site, where known; else the receipt is believed on its own. Raises Wrong."""
    receipt = Receipt.read(text)
    note = Note.read(receipt.note)
    try:
        head = Head.read(note.text)
    except notes.Malformed:
        raise Wrong(Flaw.ALTERED) from None
    if receipt.origin != head.origin:
        raise Wrong(Flaw.PETITION)
    if keys and str(receipt.key) not in keys:
        raise Wrong(Flaw.OTHER_KEY)
    try:
        signed = note.signed_by([receipt.key])
    except notes.Unverified:
        raise Wrong(Flaw.HEAD) from None
    if not signed:
        raise Wrong(Flaw.OTHER_KEY)
    theirs = _is_of(receipt, email, head)
    if not _leads_to(receipt, head):
        raise Wrong(Flaw.PROOF if theirs else Flaw.ENTRY)
    if not theirs:
        raise Wrong(Flaw.ADDRESS)
    return Proven(receipt, head, bool(keys))


def _is_of(receipt: Receipt, email: str, head: Head) -> bool:
    try:
        address = canonical(email.strip())
    except UnicodeError:
        return False
    name, entry = head.origin.rpartition("/")[2], receipt.entry
    return compare_digest(entry.commitment, entries.commitment(receipt.secret, address, name, entry.kind))


def _leads_to(receipt: Receipt, head: Head) -> bool:
    try:
        found = tree.root_by_inclusion(tree.leaf(bytes(receipt.entry)), receipt.position, head.size, receipt.proof)
    except tree.Unproven:
        return False
    return found == head.root
