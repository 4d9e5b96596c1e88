"""A payment API that is killed under load: `benchmarks/crashes.py`, in small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY
from database_servers import Postgres

sys.path += [str(REPOSITORY / "benchmarks"), str(REPOSITORY / "benchmarks" / "load")]

from bench import STORED, generated, python_of
from crashes import Outcome, crash, shorten_locks

KEPT = Outcome(
    {"k1": "p1", "k2": "p2"}, {"p1": "succeeded", "p2": "succeeded"}, {"p1": 2, "p2": 1}, 1, 3
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = generated(STORED, tmp_path / "api")
    shorten_locks(root)
    return root


def crashed(project: Path, url: str, payments: int, kills: int) -> Outcome:
    python = python_of(project)
    return crash(python, project.parent, url, payments=payments, kills=kills, at_a_time=8)


def sqlite(project: Path) -> str:
    return f"sqlite+aiosqlite:///{project.parent}/crashes.db"


def test_an_app_that_is_killed_loses_no_payment_and_charges_none_twice(project: Path) -> None:
    outcome = crashed(project, sqlite(project), payments=24, kills=1)
    assert (outcome.faults(), len(outcome.answered), outcome.kills) == ([], 24, 1)
    assert outcome.retries > 0


@pytest.mark.heavy
def test_the_same_on_both_databases_killed_often(project: Path, postgres: Postgres) -> None:
    for url in (sqlite(project), postgres.new_database()):
        outcome = crashed(project, url, payments=400, kills=8)
        assert (outcome.faults(), len(outcome.answered), outcome.kills) == ([], 400, 8)


@pytest.mark.heavy
def test_a_key_that_is_new_for_each_attempt_is_found_out(project: Path) -> None:
    service = project / "app" / "services" / "payment_service.py"
    text = service.read_text()
    kept = 'attempt.id("pay_")'
    assert text.count(kept) > 1
    service.write_text(
        text.replace(kept, 'new_id("pay_")').replace(
            "from app.db.queries", "from app.db.base import new_id\nfrom app.db.queries", 1
        )
    )
    outcome = crashed(project, sqlite(project), payments=200, kills=6)
    assert any("charges beside" in fault for fault in outcome.faults())


def test_what_is_left_without_a_fault_has_none() -> None:
    assert KEPT.faults() == []


@pytest.mark.parametrize(
    ("answered", "rows", "charges", "fault"),
    [
        ({"k2": "p1"}, {}, {}, "two clients"),
        ({}, {"p2": None}, {}, "not in the database"),
        ({}, {"p2": "pending"}, {}, "have not succeeded"),
        ({}, {}, {"p9": 1}, "charges without a payment"),
        ({}, {}, {"p2": None}, "never charged"),
        ({}, {"p3": "pending"}, {"p3": 1}, "beside the one"),
    ],
)
def test_each_fault_is_seen(
    answered: dict[str, str],
    rows: dict[str, str | None],
    charges: dict[str, int | None],
    fault: str,
) -> None:
    def changed(kept: object, by: object) -> dict[str, object]:
        assert isinstance(kept, dict)
        assert isinstance(by, dict)
        return {key: value for key, value in {**kept, **by}.items() if value is not None}

    outcome = Outcome(
        changed(KEPT.answered, answered),  # type: ignore[arg-type]
        changed(KEPT.rows, rows),  # type: ignore[arg-type]
        changed(KEPT.charges, charges),  # type: ignore[arg-type]
        kills=1,
        retries=0,
    )
    assert any(fault in found for found in outcome.faults())
