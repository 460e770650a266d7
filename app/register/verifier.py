#!/usr/bin/env python3
"""Vérifie un reçu du registre des signatures, sans réseau, avec Python seul : python3 verifier.py RECU.txt [CLÉ…]

L’adresse est demandée au clavier. CLÉ : la clé publique du registre, telle que la page /registre l’affiche ;
sans elle, le reçu n’est cru que sur la clé qu’il porte. Code 0 si tout tient, 1 sinon.
"""

import base64
import hashlib
import re
import sys
from pathlib import Path

TITLE = "Reçu du registre public · Receipt of the public register · v1"
HEADING = (
    re.escape(TITLE) + r"\nregister (\S+)\nentry (v1 ([a-z-]+) [+-]1 \d+ (\S+) ([0-9a-f]{64}))\nsecret ([0-9a-f]{32})"
    r"\nkey (([^ +]+)\+([0-9a-f]{8})\+(\S+))"
)
PROOF = r"c2sp\.org/tlog-proof@v1\nindex (0|[1-9]\d{0,11})((?:\n[A-Za-z0-9+/]{43}=){0,63})"
HEAD = r"(\S+)\n([1-9]\d{0,11})\n([A-Za-z0-9+/]{43}=)(?:\n.+)*"
ALTERED = "Ce reçu a été modifié : une de ses lignes n’est pas écrite comme nous les écrivons."
OTHER_KEY = "Ce reçu est signé par une autre clé que celle du registre : il ne vient pas de ce site."
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def point(encoded: bytes) -> Point:
    """ValueError pour ce qu’aucun encodeur n’écrit."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("point")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, p: Point) -> Point:
    found = (0, 1, 1, 0)
    while n:
        found, n, p = add(found, p) if n & 1 else found, n >> 1, add(p, p)
    return found


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 (RFC 8032), strict : une seule écriture de la clé, de R et de S."""
    s = int.from_bytes(signature[32:], "little")
    try:
        (x, y, z, t), _ = point(public), point(signature[:32])
    except ValueError:
        return False
    if len(public) != 32 or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    x, y, z, t = add(times(s, base), times(k, (P - x, y, z, P - t)))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def need(valid: object, sentence: str) -> None:
    if not valid:
        sys.exit(f"NON. {sentence}")


def decoded(text: str) -> bytes:
    need(re.fullmatch(r"(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?", text, re.ASCII) and "_" not in text, ALTERED)
    found = base64.b64decode(text)
    need(base64.b64encode(found).decode() == text, ALTERED)
    return found


# Des fournisseurs ignorent ce qui suit un « + », certains signes, et n’ont qu’une boîte pour plusieurs domaines.
PROVIDERS = (
    (r"(gmail|googlemail)\.com", "[.]", "gmail.com"),
    (r"protonmail\.(com|ch)|proton\.me|pm\.me", "[._-]", "proton.me"),
    (r"(icloud|me|mac)\.com", "[+]", "icloud.com"),
    (r"(outlook|hotmail|live)\.(com|fr)|(msn|mailo|zaclys)\.com|fastmail\.(com|fm)|posteo\.(net|de)", "[+]", ""),
)


def canonical(email: str) -> str:
    local, _, domain = email.strip().lower().rpartition("@")
    domain = domain if domain.isascii() else domain.encode("idna").decode()
    for theirs, ignored, one in PROVIDERS:
        if re.fullmatch(theirs, domain):
            return f"{re.sub(ignored, '', local.partition('+')[0])}@{one or domain}"
    return f"{local}@{domain}"


def root(found: bytes, at: int, last: int, proof: list[bytes]) -> bytes:
    """Où la preuve mène depuis une ligne (RFC 9162, 2.1.3.2) ; b"" quand elle ne mène nulle part."""
    for sibling in proof:
        if not last:
            return b""
        if at & 1 or at == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        at, last = at >> 1, last >> 1
    return b"" if last else found


def main(path: str, trusted: list[str]) -> None:
    text = Path(path).read_text("utf-8-sig").strip()
    need(text.startswith(TITLE), "Ce texte n’est pas un reçu : un reçu commence par « Reçu du registre public ».")
    parts = text.split("\n\n")
    whole = len(parts) > 3 and len(parts[3].rpartition(" ")[2]) >= 92
    need(whole, "Ce reçu est incomplet : il en manque la fin. Téléchargez-le ou copiez-le en entier.")
    found = [re.fullmatch(*pair) for pair in zip((HEADING, PROOF, HEAD), parts, strict=False)]
    need(len(parts) == 4 and None not in found, ALTERED)
    heading, proof, head = (one.groups() if one else () for one in found)
    register, entry, kind, hour, commitment, secret, key, name, number, encoded = heading
    need(register == head[0], "Ce reçu mêle deux pétitions : sa ligne et sa tête ne sont pas du même registre.")
    size, public = int(head[1]), decoded(encoded)
    id_ = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    need(public[:1] == b"\1" and id_.hex() == number and (not trusted or key in trusted), OTHER_KEY)
    signatures = [decoded(line.rpartition(" ")[2]) for line in parts[3].split("\n") if line.startswith(f"— {name} ")]
    mine = [raw[4:] for raw in signatures if raw[:4] == id_]
    need(mine, OTHER_KEY)
    valid = all(signed(public[1:], f"{parts[2]}\n".encode(), raw) for raw in mine)
    need(valid, "La tête de ce reçu a été modifiée : la signature du registre ne lui correspond pas.")
    print("Adresse avec laquelle vous avez signé (elle ne quitte pas cette machine) :", file=sys.stderr)
    address = hashlib.sha256(canonical(sys.stdin.readline()).encode()).digest()
    said = bytes.fromhex(secret) + address + register.rpartition("/")[2].encode() + kind.encode()
    theirs = hashlib.sha256(said).hexdigest() == commitment
    at, path_up = int(proof[0]), [decoded(line) for line in proof[1].split()]
    leaf = hashlib.sha256(b"\0" + entry.encode()).digest()
    leads = at < size and root(leaf, at, size - 1, path_up) == decoded(head[2])
    need(leads or not theirs, "La preuve de ce reçu ne mène pas de sa ligne à la tête signée : il a été modifié.")
    need(leads, "La ligne de ce reçu a été modifiée : ce n’est pas celle que le registre contient à cette place.")
    need(theirs, "La ligne est bien dans le registre, mais ce reçu n’est pas celui de cette adresse.")
    print(f"OUI. Le registre {register} contient cette ligne, la {at + 1}e de {size} : {kind}, {hour}.")
    print("" if trusted else f"Comparez sa clé à celle que le site affiche à la page /registre : {key}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else sys.exit(__doc__)
