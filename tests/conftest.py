"""Shared by the tests: where things are, and the environment that generated projects run in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from database_servers import postgres, postgres_url, redis_url  # noqa: F401 - fixtures

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

# A runner in the background ignores SIGINT, and so would all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What the tests start compiles once, as on any machine of a user, and not in every process anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples in every run of CI: new ones are looked for at home, and by the heavy runs.
hypothesis.settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, print_blob=True
)
hypothesis.settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    bounded = config.getoption("markexpr") == "not heavy"
    in_ci = bounded and os.environ.get("CI") == "true"
    hypothesis.settings.load_profile("ci" if in_ci else "random")


REPOSITORY = Path(__file__).resolve().parents[1]
PAYMENT = REPOSITORY / "tests" / "cases" / "ok" / "payment-upstream.yaml"
OK_CASES = sorted(path for path in PAYMENT.parent.glob("*.yaml") if path != PAYMENT)


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def payment_spec() -> Path:
    return PAYMENT


@pytest.fixture(scope="session")
def _pristine_payment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pristine") / "payment-api"
    new(PAYMENT, root, Options(verify=False), Silent())
    return root


@pytest.fixture
def payment_project(_pristine_payment: Path, tmp_path: Path) -> Path:
    """A project of its own with the payment feature in it, not verified."""
    root = tmp_path / "payment-api"
    shutil.copytree(_pristine_payment, root)
    return root


@pytest.fixture(scope="session")
def every_feature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project with all features of `tests/cases/ok`. Read only."""
    root = tmp_path_factory.mktemp("every") / "shop-api"
    for spec in (PAYMENT, *OK_CASES):
        new(spec, root, Options(verify=False), Silent())
    return root


@pytest.fixture(scope="session")
def app_python(every_feature: Path) -> Path:
    """The interpreter with everything that a generated project needs."""
    return project_environment(every_feature, (every_feature / "pyproject.toml").read_text()).python


class ToolRunner:
    """Runs the project's own tools: `tool(root, "mypy")`."""

    def __init__(self, python: Path) -> None:
        self.python = python

    def __call__(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), "-m", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def tool(app_python: Path) -> ToolRunner:
    return ToolRunner(app_python)


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a tree: bytes and mode."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="session")
def _pristine_trio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from lifecycle_scenes import SPECS, add

    root = tmp_path_factory.mktemp("trio") / "shop-api"
    add(root, *SPECS)
    return root


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; in memory where there is such a place, since every run of ours syncs."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="featuregen-test-") as folder:
        yield Path(folder)


@pytest.fixture
def trio(_pristine_trio: Path, scratch: Path) -> Path:
    """A project of its own with the three features of `lifecycle_scenes`, not verified."""
    root = scratch / "shop-api"
    shutil.copytree(_pristine_trio, root)
    return root
