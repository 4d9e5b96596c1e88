"""`Location`: the path under which what a request has made is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.quote import py_string
from featuregen.spec.operations import ID_PATTERN

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Field, Operation

_CREATED = 201
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def located(path: str, operation: Operation, **known: str) -> str:
    """The literal of a path, filled with the operation's own parameters and what is `known`."""
    fields = {field.wire_name: field for field in operation.path_params}
    filled = _PLACEHOLDER.sub(
        lambda found: known.get(found[1]) or f"{{{_escaped(fields[found[1]])}}}", path
    )
    return f"f{py_string(filled)}" if "{" in filled else py_string(filled)


def _escaped(field: Field) -> str:
    """The expression of a parameter, percent-encoded where it may need to be."""
    if field.type.kind == "string" and field.pattern != ID_PATTERN:
        return f"quote({field.name}, safe='')"
    return field.name


def whole_path(path: str, spec: FeatureSpec) -> str:
    """A path below the feature's base path, as clients send it."""
    base = "" if spec.base_path == "/" else spec.base_path
    below = "" if path == "/" else path
    return (base + below) or "/"


class Found(NamedTuple):
    """Where a new row is found: the operation that reads it, and the path but for its id."""

    by: Operation
    path: str  # "/api/v1/payments/"


def found_at(operation: Operation, spec: FeatureSpec) -> Found | None:
    """Where the row that an operation makes is found by its id, if anywhere."""
    if operation.action != "create" or operation.status != _CREATED or operation.is_async:
        return None
    known = {field.wire_name for field in operation.path_params}
    for other in spec.operations.values():
        if other.action != "get" or other.entity != operation.entity or other.by != "id":
            continue
        before, _, last = whole_path(other.path, spec).rpartition("/")
        row = next((each for each in other.path_params if each.name == other.row_param), None)
        if row and last == f"{{{row.wire_name}}}" and set(_PLACEHOLDER.findall(before)) <= known:
            return Found(other, f"{before}/")
    return None


def tells_location(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the answer names that place: who makes it must know the new row's id."""
    return found_at(operation, spec) is not None and (
        operation.idempotent or _answered_id(operation, spec) is not None
    )


def _answered_id(operation: Operation, spec: FeatureSpec) -> str | None:
    """The field of the answer that holds the row's id."""
    if operation.response.kind != "model" or operation.entity is None:
        return None
    name = spec.entities[operation.entity or ""].id.name
    fields = spec.models[operation.response.model or ""].fields
    return next((field.name for field in fields if field.name == name), None)


def keyed_location(operation: Operation, spec: FeatureSpec) -> str | None:
    """The place but for the id that all attempts share."""
    found = found_at(operation, spec)
    if found is None:
        return None
    prefix = spec.entities[operation.entity or ""].id.prefix or ""
    return located(f"{found.path}{prefix}", operation)


def location_of(operation: Operation, result: str, spec: FeatureSpec) -> str | None:
    """The place of the row that `result` tells of."""
    found, name = found_at(operation, spec), _answered_id(operation, spec)
    if found is None or name is None:
        return None
    return located(f"{found.path}{{row}}", operation, row=f"{{{result}.{name}}}")
