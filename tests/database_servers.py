"""The real servers that some tests need: PostgreSQL and Redis, each the test process's own.

Their fixtures start them on free ports of the loopback, with their data in memory, and end them.
Where a server is not installed its tests are skipped, and say so; where
`FEATUREGEN_REQUIRE_SERVERS=1` they fail, so that none is skipped unseen.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

REQUIRED = os.environ.get("FEATUREGEN_REQUIRE_SERVERS") == "1"
START_TIMEOUT = 60.0  # seconds: a loaded machine takes its time
_NUMBERS = count(1)


def installed(program: str) -> str:
    """Return the path of a server's program; skip, or fail where it is required."""
    folders = [os.environ.get("PATH", os.defpath)]
    folders += [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]]
    found = shutil.which(program, path=os.pathsep.join(folders))
    if found is not None:
        return found
    message = f"{program} is not installed: apt-get install postgresql redis-server prometheus"
    if REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """Return a port of the loopback on which nothing listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def memory_folder(owner: str | None = None) -> Iterator[Path]:
    """A folder in memory where there is one, that is taken away in the end."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    parent = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(
        dir=parent, prefix="featuregen-", ignore_cleanup_errors=True
    ) as name:
        if owner is not None:
            shutil.chown(name, owner)
        yield Path(name)


@contextmanager
def running(
    command: Sequence[str], is_ready: Callable[[], bool], log: Path, user: str | None = None
) -> Iterator[None]:
    """A server, from when it answers until the end of the block."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", user=user
        )
        try:
            _await(server, is_ready, log)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's "fast": clients are sent away
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await(server: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.args!r} does not start:\n{log.read_text()}")
        time.sleep(0.02)


def _answers(port: int, ask: bytes, answer: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(ask)
            return connection.recv(64).startswith(answer)
    except OSError:
        return False


class Postgres:
    """A running PostgreSQL server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.psql = installed("psql")

    def run(self, *statements: str, database: str = "postgres") -> str:
        """Execute statements, each of its own, and return what they print."""
        asked = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(
            [
                self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *asked, database,
            ],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def new_database(self) -> str:
        """Make an empty database, and return its URL."""
        name = f"app{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server, without the guarantees of a disk."""
    initdb, server = installed("initdb"), installed("postgres")
    user = _without_privileges()
    with memory_folder(user) as folder:
        data = folder / "data"
        subprocess.run(
            [
                initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "-N",
            ],
            check=True, stdout=subprocess.DEVNULL, cwd="/", user=user,
        )  # fmt: skip
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder,
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
            "autovacuum": "off", "shared_buffers": "32MB", "max_connections": 300,
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        isready = installed("pg_isready")

        def is_ready() -> bool:
            asked = [isready, "-q", "-h", "127.0.0.1", "-p", str(port)]
            return subprocess.run(asked, check=False).returncode == 0

        command = [server, "-D", str(data), *options]
        with running(command, is_ready, folder / "log", user):
            yield Postgres(port)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of a process."""
    with postgres_server() as server:
        yield server


def _without_privileges() -> str | None:
    """PostgreSQL refuses to run as root: the user that it runs as then."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of an empty database of the test's own."""
    return postgres.new_database()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis server that keeps nothing on a disk."""
    server = installed("redis-server")
    with memory_folder() as folder:
        port = free_port()
        command = [
            server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder),
            "--save", "", "--appendonly", "no", "--daemonize", "no",
        ]  # fmt: skip
        with running(command, lambda: _answers(port, b"PING\r\n", b"+PONG"), folder / "log"):
            yield f"redis://127.0.0.1:{port}/0"
