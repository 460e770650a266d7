"""A picture is published as its owner sees it, or refused with a sentence; a small file never takes much memory."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageCms

from app.errors import Refused
from app.petitions import decoding, images, importing
from tests.site import PETITION

ROOT = Path(__file__).resolve().parents[2]
CLEAR_RED, BLUE = (255, 0, 0, 0), (0, 0, 255, 255)


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    output = io.BytesIO()
    picture.save(output, kind, **options)
    return output.getvalue()


def halves(mode: str = "RGBA") -> Image.Image:
    """Blue on the left, and on the right a red that cannot be seen."""
    picture = Image.new("RGBA", (40, 20), CLEAR_RED)
    picture.paste(BLUE, (0, 0, 20, 20))
    return picture.convert(mode)


def bomb(width: int, height: int) -> bytes:
    """A black PNG of one bit a point: some kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * ((width + 7) // 8 + 1) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def near(seen: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(one - other) < 12 for one, other in zip(seen, wanted, strict=True))


@pytest.mark.typed("un PNG transparent, une palette avec transparence", "le fond est blanc")
@pytest.mark.parametrize(
    "content",
    [
        file_of(halves()),
        file_of(halves(), "WEBP", lossless=True),
        file_of(halves().quantize(8)),
        file_of(halves("RGB").quantize(8), transparency=halves("RGB").quantize(8).getpixel((30, 10))),
    ],
    ids=["png", "webp", "palette", "palette of one"],
)
def test_what_was_transparent_is_white(content: bytes) -> None:
    seen = decoding.upright(content)
    assert seen.mode == "RGB"
    assert near(seen.getpixel((5, 10)), (0, 0, 255))
    assert near(seen.getpixel((35, 10)), (255, 255, 255))


@pytest.mark.typed("un PNG de gris sur 16 bits", "les gris restent")
def test_greys_stay_greys() -> None:
    deep = Image.new("I;16", (64, 4))
    deep.putdata([(n % 64) * 1024 for n in range(256)])
    seen = decoding.upright(file_of(deep))
    assert [seen.getpixel((x, 2)) for x in (0, 32, 63)] == [(0, 0, 0), (128, 128, 128), (252, 252, 252)]
    half = decoding.upright(file_of(Image.new("LA", (9, 9), (0, 128))))
    assert near(half.getpixel((4, 4)), (127, 127, 127))
    assert decoding.upright(file_of(Image.new("1", (9, 9), 1))).getpixel((4, 4)) == (255, 255, 255)


def test_colours_of_printers_become_those_of_screens() -> None:
    red = decoding.upright(file_of(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG"))
    assert near(red.getpixel((4, 4)), (255, 0, 0))


@pytest.mark.parametrize(("kind", "turned"), [("JPEG", 6), ("JPEG", 3), ("PNG", 6), ("WEBP", 8)])
def test_a_picture_stands_upright_and_keeps_no_secret(kind: str, turned: int, tmp_path: Path) -> None:
    said = Image.Exif()
    said[0x0112], said[0x010E] = turned, "48.8566 N"
    content = file_of(halves("RGB"), kind, exif=said, icc_profile=b"profile of somebody" * 8)
    seen = decoding.upright(content)
    assert seen.size == ((40, 20) if turned == 3 else (20, 40))
    first = {6: (10, 5), 3: (35, 10), 8: (10, 35)}[turned]
    assert near(seen.getpixel(first), (0, 0, 255))
    kept = images.kept(content, tmp_path)
    assert (kept.width, kept.height) == seen.size
    for file in tmp_path.iterdir():
        copy = file.read_bytes()
        assert b"48.8566" not in copy
        assert b"somebody" not in copy
        assert b"Exif" not in copy
        assert near(Image.open(file).convert("RGB").getpixel(first), (0, 0, 255))


def test_the_colours_are_those_of_its_profile() -> None:
    """A profile in which red and blue have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    for picture in (Image.new("RGB", (9, 9), "red"), Image.new("RGBA", (9, 9), "red")):
        seen = decoding.upright(file_of(picture, icc_profile=swapped))
        assert near(seen.getpixel((4, 4)), (0, 0, 255))


def test_the_second_picture_of_a_telephone_is_not_an_animation() -> None:
    content = file_of(halves("RGB"), "MPO", save_all=True, append_images=[halves("RGB")])
    assert decoding.upright(content).size == (40, 20)


@pytest.mark.typed("une photo HEIC de 4032 points", "trois tailles, en AVIF et en WebP")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_format_is_kept_in_several_sizes(kind: str, tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    kept = images.kept(file_of(Image.new("RGB", (2000, 1000), "navy"), kind), tmp_path)
    assert (kept.width, kept.height) == (1600, 800)
    files = {file.name: Image.open(file) for file in tmp_path.iterdir()}
    assert {name: file.size for name, file in files.items()} == {
        f"{kept.name}-{width}.{ending}": (width, width // 2)
        for width in (480, 960, 1600)
        for ending in ("avif", "webp")
    }
    assert all(near(file.convert("RGB").getpixel((9, 9)), (0, 0, 128)) for file in files.values())
    assert images.kept(file_of(Image.new("RGB", (2000, 1000), "navy"), kind), tmp_path) == kept
    assert len(list(tmp_path.iterdir())) == 6


def test_no_copy_is_larger_than_the_picture(tmp_path: Path) -> None:
    for size, widths in (
        ((300, 900), [300]),
        ((480, 10), [480]),
        ((3000, 3), [480, 960, 1600]),
        ((900, 2400), [480, 600]),
    ):
        kept = images.kept(file_of(Image.new("RGB", size)), tmp_path)
        found = [file.stem.removeprefix(f"{kept.name}-") for file in tmp_path.glob(f"{kept.name}-*.avif")]
        assert sorted(map(int, found)) == widths
        assert [part.split("-")[1].split(".")[0] for part in images.sets(kept.name, kept.width)[0][1].split(", ")] == [
            str(width) for width in widths
        ]


def test_what_hides_behind_a_picture_is_not_kept(tmp_path: Path) -> None:
    for content in (file_of(halves("RGB"), "JPEG"), file_of(halves()), file_of(halves(), "WEBP")):
        images.kept(content + b"<script>alert(1)</script>PK\x03\x04", tmp_path)
    assert all(b"<script>" not in file.read_bytes() for file in tmp_path.iterdir())


NOISE = Image.effect_noise((300, 300), 60).convert("RGB")
MOVING = {"save_all": True, "append_images": [Image.new("RGBA", (40, 20), "green")]}
NAMED = "JPEG, PNG, WebP, AVIF ou HEIC"


def heic(picture: Image.Image) -> bytes:
    pillow_heif.register_heif_opener()
    return file_of(picture, "HEIF")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (file_of(NOISE, "JPEG")[:9000], "entier"),
        (file_of(NOISE)[:9000], "entier"),
        (file_of(NOISE, "WEBP")[:5000], "entier"),
        (file_of(NOISE, "AVIF")[:5000], "entier"),
        (heic(NOISE)[:5000], "entier"),
        (file_of(NOISE)[:40], "entier"),
        (b"\xff\xd8\xff", "entier"),
        (b"\0\0\0\x18ftypheic", "entier"),
        (file_of(halves("RGB"), "GIF"), NAMED),
        (file_of(halves("RGB"), "TIFF"), NAMED),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NAMED),
        (b"%PDF-1.4", NAMED),
        (b"", NAMED),
        (file_of(halves(), "PNG", **MOVING), "une image fixe"),
        (file_of(halves(), "WEBP", **MOVING), "une image fixe"),
        (file_of(halves(), "AVIF", **MOVING), "une image fixe"),
        (bomb(9000, 9000), "50 millions de points au plus"),
        (bomb(13_000, 13_000), "50 millions de points au plus"),
        (bomb(60_000, 60_000)[:100_000], "50 millions de points au plus"),
        (b"\xff\xd8" + b"\0" * images.MAX_BYTES, "10 Mo au plus"),
    ],
)
def test_anything_else_is_refused_with_its_reason(content: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=sentence):
        images.kept(content, tmp_path)
    with pytest.raises(Refused, match=sentence):
        images.look(content)
    assert list(tmp_path.iterdir()) == []


def test_whoever_opens_it_may_take_little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Memory, time and files are limited by the system, not by what the decoder promises."""
    written = tmp_path / "written"
    for body in ("bytearray(3 << 30)", f"open({str(written)!r}, 'wb', 0).write(b'x')", "exec('while True: pass')"):
        program = tmp_path / "child.py"
        limited = f"import decoding; decoding.SECONDS = 1; decoding.limit(); {body}; print('{{}}')"
        program.write_text(f"import sys; sys.path.insert(0, {str(ROOT / 'app' / 'petitions')!r}); {limited}")
        monkeypatch.setattr(decoding, "__file__", str(program))
        with pytest.raises(Refused, match="trop de calcul"):
            images.look(file_of(NOISE))
    assert not written.exists() or written.read_bytes() == b""


def test_a_file_of_ten_kilobytes_takes_no_half_gigabyte(tmp_path: Path) -> None:
    (tmp_path / "bombe.png").write_bytes(bomb(9000, 9000))
    (tmp_path / "p.md").write_text(PETITION.replace("goal: 500", "image: {file: bombe.png, alt: Noir}\ngoal: 500"))
    program = (
        "import resource, sys; from pathlib import Path; from app.petitions import importing; import app.errors\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: importing.read(Path(sys.argv[1]))\n"
        "except app.errors.Refused as refused: print(refused)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = [sys.executable, "-c", program, str(tmp_path / "p.md")]
    said, grown = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    assert said.endswith("p.md, ligne 7, champ image.file : 50 millions de points au plus.")
    assert int(grown) < 20_000  # KiB


def test_a_bad_picture_is_told_with_its_line(tmp_path: Path) -> None:
    for name, said in (("absente.png", "illisible"), ("..", "illisible"), ("x\u00a0y.png", "illisible")):
        source = PETITION.replace("goal: 500", f'image:\n  file: "{name}"\n  alt: Noir\ngoal: 500')
        with pytest.raises(Refused, match=rf"p\.md, ligne 8, champ image\.file : .*{said}.*\.$"):
            importing.parse(source, "p.md", tmp_path)
