"""The child that opens strangers' pictures: ``python -I decoding.py PLAN``, a picture in, clean copies out.

It imports Pillow and nothing of ours, may take LIMITS and no more, and can write no file: whatever a picture does to
the decoder, it does it here. ``images`` calls it, and says in words what went wrong.

Out: one line of JSON, ``{"fault": …}`` or ``{"copies": [[width, height, kind, bytes], …]}``, then the copies.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from PIL import Image, ImageCms, ImageFile, ImageOps

# Looked at before anything is decoded: a file of some kilobytes may unfold into gigabytes.
MAX_PIXELS = 50_000_000
MAX_SIDE = 1600
WIDTHS = (480, 960, 1600)
MEMORY, SECONDS = 1 << 30, 20
PROFILE = "icc_profile"


class Fault(Exception):
    """``str()`` is ``format``, ``pixels``, ``moving`` or ``broken``."""


def kind_of(head: bytes) -> str:
    """The format that the first bytes say; "" for one that we do not open."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[n : n + 4] for n in range(16, min(len(head), head[3] or 64), 4))}
        if head[8:12] in {b"avif", b"avis"} or b"avif" in brands:
            return "AVIF"
        if brands & {b"heic", b"heix", b"heim", b"heis", b"mif1"}:
            return "HEIF"
    return ""


def opened(content: bytes) -> Image.Image:
    """Not decoded yet. Raises Fault."""
    kind = kind_of(content[:64])
    if not kind:
        raise Fault("format")
    if kind == "HEIF":
        import pillow_heif  # 20 ms that other pictures need not wait

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    image = Image.open(io.BytesIO(content), formats=[kind])
    if image.width * image.height > MAX_PIXELS:
        raise Fault("pixels")
    # Telephones put a second, hidden picture in a JPEG or a HEIC: that one does not move.
    if kind in {"PNG", "WEBP", "AVIF"} and getattr(image, "is_animated", False):
        raise Fault("moving")
    return image


def upright(content: bytes) -> Image.Image:
    """The picture as it is seen: upright, opaque, in the colours of screens, MAX_SIDE at most. Raises Fault."""
    try:
        with opened(content) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            profile = image.info.get(PROFILE)
            picture = image if image.mode in {"RGB", "CMYK", "L"} else _eight_bits(image)
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            seen = ImageOps.exif_transpose(picture)
            seen = _opaque(_screen(seen, profile))
    except Fault:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Fault("pixels") from None
    except Exception:  # a broken file makes Pillow raise nearly anything
        raise Fault("broken") from None
    seen.info = {}
    return seen


def _eight_bits(image: Image.Image) -> Image.Image:
    """Eight bits a colour, with what one sees through."""
    if image.mode.startswith("I"):  # greys of sixteen bits, which convert() would only cut
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _screen(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB: by its profile where it has one that can be read."""
    colours = picture.convert("RGB") if picture.mode == "RGBA" else picture
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            seen = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            assert seen is not None
            return _seen_through(seen, picture)
    return picture if picture.mode == "RGBA" else colours.convert("RGB")


def _seen_through(colours: Image.Image, like: Image.Image) -> Image.Image:
    if like.mode == "RGBA":
        colours.putalpha(like.getchannel("A"))
    return colours


def _opaque(picture: Image.Image) -> Image.Image:
    """On white paper."""
    if picture.mode == "RGB":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def widths_of(width: int) -> list[int]:
    """Those in which a picture so wide is kept: never larger than it is."""
    return [one for one in WIDTHS if one < width] + [min(width, MAX_SIDE)]


def copies(picture: Image.Image) -> Iterator[tuple[int, int, str, bytes]]:
    encoders: dict[str, Callable[[Image.Image, io.BytesIO], None]] = {
        "avif": lambda copy, out: copy.save(out, "AVIF", quality=55, speed=8, max_threads=1),
        "webp": lambda copy, out: copy.save(out, "WEBP", quality=80, method=4),
    }
    for width in widths_of(picture.width):
        height = max(1, round(picture.height * width / picture.width))
        copy = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        for kind, encode in encoders.items():
            out = io.BytesIO()
            encode(copy, out)
            yield width, height, kind, out.getvalue()


def limit() -> None:
    """Of this process: memory, time, and no file at all; macOS knows no limit of memory. Whoever signs goes first."""
    os.nice(10)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main(plan: str) -> None:
    """``look`` says only whether it can be kept; ``keep`` gives the copies."""
    limit()
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        picture = upright(sys.stdin.buffer.read())
        made = list(copies(picture)) if plan == "keep" else []
    except Fault as fault:
        print(json.dumps({"fault": str(fault)}))
        return
    except MemoryError:
        print(json.dumps({"fault": "pixels"}))
        return
    print(json.dumps({"copies": [[width, height, kind, len(data)] for width, height, kind, data in made]}), flush=True)
    for *_, data in made:
        sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
