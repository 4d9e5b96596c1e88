"""Parameters and results of an operation, the same for router, service, client and hook."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.attempts import is_attempted, settles_itself
from featuregen.plan.kept import admits
from featuregen.plan.names import pascal, snake
from featuregen.plan.sources import argument_source, row_value
from featuregen.plan.stored_rows import needs_user
from featuregen.plan.tables import is_versioned
from featuregen.plan.types import plain_type
from featuregen.spec.model import Field, Model, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Operation, Upstream

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


def uses_user(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the service is told the caller; a hook always is."""
    if operation.auth == "none":
        return False
    return (
        bool(operation.hook or operation.before or operation.after)
        or "user" in call_uses(operation)
        or needs_user(operation, spec)
    )


def call_uses(operation: Operation) -> set[str]:
    """What the upstream call looks at: `data`, `user`, and parameters by name."""
    used = {row.name for row in row_values(operation)}
    for source in (*_sent(operation), *_in_path(operation)):
        used |= _names(source.kind, source.path)
    return used


def _sent(operation: Operation) -> Iterator[Source]:
    """What the call sends, with the arguments of its pipes."""
    call = operation.call
    for mapping in (*call.send, *call.send_query, *call.send_headers) if call else ():
        yield mapping.source
        for pipe in mapping.source.pipes:
            if pipe.name in {"minor_units", "from_minor_units"}:
                yield argument_source(pipe.args[0], operation)


def _in_path(operation: Operation) -> Iterator[Source]:
    for name in _PLACEHOLDER.findall(operation.call.path if operation.call else ""):
        yield path_source(name, operation)


def path_source(name: str, operation: Operation) -> Source:
    """What a placeholder of the upstream's path stands for."""
    head, _, rest = name.partition(".")
    if head in {"settings", "user"}:
        return Source("settings" if head == "settings" else "user", tuple(rest.split(".")))
    return argument_source(name, operation)


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


class RowValue(NamedTuple):
    """A value of a stored row that the upstream's client is given by name."""

    name: str  # "payment_provider_id"
    entity: str
    field: str
    in_path: bool  # without it there is no call


def row_values(operation: Operation) -> tuple[RowValue, ...]:
    """What the call takes from the row that it is about, and from the row above that one."""
    found: dict[str, RowValue] = {}
    for sources, in_path in ((_sent(operation), False), (_in_path(operation), True)):
        for source in sources:
            if source.kind in {"entity", "parent"}:
                entity = operation.entity if source.kind == "entity" else operation.parent
                name = row_value(source, operation)
                known = found.get(name)
                needed = in_path or (known is not None and known.in_path)
                found[name] = RowValue(name, str(entity), source.path[-1], needed)
    return tuple(found.values())


def keyed_by_row(operation: Operation, upstream: Upstream) -> bool:
    """Whether the row's id makes the call safe to repeat: the same for every attempt at it."""
    call = operation.call
    return (
        call is not None
        and operation.action == "create"
        and upstream.idempotency_header is not None
        and call.method in {"POST", "PATCH"}
    )


def key_name(operation: Operation) -> str:
    """The parameter of the client that holds the row's id."""
    return f"{snake(operation.entity or '')}_id"


def received_model(operation: Operation, spec: FeatureSpec) -> Model | None:
    """What the upstream's answer says of the row: the fields that `receive` names."""
    if operation.call is None or operation.entity is None or not operation.call.receive:
        return None
    entity = spec.entities[operation.entity]
    targets = dict.fromkeys(mapping.target[0] for mapping in operation.call.receive)
    fields = (entity.field(name) for name in targets)
    return Model(
        name=f"{pascal(operation.name)}Received",
        fields=tuple(_received(field) for field in fields),
        entity=entity.name,
    )


def _received(field: Field) -> Field:
    return replace(
        field, wire=None, description=None, has_default=False, default=None, generated=None
    )


def service_uses(operation: Operation, spec: FeatureSpec) -> set[str]:
    """Everything that the request holds: the service and the hooks are given all of it."""
    used = {field.name for field in all_params(operation)}
    if operation.request:
        used.add("data")
    if uses_user(operation, spec):
        used.add("user")
    return used


