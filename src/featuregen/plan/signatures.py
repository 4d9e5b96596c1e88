"""Parameters and results of an operation, the same for router, service, client and hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.types import plain_type

if TYPE_CHECKING:
    from featuregen.spec.model import FeatureSpec, Operation


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


def uses_user(operation: Operation) -> bool:
    """Whether the work of the operation looks at the caller; a hook is always given them."""
    if operation.auth == "none":
        return False
    if operation.hook is not None:
        return True
    call = operation.call
    if call is None:
        return False
    mappings = (*call.send, *call.send_query, *call.send_headers)
    return "{user." in call.path or any(mapping.source.kind == "user" for mapping in mappings)


def user_type(operation: Operation) -> str:
    return "User | None" if operation.auth == "optional" else "User"


def call_parameters(operation: Operation, spec: FeatureSpec) -> list[str]:
    """`data: PaymentRequest`, then `*` and the parameters by name, then the user."""
    named = [
        f"{field.name}: {plain_type(field, spec)}"
        for field in (*operation.path_params, *operation.query, *operation.headers)
    ]
    if uses_user(operation):
        named.append(f"user: {user_type(operation)}")
    body = [f"data: {operation.request}"] if operation.request else []
    return [*body, "*", *named] if named else body


def call_arguments(operation: Operation) -> str:
    """The arguments that pass those parameters on by the same names."""
    named = [
        f"{field.name}={field.name}"
        for field in (*operation.path_params, *operation.query, *operation.headers)
    ]
    if uses_user(operation):
        named.append("user=user")
    return ", ".join([*(["data"] if operation.request else []), *named])
