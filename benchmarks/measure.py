"""CPU time and memory of whole processes: the command and everything that it starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, and what puts the place in order before each run (not measured)."""

    name: str
    arguments: Sequence[str | Path]
    folder: Path
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU (user and system), and peak memory in MiB of the largest process."""

    cpu: float
    memory: float


def costs(commands: Sequence[Command], runs: int) -> list[Cost]:
    """Medians. The commands take turns, so that a slow moment of the machine meets them all."""
    for command in commands:
        run(command)  # caches get warm: everyone's compiled Python, ours of templates
    found: list[list[Cost]] = [[run(command) for command in commands] for _ in range(runs)]
    return [
        Cost(median(cost.cpu for cost in column), median(cost.memory for cost in column))
        for column in zip(*found, strict=True)
    ]


def run(command: Command) -> Cost:
    """Run it once; a command that fails stops the benchmark."""
    command.prepare()
    with subprocess.Popen(
        [str(argument) for argument in command.arguments],
        cwd=command.folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = process.stderr.read() if process.stderr else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command.name} failed with {process.returncode}:\n{said}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def environment() -> Mapping[str, str]:
    """Ours, with compiled Python kept as on any machine of a user."""
    hidden = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTEST_ADDOPTS"}
    return {name: value for name, value in os.environ.items() if name not in hidden}
