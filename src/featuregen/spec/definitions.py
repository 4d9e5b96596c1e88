"""Nodes → models, errors, settings, upstreams: defaults applied, references not yet looked up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

from featuregen.spec.durations import seconds
from featuregen.spec.fields import Reader, typed_json
from featuregen.spec.model import (
    Auth,
    ErrorMapping,
    ErrorType,
    Field,
    Json,
    Model,
    Requirements,
    Rule,
    Upstream,
    Waiver,
)

if TYPE_CHECKING:
    from featuregen.spec.document import Node

_DEFAULT_TIMEOUT = 30.0


def read_models(node: Node | None, reader: Reader) -> dict[str, Model]:
    """Every model that could be read; those with faults are there with what is left of them."""
    models = {}
    for key, value in entries(node):
        fields = reader.fields(value.get("fields"), ("models", key, "fields"))
        rules = value.get("rules")
        models[key] = Model(
            key,
            fields,
            summary=value.str_of("summary"),
            description=value.str_of("description"),
            rules=tuple(
                Rule(item.str_of("check") or "", item.str_of("message") or "")
                for item in (rules.items if rules else ())
            ),
            example=_model_example(value.get("example"), fields),
            ignore_extra=value.str_of("extra") == "ignore",
        )
    return models


def _model_example(node: Node | None, fields: tuple[Field, ...]) -> dict[str, Json] | None:
    if node is None or node.kind != "map":
        return None
    types = {field.name: field.type for field in fields} | {
        field.wire_name: field.type for field in fields
    }
    return {
        key.text: typed_json(value, types[key.text]) if key.text in types else value.json()
        for key, value in node.entries
    }


def read_errors(node: Node | None) -> dict[str, ErrorType]:
    """Errors with code and title from their names where a spec does not say."""
    errors = {}
    for key, value in entries(node):
        status = value.get("status")
        words = _words(key)
        errors[key] = ErrorType(
            key,
            status=cast("int", status.value) if status and status.kind == "int" else 500,
            title=value.str_of("title") or " ".join(words).capitalize(),
            code=value.str_of("code") or "_".join(words),
            retry_after=duration_of(value.get("retry_after")),
            description=value.str_of("description"),
        )
    return errors


def _words(name: str) -> list[str]:
    """`PaymentServiceError` → `["payment", "service"]`."""
    stem = name.removesuffix("Error") or name
    return [
        word.lower()
        for word in re.findall(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+", stem)
    ]


def read_settings(node: Node | None, reader: Reader) -> dict[str, Field]:
    """Every setting that could be read."""
    return {field.name: field for field in reader.fields(node, ("settings",))}


def read_upstreams(node: Node | None) -> dict[str, Upstream]:
    """Upstreams; what they refer to is looked up later."""
    upstreams = {}
    for key, value in entries(node):
        timeout_setting, timeout_seconds = _timeout(value.get("timeout"))
        mapped = _error_mappings(value.get("errors"))
        retries = value.get("retries")
        upstreams[key] = Upstream(
            key,
            base_url=value.str_of("base_url") or "",
            auth=_auth(value.get("auth")),
            encoding=cast("Literal['json', 'form']", value.str_of("encoding") or "json"),
            timeout_setting=timeout_setting,
            timeout_seconds=timeout_seconds,
            retries=cast("int", retries.value) if retries and retries.kind == "int" else 0,
            idempotency_header=value.str_of("idempotency_header"),
            error_message=tuple((value.str_of("error_message") or "").split("."))
            if value.get("error_message")
            else (),
            errors={int(status): mapping for status, mapping in mapped.items() if status.isdigit()},
            on_timeout=mapped.get("timeout"),
            other=mapped.get("other"),
        )
    return upstreams


def _timeout(node: Node | None) -> tuple[str | None, float]:
    literal = duration_of(node)
    if literal is not None:
        return None, literal
    if node is not None and node.kind == "string":
        return node.text, _DEFAULT_TIMEOUT
    return None, _DEFAULT_TIMEOUT


def _error_mappings(node: Node | None) -> dict[str, ErrorMapping]:
    return {
        key: ErrorMapping(value.str_of("raise") or "", value.str_of("message"))
        for key, value in entries(node)
    }


def _auth(node: Node | None) -> Auth:
    if node is None or node.kind != "map":
        return Auth("none")
    for kind in ("bearer", "basic", "header", "query"):
        found = node.get(kind)
        if found is None or found.kind == "broken":
            continue
        match kind:
            case "bearer":
                return Auth("bearer", (found.text,))
            case "basic":
                return Auth("basic", tuple(item.text for item in found.items))
            case _:
                setting = node.str_of("value")
                return Auth(
                    kind,
                    (setting,) if setting else (),
                    found.text,
                )
    return Auth("none")


def read_requirements(node: Node | None) -> Requirements:
    """What the ticket said."""
    if node is None or node.kind != "map":
        return Requirements()
    return Requirements(
        **{key.text: value.strings() for key, value in node.entries if value.kind != "broken"}
    )


def read_waivers(node: Node | None) -> tuple[Waiver, ...]:
    """Questions answered with "no, because"."""
    if node is None:
        return ()
    return tuple(
        Waiver(item.str_of("question") or "", item.str_of("at") or "", item.str_of("because") or "")
        for item in node.items
        if item.kind == "map"
    )


def duration_of(node: Node | None) -> float | None:
    """Seconds of `30s` or of a plain number; None for anything else."""
    if node is None or node.kind not in ("int", "float", "string"):
        return None
    return seconds(node.text) if node.kind == "string" else float(cast("float", node.value))


def entries(node: Node | None) -> list[tuple[str, Node]]:
    """Names and mappings of a definition block, without those that were refused whole."""
    if node is None or node.kind != "map":
        return []
    return [(key.text, value) for key, value in node.entries if value.kind == "map"]
