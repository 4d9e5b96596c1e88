"""`app/tables/<feature>.py` → entities: columns, with what the models say of the same fields."""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from featuregen.importing.python_values import UnknownValueError, keywords, name, text, value
from featuregen.importing.schemas import short
from featuregen.spec.entities import DIGITS, GREATEST, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.importing.code_classes import Classes
    from featuregen.importing.imported import Tree
    from featuregen.importing.sources import Sources
    from featuregen.spec.yaml_text import Plain

_PYTHON = {
    "str": "string", "int": "int", "float": "float", "bool": "bool", "Decimal": "decimal",
    "date": "date", "datetime": "datetime", "time": "time", "timedelta": "duration",
    "UUID": "uuid", "bytes": "bytes", "object": "json",
}  # fmt: skip
_COUNTED = "version"
_ON_DELETE = {"CASCADE": "cascade", "SET NULL": "set_null"}
_OF_ANY = ("required", "wire", "description")


@dataclass(frozen=True, slots=True)
class Table:
    """One class of rows."""

    name: str
    node: ast.ClassDef
    columns: dict[str, ast.AnnAssign]
    unique: tuple[tuple[str, ...], ...]
    indexes: tuple[tuple[str, ...], ...]

    @property
    def table(self) -> str:
        """Its name in the database."""
        return next(
            (
                text(one.value) or ""
                for one in self.node.body
                if isinstance(one, ast.Assign) and name(one.targets[0]) == "__tablename__"
            ),
            "",
        )


def tables_of(feature: str, sources: Sources) -> dict[str, Table]:
    """The tables of rows, not those of the feature's machinery."""
    found: dict[str, Table] = {}
    for module, node in sources.classes.values():
        if module.name != f"app/tables/{feature}.py":
            continue
        if [name(base) for base in node.bases] == ["Base"]:
            found[node.name] = read_table(node)
    return found


