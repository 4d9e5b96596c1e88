"""The processes that the benchmarks run: apps with one uvicorn worker each, and their upstream."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SECRET = "a-secret-of-the-load-benchmark--of-64-characters-or-a-few-more--"  # noqa: S105 - a made-up one
AUDIENCE = "load"
PATIENCE = 60.0  # seconds: a loaded machine takes its time
_TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of the loopback on which nothing listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    """A running process that listens."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used so far, of user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> float:
        """MiB that are resident now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serving(
    python: Path, module: str, folder: Path, settings: Mapping[str, str], port: int = 0
) -> Iterator[Server]:
    """Have `module:app` of a folder answer requests until the end of the block."""
    port = port or free_port()
    command = [
        str(python), "-m", "uvicorn", f"{module}:app", "--port", str(port), "--no-access-log",
        "--log-level", "warning",
    ]  # fmt: skip
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(folder),
        **settings,
    }
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _await(process, port)
            yield Server(process, port)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} does not start") from None
            time.sleep(0.02)
        else:
            return


def app_settings(upstream: Server, database: str) -> dict[str, str]:
    """The environment of an app that calls the upstream, alike for all of them."""
    return {
        "ENVIRONMENT": "production",
        "JWT_SECRET": SECRET,
        "JWT_AUDIENCE": AUDIENCE,
        "PAYMENT_API_URL": f"http://127.0.0.1:{upstream.port}",
        "PAYMENT_API_KEY": "sk_test_load",
        "PAYMENT_WEBHOOK_SECRET": "whsec_of_the_load_benchmark",
        "DATABASE_URL": database,
    }
