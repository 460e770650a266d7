"""Keys: rotated without touching a row, missed before it hurts."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app import cli
from app.errors import SettingsError
from app.operations import doctor
from app.petitions import keys as petition_keys
from app.settings import Settings
from app.vault import open_vault
from tests.conftest import opened, settings_for
from tests.site import Site

FIRST, SECOND = "première-clé-" + "a" * 40, "seconde-clé-" + "b" * 40


def with_keys(settings: Settings, tmp_path: Path, *lines: str) -> Settings:
    path = tmp_path / "master.key"
    path.write_text("\n".join(lines) + "\n")
    return settings_for(settings.database_url, tmp_path, master_key_file=str(path))


def sealed(site: Site) -> list[object]:
    with site.database.read() as session:
        return [tuple(row) for row in session.execute(text("SELECT email_sealed, family_name_sealed FROM signature"))]


def test_rotation_rewraps_the_keys_and_no_other_row(settings: Settings, tmp_path: Path) -> None:
    with Site(with_keys(settings, tmp_path, FIRST)) as site:
        slug = site.publish()
        site.confirmed(slug, display="full")
        before = sealed(site)
    rotated = with_keys(settings, tmp_path, SECOND, FIRST)
    with opened(rotated) as database, database.write() as session:
        assert petition_keys.rewrap(session) == 1
    with Site(with_keys(settings, tmp_path, SECOND)) as site:
        assert sealed(site) == before
        assert "Marie Durand" in site.client.get(f"/petitions/{slug}").text


def test_doctor_says_that_the_master_key_is_not_the_right_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Site(with_keys(settings, tmp_path, FIRST)) as site:
        site.publish()
    wrong = with_keys(settings, tmp_path, SECOND)
    for name in ("database_url", "var_dir", "secret_key", "master_key_file"):
        monkeypatch.setenv(f"SIGNONS_{name.upper()}", str(getattr(wrong, name)))
    failed = {check.name: check.detail for check in doctor.checks() if not check.ok}
    assert "clé principale" in failed["clés"]
    assert CliRunner().invoke(cli.main, ["doctor"]).exit_code == 1


def test_a_wrong_key_reveals_nothing_and_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    with Site(with_keys(settings, tmp_path, FIRST)) as site:
        slug = site.publish()
        site.confirmed(slug, display="full")
    with Site(with_keys(settings, tmp_path, SECOND)) as site:
        page = site.client.get(f"/petitions/{slug}")
        assert page.status_code in {500, 503}
        assert "Durand" not in page.text
        assert site.sign(slug, email="autre@exemple.test").status_code in {500, 503}
    with Site(with_keys(settings, tmp_path, FIRST)) as site:
        assert "Marie Durand" in site.client.get(f"/petitions/{slug}").text
        assert site.count(slug) == 1


def test_a_missing_key_file_stops_the_start_with_one_sentence(settings: Settings, tmp_path: Path) -> None:
    lost = settings_for(settings.database_url, tmp_path, master_key_file=str(tmp_path / "absent.key"))
    with pytest.raises(SettingsError, match="SIGNONS_MASTER_KEY_FILE"):
        open_vault(lost)
