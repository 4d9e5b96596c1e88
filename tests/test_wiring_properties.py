"""Promises of every edit, on files as people may have left them.

Hypothesis writes the files: comments, blank lines, line ends, and odd spacing wherever they may be.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from wiring_samples import EVERY, error, seconds, secret

from featuregen.plan.contribution import FakeEntry, RouterEntry
from featuregen.wiring.dependencies import DependenciesFile
from featuregen.wiring.env import EnvFile
from featuregen.wiring.errors import ErrorsFile
from featuregen.wiring.fakes import FakesFile
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, Edited
from featuregen.wiring.readme import ReadmeFile
from featuregen.wiring.router import RouterFile
from featuregen.wiring.settings import SettingsFile
from featuregen.wiring.shared_file import SharedFile

many = settings(max_examples=15, deadline=None, database=None, derandomize=True)

noise = st.lists(
    st.sampled_from(["", "# note", "# größer: €", "x_{} = 1", "y_{} = '''\n# no\n'''"]), max_size=3
)
newlines = st.sampled_from(["\n", "\r\n"])
endings = st.sampled_from(["", "\n", "\n\n", "\n# end\n"])


@st.composite
def lines(draw: st.DrawFn, indent: str = "") -> str:
    """A few lines that mean nothing."""
    number = draw(st.integers(0, 999))
    return "".join(
        f"{indent}{line.format(number + index)}\n" if line else "\n"
        for index, line in enumerate(draw(noise))
    )


@st.composite
def imports(draw: st.DrawFn, statements: Sequence[str]) -> str:
    """Import statements in any sequence, with noise in between, after a docstring or none."""
    chosen = draw(st.permutations(statements))
    text = draw(st.sampled_from(["", '"""Doc."""\n', '"""Doc."""\n\n', "# Licence\n"]))
    return text + "".join(f"{draw(lines())}{each}\n" for each in chosen)


@st.composite
def main_files(draw: st.DrawFn) -> str:
    head = draw(
        imports(
            [
                "from fastapi import FastAPI",
                draw(
                    st.sampled_from(
                        [
                            "import os",
                            "from app.api.endpoints import health",
                            "from app.api.endpoints import (health, users)  # ours",
                            "from app.api.endpoints import (\n  health,\n  # us\n  users,\n)",
                            "from app.api.endpoints import (\n    health,\n    users\n)",
                            "import app.core.config",
                        ]
                    )
                ),
            ]
        )
    )
    indent = draw(st.sampled_from(["    ", "\t", "  ", ""]))
    start = "def build():\n" if indent else ""
    made = draw(
        st.sampled_from(["app = FastAPI()", "app: FastAPI = make(\n\n)", "app = FastAPI() # x"])
    )
    body = f"{draw(lines(indent))}{indent}{made}\n{draw(lines(indent))}"
    if "health" in head and draw(st.booleans()):
        body += f"{indent}app.include_router(health.router)\n{draw(lines(indent))}"
    return head + draw(lines()) + start + body + (f"{indent}return app\n" if indent else "")


@st.composite
def config_files(draw: st.DrawFn) -> str:
    head = draw(
        imports(
            [
                "from pydantic_settings import BaseSettings",
                draw(
                    st.sampled_from(
                        [
                            "import os",
                            "from pydantic import Field as F",
                            "from datetime import date, datetime",
                            "from typing import (\n    Any,\n)",
                        ]
                    )
                ),
            ]
        )
    )
    indent = draw(st.sampled_from(["    ", "\t", "  "]))
    fields = [f"{indent}first: int = 1  # one\n", f'{indent}"""Told."""\n', draw(lines(indent))]
    rest = draw(st.sampled_from(["", f"{indent}def f(self): ...\n", "\n\ndef g(): ...\n"]))
    return f"{head}class Settings(BaseSettings):\n{''.join(fields)}{rest}"


@st.composite
def error_files(draw: st.DrawFn) -> str:
    classes = ["class AppError(Exception):\n    pass\n"]
    classes += [f"class E{n}(AppError): ...\n" for n in range(draw(st.integers(0, 2)))]
    return "".join(each + draw(lines()) for each in classes) + draw(
        st.sampled_from(["", "\n\ndef f() -> None: ...\n"])
    )


@st.composite
def fake_files(draw: st.DrawFn) -> str:
    head = draw(imports(["from tests.fakes.upstream import FakeUpstream", "from x import Y"]))
    mapping = draw(
        st.sampled_from(
            [
                "{}",
                "{'y': Y}",
                "{'y': (Y), **MORE}",
                "{\n    # why\n    'y': Y,  # y\n}",
                "{\n  'y': Y,\n\n  'z': Y\n}",
                "{'y': Y,\n 'z': Y}",
            ]
        )
    )
    return f"{head}{draw(lines())}FAKES = {mapping}\n{draw(lines())}"


@st.composite
def pyproject_files(draw: st.DrawFn) -> str:
    items = draw(
        st.sampled_from(
            [
                "[]",
                '["fastapi"]',
                "['fastapi>=0.165,<0.170', 'structlog']",
                '[\n  "fastapi",  # web, and more\n\n  # logs\n  "structlog",\n]',
                '[\n    "fastapi", "zstd"\n]',
                '["fastapi",\n "zstd",\n]',
            ]
        )
    )
    tables = draw(
        st.permutations(
            ["[tool.a]\nx = [1, 2]\n", f"[project]\nname = 'ä'\ndependencies = {items}\n"]
        )
    )
    return "\n".join(tables)


texts = st.lists(
    st.sampled_from(["# Shop", "", "A=1", "# B=2", "# a comment", "Text."]), max_size=6
).map(lambda parts: "".join(f"{part}\n" for part in parts))

Check = Callable[[str], object]


def keeps_its_promises(
    editor: type[SharedFile[Any]], source: str, entries: Sequence[Any], valid: Check
) -> None:
    keys = [editor.id(entry) for entry in entries]
    order = Order(keys, {key: f"feature {index // 2}" for index, key in enumerate(keys)})
    results = set()
    for sequence in permutations(entries):
        text = source
        for entry in sequence:
            outcome = editor.edit(text, entry, order)
            assert isinstance(outcome, Edited), outcome
            text = outcome.text
            assert editor.edit(text, entry, order) == AlreadyThere()
        results.add(text)
        valid(text.removeprefix("\ufeff"))
        for entry in sequence:
            outcome = editor.undo(text, entry)
            assert isinstance(outcome, Edited), outcome
            text = outcome.text
        assert text == source
    assert len(results) == 1


def finished(source: str, newline: str, ending: str, bom: str = "") -> str:
    return bom + (source.rstrip("\n") + ending).replace("\n", newline)


@many
@given(main_files(), newlines, endings, st.sampled_from(["", "\ufeff"]))
def test_routers(source: str, newline: str, ending: str, bom: str) -> None:
    entries = [RouterEntry(name) for name in ("audits", "payments", "zones")]
    keeps_its_promises(RouterFile, finished(source, newline, ending, bom), entries, ast.parse)


@many
@given(config_files(), newlines, endings)
def test_settings(source: str, newline: str, ending: str) -> None:
    entries = [secret("a_key"), seconds("b_time"), secret("c_key")]
    keeps_its_promises(SettingsFile, finished(source, newline, ending), entries, ast.parse)


@many
@given(error_files(), newlines, endings)
def test_errors(source: str, newline: str, ending: str) -> None:
    entries = [error("AnError", 400), error("BadError", 402), error("CutError", 503, 5)]
    keeps_its_promises(ErrorsFile, finished(source, newline, ending), entries, ast.parse)


@many
@given(fake_files(), newlines, endings)
def test_fakes(source: str, newline: str, ending: str) -> None:
    entries = [FakeEntry(name, f"Fake{name.title()}") for name in ("ask", "buy", "zoo")]
    keeps_its_promises(FakesFile, finished(source, newline, ending), entries, ast.parse)


@many
@given(pyproject_files(), newlines, st.sampled_from(["", "\n"]))
def test_dependencies(source: str, newline: str, ending: str) -> None:
    entries = ["httpx2>=2.16,<3", "limits>=5.8,<6", "pyjwt[crypto]>=2.15,<3"]
    text = finished(source, newline, ending)
    keeps_its_promises(DependenciesFile, text, entries, tomllib.loads)


@many
@given(texts, newlines, endings)
def test_env_lines(source: str, newline: str, ending: str) -> None:
    entries = [secret("a_key"), seconds("b_time"), secret("c_key")]
    text = finished(f"{source}Z=1\n", newline, ending.replace("# end\n", ""))
    keeps_its_promises(EnvFile, text, entries, str)


@many
@given(texts, newlines, endings)
def test_readme_sections(source: str, newline: str, ending: str) -> None:
    keeps_its_promises(ReadmeFile, finished(source, newline, ending), EVERY, str)
