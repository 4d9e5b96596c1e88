"""Parameters and results of an operation, the same for router, service, client and hook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.plan.sources import argument_source
from featuregen.plan.types import plain_type

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Field, Operation

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def returns(operation: Operation) -> str:
    """What the service returns: `PaymentResponse`, `list[Tag]`, `None`, `str`, `bytes`."""
    match operation.response.kind:
        case "model":
            return str(operation.response.model)
        case "list":
            return f"list[{operation.response.model}]"
        case "none":
            return "None"
        case "bytes":
            return "bytes"
        case _:
            return "str"


def all_params(operation: Operation) -> tuple[Field, ...]:
    return (*operation.path_params, *operation.query, *operation.headers)


def user_type(operation: Operation) -> str:
    return "User | None" if operation.auth == "optional" else "User"


def uses_user(operation: Operation) -> bool:
    """Whether the service is told the caller; a hook always is."""
    if operation.auth == "none":
        return False
    return bool(operation.hook or operation.before or operation.after) or "user" in call_uses(
        operation
    )


def call_uses(operation: Operation) -> set[str]:
    """What the upstream call looks at: `data`, `user`, and parameters by name."""
    call = operation.call
    if call is None:
        return set()
    used: set[str] = set()
    for mapping in (*call.send, *call.send_query, *call.send_headers):
        used |= _names(mapping.source.kind, mapping.source.path)
        for pipe in mapping.source.pipes:
            if pipe.name in {"minor_units", "from_minor_units"}:
                argument = argument_source(pipe.args[0], operation)
                used |= _names(argument.kind, argument.path)
    for name in _PLACEHOLDER.findall(call.path):
        head = name.partition(".")[0]
        if head == "user":
            used.add("user")
        elif head != "settings":
            argument = argument_source(name, operation)
            used |= _names(argument.kind, argument.path)
    return used


def _names(kind: str, path: tuple[str, ...]) -> set[str]:
    match kind:
        case "request":
            return {"data"}
        case "user":
            return {"user"}
        case "path" | "query" | "header":
            return {path[-1]}
        case _:
            return set()


def service_uses(operation: Operation) -> set[str]:
    """Everything that the request holds: the service and the hooks are given all of it."""
    used = {field.name for field in all_params(operation)}
    if operation.request:
        used.add("data")
    if uses_user(operation):
        used.add("user")
    return used


def parameters(operation: Operation, spec: FeatureSpec, used: set[str]) -> list[str]:
    """`data: PaymentRequest`, then `*` and the parameters by name, then the user."""
    named = [
        f"{field.name}: {plain_type(field, spec)}"
        for field in all_params(operation)
        if field.name in used
    ]
    if "user" in used:
        named.append(f"user: {user_type(operation)}")
    body = [f"data: {operation.request}"] if "data" in used else []
    return [*body, "*", *named] if named else body


def arguments(operation: Operation, used: set[str]) -> str:
    """The arguments that pass those parameters on by the same names."""
    named = [field.name for field in all_params(operation) if field.name in used]
    named += ["user"] if "user" in used else []
    body = ["data"] if "data" in used else []
    return ", ".join([*body, *(f"{name}={name}" for name in named)])
