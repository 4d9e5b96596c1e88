"""What the upstream must be sent for a request, and what its failures must become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from featuregen.plan.answers import answered_model
from featuregen.plan.clients import needs_key, query_mappings, received, sends_query
from featuregen.plan.quote import py_literal, py_string
from featuregen.plan.samples import normalised_model, sample
from featuregen.plan.scene_requests import text
from featuregen.plan.scene_rows import path_value, row_of
from featuregen.plan.signatures import path_source
from featuregen.plan.sources import Scene, source_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.spec.model import (
        ErrorMapping,
        FeatureSpec,
        Field,
        Json,
        Mapping,
        Operation,
        Source,
    )

TRANSIENT = (429, 502, 503, 504)
NEW_ID = "the-id-of-the-new-row"
UPSTREAM_MESSAGE = "because of this"
USER: dict[str, Json] = {"id": "user_1", "email": None}


@dataclass(frozen=True, slots=True)
class SentPlan:
    """One call as the fake records it; every `str` is a literal."""

    method: str
    path: str
    query: str
    body: str
    headers: str | None


@dataclass(frozen=True, slots=True)
class FailurePlan:
    """An answer of the upstream, and the error of ours that it becomes."""

    id: str
    upstream_status: int
    error: str  # the class
    status: int
    code: str
    detail: str
    text: str  # of the exception: the detail, or the title where there is none
    attempts: int  # how often the call is made


def sent_plan(
    operation: Operation, spec: FeatureSpec, body: dict[str, Json] | None
) -> SentPlan | None:
    """The upstream call that a request with this body makes."""
    call = operation.call
    if call is None:
        return None
    scene = sample_scene(operation, spec, body or {})

    def value(source: Source) -> Json:
        return source_value(source, scene, operation, spec, _setting_samples(spec))

    sent = sent_body(operation, spec, scene)
    query = {
        ".".join(mapping.target): [text(item) for item in found]
        if isinstance(found, list)
        else [text(found)]
        for mapping in query_mappings(call)
        if (found := value(mapping.source)) is not None
    }
    headers = {
        ".".join(mapping.target).lower(): text(found)
        for mapping in call.send_headers
        if (found := value(mapping.source)) is not None
    }
    has_body = bool(call.send) and not sends_query(call)

    def known(literal: str) -> str:
        return _with_new_id(literal, operation, spec)

    return SentPlan(
        method=py_string(call.method),
        path=known(py_string(_path(call.path, scene, operation, spec))),
        query=known(py_literal({key: list(items) for key, items in query.items()})),
        body=known(py_literal(sent)) if has_body else "None",
        headers=known(py_literal(headers)) if headers else None,  # type: ignore[arg-type]
    )


def _with_new_id(literal: str, operation: Operation, spec: FeatureSpec) -> str:
    """The id of a row that the request makes is known from the answer only."""
    if NEW_ID not in literal or operation.entity is None:
        return literal
    name = spec.entities[operation.entity].id.wire_name
    return literal.replace(f'"{NEW_ID}"', f"response.json()[{py_string(name)}]")


def row_values(
    operation: Operation, spec: FeatureSpec, body: dict[str, Json]
) -> dict[str, dict[str, Json]]:
    """What `entity.…` and `parent.…` hold while the upstream is called."""
    if operation.entity is None:
        return {}
    row = row_of(operation, spec)
    if operation.action != "create":
        return {"entity": row.values} if row else {}
    values: dict[str, Json] = {}
    model = spec.models[operation.request] if operation.request else None
    request = normalised_model(body, model, spec) if model else {}
    wires = {field.name: field.wire_name for field in model.fields} if model else {}
    for field in spec.entities[operation.entity].fields:
        match field.generated.kind if field.generated else None:
            case "id":
                values[field.name] = NEW_ID
            case "owner":
                values[field.name] = USER["id"]
            case "literal" if field.generated is not None:
                values[field.name] = field.generated.value
            case None if field.name in wires:
                values[field.name] = request.get(wires[field.name])
            case _:
                values[field.name] = None
    if row is None:
        return {"entity": values}
    if operation.parent_field is not None:
        values[operation.parent_field] = row.id
    return {"entity": values, "parent": row.values}


def sent_body(operation: Operation, spec: FeatureSpec, scene: Scene) -> dict[str, Json]:
    """The body of the upstream call, as the fake decodes it."""
    call = operation.call
    sent: dict[str, Json] = {}
    if call is None or sends_query(call):
        return sent
    settings = _setting_samples(spec)
    for mapping in call.send:
        found = source_value(mapping.source, scene, operation, spec, settings)
        _plant(sent, mapping.target, found)
    form = spec.upstreams[call.upstream].encoding == "form"
    return cast("dict[str, Json]", _form(sent)) if form else sent


def sent_part(
    operation: Operation, spec: FeatureSpec, body: dict[str, Json], field: str
) -> dict[str, Json]:
    """What a request with this body sends because of one of its fields."""
    call = operation.call
    if call is None:
        return {}
    sent = sent_body(operation, spec, sample_scene(operation, spec, body))
    tops = {
        mapping.target[0]
        for mapping in call.send
        if mapping.source.kind == "request" and mapping.source.path[0] == field
    }
    return {top: sent[top] for top in tops & sent.keys()}


def sample_scene(operation: Operation, spec: FeatureSpec, body: dict[str, Json]) -> Scene:
    model = spec.models[operation.request] if operation.request else None
    return Scene(
        request=normalised_model(body, model, spec) if model else {},
        path={field.name: path_value(operation, field, spec) for field in operation.path_params},
        query={field.name: sample(field, spec) for field in operation.query},
        header={field.name: sample(field, spec) for field in operation.headers},
        user=USER,
        **row_values(operation, spec, body),
    )


def _setting_samples(spec: FeatureSpec) -> dict[str, Json]:
    return {
        name: field.default if field.has_default else sample(field, spec)
        for name, field in spec.settings.items()
    }


def _plant(tree: dict[str, Json], path: Sequence[str], value: Json) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    if value is not None:
        tree[path[-1]] = value


def _form(value: Json) -> Json:
    """Form fields are text."""
    if isinstance(value, dict):
        return {key: _form(item) for key, item in value.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_form(item) for item in value]
    return text(value)


def _sample_of_row(source: Source, operation: Operation, spec: FeatureSpec) -> Json:
    entity = operation.entity if source.kind == "entity" else operation.parent
    return sample(spec.entities[entity or ""].field(source.path[-1]), spec)


def _path(path: str, scene: Scene, operation: Operation, spec: FeatureSpec) -> str:
    filled = path
    for kind in ("path", "query", "header"):
        for name, value in getattr(scene, kind).items():
            filled = filled.replace("{" + name + "}", quote(text(value), safe=""))
    for name, value in _setting_samples(spec).items():
        filled = filled.replace("{settings." + name + "}", quote(text(value), safe=""))
    filled = filled.replace("{user.id}", str(USER["id"]))
    while "{" in filled:
        name = filled[filled.index("{") + 1 : filled.index("}")]
        source = path_source(name, operation)
        found = (
            _sample_of_row(source, operation, spec)
            if source.kind in {"entity", "parent"}
            and source.path[-1] not in {*scene.entity, *scene.parent}
            else source_value(source, scene, operation, spec, {})
        )
        filled = filled.replace("{" + name + "}", quote(text(found), safe=""))
    return filled


def failures(
    operation: Operation, spec: FeatureSpec, kinds: Iterable[str] = ("status", "rest")
) -> tuple[FailurePlan, ...]:
    """Each mapped status, and one that is not; `other` and `timeout` for faults of the wire."""
    call = operation.call
    if call is None:
        return ()
    upstream = spec.upstreams[call.upstream]
    repeatable = call.method in {"GET", "PUT", "DELETE", "HEAD"} or needs_key(call, upstream)
    wanted = set(kinds)
    plans: list[FailurePlan] = []
    told = UPSTREAM_MESSAGE if upstream.error_message else None
    if "status" in wanted:
        for status, mapping in sorted(upstream.errors.items()):
            attempts = upstream.retries + 1 if status in TRANSIENT and repeatable else 1
            plans.append(
                _failure(f"{status}", status, mapping, told or f"status {status}", attempts, spec)
            )
    if "rest" in wanted:
        rest = next(status for status in (418, 409, 451, 500) if status not in upstream.errors)
        plans.append(
            _failure(f"{rest}, not mapped", rest, upstream.other, told or f"status {rest}", 1, spec)
        )
    if "other" in wanted:
        plans.append(
            _failure(
                "other",
                0,
                upstream.other,
                "no usable answer",
                upstream.retries + 1 if repeatable else 1,
                spec,
            )
        )
    if "timeout" in wanted:
        plans.append(
            _failure(
                "timeout", 0, upstream.on_timeout or upstream.other, "no usable answer", 1, spec
            )
        )
    return tuple(plans)


def _failure(
    label: str,
    status: int,
    mapping: ErrorMapping | None,
    message: str,
    attempts: int,
    spec: FeatureSpec,
) -> FailurePlan:
    if mapping is None:
        return FailurePlan(
            py_string(label),
            status,
            "UpstreamFailedError",
            502,
            '"upstream_failed"',
            "None",
            '"Upstream failed"',
            attempts,
        )
    error = spec.errors[mapping.error]
    detail = (
        mapping.message.replace("{upstream_message}", message)
        if mapping.message is not None
        else None
    )
    return FailurePlan(
        py_string(label),
        status,
        error.name,
        error.status,
        py_string(error.code),
        py_literal(detail),
        py_string(detail or error.title),
        attempts,
    )


def error_body(operation: Operation, spec: FeatureSpec) -> str:
    """The upstream's error body with its text where the spec says that it stands."""
    upstream = spec.upstreams[operation.call.upstream] if operation.call else None
    body: Json = UPSTREAM_MESSAGE
    for key in reversed(upstream.error_message if upstream else ()):
        body = {key: body}
    return py_literal(body if isinstance(body, dict) else {})


def unusable_answers(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """Bodies of a 200 that make no sense, as bytes literals."""
    if operation.call is None or operation.response.kind not in {"model", "list"}:
        return ()
    if operation.stored and not operation.call.receive:
        return ()  # nothing of it is read
    found = [b"<html>", b'"text"' if operation.response.kind == "list" else b"[[]"]
    if operation.response.kind == "model" and any(
        _required(mapping, operation, spec) for mapping in received(operation, spec)
    ):
        found.append(b"{}")
    if operation.response.kind == "list":
        found.append(b"{}")
    return tuple(
        repr(content).replace("b'", 'b"').replace("'", '"')
        if b'"' not in content
        else repr(content)
        for content in found
    )


def _required(mapping: Mapping, operation: Operation, spec: FeatureSpec) -> bool:
    field = _target_field(mapping, operation, spec)
    return (
        field is not None
        and field.required
        and not field.has_default
        and mapping.source.kind != "literal"
    )


def _target_field(mapping: Mapping, operation: Operation, spec: FeatureSpec) -> Field | None:
    model = answered_model(operation, spec)
    return next((field for field in model.fields if field.name == mapping.target[0]), None)
