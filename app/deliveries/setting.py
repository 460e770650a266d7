"""The child that sets the PDF of a pack: JSON in, PDF out; may take LIMITS and no more, and can write no file."""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

from app import logs
from app.petitions import pdf

TEMPLATE = Path(__file__).with_name("pack.typ")
# For archives, and for everybody who reads it.
STANDARDS: tuple[pdf.Standard, ...] = ("a-2a", "ua-1")
MEMORY, SECONDS = 3 << 30, 120


def limit() -> None:
    """Of this process; macOS knows no limit of memory. Whoever signs goes first."""
    os.nice(10)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    limit()
    logs.configure("ERROR")  # what it prints is the PDF
    sys.stdout.buffer.write(pdf.once(TEMPLATE, sys.stdin.buffer.read().decode(), STANDARDS))


if __name__ == "__main__":
    main()
