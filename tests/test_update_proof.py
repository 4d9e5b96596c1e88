"""An update is proven before it is applied: with the project's own tools, on the staged tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from lifecycle_scenes import add, edit, edit_spec, tree

from featuregen.lifecycle.removing import remove
from featuregen.lifecycle.updating import update
from featuregen.pipeline import Options
from featuregen.progress import Silent
from featuregen.results import RunResult
from featuregen.verify import Stage

SERVICE = "app/services/poll_service.py"


def verified(result: RunResult) -> dict[str, Stage]:
    assert result.verification is not None
    return {stage.name: stage for stage in result.verification.stages}


def test_an_update_is_proven_and_one_that_fails_its_proof_changes_nothing(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "poll")
    edit_spec(root, "poll", "ge: 1, le: 20", "ge: 1, le: 10")
    result = update(root, (), Options(), Silent())
    assert result.outcome == "updated"
    assert result.verification is not None
    assert result.verification.ok
    assert {test.file for test in result.verification.tests} == {"tests/test_poll_api.py"}

    edit(root, SERVICE, "import structlog\n", "import os\nimport structlog\n")  # unused, unsorted
    edit_spec(root, "poll", "ge: 1, le: 10", "ge: 1, le: 11")
    result = update(root, (), Options(), Silent())
    assert result.outcome == "updated", result.verification
    assert "in files that you have edited" in verified(result)["ruff"].summary

    edit(root, SERVICE, 'log.info("vote")', 'raise ValueError("mine")')
    edit_spec(root, "poll", "ge: 1, le: 11", "ge: 1, le: 9")
    before = tree(root)
    result = update(root, (), Options(), Silent())
    assert result.outcome == "failed"
    assert result.verification is not None
    assert not result.verification.ok
    assert any("nothing was written" in step for step in result.next_steps)
    assert tree(root) == before


@pytest.mark.heavy
def test_a_removal_proves_the_features_that_stay(scratch: Path) -> None:
    root = scratch / "shop-api"
    add(root, "poll", "ticket")
    result = remove(root, "ticket", Options(), Silent())
    assert result.verification is not None
    assert result.verification.ok, result.verification.failures
    files = {test.file for test in result.verification.tests}
    assert "tests/test_poll_api.py" in files
    assert "tests/test_ticket_api.py" not in files
