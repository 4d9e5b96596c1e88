"""Values just inside and just outside each constraint, as changes of a valid request."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import inside, outside, sample_model
from featuregen.plan.scene_requests import header_name, query_values, text, url
from featuregen.plan.scene_upstream import sent_part

if TYPE_CHECKING:
    from featuregen.plan.samples import Case
    from featuregen.spec.model import FeatureSpec, Field, Json, Operation


@dataclass(frozen=True, slots=True)
class Change:
    """One changed request: `value` replaces the part that `where` names. The rest are literals."""

    where: str  # "body", "query", "path" or "header"
    id: str
    value: str
    pointers: str  # where the error must point
    sent: str = "{}"  # what the upstream must be sent because of it


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The cases of one part of the request: one parametrized test."""

    name: str
    parameter: str
    type: str
    sending: dict[str, str | None]  # what `RequestPlan.send` is told
    changes: tuple[Change, ...]

    @property
    def sends(self) -> bool:
        """Whether the upstream must be sent something because of a case."""
        return any(change.sent != "{}" for change in self.changes)

    def without_calls(self) -> CaseGroup:
        """The same requests, where the upstream is called later."""
        changes = tuple(replace(change, sent="{}") for change in self.changes)
        return replace(self, changes=changes)


def case_groups(changes: tuple[Change, ...], operation: Operation) -> tuple[CaseGroup, ...]:
    auth = None if operation.auth == "none" else "auth"
    own = "own_headers" if auth is None else f"{auth} | own_headers"
    shapes: dict[str, tuple[str, str, dict[str, str | None]]] = {
        "body": (
            "change",
            "dict[str, Any]",
            {"body": f"{operation.name.upper()} | change", "headers": auth},
        ),
        "query": ("query", "dict[str, Any]", {"query": "query", "headers": auth}),
        "path": ("url", "str", {"url": "url", "headers": auth}),
        "header": ("own_headers", "dict[str, str]", {"headers": own}),
    }
    groups = []
    for where, (parameter, kind, sending) in shapes.items():
        found = tuple(change for change in changes if change.where == where)
        if found:
            groups.append(CaseGroup(where, parameter, kind, sending, found))
    return tuple(groups)


def body_cases(
    operation: Operation, spec: FeatureSpec
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Accepted and refused bodies; an accepted one must not break a rule by accident."""
    accepted: list[Change] = []
    refused: list[Change] = []
    model = spec.models[operation.request or ""]
    body = sample_model(model, spec)
    rules_touch = {name for rule in model.rules for name in _names(rule.check)}
    for field in model.fields:
        for case in inside(field, spec):
            if _passes_the_bound(field, case.value, operation):
                continue
            if field.name not in rules_touch and not _refers(field, operation, spec):
                changed = {**body, field.wire_name: case.value}
                sent = sent_part(operation, spec, changed, field.name)
                accepted.append(replace(_body_change(field, case), sent=case_literal(sent)))
        refused.extend(_body_change(field, case) for case in outside(field, spec))
    return tuple(accepted), tuple(refused)


def _passes_the_bound(field: Field, value: Json, operation: Operation) -> bool:
    """Whether it is more than ever fits; rows whose bound is a field hold the greatest."""
    reserve = operation.reserve
    if reserve is None or reserve.by != field.name or reserve.up_to.isidentifier():
        return False
    return isinstance(value, int | str) and Decimal(value) > Decimal(reserve.up_to)


_LONGEST = 2_000  # of a value in a URL
_RUN = re.compile(r"(.)\1{39,}", re.DOTALL)


def case_literal(value: Json) -> str:
    """Like `py_literal`, with a long run of one character written as `"x" * 500`."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{py_string(key)}: {case_literal(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(case_literal(item) for item in value) + "]"
    if not isinstance(value, str):
        return py_literal(value)
    parts: list[str] = []
    position = 0
    for run in _RUN.finditer(value):
        if run.start() > position:
            parts.append(py_string(value[position : run.start()]))
        parts.append(f"{py_string(run.group(1))} * {len(run.group())}")
        position = run.end()
    if position < len(value) or not parts:
        parts.append(py_string(value[position:]))
    return " + ".join(parts)


