"""The test files, shared out among processes that run side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

PROPERTY_TOOLS = ("schemathesis",)
"""Who imports one of these asks the app some hundred times what the other tests ask once."""

_WORTH_A_PROCESS = 30_000
"""Bytes of tests. With fewer, the start of another process takes as long as what it saves."""


class Shard(NamedTuple):
    """What one pytest runs. Property tests are not measured.

    The tracer would take twice their time, and what only they reach no assertion is about.
    """

    tests: tuple[str, ...]
    is_measured: bool


def share_out(tree: Path, tests: Sequence[str], processes: int | None = None) -> tuple[Shard, ...]:
    """Share the files out evenly by their size, to as many processes as they are worth."""
    property_tests = tuple(path for path in tests if is_property_test(tree / path))
    others = [path for path in tests if path not in property_tests]
    if not others:
        return (Shard(property_tests, is_measured=True),)
    sizes = {path: _size(tree / path) for path in others}
    number = min(processes or _processors(), sum(sizes.values()) // _WORTH_A_PROCESS, len(others))
    measured = [Shard(part, is_measured=True) for part in _evenly(sizes, max(1, number))]
    rest = [Shard(property_tests, is_measured=False)] if property_tests else []
    return (*measured, *rest)


def is_test(path: str) -> bool:
    """Whether a file is a test or belongs to the tests."""
    *folders, name = path.split("/")
    return (
        bool({"tests", "test"} & set(folders)) or name == "conftest.py" or name.startswith("test_")
    )


def is_property_test(path: Path) -> bool:
    """Whether a file is of property tests."""
    return mentions(path, PROPERTY_TOOLS)


def mentions(path: Path, words: Iterable[str]) -> bool:
    """Whether a file has one of the words, in any case; none, where it cannot be read."""
    try:
        text = path.read_text("utf-8", errors="replace").lower()
    except OSError:
        return False
    return any(word in text for word in words)


def _evenly(sizes: dict[str, int], number: int) -> list[tuple[str, ...]]:
    """The largest first, each to who has least so far; every part in the order of the files."""
    parts: list[list[str]] = [[] for _ in range(number)]
    loads = [0] * number
    for path in sorted(sizes, key=lambda path: -sizes[path]):
        least = loads.index(min(loads))
        parts[least].append(path)
        loads[least] += sizes[path]
    order = {path: place for place, path in enumerate(sizes)}
    return [tuple(sorted(part, key=order.__getitem__)) for part in parts if part]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
