"""A sample of `benchmarks/mutants.py`: the generated tests kill mutants of the generated code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))

from mutants import TRIVIAL, Score, Survivor, _shown_lines, cosmic_ray, report, subject

EXAMPLES = REPOSITORY / "examples"
PAYMENT = EXAMPLES / "payment" / "payment.yaml"
ENROLMENT = EXAMPLES / "enrolment" / "enrolment.yaml"
SAMPLE, SEED = 1, 15  # of each module


@pytest.mark.parametrize("spec", [PAYMENT, ENROLMENT], ids=lambda spec: spec.stem)
def test_most_mutants_of_a_sample_are_killed(spec: Path, tmp_path: Path) -> None:
    it = subject(spec, tmp_path / "api")
    modules = [f"app/models/{spec.stem}.py", f"app/services/{spec.stem}_service.py"]
    scores = cosmic_ray(it, modules, SAMPLE, SEED)
    assert [(score.module, score.mutants) for score in scores] == [(m, SAMPLE) for m in modules]
    survivors = [survivor for score in scores for survivor in score.survivors]
    assert len(survivors) <= 1, survivors  # docs/proofs.md lists those that may


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


def test_what_is_left_out_of_the_count_is_what_no_module_would_import() -> None:
    left_out = ("BitOr_Add", "Mul_Div", "Pow_Mod", "Add_Mul", "Sub_FloorDiv")
    assert all(TRIVIAL.match(f"core/ReplaceBinaryOperator_{each}") for each in left_out)
    counted = ("ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "NumberReplacer")
    assert not any(TRIVIAL.match(f"core/{each}") for each in counted)


def test_numbers_of_examples_are_not_counted(tmp_path: Path) -> None:
    module = tmp_path / "note.py"
    module.write_text(
        "A = ConfigDict(\n    json_schema_extra={\n        'examples': [1]\n    },\n    b=2,\n)\n"
    )
    assert _shown_lines(module) == {2, 3, 4}
