"""Requirements in `pyproject.toml`."""

from __future__ import annotations

import tomllib

import pytest

from featuregen.plan.needs import NEEDS, dependencies
from featuregen.wiring.dependencies import DependenciesFile
from featuregen.wiring.order import Order
from featuregen.wiring.outcome import AlreadyThere, CannotEdit, Edited, Request
from featuregen.wiring.requirement import parse

HTTPX2 = "httpx2>=2.16,<3"
ORDER = Order(DependenciesFile.id(each) for each in dependencies(tuple(NEEDS)))

CASES: dict[str, tuple[str, str]] = {
    "one on each line, with comments": (
        """\
[project]
name = "shop"
dependencies = [
  "fastapi>=0.165,<0.170",  # the web
  # what a feature stands on
  "structlog>=26.1",
]

[tool.x]
dependencies = ["no"]
""",
        """\
[project]
name = "shop"
dependencies = [
  "fastapi>=0.165,<0.170",  # the web
  "httpx2>=2.16,<3",
  # what a feature stands on
  "structlog>=26.1",
]

[tool.x]
dependencies = ["no"]
""",
    ),
    "on one line, in single quotes": (
        "[project]\nname = 'shop'\ndependencies = ['fastapi', 'zzz']  # few\n",
        "[project]\nname = 'shop'\ndependencies = ['fastapi', 'httpx2>=2.16,<3', 'zzz']  # few\n",
    ),
    "none yet": (
        "# [project]\n[x]\n[project]\ndependencies = []\n",
        '# [project]\n[x]\n[project]\ndependencies = [\n  "httpx2>=2.16,<3",\n]\n',
    ),
    "no trailing comma": (
        '[project]\n"dependencies" = [\n    "fastapi" # x, y\n]\n',
        '[project]\n"dependencies" = [\n    "fastapi", # x, y\n    "httpx2>=2.16,<3"\n]\n',
    ),
    "in lines of several": (
        '[project]\ndependencies = ["anyio", "fastapi",\n  "sniffio"]\n',
        '[project]\ndependencies = ["anyio", "fastapi", "httpx2>=2.16,<3",\n  "sniffio"]\n',
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    return CASES[request.param]


def edited(source: str, entry: str = HTTPX2) -> str:
    outcome = DependenciesFile.edit(source, entry, ORDER)
    assert isinstance(outcome, Edited), outcome
    tomllib.loads(outcome.text)
    return outcome.text


def undone(source: str, inverse: str = "") -> str:
    outcome = DependenciesFile.undo(source, HTTPX2, inverse)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def test_a_requirement_takes_its_place(case: tuple[str, str]) -> None:
    assert edited(case[0]) == case[1]


def test_a_requirement_that_is_there_is_not_added_again(case: tuple[str, str]) -> None:
    assert DependenciesFile.edit(case[1], HTTPX2, ORDER) == AlreadyThere()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["\n", ""])
def test_undoing_gives_back_the_very_bytes(
    case: tuple[str, str], newline: str, ending: str
) -> None:
    before = (case[0].rstrip() + ending).replace("\n", newline)
    assert undone(edited(before)) == before


def one(requirement: str) -> str:
    return f"[project]\ndependencies = [{requirement!r}]\n"


@pytest.mark.parametrize(
    "there",
    [
        "httpx2>=2.16,<3",
        "HTTPX2 >= 2.16.0, < 3",
        "httpx2[http2]>=2.20",
        "httpx2==2.17.1",
        "httpx2~=2.16",
        "httpx2>=2.18rc1",
        "httpx2 @ git+https://example.com/httpx2.git",
    ],
)
def test_a_constraint_that_is_recent_enough_stays_as_it_is(there: str) -> None:
    assert DependenciesFile.edit(one(there), HTTPX2, ORDER) == AlreadyThere()


@pytest.mark.parametrize(
    ("there", "raised"),
    [
        ("httpx2", "httpx2>=2.16"),
        ("httpx2>=1", "httpx2>=2.16"),
        ("HTTPX2>1.9,<3,!=2.17", "HTTPX2>=2.16,<3,!=2.17"),
        ("httpx2[http2,brotli]<4", "httpx2[brotli,http2]>=2.16,<4"),
        ("httpx2~=2.1", "httpx2>=2.16,~=2.1"),
    ],
)
def test_a_constraint_that_is_older_is_raised_and_goes_back_when_undone(
    there: str, raised: str
) -> None:
    key = DependenciesFile.id(HTTPX2)
    edits = DependenciesFile.edit_all(one(there), Request({key: HTTPX2}, ORDER))
    assert edits.text == one(raised)
    assert edits.inverses == {key: there}
    assert undone(edits.text, there) == one(there)


def test_missing_extras_are_added() -> None:
    assert "'pyjwt[crypto]>=2.20'" in edited(one("pyjwt>=2.20"), "pyjwt[crypto]>=2.15,<3")


@pytest.mark.parametrize(
    "there", ["httpx2<2", "httpx2==1.0", "httpx2>=3", "httpx2>=1; python_version < '3.12'"]
)
def test_a_constraint_that_excludes_ours_is_left_to_a_person(there: str) -> None:
    source = f'[project]\ndependencies = ["{there}"]\n'
    outcome = DependenciesFile.edit(source, HTTPX2, ORDER)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith(f"pyproject.toml: it asks for {there!r}"[:50])


REFUSED = {
    "dependencies that are dynamic": '[project]\ndynamic = ["dependencies"]\n',
    "dependencies of poetry": '[tool.poetry.dependencies]\npython = "^3.11"\n',
    "no list": '[project]\nname = "shop"\n',
    "a table written in another way": 'project = {dependencies = ["fastapi"]}\n',
    "dotted keys": 'project.dependencies = ["fastapi"]\n',
    "not TOML": "[project\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_edited_comes_with_the_line_to_paste(name: str) -> None:
    outcome = DependenciesFile.edit(REFUSED[name], HTTPX2, ORDER)
    assert isinstance(outcome, CannotEdit)
    assert outcome.instructions.startswith("pyproject.toml: ")
    assert f'    "{HTTPX2}",\n' in outcome.instructions


def test_text_that_only_looks_like_the_table_is_not_edited() -> None:
    table = '[project]\ndependencies = ["a"]\n'
    source = f'[tool.x]\ntext = """\n{table}"""\n{table}'
    outcome = DependenciesFile.edit(source, HTTPX2, ORDER)
    assert isinstance(outcome, CannotEdit)


def test_a_constraint_that_the_user_has_changed_is_not_taken_out() -> None:
    assert isinstance(DependenciesFile.undo(one("httpx2>=2.20"), HTTPX2), CannotEdit)


@pytest.mark.parametrize("text", ["", "a b", "a>>1", "[x]", "a[b", "-a"])
def test_what_is_no_requirement_is_not_read_as_one(text: str) -> None:
    assert parse(text) is None
