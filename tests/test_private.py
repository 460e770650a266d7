"""Nobody else on the machine reads what an instance keeps."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("signons")


def signons(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "SIGNONS_DATABASE_URL": f"sqlite:///{folder}/donnees/signons.db",
        "SIGNONS_VAR_DIR": str(folder / "var"),
    }
    # An ordinary account's: everybody may read what it writes.
    return subprocess.run(
        [PROGRAM, *words], env=environment, cwd=folder, umask=0o022, capture_output=True, text=True, check=False
    )


def open_to_others(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.stat().st_mode & 0o077}


def test_everything_is_written_for_its_own_account_alone(tmp_path: Path) -> None:
    instance = tmp_path
    assert signons(instance, "demo").returncode == 0
    assert (instance / "donnees" / "signons.db").exists()
    assert (instance / "var" / "secret.key").exists()
    assert signons(instance, "backup", "copie.sauvegarde").returncode == 0
    assert (instance / "copie.sauvegarde").exists()
    assert open_to_others(instance) == set()


def test_what_was_left_open_is_told_by_doctor_and_closed_by_the_next_command(tmp_path: Path) -> None:
    instance = tmp_path
    assert signons(instance, "migrate").returncode == 0
    (instance / "var").chmod(0o755)
    (instance / "donnees" / "signons.db").chmod(0o644)
    told = signons(instance, "doctor")
    assert told.returncode == 1
    assert "ÉCHEC fichiers" in told.stdout
    assert "signons.db" in told.stdout
    assert (instance / "donnees" / "signons.db").stat().st_mode & 0o044  # doctor looks, it does not touch
    assert signons(instance, "migrate").returncode == 0
    assert open_to_others(instance) == set()
    assert "ok    fichiers" in signons(instance, "doctor").stdout
