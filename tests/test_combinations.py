"""Specs made by chance: whatever `check` takes becomes code that proves itself.

`tests/spec_combinations.py` makes them. What a seed has found stays as a case in `tests/cases`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import ToolRunner
from spec_combinations import Combination, combination

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

SEEDS = (3, 16, 101, 320, 1, 42, 77)
"""Cheap ones, for every run."""
TYPED = int(os.environ.get("FEATUREGEN_COMBINATIONS", "12"))
PROVEN = TYPED // 6
FIRST = int(os.environ.get("FEATUREGEN_COMBINATIONS_FROM", "1000"))


def generated(made: Combination, folder: Path) -> Path:
    spec, root = folder / "depot.yaml", folder / "depot-api"
    shutil.rmtree(root, ignore_errors=True)
    spec.write_text(made.text)
    new(spec, root, Options(verify=False), Silent())
    return root


def test_a_seed_makes_the_same_spec_again() -> None:
    assert combination(7) == combination(7)
    assert combination(7).text != combination(8).text


def test_most_parts_are_valid() -> None:
    made = [combination(seed) for seed in range(10)]
    refused = sum(len(one.refused) for one in made)
    assert refused < sum(one.taken for one in made) / 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_combination_becomes_code_without_a_finding_of_ruff(
    seed: int, tmp_path: Path, tool: ToolRunner
) -> None:
    root = generated(combination(seed), tmp_path)
    done = tool(root, "ruff", "check", "--no-cache", "--output-format=concise")
    assert done.returncode == 0, done.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(FIRST, FIRST + TYPED))
def test_a_combination_is_typed_and_its_tests_pass(
    seed: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`FEATUREGEN_COMBINATIONS=300` looks at more of them; one in six also runs its tests."""
    root = generated(combination(seed), tmp_path)
    environment = project_environment(root, (root / "pyproject.toml").read_text())
    tool = ToolRunner(environment.python)
    cache = tmp_path_factory.getbasetemp() / "mypy_cache"  # what projects have in common, once
    commands = [("ruff", "check", "--no-cache"), ("mypy", f"--cache-dir={cache}")]
    if seed - FIRST < PROVEN:
        tests = sorted(str(path.relative_to(root)) for path in root.glob("tests/test_depot*.py"))
        commands.append(("pytest", "-q", "-n", "2", *tests))
    for command in commands:
        done = tool(root, *command)
        assert done.returncode == 0, (command, done.stdout[-3000:] + done.stderr[-1000:])
