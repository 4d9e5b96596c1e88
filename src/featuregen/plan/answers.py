"""What the upstream answers in tests, and what our endpoint makes of it.

The fake repeats what it was sent wherever `send` and `receive` name the same field of ours, so
that a value swapped on the way is noticed; everything else is the response model's sample, sent
backwards through its pipes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from featuregen.plan.clients import received, sends_query
from featuregen.plan.samples import normalised, normalised_model, sample_model
from featuregen.plan.signatures import received_model
from featuregen.plan.sources import pluck, split_table, to_minor_units
from featuregen.spec.model import Json, Mapping, Model, Operation, Pipe, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from featuregen.spec.model import FeatureSpec, Field


@dataclass(frozen=True, slots=True)
class Echo:
    """A value of the answer that repeats one of the call: a body path, or a path parameter."""

    parameter: str | None
    body: tuple[str, ...]
    default: Json


AnswerTree = dict[str, "Json | Echo | AnswerTree | list[AnswerTree]"]


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """`body` as the fake builds it (with echoes), `sample` as it is without a call to repeat."""

    body: AnswerTree
    sample: dict[str, Json]
    expected: dict[str, Json]  # our response, as JSON, where nothing is repeated


def upstream_answer(operation: Operation, spec: FeatureSpec) -> UpstreamAnswer:
    """The answer for one element: the model itself, or one item of a list."""
    model = answered_model(operation, spec)
    expected = sample_model(model, spec)
    if operation.stored:
        expected |= _first_words(operation, model, spec)
    body: AnswerTree = {}
    sample: dict[str, Json] = {}
    for mapping in received(operation, spec):
        if mapping.source.kind == "literal":
            _plant(expected, wire_target(mapping.target, model, spec), mapping.source.literal)
            continue
        target = wire_target(mapping.target, model, spec)
        ours = pluck(expected, target)
        theirs, ours = _backwards(ours, mapping.source, operation, expected)
        _plant(expected, target, ours)
        echo = (
            None if operation.response.kind == "list" else _echo(mapping, theirs, operation, spec)
        )
        path = _plucked(mapping, model)
        _spread(sample, path, theirs, mapping)
        if echo is not None and len(path) == len(mapping.source.path):
            _plant(body, path, echo)
        else:
            _spread(body, path, theirs, mapping)
        _add_currency(body, sample, mapping.source)
    return UpstreamAnswer(
        body, sample, normalised_model(_mapped_only(expected, operation, model, spec), model, spec)
    )


def answered_model(operation: Operation, spec: FeatureSpec) -> Model:
    """What is made of the answer: our response, or what it says of a row."""
    if operation.stored:
        return received_model(operation, spec) or Model(operation.name, ())
    return spec.models[operation.response.model or ""]


def _first_words(operation: Operation, model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """Of an outcome, the first word that `map` knows: the good one, as a rule."""
    found: dict[str, Json] = {}
    for mapping in received(operation, spec):
        for pipe in mapping.source.pipes:
            if pipe.name == "map" and pipe.table and len(mapping.target) == 1:
                found[wire_target(mapping.target, model, spec)[0]] = pipe.table[0][1]
    return found


def _mapped_only(
    expected: dict[str, Json], operation: Operation, model: Model, spec: FeatureSpec
) -> dict[str, Json]:
    """Without what no mapping fills: such a field keeps its default."""
    filled = {wire_target(mapping.target, model, spec)[0] for mapping in received(operation, spec)}
    return {key: value for key, value in expected.items() if key in filled}


def wire_target(path: Sequence[str], model: Model | None, spec: FeatureSpec) -> tuple[str, ...]:
    """Field names of a response as they are spelled in JSON."""
    names: list[str] = []
    for part in path:
        field = next((item for item in model.fields if item.name == part), None) if model else None
        names.append(field.wire_name if field else part)
        inner = (
            field.type.model or (field.type.of.model if field.type.of else None) if field else None
        )
        model = spec.models.get(inner) if inner else None
    return tuple(names)


def _backwards(
    ours: Json, source: Source, operation: Operation, expected: dict[str, Json]
) -> tuple[Json, Json]:
    """What the upstream sends so that the pipes give `ours`, and what they give indeed."""
    theirs = ours
    for pipe in reversed(source.pipes):
        theirs, ours = _undo(theirs, ours, pipe, operation, expected)
    return theirs, ours


def _undo(
    theirs: Json, ours: Json, pipe: Pipe, operation: Operation, expected: dict[str, Json]
) -> tuple[Json, Json]:
    match pipe.name:
        case "lower":
            return str(theirs).upper(), str(ours).lower()
        case "upper":
            return str(theirs).lower(), str(ours).upper()
        case "from_unix":
            return int(datetime.fromisoformat(str(theirs)).timestamp()), ours
        case "from_minor_units" | "minor_units":
            return to_minor_units(theirs, _currency(pipe.args[0], operation, expected)), ours
        case "map":
            table, otherwise = split_table(pipe)
            for key, value in table:
                if value == theirs:
                    return key, ours
            if table:
                return table[0][0], table[0][1]
            return "anything", otherwise
        case _:
            return theirs, ours


def _currency(argument: str, operation: Operation, expected: dict[str, Json]) -> Json:
    """The sample currency that stands at `argument` of the answer."""
    call = operation.call
    for mapping in call.receive if call else ():
        if mapping.source.path == tuple(argument.split(".")):
            return pluck(expected, mapping.target)
    return "USD"


def _add_currency(body: AnswerTree, sample: dict[str, Json], source: Source) -> None:
    for pipe in source.pipes:
        if pipe.name in {"from_minor_units", "minor_units"}:
            path = tuple(pipe.args[0].split("."))
            if pluck(sample, path) is None:
                _plant(sample, path, "USD")
                _plant(body, path, "USD")


def _echo(mapping: Mapping, theirs: Json, operation: Operation, spec: FeatureSpec) -> Echo | None:
    call = operation.call
    if call is None or len(mapping.target) != 1:
        return None
    name = mapping.target[0]
    if "{" + name + "}" in call.path and not mapping.source.pipes:
        fits = _fits(name, operation, spec)
        return Echo(parameter=name, body=(), default=theirs) if fits else None
    if sends_query(call):
        return None
    form = spec.upstreams[call.upstream].encoding == "form"
    field = _request_field(name, operation, spec)
    for sent in call.send:
        if sent.source.kind != "request" or sent.source.path != (name,) or field is None:
            continue
        if field.type.kind not in {"string", "decimal", "enum", "email", "url", "uuid"} and form:
            continue
        if _inverse(sent.source.pipes, mapping.source.pipes):
            return Echo(parameter=None, body=sent.target, default=theirs)
    return None


def _fits(name: str, operation: Operation, spec: FeatureSpec) -> bool:
    """Whether every value of the path parameter is one of the response's field, too."""
    model = answered_model(operation, spec)
    ours = next(field for field in model.fields if field.name == name)
    sent = next((field for field in operation.path_params if field.name == name), None)
    if sent is None or ours.type != sent.type or ours.pattern not in {None, sent.pattern}:
        return False
    longest = ours.max_length is None or (
        sent.max_length is not None and sent.max_length <= ours.max_length
    )
    return longest and (ours.min_length or 0) <= max(sent.min_length or 0, 1)


