"""Both files opened in LibreOffice, and the workbook by itself: zeros, accents, 山田, formulas, dates, what it is."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from app.exports.models import ExportRecord
from app.zone import ZONE
from tests.exports.test_files import REFERENCE, _insert, export
from tests.exports.test_page import REASON, fetched
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

NAMES = {
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
}
# From which a workbook counts days.
EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
FORMULA = '=HYPERLINK("http://mechant.test";"Lire")'


@dataclass
class Cell:
    kind: str  # as LibreOffice understood it: string, float, date
    shown: str
    date: str


def attribute(element: ElementTree.Element, space: str, name: str) -> str:
    uri = next(uri for uri, short in NAMES.items() if short == space)
    return element.get(f"{{{uri}}}{name}", "")


def opened(folder: Path, content: bytes, name: str, *options: str) -> dict[str, list[list[Cell]]]:
    """Sheet → lines, as LibreOffice understood the file; nothing in it may be a formula or a link."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        pytest.skip("LibreOffice (soffice) is not on PATH: the export was not opened in it")
    (folder / name).write_bytes(content)
    subprocess.run(
        [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", *options,
         "--convert-to", "fods", "--outdir", str(folder), str(folder / name)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    source = (folder / name).with_suffix(".fods").read_text()
    body = source[source.index("<office:spreadsheet") :]
    assert "table:formula" not in body
    assert "xlink:href" not in body
    sheets: dict[str, list[list[Cell]]] = {}
    for sheet in ElementTree.fromstring(source).iter(f"{{{next(iter(NAMES))}}}table"):
        lines = []
        for row in sheet.iter(f"{{{next(iter(NAMES))}}}table-row"):
            cells = [
                Cell(attribute(cell, "office", "value-type"), "\n".join("".join(p.itertext()) for p in cell),
                     attribute(cell, "office", "date-value"))
                for cell in row
                if cell.tag.endswith("table-cell") and len(cell)
            ]  # fmt: skip
            lines += [cells] if cells else []
        sheets[attribute(sheet, "table", "name")] = lines
    return sheets


@pytest.fixture
def slug(site: Site) -> str:
    slug = site.publish()
    site.confirmed(slug, given_name="Zoé-Œuvre", family_name="Dupré d’Hénin", postal_code="01000")
    site.confirmed(
        slug, email="y@exemple.test", given_name="太郎", family_name="山田", postal_code="00184", country="IT"
    )
    _insert(site, slug, 1, given_name=FORMULA, family_name='＝1+1;"Zoé"', postal_code="2A004")
    return slug


def moments(site: Site) -> list[datetime]:
    """When each was confirmed, by the clock of Paris, to the second."""
    rows = sorted(site.signatures(), key=lambda row: row.id)
    return [row.confirmed_at.astimezone(ZONE).replace(microsecond=0) for row in rows if row.confirmed_at]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_libreoffice_opens_the_file_right(site: Site, slug: str, tmp_path: Path, kind: str) -> None:
    response = export(site, slug, "delivery", format=kind)
    assert f".{kind}" in response.headers["content-disposition"]
    # A workbook needs no word of how to read it; of a CSV: ; and UTF-8, the codes a column of text.
    options = ["--infilter=CSV:59,34,76,1,4/2"] if kind == "csv" else []
    sheets = opened(tmp_path, response.content, f"export.{kind}", *options)
    header, *lines = sheets["Signatures" if kind == "xlsx" else "export"]
    assert [cell.shown for cell in header] == ["Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le"]
    safe = "'" if kind == "csv" else ""
    assert [[cell.shown for cell in line[1:5]] for line in lines] == [
        ["Zoé-Œuvre", "Dupré d’Hénin", "01000", "France"],
        ["太郎", "山田", "00184", "Italie"],
        [f"{safe}{FORMULA}", f'{safe}＝1+1;"Zoé"', "2A004", "France"],
    ]
    for line, moment in zip(lines, moments(site), strict=True):
        assert REFERENCE.fullmatch(line[0].shown)
        assert {cell.kind for cell in line[:5]} == {"string"}
        if kind == "xlsx":
            assert (line[5].kind, line[5].date) == ("date", f"{moment:%Y-%m-%dT%H:%M:%S}")
            assert line[5].shown == f"{moment:%d/%m/%Y %H:%M:%S}"
        else:
            assert line[5].shown == moment.isoformat()


def test_libreoffice_reads_what_the_workbook_says_of_itself(site: Site, slug: str, tmp_path: Path) -> None:
    content = fetched(site.staff("organiser", slug), slug, format="xlsx").content
    about = {line[0].shown: line[1] for line in opened(tmp_path, content, "export.xlsx")["À propos"]}
    assert about["Pétition"].shown == "Rouvrir la bibliothèque de Montfleur"
    assert (about["Nombre de lignes"].kind, about["Nombre de lignes"].shown) == ("float", "3")
    assert about["Exporté le"].kind == "date"
    assert about["Exporté par"].shown == "organiser@exemple.test"


# Without LibreOffice


def sheets_of(content: bytes) -> tuple[zipfile.ZipFile, list[dict[str, tuple[str, str]]]]:
    """For each sheet: place of a cell → its type and what it holds."""
    book = zipfile.ZipFile(io.BytesIO(content))
    shared = re.findall(r"<si>(.*?)</si>", book.read("xl/sharedStrings.xml").decode(), re.DOTALL)
    texts = [re.sub("<[^>]+>", "", one) for one in shared]
    found = []
    for n in (1, 2):
        source = book.read(f"xl/worksheets/sheet{n}.xml").decode()
        cells = re.findall(r'<c r="([A-Z]+\d+)"([^>]*)>(.*?)</c>', source, re.DOTALL)
        held = {place: (rest, re.sub("<[^>]+>", "", inner)) for place, rest, inner in cells}
        found.append({place: (rest, texts[int(v)] if 't="s"' in rest else v) for place, (rest, v) in held.items()})
    return book, found


def test_a_workbook_has_dates_text_that_stays_text_and_no_formula(site: Site, slug: str) -> None:
    book, (sheet, _) = sheets_of(export(site, slug, "delivery", format="xlsx").content)
    whole = b"".join(book.read(name) for name in book.namelist())
    assert b"<f>" not in whole
    assert b"hyperlink" not in whole
    first = moments(site)[0].replace(tzinfo=UTC)  # of the wall
    style, number = sheet["F2"]
    assert "t=" not in style  # a number, with the format of a date
    assert abs(EPOCH + timedelta(days=float(number)) - first) < timedelta(seconds=1)
    styles = book.read("xl/styles.xml").decode()
    assert "dd/mm/yyyy hh:mm:ss" in styles
    used = [int(found) for found in re.findall(r's="(\d+)"', sheet["D2"][0])]
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles[styles.index("<cellXfs") :])
    assert [formats[n] for n in used] == ["49"]  # text: typed over, 01000 keeps its zero


@pytest.mark.parametrize(
    ("purpose", "mode", "sentence", "people"),
    [
        ("delivery", "identities", "Remettre ces noms aux destinataires", True),
        ("delivery", "count", "combien de personnes ont signé, par département", False),
        ("contact", "identities", "Ne transmettez leurs adresses à personne", True),
        ("audit", "identities", "Aucune identité n’est ici", False),
    ],
)
def test_a_workbook_says_what_may_be_done_with_it(
    site: Site, purpose: str, mode: str, sentence: str, people: bool
) -> None:
    slug = site.publish(delivery_mode=mode)
    site.confirmed(slug, consent_organiser="on")
    organiser = site.staff("organiser", slug)
    fetched(organiser, slug, purpose, format="xlsx")
    extent = "new" if people else "whole"
    _, (_, about) = sheets_of(fetched(organiser, slug, purpose, format="xlsx", extent=extent).content)
    said = {about[f"A{n}"][1]: about[f"B{n}"][1] for n in range(1, len(about) // 2 + 1)}
    with site.database.read() as session:
        records = session.scalars(select(ExportRecord).order_by(ExportRecord.id)).all()
    assert said["Numéro au journal des exports"] == str(records[-1].id)
    assert said["Nombre de lignes"] == str(records[-1].rows)
    assert sentence in said["Ce qui peut en être fait"]
    assert ("À répercuter" in said) is people
    assert said["Étendue"].startswith("Seulement ce qui est nouveau depuis" if people else "En entier")
    assert said["Version du texte"] == "1"
    assert REASON not in said.values()  # the journal's, not the recipient's
