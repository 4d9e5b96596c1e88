"""Python expressions of a generated client → sources of `send` and `receive`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from featuregen.importing.python_values import name, text
from featuregen.spec.mappings import MappingError, parse_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ON_TEXTS = frozenset({"lower", "upper", "isoformat"})
_OWNERS = frozenset({"user", "entity", "parent"})
_READERS = {"to_lower": "lower", "to_upper": "upper", "to_text": "str", "from_unix": "from_unix"}


class UnreadError(Exception):
    """A person has written something that the language has no words for."""

    def __init__(self, node: ast.AST, what: str = "") -> None:
        super().__init__(what or ast.unparse(node)[:80])
        self.node, self.what = node, what or f"`{' '.join(ast.unparse(node).split())[:80]}`"


def dotted(node: ast.expr, read: Callable[[ast.expr], str]) -> Iterator[tuple[str, str]]:
    """A dict display as `target: source`; a nested one becomes a dotted target."""
    if not isinstance(node, ast.Dict):
        raise UnreadError(node)
    for key, value in zip(node.keys, node.values, strict=True):
        target = text(key)
        if target is None or not target:
            raise UnreadError(node)
        if isinstance(value, ast.Dict):
            for inner, source in dotted(value, read):
                yield f"{target}.{inner}", source
        else:
            yield target, read(value)


def sent(node: ast.expr) -> str:
    """What is sent: `data.amount` → `amount`, `user.id.upper()` → `user.id|upper`."""
    return _checked(_sent(node), node)


def received(node: ast.expr) -> str:
    """What an answer holds: `to_upper(pick(answer, "data", "id"))` → `data.id|upper`."""
    return _checked(_received(node), node)


def in_path(node: ast.expr) -> str:
    """An upstream's path: f-string → `/payments/{payment_id}`."""
    return template(node, _segment)


def _segment(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Name(id="segment"), args=[value]):
            return _sent(value)
    raise UnreadError(node)


def template(node: ast.expr, placeholder: Callable[[ast.expr], str]) -> str:
    """A text, or an f-string with what `placeholder` makes of each of its values in braces."""
    match node:
        case ast.Constant(value=str(plain)):
            return plain
        case ast.JoinedStr(values=parts):
            return "".join(template(part, placeholder) for part in parts)
        case ast.FormattedValue(value=value):
            return "{" + placeholder(value) + "}"
    raise UnreadError(node)


def _checked(source: str, node: ast.expr) -> str:
    """A text that the mappings' own grammar reads; a table with a comma in it is none."""
    try:
        parse_source(source)
    except MappingError as error:
        raise UnreadError(node) from error
    return source


def _sent(node: ast.expr) -> str:
    match _unguarded(node):
        case ast.Constant(value=str(plain)):
            return f"={plain}"
        case ast.ListComp(elt=item, generators=[ast.comprehension(iter=whole, ifs=[])]):
            return f"{_sent(whole)}.{_attributes(_unguarded(item), 'item')}"
        case ast.Call() as call:
            return _piped(call)
        case ast.Name(id=parameter):
            return parameter
        case ast.Attribute(value=owner, attr=one) as attribute:
            if name(owner) == "_settings":
                return f"settings.{one}"
            if name(owner) in _OWNERS:
                return f"{name(owner)}.{one}"
            return _attributes(attribute, "data")
    raise UnreadError(node)


def _piped(node: ast.Call) -> str:
    match node:
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return f"{_sent(inner)}|str"
        case ast.Call(func=ast.Name(id="minor_units"), args=[inner, currency]):
            return f"{_sent(inner)}|minor_units({_sent(currency)})"
        case ast.Call(
            func=ast.Attribute(value=ast.Dict() as table, attr="get"), args=[inner, *rest]
        ):
            return f"{_sent(inner)}|{_table(table, rest)}"
        case ast.Call(func=ast.Attribute(value=inner, attr="get_secret_value"), args=[]):
            return _sent(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=method), args=[]) if method in _ON_TEXTS:
            return f"{_sent(inner)}|{method}"
    raise UnreadError(node)


def _unguarded(node: ast.expr) -> ast.expr:
    match node:
        case ast.IfExp(body=body, orelse=ast.Constant(value=None)):
            return body
        case _:
            return node


def _attributes(node: ast.expr, root: str) -> str:
    """`data.bill_to.city` → `bill_to.city`."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.insert(0, inner.attr)
        inner = inner.value
    if not parts or name(inner) != root:
        raise UnreadError(node)
    return ".".join(parts)


def _received(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(plain)):
            return f"={plain}"
        case ast.Call(func=ast.Name(id="pick"), args=[ast.Name(), *keys]):
            return _keys(keys, node)
        case ast.Call(func=ast.Name(id="choose"), args=[inner, ast.Dict() as table, *rest]):
            return f"{_received(inner)}|{_table(table, rest)}"
        case ast.Call(func=ast.Name(id="from_minor_units"), args=[inner, currency]):
            return f"{_received(inner)}|from_minor_units({_received(currency)})"
        case ast.Call(func=ast.Name(id=function), args=[inner]) if function in _READERS:
            return f"{_received(inner)}|{_READERS[function]}"
    raise UnreadError(node)


def _keys(keys: list[ast.expr], node: ast.expr) -> str:
    found = [text(key) for key in keys]
    if not found or any(not key or "." in key for key in found):
        raise UnreadError(node)
    return ".".join(key for key in found if key)


def _table(table: ast.Dict, rest: list[ast.expr]) -> str:
    pairs = [(text(key), text(value)) for key, value in zip(table.keys, table.values, strict=True)]
    pairs += [("*", text(one)) for one in rest]
    if any(not key or not value for key, value in pairs):
        raise UnreadError(table)
    return f"map({', '.join(f'{key}={value}' for key, value in pairs)})"
