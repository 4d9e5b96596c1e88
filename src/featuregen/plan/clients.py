"""The client of each upstream: how it is called, how it is read, what its errors mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.plan.model import (
    ClientMethodPlan,
    ClientPlan,
    ReaderPlan,
    ReceivedPlan,
    RefusalPlan,
)
from featuregen.plan.names import pascal, snake, words
from featuregen.plan.quote import docstring, py_string
from featuregen.plan.signatures import (
    call_uses,
    credentials,
    key_name,
    keyed_by_row,
    parameters,
    path_source,
    received_model,
    returns,
    takes_attempt,
)
from featuregen.plan.sources import source_code, split_table
from featuregen.plan.types import annotate
from featuregen.spec.model import (
    Call,
    ErrorMapping,
    FeatureSpec,
    Mapping,
    Model,
    Operation,
    Pipe,
    Source,
    Upstream,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from featuregen.plan.types import FieldPlan

_READERS = {"from_unix": "from_unix", "lower": "to_lower", "upper": "to_upper", "str": "to_text"}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

IMPORTS = (
    "from collections.abc import AsyncGenerator",
    "from contextlib import asynccontextmanager",
    "from datetime import UTC, date, datetime, time, timedelta",
    "from decimal import Decimal",
    "from typing import Any, Literal",
    "from uuid import UUID, uuid4",
    "import httpx2",
    "from fastapi import FastAPI",
    "from app.core.config import Settings",
    "from app.core.resources import get_resource, set_resource",
)


def plan_clients(spec: FeatureSpec) -> tuple[ClientPlan, ...]:
    """One client for each upstream that an operation calls."""
    return tuple(
        _client(upstream, calling, spec)
        for upstream in spec.upstreams.values()
        if (calling := callers(upstream.name, spec))
    )


def callers(upstream: str, spec: FeatureSpec) -> tuple[Operation, ...]:
    """The operations that call this upstream."""
    return tuple(
        operation
        for operation in spec.operations.values()
        if operation.call is not None and operation.call.upstream == upstream
    )


def _client(upstream: Upstream, operations: Sequence[Operation], spec: FeatureSpec) -> ClientPlan:
    readers, reader_of, received = _readers(operations, spec)
    sources = [mapping.source for operation in operations for mapping in _sent(operation)]
    keeps_settings = any(source.kind == "settings" for source in sources) or any(
        "{settings." in operation.call.path for operation in operations if operation.call
    )
    refusals = tuple(
        RefusalPlan(status, error_code(mapping, "message"))
        for status, mapping in sorted(upstream.errors.items())
    )
    other = error_code(upstream.other, "message")
    uses_message = any("{message}" in text for text in (other, *(case.error for case in refusals)))
    status_parameter = "status: int" if refusals or "{status}" in other else "_status: int"
    return ClientPlan(
        name=upstream.name,
        class_name=f"{pascal(upstream.name)}Client",
        docstring=docstring(
            f"Client of the {words(upstream.name)} API, for the {words(spec.feature)} feature",
            indent=0,
        ),
        class_docstring=docstring(_client_summary(upstream), indent=4),
        imports=(*_imports(spec), *_received_imports(operations, spec)),
        base_url=upstream.base_url,
        credentials=_credentials(upstream, spec),
        timeout=f"settings.{upstream.timeout_setting}.total_seconds()"
        if upstream.timeout_setting
        else _seconds(upstream.timeout_seconds),
        attempts=upstream.retries + 1,
        idempotency_header=py_string(upstream.idempotency_header)
        if upstream.idempotency_header
        else None,
        error_message=_tuple(upstream.error_message) if upstream.error_message else None,
        keeps_settings=keeps_settings,
        received=tuple(
            _received(model, spec)
            for model in {model.name: model for model in received.values()}.values()
        ),
        readers=readers,
        methods=tuple(
            _method(
                operation,
                upstream,
                reader_of[operation.name],
                received[operation.name].name if operation.name in received else None,
                spec,
            )
            for operation in operations
        ),
        refusal_parameters=f"{status_parameter}, {'message' if uses_message else '_message'}: str",
        refusals=refusals,
        other=other,
        on_timeout=error_code(upstream.on_timeout or upstream.other, None),
        on_broken=error_code(upstream.other, None),
    )


def _client_summary(upstream: Upstream) -> str:
    attempts = f"{upstream.retries + 1} attempts" if upstream.retries else "one attempt"
    return f"Calls the upstream: {attempts}, one deadline over all of them"


def _imports(spec: FeatureSpec) -> tuple[str, ...]:
    core = ("AppError",)
    errors = sorted({*core, *spec.errors})
    return (
        *IMPORTS,
        *(f"from app.core.errors import {name}" for name in errors),
        "from app.core.auth import User",
        "from app.core.answers import choose, from_unix, to_lower, to_text, to_upper",
        "from app.core.currency import from_minor_units, minor_units",
        "from app.core.telemetry import Telemetry",
        "from app.core.upstream import UpstreamClient, UpstreamFailedError, open_http_client",
        "from app.core.upstream import items, pick, present, segment",
        *(f"from app.models.{spec.feature} import {name}" for name in spec.models),
    )


def _sent(operation: Operation) -> tuple[Mapping, ...]:
    call = operation.call
    return (*call.send, *call.send_query, *call.send_headers) if call else ()


def _credentials(upstream: Upstream, spec: FeatureSpec) -> tuple[str, ...]:
    secrets = credentials(upstream, spec)
    name = py_string(upstream.auth.name or "")
    match upstream.auth.kind:
        case "bearer":
            return (f'headers={{"Authorization": f"Bearer {{{secrets[0]}}}"}}',)
        case "basic":
            return (f"auth=httpx2.BasicAuth({secrets[0]}, {secrets[1]})",)
        case "header":
            return (f"headers={{{name}: {secrets[0]}}}",)
        case "query":
            return (f"query={{{name}: {secrets[0]}}}",)
        case "none":
            return ()


def error_code(mapping: ErrorMapping | None, message: str | None) -> str:
    """The expression that builds the error; `message` is the variable with the upstream's text."""
    if mapping is None:
        return "UpstreamFailedError()"
    if mapping.message is None:
        return f"{mapping.error}()"
    before, found, after = mapping.message.partition("{upstream_message}")
    if not found:
        return f"{mapping.error}({py_string(mapping.message)})"
    if message is None:
        return f"{mapping.error}({py_string(before + 'no usable answer' + after)})"
    literal = py_string(
        before.replace("{", "{{").replace("}", "}}")
        + "\0"
        + after.replace("{", "{{").replace("}", "}}")
    )
    return f"{mapping.error}(f{literal.replace(chr(92) + 'x00', '{message}')})"


