"""What clients see change between two versions of a spec, and which of it breaks them.

Told from the specs alone: a route, a parameter, a field of a body, a bound, a status. A change
breaks where a request that was accepted may be refused now, or where an answer may hold less, or
other things, than a client was told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from featuregen.results import ContractChange

if TYPE_CHECKING:
    from featuregen.spec.model import Bound, FeatureSpec, Field, Operation, TypeRef

Said: TypeAlias = "tuple[str, bool]"
"""What changed, and whether it breaks clients."""


def contract_changes(old: FeatureSpec, new: FeatureSpec) -> tuple[ContractChange, ...]:
    """Breaking changes first, in the order of the spec."""
    found = [
        ContractChange(new.feature, where, what, breaking)
        for where, what, breaking in (*_routes(old, new), *_settings(old, new))
    ]
    return tuple(sorted(found, key=lambda change: not change.breaking))


def _routes(old: FeatureSpec, new: FeatureSpec) -> Iterator[tuple[str, str, bool]]:
    before, after = _operations(old), _operations(new)
    for key, (where, operation) in before.items():
        if key not in after:
            yield where, "removed", True
            continue
        for what, breaking in _operation(operation, after[key][1], old, new):
            yield where, what, breaking
    for key, (where, _) in after.items():
        if key not in before:
            yield where, "added", False


def _operations(spec: FeatureSpec) -> dict[str, tuple[str, Operation]]:
    """By method and path, in which the names of the parameters mean nothing."""
    from featuregen.plan.operations import route_path

    routes = (
        (f"{operation.method} {route_path(operation, spec)}", operation)
        for operation in spec.operations.values()
    )
    return {re.sub(r"{[^{}]*}", "{}", where): (where, operation) for where, operation in routes}


def _operation(
    old: Operation, new: Operation, before: FeatureSpec, after: FeatureSpec
) -> Iterator[Said]:
    yield from _access(old, new)
    if old.status != new.status:
        yield f"answers {new.status} where it answered {old.status}", True
    yield from _request(old, new, before, after)
    yield from _response(old, new, before, after)
    for kind, was, now in (
        ("query parameter", old.query, new.query),
        ("header", old.headers, new.headers),
    ):
        yield from _taken(kind, was, now, before, after, closed=False)
    pairs = zip(old.path_params, new.path_params, strict=False)
    for one, other in pairs:
        yield from _narrower(f"path parameter {other.name}", one, other)
    yield from _errors(old, new, before, after)
    if old.deprecated != new.deprecated:
        yield ("is deprecated" if new.deprecated else "is no longer deprecated"), False
    if old.rate_limits != new.rate_limits:
        limits = ", ".join(limit.text for limit in new.rate_limits) or "not limited"
        yield f"rate limit is now {limits}", _tighter(old, new)


def _access(old: Operation, new: Operation) -> Iterator[Said]:
    order = ("none", "optional", "required")
    if old.auth != new.auth:
        yield f"auth is {new.auth}, was {old.auth}", order.index(new.auth) > order.index(old.auth)
    if old.permission != new.permission:
        if new.permission:
            yield f"needs the permission {new.permission}", True
        else:
            yield f"no longer needs the permission {old.permission}", False


def _tighter(old: Operation, new: Operation) -> bool:
    def rate(operation: Operation) -> float:
        return min((limit.amount / limit.seconds for limit in operation.rate_limits), default=1e9)

    return rate(new) < rate(old)


def _request(
    old: Operation, new: Operation, before: FeatureSpec, after: FeatureSpec
) -> Iterator[Said]:
    if old.request and new.request:
        was, now = before.models[old.request], after.models[new.request]
        closed = not now.ignore_extra
        yield from _taken("field", was.fields, now.fields, before, after, closed=closed)
        rules = {rule.check for rule in was.rules}
        for rule in now.rules:
            if rule.check not in rules:
                yield f"new rule: {rule.message}", True
    elif new.request:
        yield "takes a body now", True
    elif old.request:
        yield "takes no body any longer", True


def _response(
    old: Operation, new: Operation, before: FeatureSpec, after: FeatureSpec
) -> Iterator[Said]:
    if old.response.kind != new.response.kind:
        yield f"answers with {_shape(new)} where it answered with {_shape(old)}", True
    elif old.response.model and new.response.model:
        was = before.models[old.response.model].fields
        now = after.models[new.response.model].fields
        yield from _given(was, now, before, after, prefix="", seen=frozenset())


def _shape(operation: Operation) -> str:
    response = operation.response
    words = {"none": "nothing", "list": f"a list of {response.model}", "model": response.model}
    return words.get(response.kind) or response.kind


def _errors(
    old: Operation, new: Operation, before: FeatureSpec, after: FeatureSpec
) -> Iterator[Said]:
    from featuregen.plan.operations import raised_errors

    was = {name for name in raised_errors(old, before) if name in before.errors}
    now = {name for name in raised_errors(new, after) if name in after.errors}
    for name in sorted(now & was):
        one, other = before.errors[name], after.errors[name]
        if (one.status, one.code) != (other.status, other.code):
            yield (
                f"{name} answers {other.status} {other.code}, was {one.status} {one.code}",
                True,
            )
    for name in sorted(now - was):
        error = after.errors[name]
        yield f"can answer {error.status} {error.code} now", False
    if before.validation_status != after.validation_status and new.request:
        was_now = f"{before.validation_status}, is now {after.validation_status}"
        yield f"a request that does not validate was answered {was_now}", True


# --- what clients send ---------------------------------------------------------------------------


def _taken(
    kind: str,
    old: Iterable[Field],
    new: Iterable[Field],
    before: FeatureSpec,
    after: FeatureSpec,
    *,
    closed: bool,
    prefix: str = "",
    seen: frozenset[str] = frozenset(),
) -> Iterator[Said]:
    """Parameters, or the fields of a request. `closed`: an unknown one is refused."""
    was = {field.wire_name: field for field in old}
    now = {field.wire_name: field for field in new}
    for name, field in was.items():
        if name not in now:
            yield f"{kind} {prefix}{name} is gone", closed
            continue
        yield from _narrower(f"{kind} {prefix}{name}", field, now[name])
        inner, inner_now = _model(field.type), _model(now[name].type)
        if inner and inner_now and inner not in seen:
            yield from _taken(
                kind,
                before.models[inner].fields,
                after.models[inner_now].fields,
                before,
                after,
                closed=not after.models[inner_now].ignore_extra,
                prefix=f"{prefix}{name}.",
                seen=seen | {inner},
            )
    for name, field in now.items():
        if name not in was:
            required = not field.optional
            yield f"new {'required' if required else 'optional'} {kind} {prefix}{name}", required


def _model(kind: TypeRef) -> str | None:
    return kind.model or (_model(kind.of) if kind.of else None)


def _narrower(name: str, old: Field, new: Field) -> Iterator[Said]:
    """What the new field accepts and the old one did not, and the other way round."""
    if _type(old.type) != _type(new.type):
        yield f"{name} is {_type(new.type)}, was {_type(old.type)}", True
        return
    if old.optional != new.optional:
        yield f"{name} is {'optional' if new.optional else 'required'} now", not new.optional
    if old.nullable and not new.nullable:
        yield f"{name} may not be null any longer", True
    gone = [value for value in old.values if value not in new.values]
    if gone:
        yield f"{name} no longer accepts {', '.join(map(str, gone))}", True
    added = [value for value in new.values if value not in old.values]
    if added:
        yield f"{name} accepts {', '.join(map(str, added))} too", False
    for bound, tighter in _BOUNDS.items():
        was, now = getattr(old, bound), getattr(new, bound)
        if was != now:
            said = f"{name}: {bound} is {_bound(now)}, was {_bound(was)}"
            yield said, now is not None and (was is None or tighter(_number(was), _number(now)))
    if old.pattern != new.pattern:
        yield f"{name}: another pattern", new.pattern is not None
    if old.unique != new.unique:
        yield f"{name}: items must {'' if new.unique else 'not '}be unique", new.unique


def _rises(was: Decimal | str, now: Decimal | str) -> bool:
    return type(was) is not type(now) or now > was  # type: ignore[operator]


def _falls(was: Decimal | str, now: Decimal | str) -> bool:
    return type(was) is not type(now) or now < was  # type: ignore[operator]


def _differs(was: Decimal | str, now: Decimal | str) -> bool:
    """A multiple of 4 is one of 2: only then was every new value accepted before."""
    if isinstance(was, Decimal) and isinstance(now, Decimal):
        return was % now != 0
    return was != now


_BOUNDS: dict[str, Callable[[Decimal | str, Decimal | str], bool]] = {
    "gt": _rises,
    "ge": _rises,
    "min_length": _rises,
    "lt": _falls,
    "le": _falls,
    "max_length": _falls,
    "max_digits": _falls,
    "decimal_places": _falls,
    "multiple_of": _differs,
}


def _number(bound: Bound) -> Decimal | str:
    return bound if isinstance(bound, str) else Decimal(str(bound))


def _bound(value: object) -> str:
    return "none" if value is None else str(value)


# --- what clients get ----------------------------------------------------------------------------


def _given(
    old: Iterable[Field],
    new: Iterable[Field],
    before: FeatureSpec,
    after: FeatureSpec,
    *,
    prefix: str,
    seen: frozenset[str],
) -> Iterator[Said]:
    was = {field.wire_name: field for field in old}
    now = {field.wire_name: field for field in new}
    for name, field in was.items():
        shown = f"the answer's {prefix}{name}"
        if name not in now:
            yield f"{shown} is gone", True
            continue
        other = now[name]
        if _type(field.type) != _type(other.type):
            yield f"{shown} is {_type(other.type)}, was {_type(field.type)}", True
        elif other.nullable and not field.nullable:
            yield f"{shown} may be null now", True
        added = [value for value in other.values if value not in field.values]
        if added:
            yield f"{shown} may be {', '.join(map(str, added))} too", True
        inner, inner_now = _model(field.type), _model(other.type)
        if inner and inner_now and inner not in seen:
            yield from _given(
                before.models[inner].fields,
                after.models[inner_now].fields,
                before,
                after,
                prefix=f"{prefix}{name}.",
                seen=seen | {inner},
            )
    yield from ((f"the answer has {prefix}{name} now", False) for name in now if name not in was)


def _type(kind: TypeRef) -> str:
    """As the wire has it: a model is an object, whatever its name."""
    if kind.kind == "model":
        return "object"
    return f"{kind.kind}[{_type(kind.of)}]" if kind.of else kind.kind


# --- what operators set --------------------------------------------------------------------------


def _settings(old: FeatureSpec, new: FeatureSpec) -> Iterator[tuple[str, str, bool]]:
    for name, field in new.settings.items():
        required = field.required and not field.has_default
        was = old.settings.get(name)
        if required and (was is None or not was.required or was.has_default):
            yield f"setting {name.upper()}", "must be set now, or the app does not start", True
    for name in old.settings:
        if name not in new.settings:
            yield f"setting {name.upper()}", "is no longer read", False
