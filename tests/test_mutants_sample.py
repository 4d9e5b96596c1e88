"""A sample of `benchmarks/mutants.py`: the generated tests kill mutants of the generated code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

from mutants import Score, Survivor, cosmic_ray, report, subject

PAYMENT = REPOSITORY / "examples" / "payment" / "payment.yaml"
SAMPLE, SEED = 3, 15


def test_most_mutants_of_a_sample_are_killed(tmp_path: Path) -> None:
    payment = subject(PAYMENT, tmp_path / "api")
    (score,) = cosmic_ray(payment, ["app/services/payment_service.py"], SAMPLE, SEED)
    assert score.mutants == SAMPLE
    assert len(score.survivors) <= 1, score.survivors  # docs/proofs.md lists those that may


@pytest.mark.heavy
def test_a_mutant_that_no_test_kills_survives(tmp_path: Path) -> None:
    payment = subject(PAYMENT, tmp_path / "api")
    for module in (tmp_path / "api" / "tests").glob("test_payment_*.py"):
        module.write_text("def test_nothing() -> None:\n    pass\n")
    (score,) = cosmic_ray(payment, ["app/models/payment.py"], 1, SEED)
    assert [survivor.module for survivor in score.survivors] == ["app/models/payment.py"]


def test_the_report_counts_and_lists_survivors() -> None:
    survivor = Survivor("app/x.py", "f:3", "AddNot: if done:")
    page = report(
        "note",
        [Score("mutmut", "app/x.py", 4, (survivor,)), Score("cosmic-ray", "app/y.py", 6, ())],
    )
    assert "| `app/x.py` | mutmut | 4 | 3 | 75.0% |" in page
    assert "| together | | 10 | 9 | 90.0% |" in page
    assert "- `app/x.py` f:3: `AddNot: if done:`" in page


@pytest.mark.parametrize(("mutants", "alive", "killed"), [(4, 1, 0.75), (0, 0, 1.0)])
def test_a_score_is_the_share_that_was_killed(mutants: int, alive: int, killed: float) -> None:
    survivors = (Survivor("app/x.py", "f", "…"),) * alive
    assert Score("mutmut", "app/x.py", mutants, survivors).killed == killed
