"""Nodes → operations: parameters, response, status as FastAPI users expect; calls resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.calls import CallReader
from featuregen.spec.durations import rate_limit
from featuregen.spec.fields import Reader
from featuregen.spec.model import Call, Field, Model, Operation, Path, RateLimit, Response, TypeRef
from featuregen.spec.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.document import Node

ID_PATTERN = "^[A-Za-z0-9_-]+$"
ID_LENGTH = 255
_CREATED, _NO_CONTENT, _OK = 201, 204, 200


@dataclass(frozen=True, slots=True)
class OperationReader:
    """Reads operations against what the rest of the spec defines."""

    reader: Reader
    base_path: str
    models: Mapping[str, Model]
    whole_models: frozenset[str]
    settings: Mapping[str, Field]
    known_settings: frozenset[str]
    upstreams: frozenset[str]

    def read(self, name: str, node: Node) -> Operation:
        """The operation; faults of its parameters and its call are reported."""
        path: Path = ("operations", name)
        response = _response(node.get("response"))
        operation = Operation(
            name,
            method=node.str_of("method") or "GET",
            path=node.str_of("path") or "/",
            response=response,
            status=_status(node, response),
            summary=node.str_of("summary"),
            description=node.str_of("description"),
            request=node.str_of("request"),
            query=self.reader.fields(node.get("query"), (*path, "query")),
            path_params=self._path_params(node, path),
            headers=self.reader.fields(node.get("headers"), (*path, "headers")),
            auth=cast("Literal['required', 'optional', 'none']", node.str_of("auth") or "required"),
            permission=node.str_of("permission"),
            rate_limits=_rate_limits(node.get("rate_limit")),
            deprecated=_flag(node.get("deprecated")),
            errors=_strings(node.get("errors")),
            hook=node.str_of("hook"),
            before=node.str_of("before"),
            after=node.str_of("after"),
        )
        call = node.get("call")
        if call is None or call.kind != "map" or self.reader.findings.unsupported(path):
            return operation
        return replace(operation, call=self._call(call, operation, node, path))

    def _call(self, node: Node, operation: Operation, whole: Node, path: Path) -> Call:
        request = self.models.get(operation.request or "")
        response = self.models.get(operation.response.model or "")
        request_is_whole = operation.request is None or operation.request in self.whole_models
        scope = Scope(
            self.models,
            self.settings,
            self.known_settings,
            request,
            operation.path_params,
            operation.query,
            operation.headers,
            operation.auth,
            whole=request_is_whole and not whole.broken,
        )
        known = response if response is not None and response.name in self.whole_models else None
        reader = CallReader(self.reader.findings, scope, self.upstreams, operation.response, known)
        return reader.read(node, (*path, "call"))

    def _path_params(self, node: Node, path: Path) -> tuple[Field, ...]:
        own = node.str_of("path") or "/"
        names = placeholders(self.base_path) + placeholders(own)
        declared = {
            field.name: field
            for field in self.reader.fields(node.get("path_params"), (*path, "path_params"))
        }
        for name in declared:
            if name not in names and node.get("path") is not None:
                self.reader.findings.add(
                    "FG506",
                    f"the path has no parameter '{name}'",
                    (*path, "path_params", name),
                    at="key",
                    hint=f"write {{{name}}} into `path`, or leave it out",
                )
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.reader.findings.add(
                "FG506", f"the parameter '{name}' stands in the path twice", (*path, "path")
            )
        for name in names:
            if "." in name:
                self.reader.findings.add(
                    "FG506",
                    f"'{{{name}}}' is no parameter of a path",
                    (*path, "path"),
                    hint="settings stand in the path of a call only",
                )
        return tuple(declared.get(name) or identifier(name) for name in dict.fromkeys(names))


def identifier(name: str) -> Field:
    """A path parameter that is not declared: 1 to 255 characters that need no escaping."""
    return Field(name, TypeRef("string"), min_length=1, max_length=ID_LENGTH, pattern=ID_PATTERN)


def placeholders(path: str) -> list[str]:
    """`/{id}/refunds/{refund_id}` → `["id", "refund_id"]`."""
    return re.findall(r"\{([^{}]*)\}", path)


def _response(node: Node | None) -> Response:
    """`list[Payment]` → a list of models; nothing → none; what is at fault → an unknown model."""
    if node is None:
        return Response("none")
    if node.kind != "string":
        return Response("model")
    text = node.text
    if text in ("none", "text", "html", "bytes"):
        return Response(cast("Literal['none', 'text', 'html', 'bytes']", text))
    if text.startswith("list["):
        return Response("list", text[5:-1])
    return Response("model", text)


def _status(node: Node, response: Response) -> int:
    given = node.get("status")
    if given is not None and isinstance(given.value, int):
        return given.value
    if response.kind == "none":
        return _NO_CONTENT
    return _CREATED if node.str_of("method") == "POST" else _OK


def _rate_limits(node: Node | None) -> tuple[RateLimit, ...]:
    return tuple(limit for text in _strings(node) if (limit := rate_limit(text)) is not None)


def _strings(node: Node | None) -> tuple[str, ...]:
    if node is None or node.kind not in ("string", "list"):
        return ()
    return tuple(text for text in node.strings() if text)


def _flag(node: Node | None) -> bool:
    return node is not None and node.value is True