def _names(check: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", check))


def _body_change(field: Field, case: Case) -> Change:
    pointer = "/".join(
        ("/body", _escaped(field.wire_name), *(_escaped(str(part)) for part in case.pointer))
    )
    label = py_string(f"{field.name}: {case.label}")
    return Change("body", label, case_literal({field.wire_name: case.value}), py_string(pointer))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def parameter_cases(
    operation: Operation, spec: FeatureSpec
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """The same for query, path and header parameters, whose values are text on the wire."""
    accepted: list[Change] = []
    refused: list[Change] = []
    for where, fields in (
        ("query", operation.query),
        ("path", operation.path_params),
        ("header", operation.headers),
    ):
        for field in fields:
            accepted.extend(
                _parameter_change(where, field, case, operation, spec)
                for case in inside(field, spec)
                if _fits(where, field, case) and not _must_be_known(field, operation)
            )
            refused.extend(
                _parameter_change(where, field, case, operation, spec)
                for case in outside(field, spec)
                if _fits(where, field, case) and not _only_json(field, case)
            )
    return tuple(accepted), tuple(refused)


def _fits(where: str, field: Field, case: Case) -> bool:
    """Whether the value can be written in that place at all."""
    if case.value is None or isinstance(case.value, dict | bool) or case.pointer:
        return False
    if isinstance(case.value, list):
        return (
            where == "query"
            and field.type.kind == "list"
            and all(isinstance(item, str | int | float) for item in case.value)
            and bool(case.value)
        )
    value = text(case.value)
    if any("\ud800" <= char <= "\udfff" for char in value):
        return False
    if where == "path":
        return "/" not in value and value not in {"", ".", ".."} and len(value) < _LONGEST
    if where == "header":
        return value.isascii() and value.isprintable() and value == value.strip() and bool(value)
    return bool(value) and len(value) < _LONGEST


def _must_be_known(field: Field, operation: Operation) -> bool:
    """Whether a valid value is right only where it names a row, or a place in a list."""
    return field.name == operation.row_param or (
        operation.listing is not None and field.name == "cursor"
    )


def _refers(field: Field, operation: Operation, spec: FeatureSpec) -> bool:
    if operation.entity is None:
        return False
    known = spec.entities[operation.entity].fields
    return any(item.name == field.name and item.references for item in known)


def _only_json(field: Field, case: Case) -> bool:
    """A wrong JSON type is no wrong text: `5` is a fine string, and `"5"` a fine number."""
    if field.type.kind in {
        "string",
        "enum",
        "email",
        "url",
        "uuid",
        "date",
        "datetime",
        "time",
        "duration",
        "bytes",
        "id",
    }:
        return not isinstance(case.value, str)
    if field.type.kind == "list":
        return not isinstance(case.value, list)
    return False


def _parameter_change(
    where: str, field: Field, case: Case, operation: Operation, spec: FeatureSpec
) -> Change:
    label = py_string(f"{field.name}: {case.label}")
    pointer = py_string(f"/{where}/{_escaped(wire_parameter(where, field))}")
    match where:
        case "query":
            values = query_values(operation, spec)
            value = case_literal({**values, field.wire_name: case.value})
        case "path":
            value = case_literal(url(operation, spec, {field.name: case.value}))
        case _:
            value = case_literal({header_name(field): text(case.value)})
    return Change(where, label, value, pointer)


def wire_parameter(where: str, field: Field) -> str:
    """How an error names the parameter; a path's stands in the template under its own name."""
    if where == "path":
        return field.wire_name
    return header_name(field) if where == "header" else field.wire_name
