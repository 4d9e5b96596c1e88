"""The pydantic models of a feature, in an order in which each stands after those that it uses."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from featuregen.plan.quote import docstring, py_literal, py_text
from featuregen.plan.sample_values import words
from featuregen.plan.samples import normalised_model, sample_model
from featuregen.plan.types import FieldPlan, annotate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import Entity, FeatureSpec, Json, Model, Rule, TypeRef

_MOST_WORDS = 7
_UNREMARKABLE = {0, 1}  # numbers that ruff's PLR2004 lets pass


@dataclass(frozen=True, slots=True)
class RuleMethod:
    """A cross-field rule as a validator. Every `str` is ready-made Python."""

    name: str
    condition: str  # of a violation
    message: str


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """One class."""

    name: str
    base: str  # "BaseModel", or "SensitiveModel"
    docstring: str
    config: str | None  # arguments of ConfigDict
    fields: tuple[FieldPlan, ...]
    rules: tuple[RuleMethod, ...]


@dataclass(frozen=True, slots=True)
class ModelsPlan:
    """`app/models/<feature>.py`; `inexact`: models whose JSON Schema cannot say all they demand."""

    docstring: str
    imports: tuple[str, ...]
    models: tuple[ModelPlan, ...]
    needs: frozenset[str]
    inexact: frozenset[str]
    has_plain_numbers: bool  # a rule compares with a bare number, which ruff would have named


def plan_models(spec: FeatureSpec) -> ModelsPlan:
    """Return every model of the spec as text for its template."""
    requested, answered = _used(spec)
    plans: list[ModelPlan] = []
    imports: set[tuple[str, str]] = set()
    needs: set[str] = set()
    inexact: set[str] = set()
    for model in _in_order(spec):
        fields = tuple(annotate(field, spec=spec, where="model") for field in model.fields)
        for field in fields:
            imports.update((item.module, item.name) for item in field.imports)
            needs |= field.needs
        imports |= _rule_imports(model)
        if model.rules or not all(field.exact for field in fields):
            inexact.add(model.name)
        plans.append(
            _model(
                model,
                fields,
                spec,
                requested=model.name in requested,
                answered=model.name in answered,
            )
        )
    imports |= _frame_imports(plans)
    return ModelsPlan(
        docstring=docstring(f"Models of the {words(spec.feature)} feature", indent=0),
        imports=tuple(f"from {module} import {name}" for module, name in sorted(imports)),
        models=tuple(plans),
        needs=frozenset(needs),
        inexact=frozenset(inexact),
        has_plain_numbers=any(
            _compares_number(rule.condition) for plan in plans for rule in plan.rules
        ),
    )


def _frame_imports(plans: list[ModelPlan]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for plan in plans:
        if plan.base == "BaseModel":
            found.add(("pydantic", "BaseModel"))
        elif plan.base.startswith("Page["):
            found.add(("app.core.pagination", "Page"))
        else:
            found.add(("app.core.sensitive", plan.base))
        if plan.config:
            found.add(("pydantic", "ConfigDict"))
        if plan.rules:
            found |= {
                ("typing", "Self"),
                ("pydantic", "model_validator"),
                ("pydantic_core", "PydanticCustomError"),
            }
    return found


def _model(
    model: Model,
    fields: tuple[FieldPlan, ...],
    spec: FeatureSpec,
    *,
    requested: bool,
    answered: bool,
) -> ModelPlan:
    sensitive = any(field.sensitive for field in model.fields)
    return ModelPlan(
        name=model.name,
        base=f"Page[{page_item(model)}]"
        if model.derived == "page"
        else "SensitiveModel"
        if sensitive
        else "BaseModel",
        docstring=docstring(model.summary or _titled(model.name), model.description, indent=4),
        config=_config(model, spec, requested=requested, answered=answered),
        fields=() if model.derived == "page" else fields,
        rules=tuple(_rules(model)),
    )


def page_sample(model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """The last page, with one row."""
    item: Json = shown_sample(spec.models[page_item(model)], spec)
    return {"items": [item], "next_cursor": None}


def shown_sample(model: Model, spec: FeatureSpec) -> dict[str, Json]:
    """An object as documents show it: a row as the example of its creation leaves it."""
    body = sample_model(model, spec)
    if model.derived != "read" or model.entity is None:
        return body
    entity = spec.entities[model.entity]
    asked = _asked(entity, spec)
    for field in model.fields:
        stored = entity.field(field.name)
        if stored.generated is not None and stored.generated.kind == "literal":
            body[field.wire_name] = stored.generated.value
        else:
            body[field.wire_name] = asked.get(field.name, body[field.wire_name])
    return body


def _asked(entity: Entity, spec: FeatureSpec) -> dict[str, Json]:
    """What the example of a request says of the new row, by the row's fields."""
    for operation in spec.operations.values():
        if operation.action == "create" and operation.entity == entity.name and operation.request:
            model = spec.models[operation.request]
            said = normalised_model(sample_model(model, spec), model, spec)
            stored = {field.name: field.type for field in entity.fields}
            return {
                field.name: said[field.wire_name]
                for field in model.fields
                if stored.get(field.name) == field.type
            }
    return {}


