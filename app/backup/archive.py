"""The file of a backup: a tar in an age envelope, whose first member tells what the others must be."""

import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pyrage

from app import crypto
from app.backup.progress import Progress
from app.errors import Refused

MAGIC = b"age-encryption.org/"
FORMAT = 1
MANIFEST = "manifest.json"
PIECE = 1 << 20
OTHER_KEY = "%(path)s a été chiffrée avec une autre SIGNONS_SECRET_KEY que celle d’ici."
DAMAGED = "%(path)s est incomplète ou abîmée."
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def identity(secret: bytes) -> pyrage.x25519.Identity:
    """The age key of this instance, always the same for the same SIGNONS_SECRET_KEY.

    An X25519 key rather than a passphrase: a backup is encrypted as a stream, whatever its size.
    """
    return pyrage.x25519.Identity.from_str(_bech32("age-secret-key-", crypto.derive(secret, "backup")).upper())


def _bech32(prefix: str, key: bytes) -> str:
    """How age spells a 32-byte key (BIP 173)."""
    number = int.from_bytes(key, "big") << 4
    values = [number >> 5 * i & 31 for i in reversed(range(52))]
    check = 1
    for value in [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *values, *[0] * 6]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    values += [(check ^ 1) >> 5 * i & 31 for i in reversed(range(6))]
    return prefix + "1" + "".join(BECH32[value] for value in values)


def write(
    path: Path, key: pyrage.x25519.Identity, about: Mapping[str, Any], members: Mapping[str, Path], progress: Progress
) -> None:
    """Encrypt *members* to *path* by way of ``path.part``, which is read again before it gets its name."""
    listed = {name: _described(file) for name, file in members.items()}
    total = sum(size for size, _ in listed.values())
    manifest = json.dumps({"format": FORMAT, **about, "members": listed}).encode()

    def produce(pipe: IO[bytes]) -> None:
        with tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(manifest)
            tar.addfile(head, io.BytesIO(manifest))
            for name, file in members.items():
                entry = tarfile.TarInfo(name)
                entry.size, _ = listed[name]
                with file.open("rb") as content:
                    tar.addfile(entry, content)

    part = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with _pipe(produce) as plain:
                pyrage.encrypt_io(progress.reading("Chiffrement", plain, total), file, [key.to_public()])
            file.flush()
            os.fsync(file.fileno())
        read(part, key, None, progress)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise Refused("%(path)s : écriture impossible (%(why)s).", path=path, why=error.strerror or error) from error
    finally:
        part.unlink(missing_ok=True)


def read(path: Path, key: pyrage.x25519.Identity, folder: Path | None, progress: Progress) -> dict[str, Any]:
    """Decrypt and check every byte, into *folder* if given; the manifest. Raises Refused."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Refused("%(path)s n’est pas une sauvegarde de Signons.", path=path)
            file.seek(0)
            source = progress.reading("Vérification", file, path.stat().st_size)
            with _pipe(lambda pipe: pyrage.decrypt_io(source, pipe, [key])) as plain:
                return _unpacked(plain, folder)
    except pyrage.DecryptError as error:
        if "matching keys" in str(error):
            raise Refused(OTHER_KEY, path=path) from None
        raise Refused(DAMAGED, path=path) from None
    except (tarfile.TarError, EOFError, ValueError, KeyError) as error:
        raise Refused(DAMAGED, path=path) from error
    except OSError as error:
        if error.errno is None:  # age's own: a piece is missing or was changed
            raise Refused(DAMAGED, path=path) from None
        raise Refused("%(path)s : lecture impossible (%(why)s).", path=path, why=error.strerror) from None


def _unpacked(plain: IO[bytes], folder: Path | None) -> dict[str, Any]:
    with tarfile.open(fileobj=plain, mode="r|") as tar:
        first = tar.next()
        content = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
        if content is None:
            raise ValueError("no manifest")
        manifest: dict[str, Any] = json.loads(content.read())
        if manifest["format"] != FORMAT:
            raise Refused("Cette sauvegarde vient d’une version plus récente de Signons : mettez d’abord à jour.")
        waiting = dict(manifest["members"])
        while (entry := tar.next()) is not None:
            size, digest = waiting.pop(entry.name)
            content = tar.extractfile(entry)
            target = folder / entry.name if folder is not None else None
            if content is None or not _safe(entry.name) or _copied(content, target) != (size, digest):
                raise ValueError(f"{entry.name} is not what the manifest tells")
        if waiting:
            raise ValueError("members are missing")
    while plain.read(PIECE):
        pass  # to the end: the last piece is where age tells that the file is whole
    return manifest


def _safe(name: str) -> bool:
    parts = name.split("/")
    return len(parts) <= 2 and all(part and not part.startswith(".") for part in parts)


def _described(file: Path) -> tuple[int, str]:
    with file.open("rb") as content:
        return _copied(content, None)


def _copied(content: IO[bytes], target: Path | None) -> tuple[int, str]:
    """Copy, or only read; size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") if target is not None else io.BytesIO() as output:
        while piece := content.read(PIECE):
            size += len(piece)
            digest.update(piece)
            if target is not None:
                output.write(piece)
    return size, digest.hexdigest()


@contextmanager
def _pipe(produce: Callable[[IO[bytes]], object]) -> Iterator[IO[bytes]]:
    """What *produce* writes, on a thread of its own; what it raised is raised here."""
    reader, writer = os.pipe()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writer, "wb") as output:
                produce(output)
        except BaseException as error:  # told to the reader
            raised.append(error)

    thread = threading.Thread(target=run, name="backup", daemon=True)
    thread.start()
    with suppress(BrokenPipeError), os.fdopen(reader, "rb") as plain:
        try:
            yield plain
        except Exception:
            plain.close()
            thread.join()
            # A cut tar is only the consequence of what happened on the other side.
            if raised and not isinstance(raised[0], BrokenPipeError):
                raise raised[0] from None
            raise
    thread.join()
    if raised:
        raise raised[0]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
