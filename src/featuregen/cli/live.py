"""Progress on a terminal: a line that lives while a stage runs, and stays with its time.

Written by hand: a spinner is one line redrawn, and importing rich for it costs 0.08 s CPU.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from featuregen.terminal import (
    can_move_cursor,
    duration,
    fit,
    is_terminal,
    style_of,
    visible,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Lock

    from featuregen.progress import Progress
    from featuregen.terminal import Style

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "-\\|/"
_INTERVAL = 0.1  # seconds between two frames
_ERASE = "\r\x1b[K"


@contextmanager
def progress() -> Iterator[Progress]:
    """Tells on stderr where that is a terminal; silent in a pipe."""
    if not is_terminal(sys.stderr):
        from featuregen.progress import Silent

        yield Silent()
        return
    live = Live(sys.stderr, style_of(sys.stderr), moves=can_move_cursor(sys.stderr))
    try:
        yield live
    finally:
        live.close()


class Live:
    """One line for each finished stage; below it, where the cursor can move, the running one."""

    def __init__(self, stream: IO[str], style: Style, *, moves: bool) -> None:
        self._stream = stream
        self._style = style
        self._stages: list[str] = []
        self._shown = ""  # read by the spinner's thread: replaced as a whole, never changed
        self._spinner = _Spinner(self._draw) if moves else None

    def start(self, stage: str) -> None:
        """A stage within a stage takes the line; the outer one has it back afterwards."""
        self._stages.append(stage)
        self._shown = stage
        if self._spinner:
            self._spinner.start()

    def detail(self, text: str) -> None:
        """What the running stage is at: `tests 12/48`."""
        if self._stages:
            self._shown = f"{self._stages[-1]}  {text}"

    def done(self, stage: str, seconds: float, *, ok: bool = True) -> None:
        """The stage's last line. A mark, a word and a colour say the same."""
        if stage in self._stages:
            self._stages.remove(stage)
        self._shown = self._stages[-1] if self._stages else ""
        style = self._style
        mark = style.paint(style.ok, "green") if ok else style.paint(style.failed, "red")
        word = " failed" if style.unicode and not ok else ""
        self._keep(f"{mark} {visible(stage)}{word}  {style.paint(duration(seconds), 'dim')}\n")

    def close(self) -> None:
        """Leave the terminal as a shell expects it, whatever happened."""
        if self._spinner:
            self._spinner.stop()
            write(self._stream, _ERASE)

    def _keep(self, line: str) -> None:
        if self._spinner:
            with self._spinner.paused():
                write(self._stream, _ERASE + line)
        else:
            write(self._stream, line)

    def _draw(self, tick: int) -> None:
        shown = self._shown
        if shown:
            frames = _FRAMES if self._style.unicode else _ASCII_FRAMES
            text = fit(visible(shown), self._style.width - 3, self._style)
            write(self._stream, f"{_ERASE}{frames[tick % len(frames)]} {text}")


class _Spinner:
    """Calls `draw` ten times a second on a thread of its own, until it is stopped."""

    def __init__(self, draw: Callable[[int], None]) -> None:
        from threading import Event, Lock, Thread

        self._draw = draw
        self._lock = Lock()
        self._stopped = Event()
        self._thread = Thread(target=self._spin, name="spinner", daemon=True)

    def start(self) -> None:
        if not self._thread.is_alive() and not self._stopped.is_set():
            self._thread.start()

    def paused(self) -> Lock:
        """Hold this while writing something else."""
        return self._lock

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _spin(self) -> None:
        tick = 0
        while not self._stopped.is_set():
            with self._lock:
                self._draw(tick)
            tick += 1
            self._stopped.wait(_INTERVAL)