def read_table(node: ast.ClassDef) -> Table:
    columns = {
        one.target.id: one
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    unique: list[tuple[str, ...]] = [(key,) for key, one in columns.items() if _flag(one, "unique")]
    indexes: list[tuple[str, ...]] = [(key,) for key, one in columns.items() if _flag(one, "index")]
    for argument in _arguments(node):
        key = tuple(found for one in argument.args if (found := text(one)))
        (unique if name(argument.func) == "UniqueConstraint" else indexes).append(key)
    return Table(node.name, node, columns, tuple(unique), tuple(indexes))


def _arguments(node: ast.ClassDef) -> Iterator[ast.Call]:
    for one in node.body:
        if isinstance(one, ast.Assign) and name(one.targets[0]) == "__table_args__":
            yield from (call for call in ast.walk(one.value) if isinstance(call, ast.Call))


def _flag(column: ast.AnnAssign, key: str) -> bool:
    given = _given(column).get(key)
    return isinstance(given, ast.Constant) and given.value is True


def _given(column: ast.AnnAssign) -> dict[str, ast.expr]:
    return keywords(column.value) if isinstance(column.value, ast.Call) else {}


@dataclass(frozen=True, slots=True)
class EntityReader:
    """Entities out of tables and of the models that are made from them."""

    tables: dict[str, Table]
    classes: Classes

    def read(
        self, table: Table, scope: str | None, owner: str | None, filled: frozenset[str]
    ) -> Tree:
        """The entity, without the indexes that its lists bring."""
        create, update, read = (
            self.classes.fields_of(f"{table.name}{end}") for end in ("Create", "Update", "Read")
        )
        fields: Tree = {}
        for key, column in table.columns.items():
            if key == _COUNTED and key not in read:
                continue
            if key == owner:
                hidden: Tree = {} if key in read else {"internal": True}
                fields[key] = {"generated": "owner", **_wire(read, key), **hidden}
                continue
            fields[key] = self._field(key, column, create, update, read, is_given=key in filled)
        entity: Tree = {"table": table.table}
        if (told := _summary(table)) is not None:
            entity = {"summary": told, **entity}
        if scope is not None:
            entity["scope"] = scope
        entity["fields"] = fields
        if table.unique:
            entity["unique"] = [[*one] for one in table.unique]
        return entity

    def _field(
        self,
        key: str,
        column: ast.AnnAssign,
        create: dict[str, Tree],
        update: dict[str, Tree],
        read: dict[str, Tree],
        *,
        is_given: bool,
    ) -> Plain:
        given = _given(column)
        prefix = _prefix(given.get("default"))
        if prefix is not None:
            return {"type": "id", "prefix": prefix, **_wire(read, key)}
        known = create.get(key) or update.get(key) or read.get(key) or {}
        keys: Tree = {**known} if known else _plain(column)
        keys.pop("required", None)
        if _is_nullable(column):
            keys["required"] = False
        keys = _of_column(_written(keys), column)
        reference = self._reference(column)
        if reference:
            keys = {**reference, **{one: keys[one] for one in _OF_ANY if one in keys}}
        if key not in create:
            keys.pop("default", None)
            generated = _as_shown(_generated(given), self._shown(column, key, read))
            if is_given and "generated" in generated:  # by a request of its own model
                generated = {"default": generated["generated"]}
            keys |= generated
        if create and update and key in create and key not in update and "references" not in keys:
            keys["immutable"] = True
        if read and key not in read:
            keys["internal"] = True
        return short(keys)

    def _shown(self, column: ast.AnnAssign, key: str, read: dict[str, Tree]) -> Plain:
        """The value of the field in the example of its read model."""
        if "Decimal" not in ast.unparse(column.annotation):
            return None
        table = next(one.name for one in self.tables.values() if one.columns.get(key) is column)
        return self.classes.example_of(f"{table}Read").get(str(_wire(read, key).get("wire", key)))

    def _reference(self, column: ast.AnnAssign) -> Tree:
        arguments = column.value.args if isinstance(column.value, ast.Call) else []
        for one in arguments:
            if isinstance(one, ast.Call) and name(one.func) == "ForeignKey":
                table = (text(one.args[0]) or "").partition(".")[0]
                named = [each.name for each in self.tables.values() if each.table == table]
                if not named:
                    return {}  # of another feature, or of none
                deleted = _ON_DELETE.get(text(keywords(one).get("ondelete")) or "")
                found: Tree = {"type": "id", "references": named[0]}
                return found | ({"on_delete": deleted} if deleted else {})
        return {}


def _as_shown(generated: Tree, shown: Plain) -> Tree:
    """A column fills up the places of a decimal; an answer shows it as the spec wrote it."""
    value_ = generated.get("generated")
    if not isinstance(value_, str) or not isinstance(shown, str):
        return generated
    with contextlib.suppress(InvalidOperation):
        return {"generated": shown} if Decimal(value_) == Decimal(shown) else generated
    return generated


def _summary(table: Table) -> str | None:
    told = (ast.get_docstring(table.node) or "").partition("\n")[0].rstrip(".")
    usual = f"A stored {' '.join(re.findall('[A-Z][a-z0-9]*', table.name)).lower()}"
    return None if told in ("", usual) or told.startswith("A stored ") else told


def _wire(read: dict[str, Tree], key: str) -> Tree:
    wire = read.get(key, {}).get("wire")
    return {"wire": wire} if wire is not None else {}


def _prefix(default: ast.expr | None) -> str | None:
    """Of `partial(new_id, "pay_")`."""
    match default:
        case ast.Call(args=[ast.Name(id="new_id"), ast.Constant(value=str(prefix))]):
            return prefix
        case _:
            return None


def _inner(column: ast.AnnAssign) -> ast.expr:
    """`str | None` of `Mapped[str | None]`."""
    match column.annotation:
        case ast.Subscript(slice=inner):
            return inner
        case other:
            return other


def _is_nullable(column: ast.AnnAssign) -> bool:
    return any(
        isinstance(one, ast.Constant) and one.value is None for one in ast.walk(_inner(column))
    )


def _plain(column: ast.AnnAssign) -> Tree:
    """What the column alone says."""
    inner = _inner(column)
    if isinstance(inner, ast.BinOp):
        inner = inner.left
    match inner:
        case ast.Subscript(value=ast.Name(id="Literal"), slice=values):
            each = values.elts if isinstance(values, ast.Tuple) else [values]
            return {"type": "enum", "values": [value(one) for one in each]}
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return {"type": f"list[{_PYTHON.get(name(item), 'json')}]"}
        case _:
            return {"type": _PYTHON.get(name(inner).rstrip("_"), "json")}


def _written(keys: Tree) -> Tree:
    """Without the bounds that every column has."""
    usual: Tree = {"ge": SMALLEST, "le": GREATEST, "max_digits": DIGITS}
    return {key: one for key, one in keys.items() if key not in usual or one != usual[key]}


def _of_column(keys: Tree, column: ast.AnnAssign) -> Tree:
    """Length and digits, as the column has them."""
    arguments = column.value.args if isinstance(column.value, ast.Call) else []
    for one in arguments:
        match one:
            case ast.Call(func=ast.Name(id="String"), args=[ast.Constant(value=int(length))]):
                if keys["type"] == "string":
                    keys["max_length"] = length
            case ast.Call(
                func=ast.Name(id="ExactDecimal"),
                args=[ast.Constant(value=int(digits)), ast.Constant(value=int(places))],
            ):
                keys["decimal_places"] = places
                if digits != DIGITS:
                    keys["max_digits"] = digits
            case _:
                pass
    return keys


def _generated(given: dict[str, ast.expr]) -> Tree:
    """What the service sets."""
    if name(given.get("onupdate")) == "utcnow":
        return {"generated": "on_update"}
    default = given.get("default")
    if default is None:
        return {}
    if name(default) in ("utcnow", "today"):
        return {"generated": "now"}
    if isinstance(default, ast.Call) and name(default.func) == "Decimal":
        return {"generated": text(default.args[0])}  # with all of its places
    with contextlib.suppress(UnknownValueError):
        return {"generated": value(default)}
    return {}
