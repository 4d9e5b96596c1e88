"""Runs featuregen as its users do: as a process of its own, in a pipe or on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAYMENT = REPOSITORY / "examples" / "payment" / "payment.yaml"

FEATUREGEN = (sys.executable, "-m", "featuregen")

GOOD = """\
featuregen: 1
feature: greeting
models:
  Greeting: {fields: {text: string}}
operations:
  say_hello: {method: GET, path: /hello, response: Greeting, auth: none, hook: say_hello}
"""

BAD = GOOD.replace("text: string", "text: monney")


def environment(**changes: str) -> dict[str, str]:
    """Of a child process: nothing of the caller's terminal, and our sources first."""
    kept = {name: value for name, value in os.environ.items() if name not in _TERMINAL}
    return {**kept, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONUTF8": "1", **changes}


_TERMINAL = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "FEATUREGEN_TRACEBACK"}


def featuregen(
    *arguments: str | Path, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """With stdout and stderr in pipes. `changes` are environment variables."""
    return subprocess.run(
        [*FEATUREGEN, *map(str, arguments)],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def run_python(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A program that uses our modules, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**changes),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@dataclass(frozen=True)
class Shown:
    """What a process wrote to its terminal (stderr) and to its pipe (stdout)."""

    terminal: str
    stdout: str
    code: int


def on_terminal(
    command: Sequence[str],
    *,
    answer: Mapping[str, bytes] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Shown:
    """Run with stderr on a terminal. Once it shows a text of `answer`, stdin gets those bytes."""
    parent, child = pty.openpty()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=child,
            env=environment(**{"TERM": "xterm", "COLUMNS": "80", **(variables or {})}),
        )
    finally:
        os.close(child)
    with process, os.fdopen(parent, "rb", buffering=0) as screen:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        waiting = dict(answer or {})
        while chunk := _read(screen.fileno()):
            shown += chunk
            for text in [text for text in waiting if text.encode() in shown]:
                process.stdin.write(waiting.pop(text))
                process.stdin.flush()
        stdout = process.stdout.read()
    return Shown(shown.decode(), stdout.decode(), process.returncode)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says EIO once the other side is closed
        return b""
