"""`featuregen check`, and what holds for every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import BAD, FEATUREGEN, GOOD, PAYMENT, environment, featuregen, run_python

from featuregen.cli.app import run_app
from featuregen.json_models import CheckDocument, Document
from featuregen.version import VERSION


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "greeting.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD, encoding="utf-8")
    return path


def test_a_valid_spec_is_told_in_one_line_on_stdout(good: Path) -> None:
    done = featuregen("check", good)
    assert (done.stdout, done.stderr, done.returncode) == (f"{good}: ok\n", "", 0)


def test_a_fault_is_shown_on_stderr_with_its_excerpt(bad: Path) -> None:
    done = featuregen("check", bad.name, cwd=bad.parent)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "bad.yaml:4:29: error[FG103]: unknown type 'monney'\n4 |   Greeting:"
    )
    assert done.stderr.endswith("\n1 error in bad.yaml\n")


def test_all_specs_are_checked_also_after_a_bad_one(good: Path, bad: Path) -> None:
    done = featuregen("check", bad.name, "missing.yaml", good.name, cwd=good.parent)
    assert done.returncode == 1
    assert done.stdout == "greeting.yaml: ok\n"
    assert "bad.yaml:4:29: error[FG103]" in done.stderr
    assert "missing.yaml:1:1: error[FG100]: there is no such file" in done.stderr


def test_warnings_are_shown_and_do_not_fail(tmp_path: Path) -> None:
    spec = tmp_path / "greeting.yaml"
    spec.write_text(
        GOOD + "errors: {NeverUsedError: {status: 409, title: Never}}\n", encoding="utf-8"
    )
    done = featuregen("check", spec.name, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "greeting.yaml: ok\n"
    assert "warning[FG8" in done.stderr
    assert done.stderr.endswith("1 warning in greeting.yaml\n")


def test_the_document_holds_every_spec_and_every_diagnostic(good: Path, bad: Path) -> None:
    done = featuregen("check", "--json", good.name, bad.name, cwd=good.parent)
    document = CheckDocument.model_validate_json(done.stdout)
    assert done.returncode == document.exit_code == 1
    assert not document.ok
    assert document.featuregen == VERSION
    assert [(one.file, one.ok, one.feature) for one in document.specs] == [
        ("greeting.yaml", True, "greeting"),
        ("bad.yaml", False, None),
    ]
    [found] = document.diagnostics
    assert (found.code, found.file, found.line, found.column, found.length) == (
        "FG103",
        "bad.yaml",
        4,
        29,
        6,
    )
    assert found.path == "models.Greeting.fields.text"
    assert "error[FG103]" in done.stderr


def test_check_imports_nothing_heavy() -> None:
    heavy = [
        "libcst",
        "copier",
        "mcp",
        "pydantic",
        "pydantic_core",
        "jinja2",
        "tomlkit",
        "typer",
        "rich",
    ]
    heavy += [
        "subprocess",
        "http.client",
        "urllib.request",
        "httpx",
        "httpx2",
        "requests",
        "asyncio",
    ]
    code = (
        "import sys; from featuregen.__main__ import main\n"
        f"sys.argv = ['featuregen', 'check', {str(PAYMENT)!r}]\n"
        "code = main()\n"
        f"print(code, sorted(set({heavy}) & set(sys.modules)))"
    )
    assert run_python(code).stdout == f"{PAYMENT}: ok\n0 []\n"


def test_check_writes_json_without_pydantic() -> None:
    code = (
        "import sys; from featuregen.__main__ import main\n"
        f"sys.argv = ['featuregen', 'check', '--json', {str(PAYMENT)!r}]\n"
        "main()\n"
        "print('pydantic' in sys.modules, file=sys.stderr)"
    )
    assert run_python(code).stderr == "False\n"


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        (["chekc"], "no such command: chekc", "did you mean 'check'? see 'featuregen --help'"),
        (
            ["--jsno"],
            "no such option: --jsno",
            "options stand after the command; see 'featuregen --help'",
        ),
        (["check"], "the following arguments are required: SPEC", "see 'featuregen check --help'"),
        (
            ["check", "--jsno", "a.yaml"],
            "no such option: --jsno",
            "did you mean '--json'? see 'featuregen check --help'",
        ),
        (["explain", "FG1", "FG2"], "unexpected argument: FG2", "see 'featuregen explain --help'"),
        (
            ["new", "a.yaml", "--into"],
            "argument --into: expected one argument",
            "see 'featuregen new --help'",
        ),
        (
            ["new", "a.yaml", "--into", __file__],
            f"argument --into: {__file__} is a file, not a folder",
            "see 'featuregen new --help'",
        ),
        (
            ["new", "a.yaml", "--no-verif"],
            "no such option: --no-verif",
            "did you mean '--no-verify'? see 'featuregen new --help'",
        ),
    ],
)
def test_a_command_line_that_does_not_fit_exits_2(
    arguments: list[str], what: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {what}\nhelp: {hint}\n")


def test_a_command_line_that_does_not_fit_is_a_document_too() -> None:
    done = featuregen("check", "a.yaml", "--josn", "--json")
    document = Document.model_validate_json(done.stdout)
    assert done.returncode == document.exit_code == 2
    assert document.command == "check"
    assert document.error is not None
    assert document.error.what == "no such option: --josn"
    assert done.stderr.startswith("error: no such option: --josn\n")


def test_without_a_command_the_help_is_shown_and_the_exit_code_is_2() -> None:
    done = featuregen()
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr == featuregen("--help").stdout


def test_help_names_every_command_and_each_has_its_own() -> None:
    from featuregen.cli.grammar import COMMANDS

    overview = featuregen("--help").stdout
    wide = max(map(len, COMMANDS))
    for name, command in COMMANDS.items():
        assert f"  {name:<{wide}}  {command.summary}\n" in overview
    shown = featuregen("new", "--help")
    assert shown.returncode == 0
    assert featuregen("help", "new").stdout == shown.stdout
    assert "usage: featuregen new [-h]" in shown.stdout
    assert "--no-verify" in shown.stdout


def test_every_command_takes_json() -> None:
    from featuregen.cli.grammar import COMMANDS, JSON

    assert [name for name, command in COMMANDS.items() if JSON not in command.options] == []


def test_the_version_is_that_of_the_package() -> None:
    import tomllib

    from cli_process import REPOSITORY

    assert featuregen("--version").stdout == f"featuregen {VERSION}\n"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project.get("version", VERSION) == VERSION


def test_a_spec_whose_name_looks_like_an_option_stands_after_two_dashes(tmp_path: Path) -> None:
    (tmp_path / "--json").write_text(GOOD, encoding="utf-8")
    done = featuregen("check", "--", "--json", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("--json: ok\n", 0)


def test_options_may_stand_anywhere_after_the_command(good: Path) -> None:
    first, last = featuregen("check", "--json", good), featuregen("check", good, "--json")
    assert first.stdout == last.stdout
    assert json.loads(first.stdout)["ok"] is True


def test_a_reader_that_has_gone_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*FEATUREGEN, "explain"],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.stderr, done.returncode) == (b"", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_output_that_cannot_be_written_is_a_fault_and_no_bug(options: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*FEATUREGEN, "explain", *options],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert done.stderr == b"error: cannot write the output: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes streams")
def test_streams_that_are_closed_are_no_fault(good: Path) -> None:
    command = ["sh", "-c", 'exec "$0" "$@" >&- 2>&-', *FEATUREGEN, "check", str(good)]
    assert subprocess.run(command, env=environment(), timeout=60, check=False).returncode == 0


def test_characters_that_the_locale_lacks_are_written_escaped(tmp_path: Path) -> None:
    spec = tmp_path / "café.yaml"
    spec.write_text(BAD.replace("monney", "monnéy"), encoding="utf-8")
    done = featuregen("check", spec.name, cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert done.stderr.startswith("caf\\xe9.yaml:4:29: error[FG103]: unknown type 'monn\\xe9y'\n")
    assert done.stderr.isascii()


def test_a_document_is_the_same_in_every_locale(tmp_path: Path) -> None:
    spec = tmp_path / "café.yaml"
    spec.write_text(BAD.replace("monney", "monnéy\u202e"), encoding="utf-8")
    here = featuregen("check", "--json", spec.name, cwd=tmp_path)
    there = featuregen("check", "--json", spec.name, cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert here.stdout == there.stdout
    assert here.stdout.isascii()
    assert json.loads(here.stdout)["diagnostics"][0]["file"] == "café.yaml"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_file_name_that_is_no_text_is_shown_and_stored(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.yaml")).write_text(GOOD, encoding="utf-8")
    done = featuregen("check", "--json", os.fsdecode(b"a\xff.yaml"), cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["specs"][0]["file"] == "a?.yaml"
    shown = featuregen("check", os.fsdecode(b"a\xff.yaml"), cwd=tmp_path)
    assert (shown.stdout, shown.returncode) == ("a<U+DCFF>.yaml: ok\n", 0)


def test_a_name_of_a_file_cannot_command_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.yaml").write_text(GOOD, encoding="utf-8")
    done = featuregen("check", "a\x1b[2J.yaml", "b\x1b[2J.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
