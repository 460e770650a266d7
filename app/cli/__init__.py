"""``signons``: everything that an operator types."""

from app.cli import accounts, bounces, journal, keeping, petitions, register, running
from app.cli.group import main, run

__all__ = ["accounts", "bounces", "journal", "keeping", "main", "petitions", "register", "run", "running"]
