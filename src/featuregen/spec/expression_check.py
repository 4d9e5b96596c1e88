"""Turns Python's syntax tree of a rule into ours, and refuses what is no part of the language."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from featuregen.spec.expression_compare import MOMENTS, ORDERED, moment, unified
from featuregen.spec.expression_error import ExpressionError, described, nearest
from featuregen.spec.expression_logic import known_present, merged, negated
from featuregen.spec.expression_nodes import (
    MIRRORED,
    Absent,
    Arithmetic,
    Call,
    Choice,
    Compare,
    Constant,
    Join,
    Kind,
    Name,
    Negative,
    Node,
    same,
    walk,
)
from featuregen.spec.expression_numbers import magnitude, nonzero, settled
from featuregen.spec.model import Field, TypeRef

MAX_DEPTH = 40
_MAX_DIGITS = 30

_BOOL = Kind("bool")
_NUMBER = Kind("number")  # a literal, whose type is settled by what stands next to it
_STRING = Kind("string")
_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**",
}  # fmt: skip
_FUNCTION_NAMES = ("len", "lower", "upper", "abs", "min", "max", "now", "today")


def kind_of(type_: TypeRef, values: tuple[str | int, ...] = ()) -> Kind:
    """Return the type that a field has in an expression."""
    match type_.kind:
        case "string" | "email" | "url" | "id":
            return _STRING
        case "enum":
            return Kind("enum", values=values)
        case "list" if type_.of is not None:
            return Kind("list", of=kind_of(type_.of, values))
        case other:
            return Kind(other)


class Checker:
    """Builds the tree of one rule; `skipped` are the optional fields whose absence skips it."""

    def __init__(self, text: str, fields: Mapping[str, Field], tree: ast.expr) -> None:
        self.skipped: set[str] = set()
        self._text = f"({text}"
        self._encoded = self._text.encode("utf-8", "surrogatepass")
        self._fields = fields
        self._asked_for_none = _compared_with_none(tree)

    def condition(self, tree: ast.expr, present: frozenset[str]) -> Node:
        """Build a node that is true or false. `present` names optional fields known to be there."""
        match tree:
            case ast.BoolOp():
                return self._join(tree, present)
            case ast.UnaryOp(op=ast.Not()):
                return negated(self.condition(tree.operand, present), self._at(tree))
            case ast.Compare():
                return self._compare(tree, present)
            case ast.Constant(value=bool()):
                raise self._error(tree, f"`{tree.value!r}` as a condition is always the same")
            case _:
                node = self.operand(tree, present)
        if node.kind.name != "bool":
            hint = (
                "compare it, such as `!= 0`" if node.kind.is_number else "compare it with something"
            )
            raise self._error(tree, f"{described(node)} is not a condition", hint)
        return node

    def _join(self, tree: ast.BoolOp, present: frozenset[str]) -> Node:
        word = "and" if isinstance(tree.op, ast.And) else "or"
        parts: list[Node] = []
        for value in tree.values:
            part = self.condition(value, present)
            present |= known_present(part, when=word == "and")
            parts.append(part)
        joined = merged(parts, word)
        return joined[0] if len(joined) == 1 else Join(_BOOL, self._at(tree), word, tuple(joined))

    def _compare(self, tree: ast.Compare, present: frozenset[str]) -> Node:
        signs = [_SIGNS[type(sign)] for sign in tree.ops]
        trees = [tree.left, *tree.comparators]
        if any(_is_none(item) for item in trees):
            return self._absent(tree, trees, signs)
        if "is" in signs or "is not" in signs:
            raise self._error(tree, "`is` compares with None only", "write `==`")
        if {"in", "not in"} & set(signs):
            return self._membership(tree, trees, signs, present)
        nodes = [self.operand(item, present) for item in trees]
        nodes = unified(nodes, signs)
        for left, right in pairwise(nodes):
            if same(left, right):
                raise ExpressionError("compares something with itself", left.offset)
        return self._comparison(tree, nodes, signs)

    def _comparison(self, tree: ast.Compare, nodes: list[Node], signs: list[str]) -> Node:
        at = self._at(tree)
        if len(signs) == 1:
            left, right = nodes
            if isinstance(left, Constant):
                left, right, signs = right, left, [MIRRORED[signs[0]]]
            if isinstance(right, Constant) and isinstance(right.constant, bool):
                return left if right.constant is (signs[0] == "==") else negated(left, at)
            return Compare(_BOOL, at, left, ((signs[0], right),))
        return Compare(_BOOL, at, nodes[0], tuple(zip(signs, nodes[1:], strict=True)))

    def _absent(self, tree: ast.Compare, trees: list[ast.expr], signs: list[str]) -> Node:
        others = [item for item in trees if not _is_none(item)]
        if len(signs) != 1 or len(others) != 1 or signs[0] not in {"==", "!=", "is", "is not"}:
            raise self._error(tree, "None can only be compared by `==` and `!=`")
        if not isinstance(others[0], ast.Name):
            raise self._error(others[0], "only a field can be compared with None")
        field = self._field(others[0])
        if not field.nullable:
            raise self._error(
                others[0],
                f"`{field.name}` is never absent",
                "a comparison with None decides nothing",
            )
        name = Name(kind_of(field.type, field.values), self._at(others[0]), field.name)
        return Absent(_BOOL, self._at(tree), name, signs[0] in {"==", "is"})

    def _membership(
        self, tree: ast.Compare, trees: list[ast.expr], signs: list[str], present: frozenset[str]
    ) -> Node:
        if len(signs) != 1:
            raise self._error(tree, "`in` does not chain", "join two comparisons by `and`")
        item = self.operand(trees[0], present)
        if isinstance(trees[1], ast.Tuple | ast.List | ast.Set):
            return self._in_choice(tree, item, trees[1].elts, signs[0])
        box = self.operand(trees[1], present)
        if box.kind.name == "list" and box.kind.of is not None:
            unified([Name(box.kind.of, box.offset, "an item"), item], ["=="])
        elif not (box.kind.name in {"string", "map"} and item.kind.name in {"string", "enum"}):
            raise ExpressionError(f"{described(item)} cannot be in {described(box)}", item.offset)
        if isinstance(item, Constant) and box.kind.of is not None:
            item = unified([item, Name(box.kind.of, 0, "item")], ["=="])[0]
        return Compare(_BOOL, self._at(tree), item, ((signs[0], box),))

    def _in_choice(
        self, tree: ast.Compare, item: Node, elements: list[ast.expr], sign: str
    ) -> Node:
        if not elements:
            raise self._error(tree, "nothing is in an empty list")
        if isinstance(item, Constant):
            raise self._error(tree, "compares literals only", "name a field of the model")
        choices: list[Constant] = []
        for element in elements:
            choice = unified([item, self.operand(element, frozenset())], ["=="])[1]
            if not isinstance(choice, Constant):
                raise self._error(element, "a list after `in` holds literals only")
            if any(same(choice, earlier) for earlier in choices):
                raise self._error(element, f"{choice.code('')} is given twice")
            choices.append(choice)
        if len(choices) == 1:
            return Compare(
                _BOOL, self._at(tree), item, (({"in": "=="}.get(sign, "!="), choices[0]),)
            )
        box = Choice(Kind("list", of=item.kind), choices[0].offset, tuple(choices))
        return Compare(_BOOL, self._at(tree), item, ((sign, box),))

    def operand(self, tree: ast.expr, present: frozenset[str]) -> Node:
        """Build a node that has a value: a field, a literal, arithmetic, or a call."""
        match tree:
            case ast.Name():
                return self._name(tree, present)
            case ast.Constant():
                return self._constant(tree)
            case ast.BinOp():
                return self._arithmetic(tree, present)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._signed(tree, present)
            case ast.Call():
                return self._call(tree, present)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self.condition(tree, present)
            case ast.Attribute():
                raise self._error(
                    tree, "a rule cannot reach into a value", "name a field of the model"
                )
            case _:
                raise self._error(
                    tree, f"{_NOT_IN_LANGUAGE.get(type(tree), 'this')} cannot be used in a rule"
                )

    def _name(self, tree: ast.Name, present: frozenset[str]) -> Node:
        field = self._field(tree)
        if field.nullable and field.name not in present:
            if field.name in self._asked_for_none:
                hint = f"put `{field.name} == None or …` or `{field.name} != None and …` before it"
                raise self._error(tree, f"`{field.name}` may be absent here", hint)
            self.skipped.add(field.name)
        return Name(kind_of(field.type, field.values), self._at(tree), field.name)

    def _field(self, tree: ast.Name) -> Field:
        field = self._fields.get(tree.id)
        if field is not None:
            return field
        if tree.id in _FUNCTION_NAMES:
            raise self._error(tree, f"`{tree.id}` is a function", f"write `{tree.id}(…)`")
        by_wire = [known.name for known in self._fields.values() if known.wire == tree.id]
        spelled = {"true": "True", "false": "False", "null": "None", "none": "None"}.get(
            tree.id.lower()
        )
        hint = None
        if spelled or by_wire:
            hint = f"did you mean `{spelled or by_wire[0]}`?"
        elif (near := nearest(tree.id, self._fields)) is not None:
            hint = f"did you mean `{near}`?"
        raise self._error(tree, f"unknown field `{tree.id}`", hint)

    def _constant(self, tree: ast.Constant) -> Node:
        at = self._at(tree)
        match tree.value:
            case bool() as flag:
                return Constant(_BOOL, at, flag)
            case str() as text:
                return Constant(_STRING, at, text)
            case int() | float():
                return Constant(_NUMBER, at, self._number(tree))
            case None:
                raise self._error(tree, "None can only be compared by `==` and `!=`")
            case _:
                raise self._error(
                    tree, f"{type(tree.value).__name__} literals cannot be used in a rule"
                )

    def _number(self, tree: ast.Constant) -> Decimal:
        """Return the literal as written: a float would turn 0.1 into something else."""
        written = self._encoded[tree.col_offset : tree.end_col_offset].decode().replace("_", "")
        try:
            number = Decimal(written) if isinstance(tree.value, float) else Decimal(str(tree.value))
        except (InvalidOperation, ValueError):
            number = Decimal("NaN")
        exponent = number.as_tuple().exponent
        if (
            not isinstance(exponent, int)
            or abs(exponent) > _MAX_DIGITS
            or number.adjusted() > _MAX_DIGITS
        ):
            raise self._error(tree, "the number is too large for a rule")
        return number

    def _signed(self, tree: ast.UnaryOp, present: frozenset[str]) -> Node:
        part = self.operand(tree.operand, present)
        if not part.kind.is_number:
            raise self._error(tree, f"{described(part)} has no sign")
        if isinstance(tree.op, ast.UAdd):
            return part
        if isinstance(part, Constant) and isinstance(part.constant, Decimal):
            return Constant(_NUMBER, self._at(tree), -part.constant)
        return Negative(part.kind, self._at(tree), part)

    def _arithmetic(self, tree: ast.BinOp, present: frozenset[str]) -> Node:
        sign = _SIGNS.get(type(tree.op), "")
        if sign not in {"+", "-", "*", "/", "//", "%"}:
            raise self._error(tree, f"`{sign or 'this operator'}` cannot be used in a rule")
        left, right = self.operand(tree.left, present), self.operand(tree.right, present)
        at = self._at(tree)
        if left.kind.is_number and right.kind.is_number:
            return self._numbers(at, sign, left, right)
        if sign == "+" and left.kind.name == right.kind.name == "string":
            return Arithmetic(_STRING, at, sign, left, right)
        if (
            sign == "-"
            and left.kind.name == right.kind.name
            and left.kind.name in {"date", "datetime"}
        ):
            return Arithmetic(Kind("duration"), at, sign, left, right)
        if sign in "+-" and isinstance(left, Call) and left.function in {"now", "today"}:
            return Arithmetic(left.kind, at, sign, left, moment(right, "duration"))
        hint = (
            'bring dates to one side: `ends_at - starts_at <= "2h"`'
            if left.kind.name in MOMENTS
            else None
        )
        raise ExpressionError(
            f"`{sign}` does not work on {described(left)} and {described(right)}", at, hint
        )

    def _numbers(self, at: int, sign: str, left: Node, right: Node) -> Node:
        kinds = {left.kind.name, right.kind.name}
        if {"decimal", "float"} <= kinds:
            raise ExpressionError(
                "a decimal and a float do not mix in arithmetic", at, "make both decimals"
            )
        if sign in {"/", "//", "%"} and not nonzero(right, self._fields):
            hint = "multiply the other side instead, or give the field a bound above zero"
            raise ExpressionError("the divisor may be zero", right.offset, hint)
        name = _result(sign, left, right)
        node = Arithmetic(Kind(name), at, sign, settled(left, name), settled(right, name))
        self._refuse_overflow(node)
        return node

    def _refuse_overflow(self, node: Arithmetic) -> None:
        """Only bounded numbers may meet a float or a decimal quotient, which huge ones overflow."""
        limit = None
        if node.kind.name == "float":
            limit = Decimal("1e300")
        elif node.sign in {"//", "%"} and node.kind.name == "decimal":
            if not isinstance(node.right, Constant):
                raise ExpressionError(
                    f"`{node.sign}` on decimals needs a literal on its right", node.right.offset
                )
            limit = Decimal("1e20")
        if limit is None:
            return
        for part in (node.left, node.right):
            size = magnitude(part, self._fields)
            if part.kind.name != "float" and (size is None or size > limit):
                hint = "give the field an upper and a lower bound"
                raise ExpressionError(
                    f"{described(part)} may be too large for `{node.sign}`", part.offset, hint
                )

    def _call(self, tree: ast.Call, present: frozenset[str]) -> Node:
        if not isinstance(tree.func, ast.Name) or tree.keywords:
            raise self._error(
                tree, "only plain calls can be used in a rule", f"known: {_functions()}"
            )
        name = tree.func.id
        if name not in _FUNCTION_NAMES:
            near = nearest(name, _FUNCTION_NAMES)
            hint = f"did you mean `{near}()`?" if near else f"known: {_functions()}"
            raise self._error(tree, f"unknown function `{name}`", hint)
        arguments = [self.operand(argument, present) for argument in tree.args]
        kind = self._signature(tree, name, arguments)
        if name in {"min", "max"}:
            arguments = [settled(argument, kind.name) for argument in arguments]
        return Call(kind, self._at(tree), name, tuple(arguments))

    def _signature(self, tree: ast.Call, name: str, arguments: list[Node]) -> Kind:
        kinds = [argument.kind.name for argument in arguments]
        match name, kinds:
            case "now", []:
                return Kind("datetime")
            case "today", []:
                return Kind("date")
            case "len", ["string" | "enum" | "list" | "map" | "bytes"]:
                return Kind("int")
            case "lower" | "upper", ["string" | "enum"]:
                return _STRING
            case "abs", ["int" | "float" | "decimal"]:
                return arguments[0].kind
            case "min" | "max", [_, _, *_]:
                settled_kinds = set(kinds) - {"number"}
                if len(settled_kinds) == 1 and settled_kinds <= ORDERED:
                    return Kind(settled_kinds.pop())
                raise self._error(tree, f"`{name}` needs values of one type")
            case _:
                raise self._error(tree, f"`{name}` does not take {', '.join(kinds) or 'nothing'}")

    def _at(self, tree: ast.expr) -> int:
        before = self._encoded[: tree.col_offset].decode("utf-8", "surrogatepass")
        return max(len(before) - 1, 0)

    def _error(self, tree: ast.expr, message: str, hint: str | None = None) -> ExpressionError:
        return ExpressionError(message, self._at(tree), hint)


_NOT_IN_LANGUAGE: Mapping[type[ast.expr], str] = {
    ast.Lambda: "a function", ast.IfExp: "`if … else`", ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension", ast.GeneratorExp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension", ast.Subscript: "an index", ast.NamedExpr: "an assignment",
    ast.Dict: "a dict", ast.List: "a list", ast.Tuple: "a list", ast.Set: "a list",
    ast.UnaryOp: "`~`", ast.Starred: "`*`", ast.Await: "`await`", ast.Yield: "`yield`",
}  # fmt: skip


def _compared_with_none(tree: ast.expr) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            _is_none(item) for item in [node.left, *node.comparators]
        ):
            names |= {
                item.id for item in [node.left, *node.comparators] if isinstance(item, ast.Name)
            }
    return frozenset(names)


def _result(sign: str, left: Node, right: Node) -> str:
    kinds = {left.kind.name, right.kind.name}
    if "float" in kinds:
        return "float"
    if "decimal" in kinds:
        return "decimal"
    if kinds == {"number"}:
        return "number"
    fractions = [
        part
        for part in (*walk(left), *walk(right))
        if isinstance(part, Constant)
        and isinstance(part.constant, Decimal)
        and part.constant % 1 != 0
    ]
    if fractions:
        return "decimal"
    return "float" if sign == "/" else "int"


def _is_none(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and tree.value is None


def _functions() -> str:
    return ", ".join(f"{name}()" for name in _FUNCTION_NAMES)
