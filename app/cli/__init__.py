"""``signons``: everything that an operator types."""

from app.cli import accounts, keeping, petitions, running
from app.cli.group import main, run

__all__ = ["accounts", "keeping", "main", "petitions", "run", "running"]