def _request_field(name: str, operation: Operation, spec: FeatureSpec) -> Field | None:
    if operation.request is None:
        return None
    return next(
        (field for field in spec.models[operation.request].fields if field.name == name), None
    )


def _inverse(sent: Sequence[Pipe], got: Sequence[Pipe]) -> bool:
    if not sent and not got:
        return True
    return [pipe.name for pipe in sent] == ["minor_units"] and [pipe.name for pipe in got] == [
        "from_minor_units"
    ]


def echoed(
    answer: UpstreamAnswer,
    operation: Operation,
    spec: FeatureSpec,
    request: dict[str, Json],
    path: dict[str, Json],
) -> dict[str, Json]:
    """Our response to that request (normalised JSON) and those path parameters."""
    model = answered_model(operation, spec)
    expected = dict(answer.expected)
    for mapping in received(operation, spec):
        echo = pluck_tree(answer.body, mapping.source.path)
        if mapping.source.kind == "literal" or not isinstance(echo, Echo):
            continue
        name = mapping.target[0]
        if echo.parameter is not None:
            value = path.get(name)
        else:
            asked = _request_field(name, operation, spec)
            value = request.get(asked.wire_name) if asked else None
        if value is not None:
            field = next(item for item in model.fields if item.name == name)
            expected[field.wire_name] = normalised(field, value, spec)
    return expected


def pluck_tree(tree: object, path: Sequence[str]) -> object:
    for key in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(key)
    return tree


def _plucked(mapping: Mapping, model: Model) -> tuple[str, ...]:
    """The part of the source path that leads to the list it plucks from, or the whole path."""
    path = mapping.source.path
    field = next((item for item in model.fields if item.name == mapping.target[0]), None)
    is_list = field is not None and field.type.kind == "list" and len(mapping.target) == 1
    if is_list and len(path) > 1 and path[-2] == mapping.target[0]:
        return path[:-1]
    return path


def _spread(
    tree: dict[str, Json] | AnswerTree, path: tuple[str, ...], value: Json, mapping: Mapping
) -> None:
    if len(path) == len(mapping.source.path) or not isinstance(value, list):
        _plant(tree, mapping.source.path, value)
        return
    items: list[Json] = [{mapping.source.path[-1]: item} for item in value]
    _plant(tree, path, items)


def _plant(tree: dict[str, Json] | AnswerTree, path: Sequence[str], value: object) -> None:
    node: dict[str, object] = tree  # type: ignore[assignment]
    for part in path[:-1]:
        inner = node.get(part)
        if not isinstance(inner, dict):
            inner = {}
            node[part] = inner
        node = inner
    node[path[-1]] = value
