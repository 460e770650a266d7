"""``signons``: everything that an operator types."""

from app.cli import accounts, journal, keeping, petitions, running
from app.cli.group import main, run

__all__ = ["accounts", "journal", "keeping", "main", "petitions", "run", "running"]
