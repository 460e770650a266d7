"""``signons``: everything that an operator types."""

from app.cli import accounts, journal, keeping, petitions, running
from app.cli.group import main

__all__ = ["accounts", "journal", "keeping", "main", "petitions", "running"]