def takes_if_match(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the version of the row may be demanded."""
    return operation.action in {"update", "delete"} and is_versioned(
        spec.entities[operation.entity or ""], spec
    )


def takes_attempt(operation: Operation, spec: FeatureSpec) -> bool:
    """Whether the service is told which attempt at the operation this is."""
    if not is_attempted(operation):
        return False
    if operation.stored or operation.hook is not None:
        return True
    call = operation.call
    return (
        call is not None
        and spec.upstreams[call.upstream].idempotency_header is not None
        and call.method in {"POST", "PATCH"}
    )


def credentials(upstream: Upstream, spec: FeatureSpec) -> list[str]:
    """The values of its credentials' settings: the user of `basic` may be plain text."""
    return [
        f"settings.{name}.get_secret_value()"
        if spec.settings[name].type.kind == "secret"
        else f"settings.{name}"
        for name in upstream.auth.settings
    ]


def stores(spec: FeatureSpec) -> bool:
    """Whether the service has a session, and its hooks with it."""
    return bool(spec.entities or spec.webhooks)


def hook_parameters(operation: Operation, spec: FeatureSpec) -> list[str]:
    """What a function of the user's is given: the request, who sent it, and the session."""
    given = parameters(operation, spec, service_uses(operation, spec))
    if operation.hook is not None and is_attempted(operation):
        given = [*given, *([] if "*" in given else ["*"]), "attempt: Attempt"]
    if stores(spec):
        given = [*given, *([] if "*" in given else ["*"]), "session: AsyncSession"]
    return given


def hook_arguments(operation: Operation, spec: FeatureSpec) -> str:
    """The arguments for those."""
    parts = [arguments(operation, service_uses(operation, spec))]
    parts += ["attempt=attempt"] if operation.hook is not None and is_attempted(operation) else []
    parts += ["session=self._session"] if stores(spec) else []
    return ", ".join(part for part in parts if part)


def service_parameters(
    operation: Operation, spec: FeatureSpec, *, inner: bool = False
) -> list[str]:
    """What the service's method is given, without self; `inner` is the one between two hooks."""
    given = parameters(operation, spec, _used(operation, spec, inner=inner))
    more = ["if_match: int | None"] if takes_if_match(operation, spec) else []
    more += ["attempt: Attempt"] if _takes_attempt(operation, spec, inner=inner) else []
    return [*given, *(["*"] if more and "*" not in given else []), *more]


def service_arguments(operation: Operation, spec: FeatureSpec, *, inner: bool = False) -> str:
    """The arguments for those, by the same names."""
    parts = [arguments(operation, _used(operation, spec, inner=inner))]
    parts += ["if_match=if_match"] if takes_if_match(operation, spec) else []
    parts += ["attempt=attempt"] if _takes_attempt(operation, spec, inner=inner) else []
    return ", ".join(part for part in parts if part)


def _takes_attempt(operation: Operation, spec: FeatureSpec, *, inner: bool) -> bool:
    """Between two hooks, who makes a row or stores the answer asks which attempt it is of."""
    asks = operation.action == "create" or settles_itself(operation)
    return takes_attempt(operation, spec) and (asks or not inner)


def _used(operation: Operation, spec: FeatureSpec, *, inner: bool) -> set[str]:
    used = service_uses(operation, spec)
    around = operation.hook or operation.before or operation.after
    apart = admits(operation) and operation.hook is None and operation.after is None
    if inner or not around or apart:
        used &= _needed(operation) | {"user"}
    asks_who = needs_user(operation, spec) or "user" in call_uses(operation)
    return used - {"user"} if (inner or apart) and not asks_who else used


def _needed(operation: Operation) -> set[str]:
    """What an operation looks at, where no function of the user's may want the rest."""
    needed = call_uses(operation)
    if operation.entity is not None:
        needed |= {"data", operation.row_param or ""}
    if operation.listing is not None:
        needed |= operation.listing.parameters
    return needed


def service_takes(operation: Operation, spec: FeatureSpec) -> set[str]:
    """What of the request the service's method is given, and `user` where it is told the caller."""
    return _used(operation, spec, inner=False)


def parameters(operation: Operation, spec: FeatureSpec, used: set[str]) -> list[str]:
    """`data: PaymentRequest`, then `*` and the parameters by name, then the user."""
    named = [
        f"{field.name}: {plain_type(field, spec)}"
        for field in all_params(operation)
        if field.name in used
    ]
    named += _row_parameters(operation, spec, used)
    if "user" in used:
        named.append(f"user: {user_type(operation)}")
    body = [f"data: {operation.request}"] if "data" in used else []
    return [*body, "*", *named] if named else body


def _row_parameters(operation: Operation, spec: FeatureSpec, used: set[str]) -> list[str]:
    """Those of a client's method: values of rows, none twice."""
    taken = {field.name for field in all_params(operation)}
    found: list[str] = []
    for value in row_values(operation):
        if value.name in used and value.name not in taken:
            field = spec.entities[value.entity].field(value.field)
            known = replace(field, required=True) if value.in_path else field
            found.append(f"{value.name}: {plain_type(known, spec)}")
            taken.add(value.name)
    if operation.call is not None and operation.entity is not None:
        key = key_name(operation)
        if key in used and key not in taken:
            found.append(f"{key}: str")
    return found


def arguments(operation: Operation, used: set[str]) -> str:
    """The arguments that pass those parameters on by the same names."""
    named = [field.name for field in all_params(operation) if field.name in used]
    named += ["user"] if "user" in used else []
    body = ["data"] if "data" in used else []
    return ", ".join([*body, *(f"{name}={name}" for name in named)])
