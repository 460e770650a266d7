"""What one connection may cost, on the server as it is started, without a proxy in front.

Those who make it wait do so at the same time: each has its ten or thirty seconds, and together they take no longer.
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.web import connection
from tests.abuse.strangers import served
from tests.abuse.test_bursts import _published
from tests.conftest import opened
from tests.services import wait_for

pytestmark = pytest.mark.xdist_group("connections")  # to one server
Connect = Callable[..., socket.socket]
Client = Callable[[tuple[str, str], Connect], None]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "signons.db").write_bytes(sqlite_template.read_bytes())
    with served(f"sqlite:///{folder}/signons.db", folder, live_each="5") as (url, settings):
        with opened(settings) as database, database.write() as session:
            slug = _published(session, "Essai")
        yield url, slug


@contextmanager
def connecting() -> Iterator[Connect]:
    """Makes connections, and closes them in the end."""
    made = []

    def connect(url: str, receive: int | None = None) -> socket.socket:
        parts = urlsplit(url)
        one = socket.socket()
        made.append(one)
        if receive is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        one.connect((parts.hostname, parts.port))
        one.settimeout(60)
        return one

    try:
        yield connect
    finally:
        for one in made:
            one.close()


@pytest.fixture
def connected() -> Iterator[Connect]:
    with connecting() as connect:
        yield connect


def ends_after(made: socket.socket) -> float:
    """Seconds until the server lets go."""
    began = time.monotonic()
    try:
        while made.recv(65536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began


def silence_and_unfinished_heads_are_let_go_after_ten_seconds(site: tuple[str, str], connected: Connect) -> None:
    url, _ = site
    silent, slow = connected(url), connected(url)
    slow.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ")
    assert connection.HEAD_SECONDS - 1 < ends_after(silent) < connection.HEAD_SECONDS + 4
    assert ends_after(slow) < 4


def a_second_request_has_its_own_time_for_its_head(site: tuple[str, str], connected: Connect) -> None:
    made = connected(site[0])
    made.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    assert made.recv(65536).startswith(b"HTTP/1.1 200")
    made.sendall(b"GET /healthz HTTP/1.1\r\n")
    assert connection.HEAD_SECONDS - 1 < ends_after(made) < connection.HEAD_SECONDS + 4


def a_body_of_which_half_arrives_is_answered_after_ten_seconds(site: tuple[str, str], connected: Connect) -> None:
    url, slug = site
    began, both = time.monotonic(), [connected(url) for _ in range(2)]
    for made, path in zip(both, (f"/petitions/{slug}/signatures", "/mes-signatures"), strict=True):
        made.sendall(
            f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            "content-length: 400\r\n\r\nemail=".encode()
        )
    for made in both:
        assert made.recv(65536).startswith(b"HTTP/1.1 408")
        assert 9 < time.monotonic() - began < 14
        assert ends_after(made) < 2


def a_reader_who_reads_nothing_is_let_go(site: tuple[str, str], connected: Connect) -> None:
    url, slug = site
    made = connected(url, receive=4096)
    began = time.monotonic()
    # Many answers asked for on one connection, none read: more than all buffers on the way hold.
    try:
        while time.monotonic() - began < 60:
            made.sendall(f"GET /petitions/{slug} HTTP/1.1\r\nhost: x\r\n\r\n".encode() * 50)
            time.sleep(0.2)
    except (ConnectionError, TimeoutError):
        pass
    assert time.monotonic() - began < connection.READ_SECONDS + 15


SLOW: list[Client] = [
    silence_and_unfinished_heads_are_let_go_after_ten_seconds,
    a_second_request_has_its_own_time_for_its_head,
    a_body_of_which_half_arrives_is_answered_after_ten_seconds,
    a_reader_who_reads_nothing_is_let_go,
]


@pytest.fixture(scope="module")
def ended(site: tuple[str, str]) -> Iterator[dict[Client, Future[None]]]:
    def meet(client: Client) -> None:
        with connecting() as connect:
            client(site, connect)

    with ThreadPoolExecutor() as pool:
        yield {client: pool.submit(meet, client) for client in SLOW}


@pytest.mark.parametrize("client", SLOW, ids=[client.__name__ for client in SLOW])
def test_whoever_makes_it_wait(client: Client, ended: dict[Client, Future[None]]) -> None:
    ended[client].result()


def test_a_head_without_end_is_refused(site: tuple[str, str], connected: Connect) -> None:
    made = connected(site[0])
    sent, answer = 0, b""
    made.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
    try:
        while sent < 60_000_000:
            made.sendall(b"x-filler: " + b"a" * 8000 + b"\r\n")
            sent += 8000
    except ConnectionError:
        pass
    assert sent < 4_000_000  # what the sockets hold, not what the client had in mind
    try:
        answer = made.recv(4096)
    except ConnectionError:
        return
    assert answer.startswith(b"HTTP/1.1 431") or answer == b""


def test_one_address_has_so_many_live_connections(site: tuple[str, str], connected: Connect) -> None:
    url, slug = site
    viewers = [connected(url) for _ in range(7)]
    statuses = []
    for viewer in viewers:
        viewer.sendall(f"GET /petitions/{slug}/direct HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        statuses.append(int(viewer.recv(4096).split()[1]))
    assert statuses == [200] * 5 + [503] * 2
    viewers[0].close()

    def let_in() -> bool:
        again = connected(url)
        again.sendall(f"GET /petitions/{slug}/direct HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        return again.recv(4096).startswith(b"HTTP/1.1 200")

    wait_for(let_in, "there is room for another", 5)
