"""How a run tells what it is doing. The pipeline calls it; the terminal or nothing listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Stages follow each other; `detail` says more about the running one."""

    def start(self, stage: str) -> None: ...

    def detail(self, text: str) -> None: ...

    def done(self, stage: str, seconds: float, *, ok: bool = True) -> None: ...


class Silent:
    """For pipes, tests and `--json`."""

    def start(self, stage: str) -> None:
        pass

    def detail(self, text: str) -> None:
        pass

    def done(self, stage: str, seconds: float, *, ok: bool = True) -> None:
        pass


class Running:
    """A stage while it runs; whoever runs it may say that it went wrong without an exception."""

    ok = True


class Stopwatch:
    """Times the stages of a run and passes them on to the progress."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.times: list[tuple[str, float]] = []
        self._ahead: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Running]:
        from time import perf_counter

        self.progress.start(name)
        started = perf_counter() - self._ahead.pop(name, 0.0)
        lent = sum(self._ahead.values())
        running = Running()
        try:
            yield running
        except BaseException:
            running.ok = False
            raise
        finally:
            seconds = perf_counter() - started - (sum(self._ahead.values()) - lent)
            self.times.append((name, seconds))
            self.progress.done(name, seconds, ok=running.ok)

    @contextmanager
    def ahead(self, name: str) -> Iterator[None]:
        """Work of a later stage in the midst of the running one: its time is counted there."""
        from time import perf_counter

        started = perf_counter()
        try:
            yield
        finally:
            self._ahead[name] = self._ahead.get(name, 0.0) + perf_counter() - started
