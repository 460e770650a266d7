"""Pictures: re-encoded, so that nothing hidden in the file (place, device) is published."""

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageOps

from app.errors import Refused

MAX_BYTES = 5 * 1024 * 1024
# Looked at before anything is decoded: a file of some kilobytes may unfold into gigabytes.
MAX_PIXELS = 25_000_000
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")
EXPECTED = "un fichier JPEG, PNG ou WebP entier est attendu"


def read(path: Path) -> Image.Image:
    """See :func:`decoded`. Raises Refused too when there is no such file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Refused(
            "%(path)s illisible (%(why)s)", path=path, why=getattr(error, "strerror", None) or error
        ) from None
    return decoded(content)


def decoded(content: bytes) -> Image.Image:
    """The picture as it is seen: upright, opaque, MAX_SIDE at most. Raises Refused with half a sentence."""
    if len(content) > MAX_BYTES:
        raise Refused("5 Mo au plus")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Refused("%(most)s millions de points au plus", most=MAX_PIXELS // 1_000_000)
            # Telephones put a second, hidden picture in a JPEG: that one does not move.
            if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
                raise Refused("une image fixe est attendue, pas une animation")
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            picture = _in_colours(image)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(_opaque(picture))
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("%(most)s millions de points au plus", most=MAX_PIXELS // 1_000_000) from None
    except Exception:  # a broken file makes Pillow raise nearly anything
        raise Refused(EXPECTED) from None
    upright.info = {}
    return upright


def _in_colours(image: Image.Image) -> Image.Image:
    """Eight bits a colour, with what one sees through; not copied when it is so already: it may be large."""
    if image.mode.startswith("I"):  # greys of sixteen bits, which convert() would only cut
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _opaque(picture: Image.Image) -> Image.Image:
    """On white paper."""
    if picture.mode == "RGB":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    paper.info = picture.info
    return paper


def keep(picture: Image.Image, store: Path) -> tuple[str, int, int]:
    """Put a clean copy of it under *store*; returns its name, width and height."""
    output = io.BytesIO()
    picture.save(output, "WEBP", quality=80)
    name = hashlib.sha256(output.getvalue()).hexdigest()[:24] + ".webp"
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    (store / name).write_bytes(output.getvalue())
    return name, picture.width, picture.height
