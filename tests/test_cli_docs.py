"""`docs/cli.md` says what the command line is."""

from __future__ import annotations

import re

import pytest
from cli_process import REPOSITORY

from featuregen.cli.grammar import COMMANDS
from featuregen.json_models import CheckDocument

DOCS = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_table_and_no_other() -> None:
    table = DOCS.split("| command |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)", table, re.MULTILINE) == list(COMMANDS)


def test_every_option_is_in_the_table_with_the_commands_that_have_it() -> None:
    table = DOCS.split("| option |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `--([a-z-]+)[^`]*` \| (.*?) \|", table, re.MULTILINE)
    written = {
        name: set(COMMANDS) if of == "all" else set(re.findall(r"\w+", of)) for name, of in rows
    }
    actual: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for option in command.options:
            actual.setdefault(option.name, set()).add(command.name)
    assert written == actual


def test_the_example_document_fits_its_model() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    assert CheckDocument.model_validate_json(example).diagnostics[0].code == "FG103"


@pytest.mark.parametrize("name", ["BUG", "CONFLICT", "DONE", "FAULT", "INTERRUPTED", "USAGE"])
def test_every_exit_code_is_documented(name: str) -> None:
    from featuregen.cli import run

    assert f"\n| {getattr(run, name)} | " in DOCS
