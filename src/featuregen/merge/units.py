"""A Python body as units: what a person moves, renames or deletes as one, with its comments.

A unit is an import, a definition with its decorators, an assignment or another statement. What
stands above it (comments and blank lines) is its `lead`. Units that hold units (classes, `if
TYPE_CHECKING:`, `try:`) are split further into sections, on demand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from featuregen.merge.source import DEFINITIONS, Source, comments, first_line, last_line

Key = tuple[str, ...]
Block = tuple[str, Sequence[ast.stmt]]


class CannotSplitError(ValueError):
    """The code is Python, but not laid out in whole lines that could be told apart."""


@dataclass(frozen=True)
class Unit:
    """`lead` + `text` are whole lines; `nodes` are the statements in them, nearly always one."""

    key: Key
    name: str
    nodes: tuple[ast.stmt, ...]
    lead: str
    start: int
    end: int
    source: Source

    @cached_property
    def text(self) -> str:
        return self.source.slice(self.start, self.end + 1)

    @property
    def node(self) -> ast.stmt:
        return self.nodes[0]

    @cached_property
    def code(self) -> str:
        """What the unit does, whatever its layout."""
        return "".join(ast.dump(node) for node in self.nodes)

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        return tuple(comments(self.text))

    @property
    def content(self) -> tuple[str, tuple[str, ...]]:
        """Code and comments: equal for two units that differ in layout only."""
        return self.code, self.remarks

    @property
    def nameless_content(self) -> tuple[str, tuple[str, ...]]:
        """`content` without the name of the definition: equal for a renamed one."""
        return self.code.replace(f"name={self.name!r}", "name=·", 1), self.remarks

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, DEFINITIONS)


@dataclass(frozen=True)
class Section:
    """One block: its header lines (`class A(B):`), its units, what follows them."""

    header: str
    units: Sequence[Unit]
    tail: str


def same(a: Unit, b: Unit) -> bool:
    """True if two units differ in layout only (leads aside)."""
    if a.text.strip() == b.text.strip():
        return True
    return a.code == b.code and a.remarks == b.remarks


def module_units(source: Source) -> Section:
    """The whole file as one section; its header is the comment block at the top."""
    body = source.tree.body
    start = _head_end(source, first_line(body[0]) if body else len(source.lines) + 1)
    units, tail = split_body(source, body, start, len(source.lines) + 1)
    return Section(source.slice(1, start), units, tail)


def _head_end(source: Source, first: int) -> int:
    """The line after the file's own comments (shebang, licence): those with a blank line below."""
    for line in range(first - 1, 0, -1):
        if not source.lines[line - 1].strip():
            return line + 1 if any(text.strip() for text in source.lines[: line - 1]) else 1
    has_shebang = first > 1 and source.lines[0].startswith("#!")
    return 2 if has_shebang else 1


def split_body(
    source: Source, body: Sequence[ast.stmt], start: int, end: int
) -> tuple[list[Unit], str]:
    """The statements of a block as units, gapless from line `start`, and the rest to `end`."""
    units: list[Unit] = []
    at = start
    for index, node in enumerate(body):
        begin = first_line(node)
        following = first_line(body[index + 1]) if index + 1 < len(body) else end
        finish = last_line(node, source.lines, max(following, (node.end_lineno or 0) + 1))
        if begin < at and units:  # `a = 1; b = 2`: one unit
            before = units.pop()
            nodes, lead, begin = (*before.nodes, node), before.lead, before.start
        elif begin < at:
            raise CannotSplitError("a statement on its block's first line")
        else:
            nodes, lead = (node,), source.slice(at, begin)
        key = unit_key(nodes[0], first=not units)
        units.append(Unit(key, unit_name(nodes[0], key), nodes, lead, begin, finish, source))
        at = finish + 1
    return units, source.slice(at, end)


