"""Payloads that keep every rule of a model, and for each rule one that breaks just that rule.

Found by search: over the fields' samples, their boundary values, the rule's own literals and the
values next to them, and the values of the other fields that the rule speaks of.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, product
from typing import TYPE_CHECKING

from featuregen.plan.boundaries import inside
from featuregen.plan.normal import json_of
from featuregen.plan.python_values import python_object
from featuregen.plan.sample_values import plain_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.expressions import Expression
    from featuregen.spec.model import FeatureSpec, Field, Json, Model, Rule

# A rule about today is asked at both ends of any time in which the generated tests may run.
_NOWS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2080, 1, 1, tzinfo=UTC))
_MOST_TRIES = 20_000
_MOST_VALUES = 24
_MOST_REPAIRS = 40
_MOST_VARIANTS = 600
_LONGEST = 300
_LEFT_OUT = object()


def sample_model(model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """Return a valid payload with every field, by names in JSON; `example` goes first."""
    return _kept(model, spec, plain_model(model, spec))


def minimal_model(model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """Return a valid payload with as few fields as the rules let it have."""
    return _kept(model, spec, plain_model(model, spec, minimal=True))


def _kept(model: Model, spec: FeatureSpec, payload: dict[str, Json]) -> dict[str, Json]:
    """Change the payload, one broken rule at a time, until all rules hold or none can be mended."""
    rules = _expressions(model)
    broken = _broken(payload, rules, model)
    while broken:
        mended = _mended(payload, broken, rules, model, spec)
        if mended is None:
            return payload
        payload, broken = mended, _broken(mended, rules, model)
    return payload


def _mended(
    payload: dict[str, Json],
    broken: list[Expression],
    rules: list[tuple[Rule, Expression]],
    model: Model,
    spec: FeatureSpec,
) -> dict[str, Json] | None:
    for rule in broken:
        variants = _variants(model, spec, payload, list(rule.names), rules)
        for candidate in islice(variants, _MOST_VARIANTS):
            if len(_broken(candidate, rules, model)) < len(broken):
                return candidate
    return None


def _broken(
    payload: dict[str, Json], rules: list[tuple[Rule, Expression]], model: Model
) -> list[Expression]:
    return [rule for _, rule in rules if not _holds(rule, payload, model)]


def violations(model: Model, spec: FeatureSpec) -> tuple[tuple[Rule, dict[str, Json]], ...]:
    """Return for each rule a payload that breaks it and no other, where a search finds one."""
    rules = _expressions(model)
    found: list[tuple[Rule, dict[str, Json]]] = []
    for rule, _ in rules:
        broken = _violation(rule, model, spec, rules)
        if broken is not None:
            found.append((rule, broken))
    return tuple(found)


def _violation(
    rule: Rule, model: Model, spec: FeatureSpec, rules: list[tuple[Rule, Expression]]
) -> dict[str, Json] | None:
    target = next(expression for item, expression in rules if item is rule)
    others = [expression for item, expression in rules if item is not rule]
    payload = sample_model(model, spec)
    spoilt: list[dict[str, Json]] = []
    for candidate in _variants(model, spec, payload, list(target.names), rules):
        if not _breaks(target, candidate, model):
            continue
        if all(_holds(other, candidate, model) for other in others):
            return candidate
        spoilt.append(candidate)
        if len(spoilt) == _MOST_REPAIRS:
            break
    for candidate in spoilt:
        repaired = _repaired(candidate, target, others, model, spec, rules)
        if repaired is not None:
            return repaired
    return None


def _repaired(
    payload: dict[str, Json],
    target: Expression,
    others: list[Expression],
    model: Model,
    spec: FeatureSpec,
    rules: list[tuple[Rule, Expression]],
) -> dict[str, Json] | None:
    """Change fields that the target does not speak of, until the other rules hold again."""
    broken = [other for other in others if not _holds(other, payload, model)]
    names = {name for other in broken for name in other.names if name not in target.names}
    for candidate in islice(_variants(model, spec, payload, sorted(names), rules), _MOST_VARIANTS):
        if all(_holds(other, candidate, model) for other in others):
            return candidate
    return None


def _expressions(model: Model) -> list[tuple[Rule, Expression]]:
    if not model.rules:
        return []
    from featuregen.spec.expressions import ExpressionError, parse_expression

    fields = {field.name: field for field in model.fields}
    parsed: list[tuple[Rule, Expression]] = []
    for rule in model.rules:
        try:
            parsed.append((rule, parse_expression(rule.check, fields)))
        except ExpressionError:
            continue  # the spec was refused for it already
    return parsed


def _holds(rule: Expression, payload: dict[str, Json], model: Model) -> bool:
    values = _values(payload, model)
    return all(rule.evaluate(values, now=now) for now in _NOWS)


def _breaks(rule: Expression, payload: dict[str, Json], model: Model) -> bool:
    values = _values(payload, model)
    return not any(rule.evaluate(values, now=now) for now in _NOWS)


def _values(payload: dict[str, Json], model: Model) -> dict[str, object]:
    values: dict[str, object] = {}
    for field in model.fields:
        value = payload.get(field.wire_name, field.default)
        values[field.name] = python_object(value, field.type, field)
    return values


def _variants(
    model: Model,
    spec: FeatureSpec,
    payload: dict[str, Json],
    names: list[str],
    rules: list[tuple[Rule, Expression]],
) -> Iterator[dict[str, Json]]:
    """Yield the payload with other values in the named fields, small changes first."""
    fields = [field for field in model.fields if field.name in names]
    literals = _literals(rules)
    pools = [_pool(field, fields, payload, spec, literals) for field in fields]
    for index, field in enumerate(fields):
        for value in pools[index]:
            yield _changed(payload, [(field, value)])
    for combination in islice(product(*pools), _MOST_TRIES):
        yield _changed(payload, list(zip(fields, combination, strict=True)))


def _changed(payload: dict[str, Json], changes: list[tuple[Field, object]]) -> dict[str, Json]:
    changed = dict(payload)
    for field, value in changes:
        if value is _LEFT_OUT:
            changed.pop(field.wire_name, None)
        else:
            changed[field.wire_name] = value  # type: ignore[assignment]  # JSON but for the sentinel
    return changed


def _literals(rules: list[tuple[Rule, Expression]]) -> list[object]:
    from featuregen.spec.expression_nodes import Constant, walk

    found: list[object] = []
    for _, rule in rules:
        found += [node.constant for node in walk(rule.root) if isinstance(node, Constant)]
        if rule.uses_now:
            found += [
                datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC),
                datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC),
            ]
    return found


def _pool(
    field: Field,
    fields: list[Field],
    payload: dict[str, Json],
    spec: FeatureSpec,
    literals: list[object],
) -> list[object]:
    """Return values that the field takes: its own, those in the rules, and those next to them."""
    near = [value for literal in literals for value in _near(literal, field)]
    for other in fields:
        value = payload.get(other.wire_name)
        if (
            other is not field
            and value is not None
            and other.type.kind in {field.type.kind, "int", "decimal"}
        ):
            near += _near(python_object(value, other.type, other), field)
    own: list[Json] = [payload[field.wire_name]] if field.wire_name in payload else []
    own += [case.value for case in inside(field, spec)]
    pool: dict[str, object] = {}
    for candidate in (*own, *near):
        if _taken(candidate, field, spec):
            pool.setdefault(json.dumps(candidate), candidate)
    values = list(pool.values())[:_MOST_VALUES]
    return [*values, _LEFT_OUT] if field.optional else values


def _taken(value: Json, field: Field, spec: FeatureSpec) -> bool:
    from featuregen.spec.checks.values import fault_of

    if fault_of(value, field, spec.models) is not None:
        return False
    if value is None or field.type.kind != "decimal":
        return True
    rounded = json_of(python_object(value, field.type, field))
    return fault_of(rounded, field, spec.models) is None


def _near(literal: object, field: Field) -> list[Json]:
    """Return the literal and its neighbours as JSON values of the field's type."""
    kind = field.type.kind
    match literal:
        case bool():
            return [literal] if kind == "bool" else []
        case int() | float() | Decimal():
            number = Decimal(str(literal))
            if kind in {"int", "decimal", "float"}:
                return _near_number(number, field)
            return _of_lengths(int(number)) if kind == "string" else []
        case str() if kind in {"string", "enum", "email", "url", "id"}:
            return [literal, f"{literal}x", literal.lower(), literal.upper()]
        case str() if kind == "list":
            return [[literal]]
        case date() | time() | timedelta():
            return _near_moment(literal, kind)
        case _:
            return []


