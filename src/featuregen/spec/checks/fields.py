"""Fields: constraints that agree, values that keep them, types that fit their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.checks.patterns import fault_of_pattern
from featuregen.spec.checks.values import comparable, fault_of, model_faults
from featuregen.spec.suggest import did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Bound, FeatureSpec, Field, Path

_PLAIN = frozenset(
    {
        "string",
        "int",
        "float",
        "decimal",
        "bool",
        "date",
        "datetime",
        "time",
        "duration",
        "uuid",
        "email",
        "url",
        "id",
        "enum",
    }
)
_ALLOWED = {
    "path": _PLAIN,
    "query": _PLAIN | {"list"},
    "header": _PLAIN,
    "setting": _PLAIN | {"list", "secret"},
    "model": _PLAIN | {"list", "map", "model", "json", "bytes"},
    "entity": _PLAIN | {"list", "map", "model", "json", "bytes"},
}
_IN_LISTS = {"query": _PLAIN - {"enum"}, "setting": _PLAIN - {"enum"}}


def check_fields(spec: FeatureSpec, draft: Draft) -> None:
    """Report contradictions within fields, and values that their own field refuses."""
    checker = _Fields(spec, draft)
    for where, path, field in _all_fields(spec, draft):
        checker.check(field, path, where)
    for model in spec.models.values():
        if model.derived is None:
            checker.check_example(model.name)


def _all_fields(spec: FeatureSpec, draft: Draft) -> Iterator[tuple[str, Path, Field]]:
    """Those that are written: an owner, the id in a path, the parameters of a list are made."""
    written = draft.findings.source.keys
    for where, path, fields in _blocks(spec):
        for field in fields:
            if (*path, field.name) in written:
                yield where, (*path, field.name), field


def _blocks(spec: FeatureSpec) -> Iterator[tuple[str, Path, Iterable[Field]]]:
    for entity in spec.entities.values():
        yield "entity", ("entities", entity.name, "fields"), entity.fields
    for model in spec.models.values():
        yield "model", ("models", model.name, "fields"), model.fields
    yield "setting", ("settings",), spec.settings.values()
    for operation in spec.operations.values():
        path: Path = ("operations", operation.name)
        yield "path", (*path, "path_params"), operation.path_params
        yield "query", (*path, "query"), operation.query
        yield "header", (*path, "headers"), operation.headers


class _Fields:
    def __init__(self, spec: FeatureSpec, draft: Draft) -> None:
        self.spec, self.draft = spec, draft
        self.findings = draft.findings

    def check(self, field: Field, path: Path, where: str) -> None:
        self._check_place(field, path, where)
        found = len(self.findings.diagnostics)
        self._check_bounds(field, path)
        self._check_lengths(field, path)
        self._check_decimal(field, path)
        self._check_values(field, path)
        self._check_case(field, path)
        self._check_pattern(field, path)
        if (
            len(self.findings.diagnostics) == found
        ):  # else the value may be right and the bound wrong
            self._check_value("default", "FG303", field, path)
            self._check_value("example", "FG304", field, path)

    def _check_place(self, field: Field, path: Path, where: str) -> None:
        kind = field.type.kind
        inner = field.type.of
        at = (*path, "type") if (*path, "type") in self.findings.source.keys else path
        if kind not in _ALLOWED[where] or (
            where in _IN_LISTS and inner and inner.kind not in _IN_LISTS[where]
        ):
            place = {"setting": "a setting", "model": "a model", "entity": "an entity"}.get(
                where, f"the {where}"
            )
            hint = (
                "a secret is a setting; in a model say `sensitive: true`"
                if kind == "secret"
                else None
            )
            self.findings.add(
                "FG308", f"{type_name(field.type)} cannot stand in {place}", at, hint=hint
            )
        if inner is not None and inner.kind == "secret":
            self.findings.add("FG308", "a secret cannot stand in a list or a map", at)
        if where == "path" and (field.has_default or not field.required):
            key = "default" if field.has_default else "required"
            self.findings.add(
                "FG308", "a parameter of the path is always there", (*path, key), at="key"
            )
        if kind == "secret" and field.has_default:
            self.findings.add(
                "FG308",
                "a secret has no default",
                (*path, "default"),
                at="key",
                hint="`example:` shows what one looks like",
            )
        for key in ("strip", "lower", "upper", "sensitive"):
            if where == "setting" and getattr(field, key):
                hint = "type: secret" if key == "sensitive" else None
                self.findings.add(
                    "FG301",
                    f"'{key}' does not apply to a setting",
                    (*path, key),
                    at="key",
                    hint=hint,
                )
        if where == "setting" and field.wire is not None:
            self.findings.add("FG308", "a setting has no name in JSON", (*path, "wire"), at="key")
        if field.sensitive == "last4" and kind not in ("string", "id"):
            self.findings.add(
                "FG301",
                f"'sensitive: last4' does not apply to {type_name(field.type)}",
                (*path, "sensitive"),
                hint="sensitive: true",
            )

    def _check_bounds(self, field: Field, path: Path) -> None:
        for one, other in (("gt", "ge"), ("lt", "le")):
            if getattr(field, one) is not None and getattr(field, other) is not None:
                self.findings.add(
                    "FG302",
                    f"'{one}' and '{other}' say the same thing twice",
                    (*path, other),
                    at="key",
                )
        low, high = (
            field.gt if field.gt is not None else field.ge,
            field.lt if field.lt is not None else field.le,
        )
        if low is None or high is None:
            return
        low_key, high_key = (
            ("gt" if field.gt is not None else "ge"),
            ("lt" if field.lt is not None else "le"),
        )
        bottom, top = comparable(low, field.type.kind), comparable(high, field.type.kind)
        if bottom is None or top is None:
            return
        exclusive = field.gt is not None or field.lt is not None
        if bottom > top or (bottom == top and exclusive) or _no_whole_number(field):  # type: ignore[operator]
            self.findings.add(
                "FG302",
                f"no value keeps both '{low_key}: {_shown(low, field)}' and "
                f"'{high_key}: {_shown(high, field)}'",
                (*path, high_key),
            )

    def _check_lengths(self, field: Field, path: Path) -> None:
        if (
            field.min_length is not None
            and field.max_length is not None
            and field.min_length > field.max_length
        ):
            self.findings.add(
                "FG302",
                f"'min_length: {field.min_length}' is over 'max_length: {field.max_length}'",
                (*path, "max_length"),
            )

    def _check_decimal(self, field: Field, path: Path) -> None:
        written = (*path, "max_digits") in self.findings.source.keys  # a column has some anyway
        if (
            field.max_digits is not None
            and written
            and (field.decimal_places or 0) > field.max_digits
        ):
            self.findings.add(
                "FG302",
                f"{field.decimal_places} decimal places are more than 'max_digits: "
                f"{field.max_digits}'",
                (*path, "decimal_places"),
            )
        if field.round is not None and field.decimal_places is None:
            self.findings.add(
                "FG301", "'round' needs 'decimal_places' to round to", (*path, "round"), at="key"
            )
        if field.multiple_of is not None and float(field.multiple_of) <= 0:
            self.findings.add("FG302", "'multiple_of' must be over 0", (*path, "multiple_of"))

    def _check_values(self, field: Field, path: Path) -> None:
        seen: set[tuple[type, str | int]] = set()
        for index, value in enumerate(field.values):
            if (type(value), value) in seen:
                self.findings.add(
                    "FG305", f"the value '{value}' is given twice", (*path, "values", index)
                )
            seen.add((type(value), value))
        if len({type(value) for value in field.values}) > 1:
            self.findings.add(
                "FG305",
                "the values of an enum are text or whole numbers, not both",
                (*path, "values"),
                at="key",
                hint="quote the numbers",
            )

    def _check_case(self, field: Field, path: Path) -> None:
        if field.lower and field.upper:
            self.findings.add(
                "FG302", "text cannot be both lower and upper case", (*path, "upper"), at="key"
            )

    def _check_pattern(self, field: Field, path: Path) -> None:
        fault = fault_of_pattern(field.pattern) if field.pattern is not None else None
        if fault is not None:
            self.findings.add("FG306", fault[0], (*path, "pattern"), hint=fault[1])

    def _check_value(self, key: str, code: str, field: Field, path: Path) -> None:
        if not getattr(field, f"has_{key}"):
            return
        value = getattr(field, key)
        if key == "default" and value is None and field.required:
            self.findings.add(
                code,
                "the default is null, and the field is required",
                (*path, key),
                hint="required: false",
            )
            return
        if not self._known(field):
            return
        fault = fault_of(value, field, self.spec.models)
        if fault is not None:
            self.findings.add(code, f"the {key} is not a value of the field: {fault}", (*path, key))

    def _known(self, field: Field) -> bool:
        """Whether the field's model, where it has one, is itself without fault."""
        type_ = field.type
        while type_.of is not None:
            type_ = type_.of
        return type_.model is None or type_.model in self.draft.whole_models

    def check_example(self, name: str) -> None:
        """The example of a whole model."""
        model = self.spec.models[name]
        if model.example is None or name not in self.draft.whole_models:
            return
        path: Path = ("models", name, "example")
        written = self.findings.source.keys
        names = {field.name for field in model.fields} | {field.wire_name for field in model.fields}
        for key, fault in model_faults(model.example, model, self.spec.models).items():
            given = (*path, key) in written
            self.findings.add(
                "FG304",
                f"the example's '{key}': {fault}" if given else f"the example lacks '{key}'",
                (*path, key) if given else path,
                at="value" if key in names and given else "key",
                hint=None if key in names else did_you_mean_or_list(key, names),
            )


def _shown(bound: Bound, field: Field) -> str:
    return (
        f"{bound:g}s" if field.type.kind == "duration" and isinstance(bound, float) else str(bound)
    )


def _no_whole_number(field: Field) -> bool:
    """`gt: 5, lt: 6` of an int."""
    if field.type.kind != "int" or not isinstance(field.gt, int) or not isinstance(field.lt, int):
        return False
    return field.lt - field.gt < 2  # noqa: PLR2004
