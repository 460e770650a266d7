"""The same verbs for the operator, on the command line."""

import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from tests.conftest import SECRET
from tests.deliveries.handing import PDF, today
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


def signons(site: Site, *words: str, said: str = "") -> Result:
    settings = site.settings
    env = {
        "SIGNONS_DATABASE_URL": settings.database_url,
        "SIGNONS_VAR_DIR": str(settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
    }
    return CliRunner().invoke(main, list(words), input=said, env=env)


def test_pack_then_deliver(site: Site, tmp_path: Path) -> None:
    slug = site.publish()
    site.confirmed(slug)
    there = tmp_path / "dossier.zip"
    done = signons(site, "petition", "pack", slug, "-o", str(there))
    assert done.exit_code == 0, done.output
    assert there.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(there) as archive:
        assert len(archive.namelist()) == 4
    proof = tmp_path / "tampon.pdf"
    proof.write_bytes(PDF)
    words = ["petition", "deliver", slug, "--how", "post", "--to", "1", "--on", today().isoformat()]
    kept = signons(site, *words, said="non\n")
    assert (kept.exit_code, "Rien n’a été changé." in kept.output) == (1, True)
    done = signons(site, *words, "--note", "Reçu.", "--proof", str(proof), said="oui\n")
    assert done.exit_code == 0, done.output
    assert "Données effacées le" in done.output
    (line,) = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"]
    assert (line["how"], line["signatures"]) == ("post", 1)
    assert not os.environ.get("SIGNONS_DATABASE_URL")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--how", "pigeon"), 2, "pigeon"),
        ((), 2, "--how"),
        (("--how", "post", "--on", "demain"), 2, "2027-01-31"),
        (("--how", "post", "--on", "2001-01-01"), 1, "entre l’ouverture"),
        (("--how", "post", "--to", "2"), 1, "au moins un destinataire"),
        (("--how", "post", "--to", "99999999999999999999"), 2, "--to"),
        (("--how", "post", "--proof", "/nulle/part.pdf"), 1, "part.pdf"),
        (("--how", "post", "--note", "x" * 1001), 2, "1000"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(site: Site, words: tuple[str, ...], code: int, said: str) -> None:
    slug = site.publish()
    done = signons(site, "petition", "deliver", slug, "--yes", *words)
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "Traceback" not in done.output
    assert site.client.get(f"/petitions/{slug}.json").json()["state"] == "open"
