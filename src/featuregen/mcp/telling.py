"""The pipeline's progress → notifications; a cancelled call ends its run at the next stage."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import EventLoopToken, current_token

Report = Callable[[float, float | None, str | None], Coroutine[Any, Any, None]]

STAGES = 7.0
"""Stages of a whole run: the scale of its progress. Details of a stage move within it."""


class Telling:
    """A `Progress` for a run on a worker thread; made on the event loop's."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._token: EventLoopToken = current_token()
        self._finished = 0
        self._at = 0.0
        self._stage = ""

    def start(self, stage: str) -> None:
        from_thread.check_cancelled()
        self._stage = stage
        self._tell(stage)

    def detail(self, text: str) -> None:
        """Said on the thread that reads the tool's output."""
        self._tell(f"{self._stage}: {text}")

    def done(self, stage: str, seconds: float, *, ok: bool = True) -> None:
        self._finished += 1
        self._tell(f"{stage}: {'done' if ok else 'failed'} in {seconds:.1f} s")

    def _tell(self, text: str) -> None:
        """Progress has to grow with every notification, whatever it is about."""
        self._at = max(float(self._finished), self._at + 0.001)
        with suppress(anyio.RunFinishedError, RuntimeError):
            from_thread.run(self._report, self._at, STAGES, text, token=self._token)
