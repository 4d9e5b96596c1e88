"""What the app tells of itself: metrics for Prometheus, traces for OpenTelemetry."""

import re
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.config import Settings
from app.core.errors import NotFoundError
from app.core.resources import get_resource
from app.core.telemetry import Telemetry
from app.db.base import UtcDateTime, utcnow
from app.db.pending import BOUND, Pending, count_pending
from app.db.session import Database
from app.main import create_app
from tests.conftest import Logs

pytestmark = pytest.mark.anyio
router = APIRouter()


@router.get("/teas/{tea_id}")
async def get_tea(tea_id: str) -> str:
    if tea_id == "coffee":
        raise NotFoundError
    if tea_id == "crash":
        raise RuntimeError(tea_id)
    return tea_id


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


async def samples(client: httpx2.AsyncClient, name: str) -> dict[str, float]:
    """Return the samples of a metric: labels as Prometheus writes them → value."""
    lines = (await client.get("/metrics")).text.splitlines()
    found = (re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line) for line in lines)
    return {match[1] or "": float(match[2]) for match in found if match}


async def test_prometheus_is_answered_in_its_own_format(client: httpx2.AsyncClient) -> None:
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "operations_total" not in response.text  # nothing has been asked yet
    await client.get("/teas/oolong")
    assert "# TYPE operations_total counter" in (await client.get("/metrics")).text


async def test_an_operation_is_counted_by_how_it_ends(client: httpx2.AsyncClient) -> None:
    for tea in ("oolong", "green", "coffee", "crash"):
        await client.get(f"/teas/{tea}")
    assert await samples(client, "operations_total") == {
        'operation="get_tea",outcome="ok"': 2,
        'operation="get_tea",outcome="not_found"': 1,
        'operation="get_tea",outcome="internal_error"': 1,
    }


async def test_a_request_is_measured_by_its_route_and_not_by_its_path(
    client: httpx2.AsyncClient,
) -> None:
    for path in (
        "/teas/oolong",
        "/teas/ann@example.com",
        "/teas/coffee",
        "/nowhere/1",
        "/nowhere/2",
    ):
        await client.get(path)
    assert await samples(client, "http_server_request_duration_seconds_count") == {
        'http_request_method="GET",http_response_status_code="200",http_route="/teas/{tea_id}"': 2,
        'http_request_method="GET",http_response_status_code="404",http_route="/teas/{tea_id}"': 1,
        'http_request_method="GET",http_response_status_code="404",http_route=""': 2,
    }


async def test_no_label_repeats_what_a_client_sent(client: httpx2.AsyncClient) -> None:
    secret = "hunter2"
    await client.get(f"/teas/{secret}", params={secret: secret}, headers={"X-Request-ID": secret})
    await client.request(secret, f"/{secret}", headers={"Host": f"{secret}.example"})
    assert secret not in (await client.get("/metrics")).text.lower()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
async def test_probes_are_not_measured(client: httpx2.AsyncClient, path: str) -> None:
    await client.get(path)
    assert await samples(client, "http_server_request_duration_seconds_count") == {}
    assert await samples(client, "operations_total") == {}


async def test_metrics_can_be_switched_off(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_enabled": False}))
    app.include_router(router)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/teas/oolong")).status_code == 200
            assert (await client.get("/metrics")).status_code == 404
    assert b"http_server" not in get_resource(app, Telemetry).render()


async def test_each_app_counts_for_itself(client: httpx2.AsyncClient, settings: Settings) -> None:
    await client.get("/teas/oolong")
    assert b"get_tea" not in get_resource(create_app(settings), Telemetry).render()


@pytest.fixture
def spans(settings: Settings) -> tuple[FastAPI, InMemorySpanExporter]:
    """An app that traces, and what it has traced."""
    app = create_app(settings.model_copy(update={"tracing_enabled": True}))
    app.include_router(router)
    exporter = InMemorySpanExporter()
    tracers = get_resource(app, Telemetry).tracers
    assert tracers is not None
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    return app, exporter


def trace_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def test_a_request_is_traced_without_what_it_searches_for(
    spans: tuple[FastAPI, InMemorySpanExporter],
) -> None:
    app, exporter = spans
    parent = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{parent}-00f067aa0ba902b7-01"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client,
    ):
        await client.get("/teas/oolong?q=ann@example.com", headers=headers)
        await client.get("/teas/green")
    first, second = exporter.get_finished_spans()
    assert first.name == "GET /teas/{tea_id}"
    assert trace_id(first) == parent
    assert (first.attributes or {})["url.query"] == "REDACTED"
    assert "url.query" not in (second.attributes or {})


