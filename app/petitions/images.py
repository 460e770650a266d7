"""Pictures: re-encoded, so that nothing hidden in the file (place, device) is published."""

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import Refused

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")


def keep(path: Path, store: Path) -> tuple[str, int, int]:
    """Put a clean copy of the picture under *store*; returns its name, width and height."""
    try:
        return keep_bytes(path.read_bytes(), store)
    except OSError as error:
        raise Refused(f"champ image.file : {path} illisible ({error.strerror or error}).") from None


def keep_bytes(content: bytes, store: Path) -> tuple[str, int, int]:
    """See :func:`keep`. Raises Refused for anything but a JPEG, PNG or WebP of a sane size."""
    if len(content) > MAX_BYTES:
        raise Refused("champ image : 5 Mo au plus.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        raise Refused("champ image : un fichier JPEG, PNG ou WebP est attendu.") from None
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    output = io.BytesIO()
    picture.save(output, "WEBP", quality=80)
    name = hashlib.sha256(output.getvalue()).hexdigest()[:24] + ".webp"
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    (store / name).write_bytes(output.getvalue())
    return name, picture.width, picture.height
