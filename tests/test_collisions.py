"""What two features of a project must not share."""

from __future__ import annotations

from pathlib import Path

from conftest import REPOSITORY

from featuregen.pipeline import Options, new
from featuregen.progress import Silent


def test_a_feature_with_jobs_has_a_route_more_than_operations(tmp_path: Path) -> None:
    payment = REPOSITORY / "examples" / "payment" / "payment.yaml"
    with_jobs = REPOSITORY / "tests" / "cases" / "good" / "stored.yaml"
    for spec in (payment, with_jobs):
        new(spec, tmp_path / "api", Options(verify=False), Silent())
    assert (tmp_path / "api" / "app" / "services" / "course_service.py").exists()