async def test_nothing_is_traced_unless_it_is_asked_for(app: FastAPI) -> None:
    telemetry = get_resource(app, Telemetry)
    assert telemetry.tracers is None
    assert telemetry.fastapi_config().get("tracing") is False


async def test_the_span_of_a_call_is_told_to_the_upstream(
    spans: tuple[FastAPI, InMemorySpanExporter],
) -> None:
    app, exporter = spans
    with get_resource(app, Telemetry).upstream_call("provider", "POST") as call:
        call.outcome = "refused"
    (span,) = exporter.get_finished_spans()
    assert span.name == "POST provider"
    assert trace_id(span) in call.headers["traceparent"]
    assert (span.attributes or {})["upstream.outcome"] == "refused"
    assert not span.status.is_ok


def test_a_call_of_an_upstream_is_measured_by_how_it_ends() -> None:
    telemetry = Telemetry()
    with telemetry.upstream_call("provider", "POST") as call:
        call.outcome = "ok"
    assert call.headers == {}
    with pytest.raises(RuntimeError), telemetry.upstream_call("provider", "POST"):
        raise RuntimeError
    text = telemetry.render().decode()
    for outcome in ("ok", "aborted"):
        labels = f'method="POST",outcome="{outcome}",upstream="provider"'
        assert f"upstream_call_duration_seconds_count{{{labels}}} 1.0\n" in text


def test_an_event_is_counted_by_its_outcome() -> None:
    telemetry = Telemetry()
    telemetry.webhook_event("payment_events", "payment.paid", "applied")
    labels = 'outcome="applied",type="payment.paid",webhook="payment_events"'
    assert f"webhook_events_total{{{labels}}} 1.0\n" in telemetry.render().decode()


class OrderBase(DeclarativeBase):
    pass


class Order(OrderBase):
    __tablename__ = "telemetry_orders"
    __table_args__ = (Index(None, "state", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(
        String(9), info={"pending": "new", "pending_since": "made_at"}
    )
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())


@pytest.fixture
async def database(app: FastAPI) -> AsyncGenerator[Database]:
    database = get_resource(app, Database)
    async with database.engine.begin() as connection:
        await connection.run_sync(OrderBase.metadata.create_all)
    yield database
    async with database.engine.begin() as connection:
        await connection.run_sync(OrderBase.metadata.drop_all)


async def test_rows_that_wait_are_counted_up_to_a_bound(database: Database) -> None:
    now = utcnow()
    async with database.sessions() as session:
        assert await count_pending(session, OrderBase.metadata) == {
            Order.__tablename__: Pending(0, 0.0)
        }
        session.add_all(Order(state="new", made_at=now) for _ in range(BOUND + 1))
        session.add(Order(state="new", made_at=now - timedelta(hours=1)))
        session.add(Order(state="paid", made_at=now - timedelta(days=1)))
        await session.flush()
        found = (await count_pending(session, OrderBase.metadata))[Order.__tablename__]
    assert found.rows == BOUND
    assert 3600 <= found.oldest_age < 4000


def test_what_waits_is_told_by_table() -> None:
    telemetry = Telemetry()
    telemetry.pending = {"orders": Pending(3, 90.0)}
    text = telemetry.render().decode()
    assert 'pending_rows{table="orders"} 3.0\n' in text
    assert 'pending_oldest_age_seconds{table="orders"} 90.0\n' in text


async def test_a_database_that_is_down_leaves_the_other_metrics(
    app: FastAPI, client: httpx2.AsyncClient, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_session: object) -> None:
        raise OSError("no route to db.internal")

    await client.get("/teas/oolong")
    get_resource(app, Telemetry).pending = {"orders": Pending(3, 90.0)}
    monkeypatch.setattr("app.api.endpoints.metrics.count_pending", refuse)
    text = (await client.get("/metrics")).text
    assert "operations_total" in text
    assert "pending_rows{" not in text
    assert logs.lines()[-1]["event"] == "rows_not_counted"
    assert "db.internal" not in logs.getvalue()