def page_item(model: Model) -> str:
    """What a page holds."""
    items = next(field for field in model.fields if field.name == "items")
    return str(items.type.of.model if items.type.of else None)


def _read_from_rows(spec: FeatureSpec) -> frozenset[str]:
    """The models that are filled from the attributes of a row."""
    found: set[str] = set()
    for operation in spec.operations.values():
        if operation.stored and operation.response.model is not None:
            model = spec.models[operation.response.model]
            found.add(page_item(model) if model.derived == "page" else model.name)
    return frozenset(found)


def _titled(name: str) -> str:
    """`PaymentRequest` → `Payment request`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    first, *rest = spaced.split(" ")
    return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])


def _config(model: Model, spec: FeatureSpec, *, requested: bool, answered: bool) -> str | None:
    arguments: list[str] = []
    if requested and not model.ignore_extra:
        arguments.append('extra="forbid"')
    if any(field.wire is not None for field in model.fields):
        arguments.append("serialize_by_alias=True")
        if answered or not requested:
            arguments.append("validate_by_name=True")
            arguments.append("validate_by_alias=True")
    if model.name in _read_from_rows(spec):
        arguments.append("from_attributes=True")
    exchanged = {
        name for item in spec.operations.values() for name in (item.request, item.response.model)
    }
    if model.example is not None or model.name in exchanged:
        paged = model.derived == "page"
        example = py_literal(page_sample(model, spec) if paged else shown_sample(model, spec))
        arguments.append(f'json_schema_extra={{"examples": [{example}]}}')
    return ", ".join(arguments) or None


# --- rules ---------------------------------------------------------------------------------------


def _rules(model: Model) -> Iterator[RuleMethod]:
    taken = {field.name for field in model.fields}
    for rule in model.rules:
        name = _method_name(rule, taken)
        taken.add(name)
        yield RuleMethod(name, _expression(rule, model).violation(), py_text(rule.message))


def _expression(rule: Rule, model: Model):  # type: ignore[no-untyped-def]  # noqa: ANN202 - local import
    from featuregen.spec.expressions import parse_expression

    return parse_expression(rule.check, {field.name: field for field in model.fields})


def _rule_imports(model: Model) -> set[tuple[str, str]]:
    return {item for rule in model.rules for item in _expression(rule, model).imports}


def _method_name(rule: Rule, taken: set[str]) -> str:
    """`Large payments are in USD only` → `check_large_payments_are_in_usd_only`."""
    found = re.findall(r"[a-z0-9]+", rule.message.lower().replace("'", ""))[:_MOST_WORDS]
    name = "_".join(["check", *found]) if found else "check_rule"
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def _compares_number(condition: str) -> bool:
    """Tell whether ruff would ask for a name of a number in the condition."""
    comparisons = (
        node
        for node in ast.walk(ast.parse(condition, mode="eval"))
        if isinstance(node, ast.Compare)
    )
    return any(
        _is_remarkable(side) for node in comparisons for side in (node.left, *node.comparators)
    )


def _is_remarkable(side: ast.expr) -> bool:
    bare = side.operand if isinstance(side, ast.UnaryOp) else side
    if not isinstance(bare, ast.Constant) or isinstance(bare.value, bool):
        return False
    return isinstance(bare.value, int | float) and bare.value not in _UNREMARKABLE


# --- use and order -------------------------------------------------------------------------------


def _used(spec: FeatureSpec) -> tuple[set[str], set[str]]:
    """Return which models a client sends, and which it is sent, with all that they hold."""
    requested: set[str] = set()
    answered: set[str] = set()
    for operation in spec.operations.values():
        if operation.request is not None:
            _reach(operation.request, spec, requested)
        if operation.response.model is not None:
            _reach(operation.response.model, spec, answered)
    return requested, answered


def _reach(name: str, spec: FeatureSpec, found: set[str]) -> None:
    if name in found:
        return
    found.add(name)
    for inner in _inner_models(spec.models[name]):
        _reach(inner, spec, found)


def _inner_models(model: Model) -> Iterator[str]:
    for field in model.fields:
        type_: TypeRef | None = field.type
        while type_ is not None:
            if type_.model is not None:
                yield type_.model
            type_ = type_.of


def _in_order(spec: FeatureSpec) -> list[Model]:
    ordered: dict[str, Model] = {}
    for name in spec.models:
        _add_in_order(name, spec, ordered)
    return list(ordered.values())


def _add_in_order(name: str, spec: FeatureSpec, ordered: dict[str, Model]) -> None:
    if name in ordered:
        return
    model = spec.models[name]
    for inner in _inner_models(model):
        if inner != name:
            _add_in_order(inner, spec, ordered)
    ordered[name] = model
