"""How a test sends the request of an operation: ready-made arguments of the test client."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from featuregen.plan.operations import route_path
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import sample
from featuregen.plan.scene_rows import path_value, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.model import FeatureSpec, Field, Json, Operation


class RequestPlan(NamedTuple):
    """A request that an operation accepts."""

    url: str  # a literal
    body: str | None  # the name of the constant
    query: str | None  # a dict display
    headers: str | None  # a dict display of the operation's own headers

    def send(
        self,
        *,
        body: str | None = None,
        headers: str | None = "auth",
        url: str | None = None,
        query: str | None = None,
    ) -> str:
        """The arguments after the verb; each may be replaced by another expression."""
        parts = [url or self.url]
        if body or self.body:
            parts.append(f"json={body or self.body}")
        if query or self.query:
            parts.append(f"params={query or self.query}")
        merged = " | ".join(part for part in (self.headers, headers) if part)
        if merged:
            parts.append(f"headers={merged}")
        return ", ".join(parts)

    @property
    def send_content(self) -> str:
        """The same request with `content` in place of the JSON body, and `headers` complete."""
        query = [f"params={self.query}"] if self.query else []
        return ", ".join([self.url, "content=content", *query, "headers=headers"])


def request_plan(
    operation: Operation, spec: FeatureSpec, *, body: str | None, version: bool = True
) -> RequestPlan:
    """The sample request; without `version` it says of no row which one it has read."""
    return RequestPlan(
        url=url_code(operation, spec),
        body=body,
        query=_display(query_values(operation, spec)),
        headers=_display(
            {
                **{header_name(field): text(sample(field, spec)) for field in operation.headers},
                **(_version(operation) if version else {}),
            }
        ),
    )


def _version(operation: Operation) -> dict[str, Json]:
    """The version of a row that nothing has changed yet, where the operation insists on it."""
    insists = operation.if_match == "required" and operation.action in {"update", "delete"}
    return {"If-Match": '"1"'} if insists else {}


def url_code(operation: Operation, spec: FeatureSpec) -> str:
    """The sample URL as Python; a stored row's id is the constant of that name."""
    literal = py_string(url(operation, spec, {}))
    row = row_of(operation, spec)
    if row is None or row.id not in literal:
        return literal
    return f"f{literal.replace(row.id, f'{{{row.constant}}}')}"


def query_values(operation: Operation, spec: FeatureSpec) -> dict[str, Json]:
    """A sample of every query parameter; a list is asked for with what it must be told only."""
    return {
        field.wire_name: sample(field, spec)
        for field in operation.query
        if operation.listing is None or not field.optional
    }


def _display(values: dict[str, Json]) -> str | None:
    return py_literal(values) if values else None


def header_name(field: Field) -> str:
    return field.wire or field.name.replace("_", "-")


def text(value: Json) -> str:
    """A value as it stands in a URL or header."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def url(operation: Operation, spec: FeatureSpec, path: Mapping[str, Json]) -> str:
    """The path with every parameter filled in and encoded: the given values, else the samples."""
    filled = route_path(operation, spec)
    for field in operation.path_params:
        value = path.get(field.name, path.get(field.wire_name, path_value(operation, field, spec)))
        for name in (field.name, field.wire_name):
            filled = filled.replace("{" + name + "}", quote(text(value), safe=""))
    return filled
