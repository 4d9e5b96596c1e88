"""Alerts and dashboard go by metrics that the app has, and by labels that these carry."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from app.core.resources import get_resource
from app.core.telemetry import Telemetry
from app.db.pending import Pending

pytestmark = pytest.mark.anyio
OPS = Path(__file__).parent.parent / "ops"
PROMETHEUS_OWN = {"up"}
_SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? \S+$", re.MULTILINE)
_SELECTOR = re.compile(r"\b([a-z_]+)\{([^{}]*)\}")
_BY = re.compile(r"\bby \(([^()]*)\)")
_LABEL = re.compile(r"([a-z_]+)(?:=~|!~|!=|=)")
router = APIRouter()


@router.get("/things")
async def list_things() -> list[str]:
    return []


@pytest.fixture
async def exposed(app: FastAPI, client: httpx2.AsyncClient) -> dict[str, set[str]]:
    """Each metric that the app exposes, with its labels, once everything has happened."""
    app.include_router(router)
    await client.get("/things")
    telemetry = get_resource(app, Telemetry)
    with telemetry.upstream_call("provider", "GET"):
        pass
    telemetry.webhook_event("thing_events", "thing.done", "applied")
    telemetry.pending = {"things": Pending(1, 60.0)}
    found: dict[str, set[str]] = {}
    for name, labels in _SAMPLE.findall(telemetry.render().decode()):
        found.setdefault(name, set()).update(_LABEL.findall(labels))
    return found


def check(query: str, exposed: dict[str, set[str]]) -> set[str]:
    """Return the metrics that the query reads, each of them known, with known labels."""
    selectors = [pair for pair in _SELECTOR.findall(query) if pair[0] not in PROMETHEUS_OWN]
    read = {name for name, _ in selectors}
    assert read <= exposed.keys()
    given = {"job", *(label for name in read for label in exposed[name])}
    asked = {label for _, matchers in selectors for label in _LABEL.findall(matchers)}
    grouped = {label for labels in _BY.findall(query) for label in labels.split(", ")}
    assert asked | grouped <= given
    return read


def expressions(panels: list[dict[str, Any]]) -> list[str]:
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


async def test_the_dashboard_reads_what_the_app_exposes(exposed: dict[str, set[str]]) -> None:
    panels = json.loads((OPS / "dashboard.json").read_text())["panels"]
    queries = expressions(panels)
    assert len(queries) >= 4
    assert all(check(query, exposed) for query in queries)
    assert len({panel["id"] for panel in panels}) == len(panels)


async def test_the_alerts_read_what_the_app_exposes(exposed: dict[str, set[str]]) -> None:
    text = (OPS / "alerts.yml").read_text()
    queries = re.findall(r"^ +expr: (.*(?:\n(?!  +(?:for|labels):).*)*)", text, re.MULTILINE)
    assert len(queries) == len(re.findall("- alert: ", text)) >= 3
    assert all(check(query, exposed) or "up{" in query for query in queries)


def test_each_alert_is_tested() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", (OPS / "alerts.yml").read_text()))
    assert alerts == set(re.findall(r'alertname="(\w+)"', (OPS / "alerts_test.yml").read_text()))
