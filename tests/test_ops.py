"""The generated alert rules, by Prometheus's own tool: each fires when it should, and only then."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from database_servers import installed

from featuregen.plan.contribution import Contribution
from featuregen.plan.project import plan_project
from featuregen.render import render_project

COMBINATIONS = (
    ("metrics", "upstream"),
    ("metrics", "storage"),
    ("metrics", "rate_limit", "storage", "webhooks"),
    ("metrics", "pending", "rate_limit", "storage", "upstream", "webhooks"),
    ("event_jobs", "jobs", "metrics", "pending", "rate_limit", "storage", "upstream", "webhooks"),
)


def rendered(needs: tuple[str, ...]) -> dict[str, str]:
    feature = Contribution(
        feature="payment",
        title="Payments",
        routers=(),
        settings=(),
        errors=(),
        fakes=(),
        needs=needs,
        permissions=(),
        readme="",
    )
    files = render_project(plan_project("payment-api", [feature]), [])
    return {path: text for path, text in files.items() if path.startswith("ops/")}


@pytest.mark.parametrize("needs", COMBINATIONS, ids=",".join)
def test_promtool_accepts_the_alerts_and_sees_each_of_them_fire(
    needs: tuple[str, ...], tmp_path: Path
) -> None:
    promtool = installed("promtool")
    for path, text in rendered(needs).items():
        (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    for command in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
        done = subprocess.run(
            [promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("needs", COMBINATIONS, ids=",".join)
def test_the_dashboard_is_json_whose_panels_do_not_overlap(needs: tuple[str, ...]) -> None:
    dashboard = json.loads(rendered(needs)["ops/dashboard.json"])
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_a_project_without_metrics_has_no_ops() -> None:
    assert rendered(("auth",)) == {}
