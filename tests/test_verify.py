"""Verification of small projects that are written out here, by the tools of our own environment."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from featuregen.environment import Environment, project_environment
from featuregen.plan.model import Origin
from featuregen.verify import Verification, verify
from featuregen.verify.processes import Finished, Running

PYPROJECT = """\
[tool.ruff.lint]
select = ["E", "F"]
[tool.mypy]
strict = true
[tool.pytest.ini_options]
addopts = ["--strict-markers", "-p", "no:randomly"]
filterwarnings = ["error"]
xfail_strict = true
[tool.coverage.report]
fail_under = 100
exclude_also = ["never covered"]
"""
SHOP = """\
class Shop:
    def price(self, amount: int) -> int:
        if amount > 100:
            return amount - 10
        return amount
"""
TEST_SHOP = """\
import pytest

from app.shop import Shop


@pytest.mark.parametrize("amount", [1, 100], ids=["least", "most"])
def test_price_is_the_amount(amount: int) -> None:
    assert Shop().price(amount) == amount
"""
SOUND = {"app/__init__.py": "", "app/shop.py": SHOP, "tests/test_shop.py": TEST_SHOP}
ORIGINS = (
    Origin("app/shop.py", "Shop", ("models", "Shop")),
    Origin("app/shop.py", "Shop.price", ("operations", "price")),
    Origin("tests/test_shop.py", "test_price_", ("operations", "price", "tests")),
    Origin("tests/test_shop.py", "test_price_is_the_amount[most]", ("examples", 0)),
)


@pytest.fixture(scope="session")
def environment() -> Iterable[Environment]:
    """The four tools and nothing else, built once and kept in the repository's build folder."""
    kept = Path(__file__).parent.parent / "build" / "test-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEATUREGEN_CACHE_DIR", str(kept))
        yield project_environment(kept / "no-project", '[project]\nname = "x"\n')


def run(
    tree: Path, environment: Environment, files: dict[str, str], **options: object
) -> Verification:
    """Write the files over a sound project and verify it; all of them count as generated."""
    write(tree, files)
    generated = options.pop("generated", [*SOUND, *files])
    return verify(tree, environment, generated=generated, origins=ORIGINS, **options)  # type: ignore[arg-type]


def write(tree: Path, files: dict[str, str]) -> None:
    for path, text in {"pyproject.toml": PYPROJECT, **SOUND, **files}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)


def said(verification: Verification, stage: str) -> str:
    return next(found.summary for found in verification.stages if found.name == stage)


def test_files_of_one_second_and_size_are_not_taken_for_each_other(
    tmp_path: Path, environment: Environment
) -> None:
    """Two projects share mypy's cache, and one name, size and time of a file."""
    tests = "from app.shop import Shop\n\n\ndef test_it() -> None:\n    assert Shop()\n"
    outcomes = []
    for returns in ("int", "str"):
        tree = tmp_path / returns
        shop = SHOP.replace("-> int", f"-> {returns}")
        write(tree, {"app/shop.py": shop, "tests/test_shop.py": tests})
        for path in tree.rglob("*.py"):
            os.utime(path, (1_700_000_000, 1_700_000_000))
        found = verify(tree, environment, generated=["app/shop.py", "tests/test_shop.py"])
        outcomes.append(said(found, "mypy"))
    assert outcomes[0] != outcomes[1]


def test_a_sound_feature_passes_with_its_tests_and_coverage(
    tmp_path: Path, environment: Environment
) -> None:
    words: list[str] = []
    found = run(tmp_path, environment, {}, on_stage=words.append)
    assert found.failures == ()
    assert found.ok
    assert [(stage.name, stage.ok, stage.output) for stage in found.stages] == [
        ("ruff", True, ""),
        ("format", True, ""),
        ("mypy", True, ""),
        ("tests", True, ""),
    ]
    assert said(found, "tests") == "2 passed"
    assert all(stage.seconds > 0 for stage in found.stages)
    assert [(test.id, test.outcome, test.line) for test in found.tests] == [
        ("tests/test_shop.py::test_price_is_the_amount[least]", "passed", 6),
        ("tests/test_shop.py::test_price_is_the_amount[most]", "passed", 6),
    ]
    (init, shop) = found.coverage
    assert (init.path, init.percent) == ("app/__init__.py", 100.0)
    assert (shop.path, shop.statements, shop.missing) == ("app/shop.py", 5, (4,))
    assert (shop.branches, shop.missing_branches) == (2, ((3, 4),))
    assert shop.percent == pytest.approx(100 * 5 / 7)
    assert {"tests 1/2", "tests 2/2", "tests 2 passed", "ruff 0 findings"} <= set(words)


