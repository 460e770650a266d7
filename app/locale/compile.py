"""Compile the catalogues (``make setup``): gettext reads .mo files, which are not committed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

for source in Path(__file__).parent.glob("*/LC_MESSAGES/*.po"):
    with source.open("rb") as file:
        catalogue = read_po(file)
    with source.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
