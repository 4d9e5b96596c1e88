"""Metrics for Prometheus and traces for OpenTelemetry: each app has its own, nothing is global.

Services, routers and clients write none of them. The middleware measures each request and how each
operation ends, `UpstreamClient` each call of an upstream, `Webhook` each event, FastAPI traces.
Labels are names out of the code: never an id, a path as it was sent, or anything of a person's.
"""

import time
from collections.abc import Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.trace import NoOpTracerProvider, SpanKind, StatusCode
from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import Scope

from app.db.pending import Pending

UNMETERED = frozenset({"/health/live", "/health/ready", "/metrics"})
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# In seconds, as OpenTelemetry's conventions have them.
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
_QUERY = "url.query"


class _WithoutQueries(SpanProcessor):
    """Keeps what a client searches for out of traces."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        del parent_context
        if span.attributes and _QUERY in span.attributes:
            span.set_attribute(_QUERY, "REDACTED")


@dataclass(slots=True)
class UpstreamCall:
    """A call that is going on.

    `refused`: the upstream does not want our request; `failed`: it says that it is in trouble;
    `broken`: there was no answer, or one that makes no sense; `aborted`: nobody waited for it.
    """

    headers: Mapping[str, str]
    """What ties the upstream's own trace to ours; nothing while tracing is off."""
    outcome: Literal["ok", "refused", "failed", "timeout", "broken", "aborted"] = "aborted"


class Telemetry:
    """What one app tells of itself."""

    def __init__(self, *, metrics: bool = True, tracing: bool = False) -> None:
        self.metrics = metrics
        self._registry = CollectorRegistry()
        reader = PrometheusMetricReader(
            disable_target_info=True, scope_info_enabled=False, registry=self._registry
        )
        self._meters = MeterProvider([reader], shutdown_on_exit=False)
        self.tracers: TracerProvider | None = None
        if tracing:
            self.tracers = TracerProvider(shutdown_on_exit=False)
            self.tracers.add_span_processor(_WithoutQueries())
        meter = self._meters.get_meter("app")
        # Not FastAPI's own measurement of the same name: it costs as much as routing a request.
        self._requests = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_REQUEST_BUCKETS,
        )
        self._operations = meter.create_counter(
            "operations", description="Requests by operation and outcome: ok, or a problem's code."
        )
        self._tracer = (self.tracers or NoOpTracerProvider()).get_tracer("app")
        self._upstream_calls = meter.create_histogram(
            "upstream.call.duration",
            unit="s",
            description="Calls of upstreams, with all their attempts.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._webhook_events = meter.create_counter(
            "webhook.events", description="Events by webhook, type and outcome."
        )
        self.pending: Mapping[str, Pending] = {}
        """By table, as it was found last."""
        meter.create_observable_gauge(
            "pending.rows",
            [self._observe_pending_rows],
            description="Rows that wait for their outcome; counted up to a bound.",
        )
        meter.create_observable_gauge(
            "pending.oldest.age",
            [self._observe_pending_ages],
            unit="s",
            description="How long the oldest row that waits for its outcome has waited.",
        )

    def fastapi_config(self) -> TelemetryConfig:
        """Return what `FastAPI(telemetry=)` takes."""
        return {
            "metrics": False,
            "tracer_provider": self.tracers,
            "tracing": self.tracers is not None,
            "auto_configure": self.tracers is not None,  # exporters, by the OTEL_… variables
            "operation_spans": False,
            "logs": False,  # they would export exception messages, unredacted
            "exclude": _is_unmetered,
        }

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """Measure a request that is over, and count it if it was for an operation of a feature."""
        if not self.metrics or scope["path"] in UNMETERED:
            return
        route, method = scope.get("route"), scope["method"]
        labels = {
            "http.request.method": method if method in _METHODS else "_OTHER",
            "http.response.status_code": status or "",  # none, where nobody waited for it
            "http.route": getattr(route, "path", ""),
        }
        self._requests.record(seconds, labels)
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            return
        failed = status >= HTTPStatus.BAD_REQUEST or not status
        outcome = scope.get("problem_code", "http_error") if failed else "ok"
        self._operations.add(1, {"operation": route.name, "outcome": outcome})

    @contextmanager
    def upstream_call(self, upstream: str, method: str) -> Generator[UpstreamCall]:
        """Measure and trace a call; the block says how it ended."""
        started = time.perf_counter()
        with self._tracer.start_as_current_span(
            f"{method} {upstream}",
            kind=SpanKind.CLIENT,
            attributes={"http.request.method": method, "peer.service": upstream},
            record_exception=False,  # its message may be personal
            set_status_on_exception=False,
        ) as span:
            headers: dict[str, str] = {}
            if self.tracers is not None:
                propagate.inject(headers)
            call = UpstreamCall(headers)
            try:
                yield call
            finally:
                span.set_attribute("upstream.outcome", call.outcome)
                if call.outcome != "ok":
                    span.set_status(StatusCode.ERROR)
                labels = {"upstream": upstream, "method": method, "outcome": call.outcome}
                self._upstream_calls.record(time.perf_counter() - started, labels)

    def webhook_event(self, webhook: str, event_type: str, outcome: str) -> None:
        """Count an event; its type is one that the webhook knows, or `other`."""
        labels = {"webhook": webhook, "type": event_type, "outcome": outcome}
        self._webhook_events.add(1, labels)

    def _observe_pending_rows(self, _options: CallbackOptions) -> Iterable[Observation]:
        for table, pending in self.pending.items():
            yield Observation(pending.rows, {"table": table})

    def _observe_pending_ages(self, _options: CallbackOptions) -> Iterable[Observation]:
        for table, pending in self.pending.items():
            yield Observation(pending.oldest_age, {"table": table})

    def render(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)


def _is_unmetered(scope: MutableMapping[str, Any]) -> bool:
    """Whether it is a probe: these would outnumber the requests of a quiet service."""
    return scope["path"] in UNMETERED
