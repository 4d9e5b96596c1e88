"""featuregen with somebody's answers on its stdin."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cli_process import FEATUREGEN, environment


def answering(
    answers: str | bytes, *arguments: str | Path, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command in `cwd`; it reads `answers`, then the end of the input."""
    done = subprocess.run(
        [*FEATUREGEN, *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        input=answers.encode() if isinstance(answers, str) else answers,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
