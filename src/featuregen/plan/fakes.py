"""The fake upstream of the tests and the development server, as strict as the spec is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.plan.answers import Echo, upstream_answer
from featuregen.plan.clients import callers, needs_key, query_mappings, sends_query
from featuregen.plan.model import FakePlan, FakeRoutePlan
from featuregen.plan.names import pascal, words
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.signatures import credentials
from featuregen.plan.sources import parameter, source_code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from featuregen.spec.model import FeatureSpec, Mapping, Operation, Upstream

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def plan_fakes(spec: FeatureSpec) -> tuple[FakePlan, ...]:
    return tuple(
        _fake(upstream, spec)
        for upstream in spec.upstreams.values()
        if callers(upstream.name, spec)
    )


def _fake(upstream: Upstream, spec: FeatureSpec) -> FakePlan:
    title = words(upstream.name)
    headers, query = _credentials(upstream, spec)
    return FakePlan(
        name=upstream.name,
        class_name=f"Fake{pascal(upstream.name)}",
        docstring=docstring(f"The {title} API as the spec describes it, in process", indent=0),
        class_docstring=docstring(
            f"Answers every call of the {words(spec.feature)} feature, and refuses any other",
            indent=4,
        ),
        imports=(
            "from app.core.config import Settings",
            "from tests.fakes.upstream import Answer, Call, FakeUpstream, Route, basic",
        ),
        base_url=upstream.base_url,
        credentials=headers,
        query_credentials=query,
        routes=tuple(
            _route(operation, upstream, spec) for operation in callers(upstream.name, spec)
        ),
    )


def _credentials(upstream: Upstream, spec: FeatureSpec) -> tuple[str | None, str | None]:
    secrets = credentials(upstream, spec)
    name = upstream.auth.name or ""
    match upstream.auth.kind:
        case "bearer":
            return f'{{"authorization": f"Bearer {{{secrets[0]}}}"}}', None
        case "basic":
            return f'{{"authorization": basic({secrets[0]}, {secrets[1]})}}', None
        case "header":
            return f"{{{py_string(name.lower())}: {secrets[0]}}}", None
        case "query":
            return None, f"{{{py_string(name)}: {secrets[0]}}}"
        case "none":
            return None, None


def path_pattern(path: str) -> str:
    """A regular expression for an upstream's path; a plain parameter is a named group."""
    parts: list[str] = []
    position = 0
    for match in _PLACEHOLDER.finditer(path):
        parts.append(re.escape(path[position : match.start()]))
        name = match.group(1)
        parts.append(f"(?P<{name}>[^/]+)" if name.isidentifier() else "[^/]+")
        position = match.end()
    parts.append(re.escape(path[position:]))
    return "".join(parts)


def _route(operation: Operation, upstream: Upstream, spec: FeatureSpec) -> FakeRoutePlan:
    call = operation.call
    assert call is not None  # noqa: S101 - the callers of an upstream have one
    arguments: list[str] = []
    body = () if sends_query(call) else call.send
    if body:
        arguments.append(f"encoding={py_string(upstream.encoding)}")
    text = upstream.encoding == "form"
    for name, mappings, plain in (("", body, text), ("query_", query_mappings(call), True)):
        required, optional = _by_need(mappings, operation, spec, plain=plain)
        if required:
            arguments.append(f"{name}required={_frozenset(required)}")
        if optional:
            arguments.append(f"{name}optional={_frozenset(optional)}")
    headers = [
        ".".join(mapping.target).lower()
        for mapping in call.send_headers
        if not _nullable(mapping, operation, spec)
    ]
    if needs_key(call, upstream):
        headers.append((upstream.idempotency_header or "").lower())
    if headers:
        arguments.append(f"headers={_frozenset(headers)}")
    answer, looks = _answer(operation, spec)
    return FakeRoutePlan(
        method=operation.name,
        docstring=docstring(f"Answer {call.method} {call.path}", indent=8),
        verb=call.method,
        path=_raw(path_pattern(call.path)),
        arguments=tuple(arguments),
        answer=answer,
        looks_at_call=looks,
    )


def _raw(pattern: str) -> str:
    return f'r"{pattern}"' if "\\" in pattern and '"' not in pattern else py_string(pattern)


def _nullable(mapping: Mapping, operation: Operation, spec: FeatureSpec) -> bool:
    return source_code(mapping.source, operation, spec).nullable


def _by_need(
    mappings: Iterable[Mapping], operation: Operation, spec: FeatureSpec, *, plain: bool
) -> tuple[list[str], list[str]]:
    """Targets that are always sent, and those that are not; `plain` text has no empty list."""
    required: list[str] = []
    optional: list[str] = []
    for mapping in mappings:
        absent = _nullable(mapping, operation, spec) or (
            plain and _is_list(mapping, operation, spec)
        )
        (optional if absent else required).append(".".join(mapping.target))
    return required, optional


def _is_list(mapping: Mapping, operation: Operation, spec: FeatureSpec) -> bool:
    kind, path = mapping.source.kind, mapping.source.path
    if kind in {"path", "query", "header"}:
        return parameter(operation, kind, path[-1]).type.kind == "list"
    if kind != "request":
        return False
    fields = spec.models[operation.request or ""].fields
    return any(field.name == path[0] and field.type.kind == "list" for field in fields)


def _frozenset(names: Iterable[str]) -> str:
    return "frozenset({" + ", ".join(py_string(name) for name in sorted(names)) + "})"


def _answer(operation: Operation, spec: FeatureSpec) -> tuple[tuple[str, ...], bool]:
    match operation.response.kind:
        case "none":
            return ("return Answer(204)",), False
        case "text" | "html" | "bytes":
            return (
                f"return Answer(200, content={bytes_literal(content_sample(operation))})",
            ), False
    answer = upstream_answer(operation, spec)
    code = _tree_code(answer.body)
    if operation.response.kind == "model":
        return (f"return Answer(200, {code})",), "call." in code
    code = f"[{code}]"
    for key in reversed(operation.call.items if operation.call else ()):
        code = f"{{{py_string(key)}: {code}}}"
    return (f"return Answer(200, {code})",), False


def content_sample(operation: Operation) -> bytes:
    """What a text, HTML or binary upstream answers in tests."""
    samples = {"text": b"plain answer", "html": b"<p>answer</p>", "bytes": b"\x00\x01answer"}
    return samples[operation.response.kind]


def bytes_literal(content: bytes) -> str:
    """A bytes literal in double quotes."""
    return 'b"' + repr(content)[2:-1].replace('"', '\\"') + '"'


def _tree_code(tree: object) -> str:
    if isinstance(tree, Echo):
        if tree.parameter is not None:
            return f"call.parameters[{py_string(tree.parameter)}]"
        path = ", ".join(py_string(part) for part in tree.body)
        return f"call.echo({path}, default={py_literal(tree.default)})"
    if isinstance(tree, dict):
        return (
            "{"
            + ", ".join(f"{py_string(key)}: {_tree_code(value)}" for key, value in tree.items())
            + "}"
        )
    if isinstance(tree, list):
        return "[" + ", ".join(_tree_code(item) for item in tree) + "]"
    return py_literal(tree)  # type: ignore[arg-type]
