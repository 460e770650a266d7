"""The container: what its recipe says is read here, and its steps are run where no engine is at hand."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import main
from app.settings import Settings
from app.templating import ROOT
from tests.services import free_port, wait_for

DOCKERFILE = ROOT / "Dockerfile"
NAMES = {f"SIGNONS_{name.upper()}" for name in Settings.model_fields}


def instructions() -> list[tuple[str, str]]:
    if not DOCKERFILE.exists():
        pytest.skip("there is no Dockerfile yet")
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0].upper(), line.partition(" ")[2].strip()) for line in lines]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def said(stage: list[tuple[str, str]], keyword: str) -> list[str]:
    return [rest for word, rest in stage if word == keyword]


def compose() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return data


def test_image_is_built_in_stages_and_the_last_one_installs_nothing() -> None:
    *_, last = stages()
    assert len(stages()) >= 2
    assert not any(re.search(r"\b(pip|uv|apt-get|apk|curl|wget)\b", run) for run in said(last, "RUN"))
    assert all(copy.startswith("--from=") for copy in said(last, "COPY"))


def test_base_images_are_named_by_version_and_old_enough_for_our_python() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    lowest = tuple(int(n) for n in wanted.removeprefix(">=").split("."))
    for stage in stages():
        version = re.match(r"python:(\d+)\.(\d+)-slim", stage[0][1])
        assert version is not None, stage[0]
        assert (int(version[1]), int(version[2])) >= lowest


def test_dependencies_are_the_locked_ones() -> None:
    runs = [run for stage in stages() for run in said(stage, "RUN")]
    syncs = [run for run in runs if "uv sync" in run]
    assert syncs
    assert all("--locked" in run and "--no-dev" in run for run in syncs)
    assert not any(re.search(r"pip install (?!-q 'uv)", run) for run in runs)


def test_it_does_not_run_as_root() -> None:
    *_, last = stages()
    (user,) = said(last, "USER")
    assert user.split(":")[0] not in {"root", "0"}
    words = [word for word, _ in last]
    assert words.index("USER") < words.index("CMD")
    assert any(user in run and "/var" in run for run in said(last, "RUN")), "the user owns the folder of the data"


def test_it_says_whether_it_is_well() -> None:
    *_, last = stages()
    (check,) = said(last, "HEALTHCHECK")
    assert "/healthz" in check
    (port,) = said(last, "EXPOSE")
    assert f":{port}/" in check
    (command,) = said(last, "CMD")
    assert f'"{port}"' in command


def test_command_is_ours_and_listens_to_everybody() -> None:
    *_, last = stages()
    command = yaml.safe_load(said(last, "CMD")[0])
    assert command[0] in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert command[1] in main.commands
    assert command[command.index("--host") + 1] == "0.0.0.0"


def test_settings_in_the_image_exist_and_hold_no_secret() -> None:
    for stage in stages():
        for line in said(stage, "ENV") + said(stage, "ARG"):
            names = set(re.findall(r"SIGNONS_\w+", line))
            assert names <= NAMES
            assert not names & {"SIGNONS_SECRET_KEY", "SIGNONS_SMTP_URL"}


def test_only_what_is_needed_enters_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*", "nothing by default: no .env, no var/, no .git"
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert not let_in & {".env", "var", ".git", "tests"}
    for stage in stages():
        for copy in said(stage, "COPY"):
            if not copy.startswith("--from="):
                for source in copy.split()[:-1]:
                    assert (ROOT / source).exists(), source
                    assert source in let_in, source


def test_data_outlive_the_container() -> None:
    *_, last = stages()
    (volume,) = said(last, "VOLUME")
    assert any(f"SIGNONS_VAR_DIR={volume}" in line for line in said(last, "ENV"))
    assert any(f"sqlite:///{volume}/" in line for line in said(last, "ENV"))


def test_composition_runs_one_image_as_web_worker_and_migration() -> None:
    services = compose()["services"]
    ours = {name: service for name, service in services.items() if service.get("image") == "signons"}
    commands = {name: service.get("command", ["signons", "serve"])[1] for name, service in ours.items()}
    assert set(commands.values()) == {"serve", "worker", "migrate"}
    assert sum(command == "serve" for command in commands.values()) >= 2
    for name, service in ours.items():
        names = {key for key in service.get("environment", {}) if key.startswith("SIGNONS_")}
        assert names <= NAMES, name
        if name != "migrate":
            assert "migrate" in service["depends_on"], name


def test_composition_is_whole() -> None:
    data = compose()
    for name, service in data["services"].items():
        assert set(service.get("depends_on", [])) <= set(data["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in data["volumes"] or (ROOT / source).exists(), (name, volume)
        assert ":latest" not in service["image"], name
        if service["image"] != "signons":
            assert ":" in service["image"], name


def test_steps_of_the_recipe_work(tmp_path: Path) -> None:
    """The same commands, in an empty folder, with what the recipe copies and nothing else."""
    uv = shutil.which("uv") or next((str(p) for p in (ROOT / ".uv/bin/uv", Path("/tmp/uv/bin/uv")) if p.exists()), None)
    if uv is None:
        pytest.skip("uv was not found: the steps of the Dockerfile were not run")
    build, last = stages()[0], stages()[-1]
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("SIGNONS_", "VIRTUAL_ENV", "UV_"))
    }
    clean["UV_PYTHON"] = sys.executable  # the image has its own
    for word, rest in build:
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, tmp_path / target)
        elif word == "RUN" and "-m venv" not in rest:
            command = rest.replace("/uv/bin/uv", uv)
            done = subprocess.run(command, shell=True, cwd=tmp_path, env=clean, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
    port = free_port()
    settings = {"SIGNONS_VAR_DIR": f"{tmp_path}/data", "SIGNONS_DATABASE_URL": f"sqlite:///{tmp_path}/data/signons.db"}
    words = [word.replace("8000", str(port)) for word in yaml.safe_load(said(last, "CMD")[0])]
    server = subprocess.Popen(
        [tmp_path / ".venv/bin" / words[0], *words[1:]], cwd=tmp_path, env=clean | settings,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        check = said(last, "HEALTHCHECK")[0]
        probe = yaml.safe_load(check[check.index("CMD") + 3 :].replace("8000", str(port)))
        program = [sys.executable, *probe[1:]]
        wait_for(lambda: subprocess.run(program, capture_output=True).returncode == 0, "the health check is green")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert "Signons" in answer.read().decode()
    finally:
        server.terminate()
        assert server.wait(30) in {0, -signal.SIGTERM}
    assert subprocess.run(program, capture_output=True).returncode != 0
