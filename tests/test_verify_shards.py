"""The tests of a project are shared out to processes, and what these say is put together again."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_verify import TEST_SHOP, environment, run, said  # noqa: F401 - a fixture

from featuregen.environment import Environment
from featuregen.verify import shards
from featuregen.verify.coverage import coverage_sources
from featuregen.verify.shards import Shard, share_out

LARGE = "#" * 40_000 + "\n"
ABOVE = """\
from app.shop import Shop


def test_price_of_many_is_less() -> None:
    assert Shop().price(101) == 91
"""
UNMEASURED = """\
import app.other  # with schemathesis


def test_it() -> None:
    assert app.other.ONE == 1
"""


def files(tree: Path, **sizes: int) -> list[str]:
    for name, size in sizes.items():
        (tree / f"{name}.py").write_text("#" * size)
    return [f"{name}.py" for name in sizes]


def test_few_tests_are_one_process(tmp_path: Path) -> None:
    tests = files(tmp_path, b=9_000, a=20_000)
    assert share_out(tmp_path, tests, 8) == (Shard(("b.py", "a.py"), is_measured=True),)


def test_many_tests_are_shared_out_evenly_and_each_once(tmp_path: Path) -> None:
    tests = files(tmp_path, a=10_000, b=50_000, c=20_000, d=21_000)
    found = share_out(tmp_path, tests, 2)
    assert [shard.tests for shard in found] == [("b.py",), ("a.py", "c.py", "d.py")]


def test_there_are_no_more_processes_than_processors(tmp_path: Path) -> None:
    tests = files(tmp_path, a=90_000, b=90_000, c=90_000)
    assert len(share_out(tmp_path, tests, 1)) == 1
    assert len(share_out(tmp_path, tests, 8)) == 3


def test_property_tests_run_apart_and_are_not_measured(tmp_path: Path) -> None:
    tests = files(tmp_path, a=10)
    (tmp_path / "p.py").write_text("import schemathesis\n")
    assert share_out(tmp_path, ["p.py", *tests], 1) == (
        Shard(("a.py",), is_measured=True),
        Shard(("p.py",), is_measured=False),
    )


def test_property_tests_are_measured_where_there_are_no_others(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import schemathesis\n")
    assert share_out(tmp_path, ["p.py"], 1) == (Shard(("p.py",), is_measured=True),)


@pytest.fixture
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_processors", lambda: 2)


@pytest.mark.usefixtures("_two_processors")
def test_tests_and_coverage_of_all_processes_are_told_as_one(
    tmp_path: Path,
    environment: Environment,  # noqa: F811 - the fixture
) -> None:
    words: list[str] = []
    tests = {"tests/test_above.py": ABOVE + LARGE, "tests/test_other.py": UNMEASURED}
    sources = {"app/other.py": "ONE = 1\n", "tests/test_shop.py": TEST_SHOP + LARGE}
    found = run(tmp_path, environment, {**sources, **tests}, on_stage=words.append)
    assert said(found, "tests") == "4 passed"
    assert [test.file for test in found.tests] == sorted(test.file for test in found.tests)
    assert "tests 4/4" in words
    coverage = {file.path: file for file in found.coverage}
    shop, other = coverage["app/shop.py"], coverage["app/other.py"]
    assert (shop.percent, shop.missing, shop.missing_branches) == (100.0, (), ())
    assert (other.percent, other.missing) == (0.0, (1,))


@pytest.mark.usefixtures("_two_processors")
def test_a_failure_in_one_process_fails_the_stage(
    tmp_path: Path,
    environment: Environment,  # noqa: F811 - the fixture
) -> None:
    wrong = ABOVE.replace("== 91", "== 92") + LARGE
    more = {"tests/test_shop.py": TEST_SHOP + LARGE, "tests/test_above.py": wrong}
    found = run(tmp_path, environment, more)
    stage = found.stages[-1]
    assert (stage.ok, stage.summary) == (False, "2 passed, 1 failed")
    assert "assert 91 == 92" in stage.output
    assert [failure.file for failure in found.failures if failure.stage == "tests"] == [
        "tests/test_above.py"
    ]


@pytest.mark.usefixtures("_two_processors")
def test_what_fails_every_process_is_said_once(
    tmp_path: Path,
    environment: Environment,  # noqa: F811 - the fixture
) -> None:
    both = {"tests/test_shop.py": TEST_SHOP + LARGE, "tests/test_above.py": ABOVE + LARGE}
    found = run(tmp_path, environment, {**both, "conftest.py": "import nowhere\n"})
    assert [failure.stage for failure in found.failures].count("tests") == 1


def test_packages_are_measured_and_migrations_are_not() -> None:
    generated = ["app/main.py", "app/db/base.py", "migrations/env.py", "tests/conftest.py"]
    assert coverage_sources(generated) == ("app",)
