"""Entities: columns that a database can hold, keys over them, references that lead somewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from featuregen.spec import reserved
from featuregen.spec.checks.values import fault_of, listed
from featuregen.spec.entities import DIGITS
from featuregen.spec.narrowing import beyond_column
from featuregen.spec.plural import article, snake
from featuregen.spec.suggest import did_you_mean, did_you_mean_or_list
from featuregen.spec.types import type_name

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Entity, FeatureSpec, Field, Path

JSON = frozenset({"json", "list", "map", "model"})
_INT32 = 1 << 31
LONGEST_KEY = 600  # characters: PostgreSQL refuses larger entries of an index, up to 4 bytes each
_MADE_BY = {
    "id": frozenset({"id"}),
    "owner": frozenset({"string", "id"}),
    "now": frozenset({"date", "datetime", "time"}),
    "on_update": frozenset({"date", "datetime", "time"}),
}


def check_entities(spec: FeatureSpec, draft: Draft) -> None:
    """Report what no table can be made of, or what would fail once rows are written."""
    tables: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for entity in spec.entities.values():
        checker = _Entity(entity, spec, draft)
        checker.check_table(tables)
        checker.check_ids()
        checker.check_prefix(prefixes)
        for field in entity.fields:
            checker.check_field(field)
        checker.check_keys()


def keyed(field: Field) -> str | None:
    """Why an index cannot hold the field; None where it can."""
    if field.type.kind in JSON:
        return f"'{field.name}' is {type_name(field.type)}, which is stored as JSON"
    if field.type.kind == "bytes":
        return f"'{field.name}' is bytes"
    if field.type.kind == "string" and (field.max_length or LONGEST_KEY + 1) > LONGEST_KEY:
        return f"'{field.name}' may be longer than {LONGEST_KEY} characters"
    return None


def key_hint(field: Field) -> str | None:
    """What makes an index possible."""
    return "say max_length: 100, or what fits" if field.type.kind == "string" else None


class _Entity:
    def __init__(self, entity: Entity, spec: FeatureSpec, draft: Draft) -> None:
        self.entity, self.spec, self.draft = entity, spec, draft
        self.path: Path = ("entities", entity.name)
        self.fields = {field.name: field for field in entity.fields}

    def _report(
        self, code: str, message: str, *where: str | int, hint: str | None = None, key: bool = False
    ) -> None:
        path = (*self.path, *where)
        self.draft.findings.add(code, message, path, hint=hint, at="key" if key else "value")

    def check_table(self, tables: dict[str, str]) -> None:
        """Tables have names of their own, beside those of the feature's machinery."""
        table = self.entity.table
        written = (*self.path, "table") in self.draft.findings.source.values
        where = ("table",) if written else ()
        first = tables.setdefault(table, self.entity.name)
        if first != self.entity.name:
            hint = None if written else f"table: {table}_2"
            self._report(
                "FG405",
                f"'{table}' is the table of '{first}' too",
                *where,
                hint=hint,
                key=not where,
            )
        elif table in reserved.TABLES or table in {
            f"{self.spec.feature}_{end}" for end in reserved.MACHINERY_TABLES
        }:
            self._report(
                "FG404",
                f"'{table}' is a table that projects have anyway",
                *where,
                hint=f"table: {table}_of_{self.spec.feature}",
                key=not where,
            )

    def check_ids(self) -> None:
        """One field is the key, and one at most holds the owner."""
        for kind, what in (("id", "id"), ("owner", "owner")):
            made = [one.name for one in self.entity.fields if _is(one, kind)]
            if len(made) > 1:
                self._report(
                    "FG309",
                    f"'{made[0]}' is the {what} already",
                    "fields",
                    made[1],
                    key=True,
                    hint=f"a row has one {what}",
                )

    def check_prefix(self, prefixes: dict[str, str]) -> None:
        """An id tells of which entity it is."""
        row = next((one for one in self.entity.fields if _is(one, "id")), None)
        if row is None or row.prefix is None:
            return
        first = prefixes.setdefault(row.prefix, self.entity.name)
        if first == self.entity.name:
            return
        where = ("fields", row.name, "prefix")
        written = (*self.path, *where) in self.draft.findings.source.values
        self._report(
            "FG405",
            f"'{row.prefix}' begins the ids of '{first}' too",
            *(where if written else ()),
            key=not written,
            hint=f"{row.name}: {{type: id, prefix: {snake(self.entity.name)[:19]}_}}",
        )

    def check_field(self, field: Field) -> None:
        """One column."""
        if (*self.path, "fields", field.name) not in self.draft.findings.source.keys:
            return
        self._check_name(field)
        if field.generated is not None:
            self._check_generated(field)
        self._check_decimal(field)
        self._check_whole(field)
        self._check_reference(field)
        self._check_former(field)

    def _check_name(self, field: Field) -> None:
        if field.name in reserved.COLUMNS:
            self._report(
                "FG404",
                f"'{field.name}' is a name of every table",
                "fields",
                field.name,
                hint=f"{field.name}_: {{…, wire: {field.name}}}",
                key=True,
            )

    def _check_generated(self, field: Field) -> None:
        made = field.generated
        assert made is not None  # noqa: S101 - the caller has looked
        at = ("fields", field.name, "generated")
        if field.has_default:
            self._report(
                "FG309",
                f"'{field.name}' is set by the service, so no default is ever taken",
                "fields",
                field.name,
                "default",
                key=True,
                hint="leave `default` out, or `generated`",
            )
        if made.kind == "literal":
            self._check_first_value(field, at)
        elif made.kind == "id" and (field.type.kind != "id" or field.references is not None):
            self._report(
                "FG309",
                "the id of a row is made by the service, and is of the type id",
                "fields",
                field.name,
                key=True,
                hint=f"{field.name}: {{type: id, prefix: …}}, or give this field another name",
            )
        elif field.type.kind not in _MADE_BY[made.kind]:
            wanted = " or ".join(sorted(_MADE_BY[made.kind]))
            self._report(
                "FG309",
                f"`generated: {made.kind}` gives {wanted}, and the field is "
                f"{type_name(field.type)}",
                *at,
            )
        if made.kind in ("id", "owner") and not field.required:
            self._report(
                "FG309",
                f"the {made.kind} of a row is always there",
                "fields",
                field.name,
                "required",
                key=True,
            )

    def _check_first_value(self, field: Field, at: tuple[str, ...]) -> None:
        value = field.generated.value if field.generated else None
        if field.type.kind in JSON or field.type.kind == "bytes":
            self._report("FG309", f"{type_name(field.type)} has no first value", *at)
            return
        fault = fault_of(value, replace(field, generated=None), self.spec.models)
        if fault is not None:
            words = [kind for kind, kinds in _MADE_BY.items() if field.type.kind in kinds]
            hint = did_you_mean(str(value), (*words, *(str(one) for one in field.values)))
            said = f"the first value is not a value of the field: {fault}"
            if field.type.kind == "enum":
                said = f"the first value, '{value}', is none of the values: {listed(field)}"
            self._report("FG309", said, *at, hint=hint)

    def _check_decimal(self, field: Field) -> None:
        if field.type.kind != "decimal":
            return
        at = ("fields", field.name)
        if field.decimal_places is None:
            self._report(
                "FG310",
                "a decimal that is stored needs 'decimal_places'",
                *at,
                key=True,
                hint=f"{field.name}: {{type: decimal, decimal_places: 2}}",
            )
        if field.max_digits is not None and field.max_digits > DIGITS:
            self._report(
                "FG310", f"a decimal that is stored has at most {DIGITS} digits", *at, "max_digits"
            )
        elif (field.decimal_places or 0) > DIGITS:
            self._report(
                "FG310",
                f"a decimal that is stored has at most {DIGITS} digits",
                *at,
                "decimal_places",
            )

    def _check_whole(self, field: Field) -> None:
        if field.type.kind == "int":
            for told, hint in beyond_column(field):
                self._report("FG310", f"'{field.name}' {told}", "fields", field.name, hint=hint)
        for index, value in enumerate(field.values):
            if isinstance(value, int) and not -_INT32 <= value < _INT32:
                told = f"a number of an enum is stored in 32 bits, and {value} has more"
                self._report("FG310", told, "fields", field.name, "values", index)

    def _check_reference(self, field: Field) -> None:
        at = ("fields", field.name)
        source = self.draft.findings.source.keys
        target = field.references
        if target is None:
            if field.type.kind == "id" and (*self.path, *at, "on_delete") in source:
                self._report(
                    "FG301",
                    "'on_delete' is for a field that refers to a row",
                    *at,
                    "on_delete",
                    key=True,
                    hint="references: <entity>",
                )
            return
        if target not in self.draft.entities:
            self._report(
                "FG212",
                f"unknown entity '{target}'",
                *at,
                "references",
                hint=_entity_hint(target, self.draft),
            )
        elif field.required and self._leads_back(target):
            self._report(
                "FG310",
                f"{article(self.entity.name)} needs one before it, so that there is no first",
                *at,
                "references",
                hint="required: false",
            )
        if field.generated is not None and field.generated.kind != "id":
            self._report(
                "FG309",
                "a reference is set by the client or by the path",
                *at,
                "generated",
                key=True,
            )
        if (*self.path, *at, "prefix") in source:
            self._report(
                "FG310",
                f"the ids are those of '{target}', so is the prefix",
                *at,
                "prefix",
                key=True,
                hint=f"give it to the id of {target}",
            )
        if field.on_delete == "set_null" and not field.nullable:
            self._report(
                "FG310", "`set_null` leaves nothing in a field that is required", *at, "on_delete",
                hint="required: false, or on_delete: restrict",
            )  # fmt: skip

    def _leads_back(self, target: str) -> bool:
        """Whether rows of that entity need, directly or not, a row of this one."""
        seen: set[str] = set()
        pending = [target]
        while pending:
            name = pending.pop()
            if name == self.entity.name:
                return True
            entity = self.spec.entities.get(name)
            if entity is not None and name not in seen:
                seen.add(name)
                pending += [
                    one.references for one in entity.fields if one.references and one.required
                ]
        return False

    def _check_former(self, field: Field) -> None:
        if field.was is None:
            return
        at = ("fields", field.name, "was")
        others = [one.name for one in self.entity.fields if one.was == field.was]
        if field.was in self.fields:
            self._report("FG405", f"'{field.was}' is a field of {self.entity.name} still", *at)
        elif others[0] != field.name:
            self._report("FG405", f"'{field.was}' has become '{others[0]}' already", *at)

    def check_keys(self) -> None:
        """Indexes and unique keys are over columns that there are, and that an index can hold."""
        whole = self.draft.is_whole(self.entity)
        for section, keys in (("indexes", self.entity.indexes), ("unique", self.entity.unique)):
            seen: set[tuple[str, ...]] = set()
            for index, key in enumerate(keys):
                if key in seen or len(set(key)) < len(key):
                    self._report("FG405", "the same fields twice", section, index)
                seen.add(key)
                for position, name in enumerate(key):
                    self._check_key(name, section, index, position, whole=whole)

    def _check_key(
        self, name: str, section: str, index: int, position: int, *, whole: bool
    ) -> None:
        values = self.draft.findings.source.values
        inner = (*self.path, section, index, position) in values
        at = (section, index, position) if inner else (section, index)
        field = self.fields.get(name)
        if field is None:
            if whole:
                self._report(
                    "FG206",
                    f"{self.entity.name} has no field '{name}'",
                    *at,
                    hint=did_you_mean_or_list(name, self.fields),
                )
        elif (why := keyed(field)) is not None:
            what = "a unique key" if section == "unique" else "an index"
            self._report("FG310", f"{what} cannot hold it: {why}", *at, hint=key_hint(field))


def _is(field: Field, kind: str) -> bool:
    return field.generated is not None and field.generated.kind == kind


def _entity_hint(name: str, draft: Draft) -> str:
    if name in ("User", "Account", "Owner"):
        return "callers have no rows; who owns a row stands in owner_id: {generated: owner}"
    return did_you_mean_or_list(name, draft.entities) or "define it under `entities:`"


def unknown_entity(name: str, path: Path, draft: Draft) -> bool:
    """Report a name that is no entity's."""
    if name in draft.entities:
        return False
    draft.findings.add("FG212", f"unknown entity '{name}'", path, hint=_entity_hint(name, draft))
    return True
