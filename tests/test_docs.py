"""What the README shows is what happens: its console blocks are run, its links and names exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import groupby
from pathlib import Path

import pytest

from featuregen.cli.grammar import COMMANDS
from featuregen.spec.catalogue import CATALOGUE
from featuregen.spec.schema import json_schema

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
ANY = "..."


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of one language, in order."""
    return [match[3] for match in BLOCK.finditer(README) if match[2] == language]


def commands(console: str) -> list[tuple[str, str]]:
    """Each `$ command` of a console block with the output shown below it."""
    parts = re.split(r"^\$ (.*)\n", console, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def matches(shown: str, printed: str) -> bool:
    """Whether that was printed; a line `...` stands for any lines."""
    parts = [
        ".*" if is_any else re.escape("".join(lines))
        for is_any, lines in (
            (is_any, list(lines))
            for is_any, lines in groupby(
                shown.splitlines(keepends=True), lambda line: line.strip() == ANY
            )
        )
    ]
    return re.fullmatch("".join(parts), printed, re.DOTALL) is not None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README shows."""
    made = tmp_path_factory.mktemp("readme")
    for text in blocks("yaml"):
        name = re.match(r"# (\S+\.yaml)\n", text)
        assert name, "a YAML block of the README says which file it is"
        (made / name[1]).write_text(text, encoding="utf-8")
    return made


def test_what_the_readme_shows_is_what_happens(folder: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    shown = [pair for block in blocks("console") for pair in commands(block)]
    assert len(shown) > 5
    for command, output in shown:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert matches(output, done.stdout), f"$ {command}\n{done.stdout}"


def test_the_shell_lines_of_the_readme_name_what_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert {line.split()[1] for line in lines if line.startswith("make ")} == {"demo", "test"}
    assert {"demo", "test", "serve", "lint", "bench", "examples", "schema"} <= targets
    called = [line.split()[1] for line in lines if line.startswith("featuregen ")]
    assert called
    assert all(word in COMMANDS or word == "--install-completion" for word in called)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        place = page.parent / file if file else page
        assert place.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {anchor_of(title) for title in titles}, target


def anchor_of(title: str) -> str:
    """The anchor that a heading gets on the usual hosts."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_of_ours_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(
        r"`((?:src|templates|tests|docs|examples|benchmarks)/[\w./-]*)`", page.read_text()
    )
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_every_code_that_the_readme_names_exists() -> None:
    assert set(re.findall(r"FG\d{3}", README)) <= set(CATALOGUE)


def test_the_committed_schema_is_the_language_s() -> None:
    committed = json.loads((REPOSITORY / "docs" / "feature.schema.json").read_text())
    assert committed == json_schema(), "run: make schema"


def test_every_test_that_a_page_names_exists() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for file, test in re.findall(r"`(tests/\w+\.py)::(\w+)`", text):
            assert f"\ndef {test}(" in (REPOSITORY / file).read_text(encoding="utf-8"), test


def test_every_room_that_the_architecture_names_exists() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    rooms = [room for row in rows for room in re.findall(r"`([a-z_]+)/?`", row)]
    assert len(rooms) > 20
    source = REPOSITORY / "src" / "featuregen"
    assert [
        room
        for room in rooms
        if not (source / room).is_dir() and not (source / f"{room}.py").is_file()
    ] == []


def test_the_readme_says_why_each_dependency_is_there() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project.get("optional-dependencies", {}).values()
    wanted = [*project["dependencies"], *(one for extra in optional for one in extra)]
    names = {re.split(r"[\[<>=~! ]", one)[0] for one in wanted}
    table = README.partition("## Why each dependency")[2].partition("What is not there")[0]
    assert set(re.findall(r"^\| ([\w-]+) \| \S", table, re.MULTILINE)) - {"dependency"} == names


def test_the_commands_that_the_readme_names_exist() -> None:
    assert set(re.findall(r"`featuregen ([a-z]+)", README)) <= set(COMMANDS)
