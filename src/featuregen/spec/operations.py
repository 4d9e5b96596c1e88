"""Nodes → operations: parameters, response, status as FastAPI users expect; calls resolved."""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.calls import CallReader
from featuregen.spec.durations import rate_limit
from featuregen.spec.fields import Reader
from featuregen.spec.model import (
    Cache,
    Call,
    Field,
    Model,
    Operation,
    Path,
    RateLimit,
    Response,
    TypeRef,
)
from featuregen.spec.scope import Scope
from featuregen.spec.stored import action_of, entity_of, read_cache, row_parameter, with_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from featuregen.spec.derived import Derived
    from featuregen.spec.document import Node
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Entity

ID_PATTERN = "^[A-Za-z0-9_-]+$"
ID_LENGTH = 255
_CREATED, _ACCEPTED, _NO_CONTENT, _OK = 201, 202, 204, 200


@dataclass(frozen=True, slots=True)
class OperationReader:
    """Reads operations against what the rest of the spec defines."""

    reader: Reader
    draft: Draft
    base_path: str
    models: Mapping[str, Model]
    settings: Mapping[str, Field]
    entities: Mapping[str, Entity]
    derived: Derived

    def read(self, name: str, node: Node) -> Operation:
        """The operation; faults of its parameters and its call are reported."""
        path: Path = ("operations", name)
        response = _response(node.get("response"))
        operation = Operation(
            name,
            method=node.str_of("method") or _method_meant(node),
            path=node.str_of("path") or "/",
            response=response,
            status=_OK,
            summary=node.str_of("summary"),
            description=node.str_of("description"),
            request=node.str_of("request"),
            query=self.reader.fields(node.get("query"), (*path, "query")),
            headers=self.reader.fields(node.get("headers"), (*path, "headers")),
            auth=cast("Literal['required', 'optional', 'none']", node.str_of("auth") or "required"),
            permission=node.str_of("permission"),
            rate_limits=_rate_limits(node.get("rate_limit")),
            deprecated=_flag(node.get("deprecated")),
            errors=_strings(node.get("errors")),
            hook=node.str_of("hook"),
            before=node.str_of("before"),
            after=node.str_of("after"),
            action=action_of(node),
            if_match="required" if node.str_of("if_match") == "required" else "optional",
            idempotent=_flag(node.get("idempotent")),
            cache=read_cache(node.get("cache")),
            is_async=_flag(node.get("async")),
            from_crud=name in self.draft.from_crud,
        )
        operation = self._with_path(operation, node, path)
        if entity_of(node) is not None:
            operation = with_rows(operation, node, self.entities, self.derived)
        for model in (operation.request, operation.response.model):
            if model is not None and model not in self.draft.models | self.derived.models.keys():
                self.derived.named(model)
        call = node.get("call")
        if call is not None and call.kind == "map":
            operation = replace(operation, call=self._call(call, operation, node, path))
        return replace(operation, status=_status(operation, node), cache=self._cache(operation))

    def _call(self, node: Node, operation: Operation, whole: Node, path: Path) -> Call:
        models = ChainMap(dict(self.models), self.derived.models)
        request = models.get(operation.request or "")
        response = models.get(operation.response.model or "")
        request_is_whole = operation.request is None or self._is_whole(operation.request)
        row = self.entities.get(operation.entity or "")
        scope = Scope(
            models,
            self.settings,
            self.draft.settings,
            request,
            operation.path_params,
            operation.query,
            operation.headers,
            operation.auth,
            whole=request_is_whole and not whole.broken,
            rows={
                head: entity if entity is not None and self.draft.is_whole(entity) else None
                for head, name in (("entity", operation.entity), ("parent", operation.parent))
                if name is not None
                for entity in (self.entities.get(name),)
            },
        )
        answer, target = operation.response, response
        if operation.entity is not None:
            answer = Response("model", operation.entity)
            target = Model(row.name, row.fields) if row and self.draft.is_whole(row) else None
        elif response is not None and not self._is_whole(response.name):
            target = None
        reader = CallReader(self.reader.findings, scope, self.draft.upstreams, answer, target, row)
        return reader.read(node, (*path, "call"))

    def _is_whole(self, model: str) -> bool:
        if model in self.draft.models:
            return model in self.draft.whole_models
        made = self.derived.models.get(model)
        return made is not None and self.draft.is_whole(self.entities[made.entity or ""])

    def _cache(self, operation: Operation) -> Cache | None:
        """Every answer that depends on the caller is kept for that caller alone."""
        cache = operation.cache
        if cache is None or operation.auth == "none":
            return cache
        entity = self.entities.get(operation.entity or "")
        call = operation.call
        private = (
            cache.private
            or (entity is not None and entity.owner is not None and entity.scope != "public")
            or any((operation.hook, operation.before, operation.after))
            or any(
                mapping.source.kind == "user"
                for mapping in ((*call.send, *call.send_query, *call.send_headers) if call else ())
            )
        )
        return replace(cache, private=private)

    def _with_path(self, operation: Operation, node: Node, path: Path) -> Operation:
        """The parameters of the path, and which of them names a row."""
        own = node.str_of("path") or "/"
        row = row_parameter(node, placeholders(own), self.entities)
        fields = self._path_params(node, path)
        if row is None:
            return replace(operation, path_params=fields)
        name, field = row
        declared = node.get("path_params")
        if declared is not None and declared.get(name) is not None:
            return replace(operation, path_params=fields, row_param=name)
        named = tuple(field if one.name == name else one for one in fields)
        return replace(operation, path_params=named, row_param=field.name)

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


def _method_meant(node: Node) -> str:
    """Of an operation that does not say: what is reported is that, and not what follows from it."""
    writes = ("request", "idempotent", "create")
    return "POST" if any(node.get(name) is not None for name in writes) else "GET"


def _status(operation: Operation, node: Node) -> int:
    given = node.get("status")
    if given is not None and isinstance(given.value, int):
        return given.value
    if operation.is_async:
        return _ACCEPTED
    if operation.response.kind == "none":
        return _NO_CONTENT
    if operation.action in ("call", "hook"):
        return _CREATED if node.str_of("method") == "POST" else _OK
    return _CREATED if operation.action == "create" else _OK


def _rate_limits(node: Node | None) -> tuple[RateLimit, ...]:
    return tuple(limit for text in _strings(node) if (limit := rate_limit(text)) is not None)


def _strings(node: Node | None) -> tuple[str, ...]:
    if node is None or node.kind not in ("string", "list"):
        return ()
    return tuple(text for text in node.strings() if text)


def _flag(node: Node | None) -> bool:
    return node is not None and node.value is True
