"""Progress: alive on a terminal, silent in a pipe."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from cli_process import FEATUREGEN, GOOD, Shown, featuregen, on_terminal, run_python

from featuregen.progress import Silent, Stopwatch

RUNS = """
import sys
from featuregen.cli.live import progress
with progress() as told:
    told.start("plan")
    told.done("plan", 0.012)
    told.start("verify")
    told.detail("tests 12/48")
    sys.stdin.readline()
    told.done("verify", 3.21, ok={ok})
    told.start("apply")
print("the result")
"""


def run_stages(*, ok: bool = True, waits_for: str = "tests 12/48", **changes: str) -> Shown:
    command = [sys.executable, "-c", RUNS.format(ok=ok)]
    return on_terminal(command, answer={waits_for: b"\n"}, variables=changes)


def lines(shown: Shown) -> list[str]:
    """What stays on the screen, without colour: of each line, what was written to it last."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.terminal)
    kept = [re.split(r"\r\x1b\[K|\r", line.rstrip("\r"))[-1] for line in plain.split("\n")]
    return [line for line in kept if line]


def test_a_terminal_shows_what_runs_and_keeps_one_line_for_each_stage() -> None:
    shown = run_stages()
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] verify  tests 12/48", shown.terminal)
    assert lines(shown) == ["✓ plan  12 ms", "✓ verify  3.2 s"]
    assert (shown.stdout, shown.code) == ("the result\n", 0)


def test_a_failed_stage_is_told_by_mark_word_and_colour() -> None:
    shown = run_stages(ok=False)
    assert "\x1b[31m✗\x1b[0m verify failed" in shown.terminal
    assert lines(shown)[-1] == "✗ verify failed  3.2 s"


def test_no_color_takes_the_colour_only() -> None:
    shown = run_stages(NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*m", shown.terminal)
    assert lines(shown) == ["✓ plan  12 ms", "✓ verify  3.2 s"]


def test_a_terminal_without_cursor_gets_finished_stages_only() -> None:
    command = [sys.executable, "-c", RUNS.format(ok=True).replace("sys.stdin.readline()", "pass")]
    shown = on_terminal(command, variables={"TERM": "dumb"})
    assert shown.terminal == "✓ plan  12 ms\r\n✓ verify  3.2 s\r\n"


def test_a_terminal_that_speaks_ascii_gets_ascii() -> None:
    shown = run_stages(PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert shown.terminal.isascii()
    assert re.search(r"[-\\|/] verify  tests 12/48", shown.terminal)
    assert lines(shown) == ["ok plan  12 ms", "ok verify  3.2 s"]


def test_a_narrow_terminal_never_wraps_the_running_line() -> None:
    shown = run_stages(COLUMNS="20", waits_for="verify  tests 1")
    frames = re.findall(r"\r\x1b\[K([^\r\n\x1b]+)", shown.terminal)
    assert frames
    assert max(map(len, frames)) <= 19


def test_an_exception_leaves_the_line_clean() -> None:
    code = RUNS.format(ok=True).replace('told.start("apply")', 'raise SystemExit("stopped")')
    shown = on_terminal([sys.executable, "-c", code], answer={"tests 12/48": b"\n"})
    assert lines(shown) == ["✓ plan  12 ms", "✓ verify  3.2 s", "stopped"]


def test_work_of_a_later_stage_is_counted_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 4.0, 5.0, 10.0, 12.0])  # plan 0-5, of it 1-4 for render; render 10-12
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    watch = Stopwatch(Silent())
    with watch.stage("plan"), watch.ahead("render"):
        pass
    with watch.stage("render"):
        pass
    assert watch.times == [("plan", 2.0), ("render", 5.0)]


def test_a_pipe_gets_no_progress() -> None:
    done = run_python(RUNS.format(ok=True).replace("sys.stdin.readline()", "pass"))
    assert (done.stdout, done.stderr) == ("the result\n", "")


def test_silence_needs_no_thread_and_no_rich() -> None:
    code = RUNS.format(ok=True).replace("sys.stdin.readline()", "pass")
    done = run_python(
        code + "import threading\nprint(threading.active_count(), 'rich' in sys.modules)"
    )
    assert done.stdout.endswith("1 False\n")


def test_new_tells_its_stages_on_a_terminal(tmp_path: Path) -> None:
    spec = tmp_path / "greeting.yaml"
    spec.write_text(GOOD, encoding="utf-8")
    command = [*FEATUREGEN, "new", str(spec), "--into", str(tmp_path / "api"), "--no-verify"]
    shown = on_terminal(command)
    names = [line.split()[1] for line in lines(shown)]
    assert names == ["check", "plan", "render", "wire", "apply"]
    assert shown.stdout.startswith("✓ greeting: created in ")
    assert shown.code == 0


def test_diagnostics_are_coloured_on_a_terminal_only(tmp_path: Path) -> None:
    spec = tmp_path / "bad.yaml"
    spec.write_text(GOOD.replace("string", "strin"), encoding="utf-8")
    assert "\x1b[" in on_terminal([*FEATUREGEN, "check", str(spec)]).terminal
    assert (
        "\x1b["
        not in on_terminal([*FEATUREGEN, "check", str(spec)], variables={"NO_COLOR": "1"}).terminal
    )
    assert (
        "\x1b["
        not in on_terminal([*FEATUREGEN, "check", str(spec)], variables={"TERM": "dumb"}).terminal
    )
    assert "\x1b[" not in featuregen("check", spec).stderr
    assert "\x1b[" in featuregen("check", spec, FORCE_COLOR="1").stderr
    assert "\x1b[" not in featuregen("check", spec, FORCE_COLOR="1", NO_COLOR="1").stderr