def _seconds(seconds: float) -> str:
    return repr(float(seconds))


def _tuple(parts: Sequence[str]) -> str:
    inside = ", ".join(py_string(part) for part in parts)
    return f"({inside},)" if len(parts) == 1 else f"({inside})"


# --- the request ---------------------------------------------------------------------------------


def _method(
    operation: Operation,
    upstream: Upstream,
    reader: str,
    received: str | None,
    spec: FeatureSpec,
) -> ClientMethodPlan:
    call = operation.call
    assert call is not None  # noqa: S101 - the callers of an upstream have one
    arguments = [*_query_argument(call, operation, spec)]
    if call.send_headers:
        arguments.append(f"headers={display(call.send_headers, operation, spec)}")
    if call.send and not sends_query(call):
        kind = "form" if upstream.encoding == "form" else "json"
        arguments.append(f"{kind}={display(call.send, operation, spec)}")
    used = call_uses(operation)
    of_attempt: list[str] = []
    if keyed_by_row(operation, upstream):
        arguments.append(f"idempotency_key={key_name(operation)}")
        used.add(key_name(operation))
    elif takes_attempt(operation, spec) and not operation.stored:
        arguments.append("idempotency_key=idempotency_key")
        of_attempt.append("idempotency_key: str")
    elif needs_key(call, upstream):
        arguments.append("idempotency_key=uuid4().hex")
    given = parameters(operation, spec, used)
    if of_attempt and "*" not in given:
        given = [*given, "*"]
    return ClientMethodPlan(
        name=operation.name,
        signature=", ".join(["self", *given, *of_attempt]),
        returns=(received or "None") if operation.stored else returns(operation),
        docstring=docstring(f"Call {call.method} {call.path}", indent=8),
        verb=call.method,
        path=_path_code(call.path, operation, spec),
        reader=reader,
        arguments=tuple(arguments),
    )


