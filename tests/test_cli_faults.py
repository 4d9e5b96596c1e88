"""What stops a command: conflicts, bugs, interruptions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cli_process import environment, run_python
from report_samples import BROKEN, BY_HAND, CREATED, FAILED

from featuregen.cli.faults import error_text
from featuregen.cli.run import Outcome, run
from featuregen.errors import FeaturegenError
from featuregen.json_models import Document
from featuregen.results import exit_code
from featuregen.terminal import Style

PLAIN = Style(color=False)


def _stop(error: Exception) -> Outcome:
    raise error


def test_an_error_is_what_where_and_hint() -> None:
    error = FeaturegenError(
        "no uv\nand no pip", where="pyproject.toml", hint="install uv\nor name --python"
    )
    assert error_text(error, PLAIN) == (
        "error: no uv\n       and no pip\n --> pyproject.toml\n"
        "help: install uv\n      or name --python\n"
    )
    assert error_text(FeaturegenError("only what"), PLAIN) == "error: only what\n"


def test_an_error_cannot_command_the_terminal() -> None:
    error = FeaturegenError("\x1b[2J", where="\x1b]0;x\x07", hint="\u202e")
    assert error_text(error, PLAIN).replace("\n", "").isprintable()


def test_the_exit_code_of_an_error_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    error = FeaturegenError("the file was changed", where="app/main.py", exit_code=3)
    assert run("new", lambda: _stop(error), json=True) == 3
    out, err = capsys.readouterr()
    document = Document.model_validate_json(out)
    assert (document.command, document.ok, document.exit_code) == ("new", False, 3)
    assert document.error is not None
    assert (document.error.what, document.error.where) == ("the file was changed", "app/main.py")
    assert err == "error: the file was changed\n --> app/main.py\n"


def test_what_is_left_to_a_person_is_a_conflict_and_a_failed_proof_a_fault() -> None:
    assert exit_code(CREATED) == 0
    assert exit_code(replace(CREATED, verification=None)) == 0
    assert exit_code(replace(CREATED, by_hand=(BY_HAND,))) == 3
    assert exit_code(BROKEN) == 1
    assert exit_code(replace(BROKEN, by_hand=(BY_HAND,))) == 1
    assert exit_code(replace(CREATED, verification=FAILED)) == 1


def test_a_bug_is_told_in_short_and_its_traceback_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("FEATUREGEN_TRACEBACK", raising=False)
    assert run("check", lambda: _stop(KeyError("amount"))) == 70
    out, err = capsys.readouterr()
    [saved] = (tmp_path / "crashes").iterdir()
    what, where, hint = err.splitlines()
    assert out == ""
    assert what == "error: featuregen itself failed: KeyError: 'amount'"
    assert where == f" --> traceback in {saved}"
    assert hint.startswith("help: this is a bug in featuregen")
    assert "please report it with" in hint
    kept = saved.read_text(encoding="utf-8")
    assert kept.startswith("featuregen ")
    assert kept.endswith("KeyError: 'amount'\n")


def test_the_traceback_of_a_bug_is_shown_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("FEATUREGEN_TRACEBACK", "1")
    assert run("check", lambda: _stop(RecursionError("too deep")), json=True) == 70
    out, err = capsys.readouterr()
    assert err.startswith("Traceback (most recent call last):\n")
    assert list(tmp_path.iterdir()) == []
    error = Document.model_validate_json(out).error
    assert error is not None
    assert error.what == "featuregen itself failed: RecursionError: too deep"


def test_a_bug_is_told_also_where_nothing_can_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.delenv("FEATUREGEN_TRACEBACK", raising=False)
    assert run("check", lambda: _stop(ValueError())) == 70
    err = capsys.readouterr().err
    assert err.startswith("error: featuregen itself failed: ValueError\nhelp: ")
    assert "set FEATUREGEN_TRACEBACK=1" in err


def test_a_fault_while_printing_is_a_bug_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEATUREGEN_CACHE_DIR", str(tmp_path))

    def text(_: Style) -> str:
        raise ZeroDivisionError

    assert run("new", lambda: Outcome(text=text, document=dict)) == 70
    assert capsys.readouterr().err.startswith(
        "error: featuregen itself failed: ZeroDivisionError\n"
    )


WAITS = """
import signal, sys
from featuregen.cli.run import Outcome, prepare, run
number = {number:d}  # may be ignored by whoever runs the tests: nohup, or a shell in the background
usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
signal.signal(number, usual)
prepare()
def wait():
    print("ready", flush=True)
    sys.stdin.read()
sys.exit(run("new", wait, json={json}))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("json", [False, True])
def test_an_interruption_is_one_line_and_exit_code_130(number: signal.Signals, json: bool) -> None:  # noqa: FBT001
    with subprocess.Popen(
        [sys.executable, "-c", WAITS.format(json=json, number=number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert (err, process.returncode) == (b"interrupted\n", 130)
    if json:
        document = Document.model_validate_json(out)
        assert (document.exit_code, document.ok) == (130, False)
    else:
        assert out == b""


def test_an_interruption_outside_of_a_command_is_no_traceback() -> None:
    code = (
        "import sys\n"
        "from featuregen import __main__ as entry\n"
        "class Words(list):\n"
        "    def __getitem__(self, key): raise KeyboardInterrupt\n"
        "sys.argv = Words(['featuregen'])\n"
        "sys.exit(entry.main())"
    )
    done = run_python(code)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 130)


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from featuregen.cli.run import prepare; prepare()\n"
        "print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    )
    assert run_python(code).stdout == "True\n"
