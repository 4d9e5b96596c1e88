"""Runs the tools: each in its own process group, with a deadline, keeping a bounded output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HEAD = 100_000
_TAIL = 200_000
_GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: str  # stdout and stderr as they came; the middle is cut out where it is long
    seconds: float
    timed_out: bool


class Running:
    """The tools of one verification; `stop` ends them all, with everything that they started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        variables: Mapping[str, str],
        timeout: float,
        listen: Callable[[str], None] | None = None,
    ) -> Finished:
        """Run one tool to its end or its deadline. `listen` gets each line as it comes."""
        started = time.perf_counter()
        process = self._start(command, cwd, variables)
        kept = _Output(listen)
        reader = threading.Thread(target=kept.read, args=(process,), daemon=True)
        reader.start()
        ended, late = threading.Event(), threading.Event()
        timer = threading.Timer(timeout, _expire, (process, ended, late))
        timer.daemon = True
        timer.start()
        _wait(process)
        ended.set()
        timer.cancel()
        _signal(process, kill=True)  # what it left running
        with self._lock:
            code = process.wait()
            self._processes.discard(process)
        reader.join(_GRACE_SECONDS)
        return Finished(code, kept.text(), time.perf_counter() - started, late.is_set())

    def stop(self) -> None:
        """End every tool now: for Ctrl-C."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                _signal(process, kill=True)

    def _start(
        self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise InterruptedError
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=os.name != "nt",
            )
            self._processes.add(process)
            return process


class _Output:
    """The beginning and the end of what a process prints."""

    def __init__(self, listen: Callable[[str], None] | None) -> None:
        self._listen = listen
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._cut = 0

    def read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        rest = b""
        with contextlib.suppress(OSError, ValueError), process.stdout as stream:
            while chunk := os.read(stream.fileno(), 65_536):
                self._keep(chunk)
                if self._listen is not None:
                    *lines, rest = (rest + chunk).split(b"\n")
                    rest = rest[-10_000:]
                    for line in lines[-50:]:
                        self._listen(line.decode("utf-8", "replace"))

    def _keep(self, chunk: bytes) -> None:
        room = _HEAD - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._tail.append(chunk)
            self._tail_size += len(chunk)
        while self._tail and self._tail_size - len(self._tail[0]) > _TAIL:
            gone = self._tail.popleft()
            self._tail_size -= len(gone)
            self._cut += len(gone)

    def text(self) -> str:
        note = f"\n… {self._cut} bytes left out …\n".encode() if self._cut else b""
        kept = bytes(self._head) + note + b"".join(self._tail)
        return kept.decode("utf-8", "replace")


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait without reaping: while the leader is a zombie, its group's number stays its own."""
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _expire(
    process: subprocess.Popen[bytes], ended: threading.Event, late: threading.Event
) -> None:
    late.set()
    _signal(process, kill=False)
    if not ended.wait(_GRACE_SECONDS):
        _signal(process, kill=True)


def _signal(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