def needs_key(call: Call, upstream: Upstream) -> bool:
    """A POST or PATCH is safe to repeat only with a key."""
    return upstream.idempotency_header is not None and call.method in {"POST", "PATCH"}


def sends_query(call: Call) -> bool:
    """`send` is the query string of a GET or DELETE, and the body of the others."""
    return call.method in {"GET", "DELETE", "HEAD"}


def query_mappings(call: Call) -> tuple[Mapping, ...]:
    return (*(call.send if sends_query(call) else ()), *call.send_query)


def _query_argument(call: Call, operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    mappings = query_mappings(call)
    if not mappings:
        return ()
    terms = ((item.target, source_code(item.source, operation, spec)) for item in mappings)
    entries = ", ".join(f"{py_string('.'.join(target))}: {term.code}" for target, term in terms)
    return (f"query={{{entries}}}",)


Tree = dict[str, "str | Tree"]


def display(mappings: Sequence[Mapping], operation: Operation, spec: FeatureSpec) -> str:
    """A dict display; a dotted target becomes a nested one."""
    tree: Tree = {}
    for mapping in mappings:
        plant(tree, mapping.target, source_code(mapping.source, operation, spec).code)
    return _display(tree)


def plant(tree: Tree, path: Sequence[str], value: str) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        if isinstance(inner, str):
            return  # the loader refuses a target that is both a value and a parent
        tree = inner
    tree[path[-1]] = value


def _display(tree: Tree) -> str:
    entries = (
        f"{py_string(key)}: {value if isinstance(value, str) else _display(value)}"
        for key, value in tree.items()
    )
    return "{" + ", ".join(entries) + "}"


def _path_code(path: str, operation: Operation, spec: FeatureSpec) -> str:
    """The path below the base URL, every value percent-encoded."""
    parts: list[str] = []
    position = 0
    for match in _PLACEHOLDER.finditer(path):
        parts.append(_fstring_text(path[position : match.start()]))
        parts.append("{segment(" + _path_value(match.group(1), operation, spec) + ")}")
        position = match.end()
    if not parts:
        return py_string(path)
    parts.append(_fstring_text(path[position:]))
    return 'f"' + "".join(parts) + '"'


def _fstring_text(text: str) -> str:
    return py_string(text)[1:-1].replace("{", "{{").replace("}", "}}")


def _path_value(name: str, operation: Operation, spec: FeatureSpec) -> str:
    return source_code(path_source(name, operation), operation, spec).code


# --- the answer ----------------------------------------------------------------------------------


def _readers(
    operations: Sequence[Operation], spec: FeatureSpec
) -> tuple[tuple[ReaderPlan, ...], dict[str, str], dict[str, Model]]:
    """One reader for each different way to read an answer; operations that read alike share it.

    With the reader and, where the answer is about a row, the received model of each operation.
    """
    alike: dict[tuple[object, ...], list[Operation]] = {}
    for operation in operations:
        call = operation.call
        assert call is not None  # noqa: S101 - the callers of an upstream have one
        made = operation.entity if operation.stored else operation.response
        alike.setdefault((made, call.receive, call.items), []).append(operation)
    plans: list[ReaderPlan] = []
    names: dict[str, str] = {}
    models: dict[str, Model] = {}
    firsts = [group[0] for group in alike.values() if not group[0].stored]
    targets = [first.response.model for first in firsts if first.response.model]
    for group in alike.values():
        first = group[0]
        if first.stored:
            reader, found = _row_reader(first, spec)
            plans.append(reader)
            names.update((operation.name, reader.name) for operation in group)
            models.update((operation.name, found) for operation in group if found)
            continue
        model = first.response.model
        shared = model is not None and targets.count(model) == 1 and first.response.kind == "model"
        name = f"_read_{snake(model)}" if shared and model else f"_read_{first.name}"
        names.update((operation.name, name) for operation in group)
        plans.append(_reader(name, first, spec))
    return tuple(plans), names, models


def _row_reader(operation: Operation, spec: FeatureSpec) -> tuple[ReaderPlan, Model | None]:
    """A reader of what the answer says of a row."""
    name, model = f"_read_{operation.name}", received_model(operation, spec)
    if model is None:
        return ReaderPlan(name, "_response", "None", ("return",)), None
    return ReaderPlan(name, "response", model.name, _reading(operation, spec)), model


def _reading(operation: Operation, spec: FeatureSpec) -> tuple[str, ...]:
    """The lines that make a model of an answer, which is JSON also where only literals are set."""
    built = _built(operation, "answer", spec)
    if re.search(r"\banswer\b", built):
        return ("answer: object = response.json()", f"return {built}")
    return ("response.json()  # what cannot be read is no answer", f"return {built}")


def _received(model: Model, spec: FeatureSpec) -> ReceivedPlan:
    sensitive = any(field.sensitive for field in model.fields)
    return ReceivedPlan(
        name=model.name,
        base="SensitiveModel" if sensitive else "BaseModel",
        docstring=docstring(
            f"What the upstream's answer says of a {words(snake(model.entity or ''))}", indent=4
        ),
        fields=tuple(annotate(field, spec=spec, where="model") for field in model.fields),
    )


def received_fields(operations: Sequence[Operation], spec: FeatureSpec) -> Iterator[FieldPlan]:
    """The fields of all received models, for their imports and needs."""
    for operation in operations:
        model = received_model(operation, spec)
        for field in model.fields if model else ():
            yield annotate(field, spec=spec, where="model")


def _received_imports(operations: Sequence[Operation], spec: FeatureSpec) -> Iterator[str]:
    if any(operation.stored for operation in operations):
        yield "from pydantic import BaseModel"
        yield "from app.core.sensitive import SensitiveModel"
        for field in received_fields(operations, spec):
            yield from (f"from {item.module} import {item.name}" for item in field.imports)


def _reader(name: str, operation: Operation, spec: FeatureSpec) -> ReaderPlan:
    call, response = operation.call, operation.response
    assert call is not None  # noqa: S101 - the callers of an upstream have one
    match response.kind:
        case "none":
            return ReaderPlan(name, "_response", "None", ("return",))
        case "text" | "html":
            return ReaderPlan(name, "response", "str", ("return response.text",))
        case "bytes":
            return ReaderPlan(name, "response", "bytes", ("return response.content",))
        case "list":
            path = "".join(f", {py_string(part)}" for part in call.items)
            built = _built(operation, "item", spec)
            line = f"return [{built} for item in items(response.json(){path})]"
            return ReaderPlan(name, "response", returns(operation), (line,))
        case "model":
            return ReaderPlan(name, "response", returns(operation), _reading(operation, spec))


def received(operation: Operation, spec: FeatureSpec) -> tuple[Mapping, ...]:
    """`receive`, or every field from where the upstream has one of the same name."""
    if operation.call is None:
        return ()
    if operation.call.receive or operation.stored or operation.response.model is None:
        return operation.call.receive
    fields = spec.models[operation.response.model].fields
    return tuple(Mapping((field.name,), Source("upstream", (field.wire_name,))) for field in fields)


def _built(operation: Operation, root: str, spec: FeatureSpec) -> str:
    tree: Tree = {}
    for mapping in received(operation, spec):
        plant(tree, mapping.target, _received_code(mapping.source, root))
    model = received_model(operation, spec)
    name = model.name if model else operation.response.model
    return f"{name}.model_validate(present({_display(tree)}))"


def _received_code(source: Source, root: str) -> str:
    if source.kind == "literal":
        return py_string(source.literal or "")
    code = _picked(source.path, root)
    for pipe in source.pipes:
        code = _read_through(code, pipe, root)
    return code


def _picked(path: Sequence[str], root: str) -> str:
    return f"pick({root}, {', '.join(py_string(part) for part in path)})"


def _read_through(code: str, pipe: Pipe, root: str) -> str:
    match pipe.name:
        case "from_minor_units" | "minor_units":
            return f"from_minor_units({code}, {_picked(tuple(pipe.args[0].split('.')), root)})"
        case "map":
            table, otherwise = split_table(pipe)
            entries = ", ".join(f"{py_string(key)}: {py_string(value)}" for key, value in table)
            rest = f", {py_string(otherwise)}" if otherwise is not None else ""
            return f"choose({code}, {{{entries}}}{rest})"
        case "isoformat":
            return f"to_text({code})"
        case _:
            return f"{_READERS[pipe.name]}({code})"
