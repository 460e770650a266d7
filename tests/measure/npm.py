"""Tools of the npm registry, pinned, run outside of the project: nothing of them is installed in it."""

import os
import shutil
import subprocess
from pathlib import Path

# The last that run on Node 20.
VERSIONS = {"html-validate": "10.17.0", "lighthouse": "12.8.2"}


def run(tool: str, *arguments: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str] | str:
    """What it did, or in one sentence why it could not be run."""
    npx = shutil.which("npx")
    if npx is None:
        return "npx is missing: install Node 20 or later"
    command = [npx, "--yes", f"{tool}@{VERSIONS[tool]}"]
    known = subprocess.run([*command, "--version"], cwd=folder, capture_output=True, text=True, check=False)
    if known.returncode:
        said = (known.stderr or known.stdout).strip().splitlines()
        return f"{tool} could not be had: {said[0] if said else 'npx failed'}"
    return subprocess.run(
        [*command, *arguments], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