def _near_moment(literal: date | time | timedelta, kind: str) -> list[Json]:
    if isinstance(literal, datetime) and kind == "date":
        literal = literal.date()
    match literal, kind:
        case (datetime(), "datetime"):
            return _around(literal, timedelta(seconds=1))
        case (date(), "date"):
            return _around(literal, timedelta(days=1))
        case (timedelta(), "duration"):
            second = timedelta(seconds=1)
            near = (literal, literal + second, max(literal - second, second))
            return [json_of(value) for value in near]
        case (time(), "time"):
            return [json_of(literal), "00:00:00", "23:59:59"]
        case _:
            return []


def _around(moment: date, step: timedelta) -> list[Json]:
    far = timedelta(days=400)
    candidates = (moment, moment + step, moment - step, moment + far, moment - far)
    return [json_of(value) for value in candidates]


def _near_number(number: Decimal, field: Field) -> list[Json]:
    if field.type.kind == "int":
        return [int(number), int(number) + 1, int(number) - 1, int(number) * 2]
    if field.type.kind == "float":
        return [float(number), float(number) + 0.5, float(number) - 0.5]
    step = Decimal(1).scaleb(-(2 if field.decimal_places is None else field.decimal_places))
    return [f"{value:f}" for value in (number, number + step, number - step, number * 2)]


def _of_lengths(length: int) -> list[Json]:
    sizes = (length - 1, length, length + 1)
    return ["a" * size for size in sizes if 0 <= size <= _LONGEST]