def unit_key(node: ast.stmt, *, first: bool) -> Key:
    """What makes a statement the same one in another version of the file."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return ("def", node.name, _role(node))
        case ast.ClassDef():
            return ("class", node.name)
        case ast.ImportFrom():
            return ("from", "." * node.level + (node.module or ""))
        case ast.Import():
            return ("import", *(f"{alias.name} as {alias.asname}" for alias in node.names))
        case ast.Expr(value=ast.Constant(value=str())) if first:
            return ("docstring",)
    return _assignment_key(node) or _block_key(node) or ("statement", ast.dump(node))


def _assignment_key(node: ast.stmt) -> Key | None:
    match node:
        case ast.AnnAssign():
            return ("var", ast.unparse(node.target))
        case ast.Assign():
            return ("var", " = ".join(ast.unparse(target) for target in node.targets))
        case ast.AugAssign():
            return ("augmented", ast.unparse(node.target))
    return None


def _block_key(node: ast.stmt) -> Key | None:
    match node:
        case ast.If():
            return ("if", ast.unparse(node.test))
        case ast.Try() | ast.TryStar():
            return ("try",)
        case ast.With() | ast.AsyncWith():
            return ("with", *(ast.unparse(item) for item in node.items))
    return None


def _role(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Tells apart the definitions that may share a name: overloads, a property and its setter."""
    for decorator in node.decorator_list:
        match decorator:
            case ast.Attribute(attr="setter" | "deleter" | "getter" | "register" as role):
                return role
            case ast.Name(id="overload") | ast.Attribute(attr="overload"):
                return "overload"
    return ""


def unit_name(node: ast.stmt, key: Key) -> str:
    """How a unit is called in a report."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.ImportFrom() | ast.Import():
            return " ".join(key[:2]).removesuffix(" as None")
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return key[1]
        case ast.If() | ast.With() | ast.Try():
            return " ".join(key[:2])
    return "docstring" if key == ("docstring",) else ast.unparse(node).split("\n", 1)[0][:60]


def sections(unit: Unit) -> list[Section] | None:
    """The blocks of a unit that holds units; None where it does not, or stands on one line."""
    blocks = _blocks(unit.node) if len(unit.nodes) == 1 else None
    if not blocks:
        return None
    source = unit.source
    starts = [first_body_line(source, body) for _, body in blocks]
    if any(start is None for start in starts):
        return None
    out: list[Section] = []
    head = unit.start
    for index, (_, body) in enumerate(blocks):
        start = starts[index]
        if start is None:
            return None
        upper = unit.end + 1
        if index + 1 < len(blocks):
            upper = _header_line(blocks[index + 1], starts[index + 1] or upper)
        units, tail = split_body(source, body, start, upper)
        out.append(Section(source.slice(head, start), units, tail))
        head = upper
    return out


def _blocks(node: ast.stmt) -> list[Block] | None:
    match node:
        case ast.ClassDef() | ast.With() | ast.AsyncWith():
            return [("", node.body)]
        case ast.If():
            return list(_branches(node))
        case ast.Try() | ast.TryStar():
            return [
                ("", node.body),
                *((f"line {handler.lineno}", handler.body) for handler in node.handlers),
                *([("else", node.orelse)] if node.orelse else []),
                *([("finally", node.finalbody)] if node.finalbody else []),
            ]
    return None


def _branches(node: ast.If) -> Iterator[Block]:
    yield "", node.body
    match node.orelse:
        case []:
            return
        case [ast.If() as branch] if branch.col_offset == node.col_offset:
            branches = _branches(branch)
            yield f"line {branch.lineno}", next(branches)[1]
            yield from branches
        case body:
            yield "else", body


def first_body_line(source: Source, body: Sequence[ast.stmt]) -> int | None:
    """Where a block begins, comments above its first statement included; None on one line."""
    line = first_line(body[0])
    text = source.lines[line - 1]
    if text[: body[0].col_offset].strip():
        return None
    while source.lines[line - 2].strip()[:1] in ("", "#"):
        line -= 1
    return line


def _header_line(block: Block, start: int) -> int:
    """The line of `elif`, `else`, `except` or `finally`."""
    how = block[0]
    return int(how.removeprefix("line ")) if how.startswith("line ") else start - 1