def test_a_project_with_a_src_folder_is_checked_and_measured_there(
    tmp_path: Path, environment: Environment
) -> None:
    files = {
        "pyproject.toml": PYPROJECT,
        "src/shop/__init__.py": "",
        "src/shop/shop.py": SHOP,
        "tests/test_shop.py": TEST_SHOP.replace("app.shop", "shop.shop"),
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    alone = verify(tmp_path, environment, generated=["tests/test_shop.py"])
    assert alone.ok, alone.failures
    found = verify(tmp_path, environment, generated=[*files])
    assert [file.path for file in found.coverage] == ["src/shop/__init__.py", "src/shop/shop.py"]
    assert found.ok, found.failures


def test_nothing_is_left_in_the_tree(tmp_path: Path, environment: Environment) -> None:
    run(tmp_path, environment, {})
    left = {
        place.relative_to(tmp_path).as_posix() for place in tmp_path.rglob("*") if place.is_file()
    }
    assert left == {"pyproject.toml", *SOUND}
    assert not [*tmp_path.rglob("__pycache__")]


def test_a_failing_test_is_traced_to_its_example(tmp_path: Path, environment: Environment) -> None:
    found = run(tmp_path, environment, {"app/shop.py": SHOP.replace("> 100", "> 99")})
    assert not found.ok
    (failure,) = found.failures
    assert (failure.stage, failure.file, failure.line) == ("tests", "tests/test_shop.py", 8)
    assert failure.symbol == "test_price_is_the_amount[most]"
    assert failure.spec_path == ("examples", 0)
    assert "assert 90 == 100" in failure.message
    assert said(found, "tests") == "1 passed, 1 failed"
    assert "FAILURES" in found.stages[-1].output
    assert "PASSED" not in found.stages[-1].output


def test_a_test_without_an_example_of_its_own_is_traced_by_its_prefix(
    tmp_path: Path, environment: Environment
) -> None:
    found = run(tmp_path, environment, {"app/shop.py": SHOP.replace("amount\n", "amount + 1\n")})
    paths = {failure.symbol: failure.spec_path for failure in found.failures}
    assert paths["test_price_is_the_amount[least]"] == ("operations", "price", "tests")


def test_a_finding_of_ruff_is_traced_to_its_symbol(
    tmp_path: Path, environment: Environment
) -> None:
    shop = SHOP + "\n    def other(self) -> None:\n        import os\n"
    found = run(tmp_path, environment, {"app/shop.py": shop})
    (failure,) = [failure for failure in found.failures if failure.stage == "ruff"]
    assert (failure.file, failure.line, failure.symbol) == ("app/shop.py", 8, "Shop.other")
    assert failure.message.startswith("F401: ")
    assert failure.spec_path == ("models", "Shop")
    assert said(found, "ruff") == "1 finding"


def test_a_file_that_is_not_formatted_is_a_finding(
    tmp_path: Path, environment: Environment
) -> None:
    found = run(tmp_path, environment, {"app/shop.py": SHOP.replace("100", "100 ")})
    assert [(failure.stage, failure.file) for failure in found.failures] == [
        ("format", "app/shop.py")
    ]


def test_a_finding_of_mypy_is_traced_to_its_operation(
    tmp_path: Path, environment: Environment
) -> None:
    found = run(tmp_path, environment, {"app/shop.py": SHOP.replace("amount - 10", "str(amount)")})
    (failure,) = [failure for failure in found.failures if failure.stage == "mypy"]
    assert (failure.file, failure.line, failure.symbol) == ("app/shop.py", 4, "Shop.price")
    assert failure.message.endswith("[return-value]")
    assert failure.spec_path == ("operations", "price")
    assert "app/shop.py:4:" in found.stages[2].output


def test_findings_in_files_that_are_not_generated_do_not_fail(
    tmp_path: Path, environment: Environment
) -> None:
    mine = {"app/mine.py": "def mine(x):\n    return x\n"}
    shop = "from app.mine import mine\n\n\n" + SHOP.replace("amount\n", "int(mine(amount))\n")
    files = {**mine, "app/shop.py": shop}
    found = run(tmp_path, environment, files, generated=[*SOUND])
    (failure,) = found.failures
    assert (failure.file, failure.line) == ("app/shop.py", 8)
    assert "untyped function" in failure.message
    assert "(1 more in files that are not generated)" in said(found, "mypy")


def test_a_test_module_that_does_not_import_is_an_error(
    tmp_path: Path, environment: Environment
) -> None:
    broken = "import nowhere_at_all\n\n\ndef test_it() -> None:\n    assert nowhere_at_all\n"
    found = run(tmp_path, environment, {"tests/test_broken.py": broken})
    errors = [failure for failure in found.failures if failure.stage == "tests"]
    assert [(failure.file, failure.message) for failure in errors] == [
        (
            "tests/test_broken.py",
            (
                "no module named nowhere_at_all: "
                "add nowhere-at-all to the dependencies in pyproject.toml"
            ),
        )
    ]
    assert [test.outcome for test in found.tests if "broken" in test.id] == ["error"]


def test_a_conftest_that_does_not_import_is_said(tmp_path: Path, environment: Environment) -> None:
    found = run(tmp_path, environment, {"tests/conftest.py": "import jwt_nowhere\n"})
    messages = [failure.message for failure in found.failures if failure.stage == "tests"]
    assert messages == [
        "no module named jwt_nowhere: add jwt-nowhere to the dependencies in pyproject.toml"
    ]


def test_a_module_that_the_project_itself_lacks_is_not_called_a_dependency(
    tmp_path: Path, environment: Environment
) -> None:
    broken = "import app.nowhere\n\n\ndef test_it() -> None:\n    assert app.nowhere\n"
    found = run(tmp_path, environment, {"tests/test_broken.py": broken})
    assert "the project has no module app.nowhere" in [
        failure.message for failure in found.failures
    ]


def test_no_tests_at_all_is_a_failure(tmp_path: Path, environment: Environment) -> None:
    empty = run(tmp_path, environment, {"tests/test_shop.py": "X = 1\n"})
    assert said(empty, "tests") == "no tests were collected"
    assert [failure.message for failure in empty.failures] == ["no tests were collected"]
    none = run(tmp_path, environment, {}, tests=[])
    assert [failure.message for failure in none.failures] == ["there are no tests to run"]


def test_the_test_of_an_unwritten_hook_is_an_expected_failure(
    tmp_path: Path, environment: Environment
) -> None:
    hooks = (
        "import pytest\n\n\n"
        '@pytest.mark.xfail(reason="not written", strict=True)\n'
        "def test_hook() -> None:\n    assert {truth}\n"
    )
    unwritten = run(tmp_path, environment, {"tests/test_hooks.py": hooks.format(truth="not 1")})
    assert unwritten.ok
    assert said(unwritten, "tests") == "2 passed, 1 expected failure"
    assert [(test.outcome, test.message) for test in unwritten.tests[:1]] == [
        ("expected failure", "not written")
    ]
    written = run(tmp_path, environment, {"tests/test_hooks.py": hooks.format(truth="1")})
    assert not written.ok
    assert [failure.message for failure in written.failures] == [
        "passes, but is marked xfail: not written"
    ]
    assert "1 unexpected pass" in said(written, "tests")


def test_an_error_in_a_fixture_and_in_its_teardown_are_errors(
    tmp_path: Path, environment: Environment
) -> None:
    fixtures = """\
from collections.abc import Iterator

import pytest


@pytest.fixture
def before() -> int:
    raise RuntimeError("before")


@pytest.fixture
def after() -> Iterator[int]:
    yield 1
    raise RuntimeError("after")


class TestBoth:
    def test_before(self, before: int) -> None:
        assert before

    def test_after(self, after: int) -> None:
        assert after
"""
    found = run(tmp_path, environment, {"tests/test_fixtures.py": fixtures})
    outcomes = {test.id: test.outcome for test in found.tests if "fixtures" in test.id}
    assert outcomes == {
        "tests/test_fixtures.py::TestBoth::test_before": "error",
        "tests/test_fixtures.py::TestBoth::test_after": "error",
    }
    messages = {failure.symbol: failure.message for failure in found.failures}
    assert "before" in messages["TestBoth.test_before"]
    assert "after" in messages["TestBoth.test_after"]


def test_the_callers_variables_do_not_reach_the_tests(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "app.py").write_text("raise RuntimeError('not this one')\n")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("COVERAGE_RCFILE", str(elsewhere / "none"))
    monkeypatch.setenv("COVERAGE_PROCESS_START", "1")
    monkeypatch.setenv("PAYMENT_API_URL", "https://example.com")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    source = (
        "import os\n\n\n"
        "def test_variables() -> None:\n"
        '    known = {"PYTHONPATH", "COVERAGE_FILE"}\n'
        '    words = ("PYTHONPATH", "PYTEST_ADDOPTS", "COVERAGE", "PAYMENT", "PYTHONWARN")\n'
        "    assert {name for name in os.environ if name.startswith(words)} == known\n"
    )
    tree = tmp_path / "tree"
    found = run(tree, environment, {"tests/test_variables.py": source})
    assert [failure for failure in found.failures if failure.stage == "tests"] == []
    assert said(found, "tests") == "3 passed"


def test_a_project_without_settings_does_not_get_those_of_a_folder_above(
    tmp_path: Path, environment: Environment
) -> None:
    above = "[tool.ruff]\nline-length = 20\n[tool.mypy]\nstrict = true\n[tool.pytest.ini_options]\n"
    (tmp_path / "pyproject.toml").write_text(above + 'addopts = ["--no-such-option"]\n')
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not this one')\n")
    shop = SHOP.replace("self, amount: int", "self, amount")
    files = {"app/shop.py": shop, "pyproject.toml": '[project]\nname = "x"\n'}
    found = run(tmp_path / "tree", environment, files)
    assert found.failures == ()


def test_a_test_that_does_not_end_is_killed_with_what_it_started(
    tmp_path: Path, environment: Environment
) -> None:
    child = tmp_path / "child"
    endless = (
        "import subprocess\n\n\n"
        "def test_endless() -> None:\n"
        '    process = subprocess.Popen(["sleep", "600"])\n'
        f'    with open("{child}", "w") as stream:\n'
        "        stream.write(str(process.pid))\n"
        "    process.wait()\n"
    )
    started = time.perf_counter()
    files = {"tests/test_shop.py": endless}
    found = run(tmp_path / "tree", environment, files, timeout=3.0)
    assert time.perf_counter() - started < 60
    assert "did not end within" in said(found, "tests")
    assert not found.ok
    assert ends(int(child.read_text()))


def ends(process: int) -> bool:
    """Whether a process that was told to end does, or has."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with os.fdopen(handle):
        return bool(select.select([handle], [], [], 10)[0])


def test_an_interrupt_ends_the_tools_and_is_passed_on(
    tmp_path: Path, environment: Environment
) -> None:
    child = tmp_path / "child"
    tests = (
        "import os\nimport time\n\n\n"
        "def test_quick() -> None:\n"
        f'    with open("{child}", "w") as stream:\n'
        "        stream.write(str(os.getpid()))\n\n\n"
        "def test_endless() -> None:\n"
        "    time.sleep(600)\n"
    )

    def interrupt(words: str) -> None:
        if words == "tests 1/2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "tree", environment, {"tests/test_shop.py": tests}, on_stage=interrupt)
    assert ends(int(child.read_text()))


# --- processes -----------------------------------------------------------------------------------


def python(code: str, tmp_path: Path, timeout: float = 30.0) -> Finished:
    command = [sys.executable, "-c", code]
    return Running().run(command, cwd=tmp_path, variables=dict(os.environ), timeout=timeout)


def test_a_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    found = python("print('first'); print('x' * 5_000_000); print('last')", tmp_path)
    assert found.output.startswith("first\n")
    assert found.output.endswith("x\nlast\n")
    assert "bytes left out" in found.output
    assert len(found.output) < 500_000


def test_a_process_that_outlives_its_tool_is_ended(tmp_path: Path) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    found = python(code, tmp_path)
    assert (found.code, found.timed_out) == (0, False)
    assert ends(int(found.output))
    assert found.seconds < 10


def test_a_tool_that_ignores_the_deadline_is_killed(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    found = python(code, tmp_path, timeout=0.5)
    assert found.timed_out
    assert found.code == -9


def test_nothing_starts_once_all_was_stopped(tmp_path: Path) -> None:
    running = Running()
    running.stop()
    with pytest.raises(InterruptedError):
        running.run([sys.executable], cwd=tmp_path, variables={}, timeout=1)
