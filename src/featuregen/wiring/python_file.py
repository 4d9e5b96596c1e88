"""A Python file to be edited: its syntax tree, and where each statement of it stands."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from featuregen.wiring.shared_file import NotEditableError
from featuregen.wiring.text import Text

Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


@dataclass(eq=False, slots=True)
class Block:
    """A suite: the statements below one header."""

    statements: list[ast.stmt]
    owner: ast.AST
    parent: Block | None
    scope: Scope

    def inside(self, other: Block) -> bool:
        """Whether this is `other`, or stands in it."""
        block: Block | None = self
        while block is not None and block is not other:
            block = block.parent
        return block is other


class PythonFile(Text):
    """A `Text` that knows its own syntax. Offsets count characters, as in `Text`."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape in the user's file is theirs
                self.tree = ast.parse(self.body)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            where = f" (line {line})" if line else ""
            raise NotEditableError(f"the file is not valid Python{where}") from error
        self.root = Block(self.tree.body, self.tree, None, self.tree)
        self.blocks: dict[ast.stmt, Block] = {}
        self._emptied: dict[int, tuple[Block, set[ast.stmt]]] = {}
        self._index(self.root)

    def _index(self, block: Block) -> None:
        for statement in block.statements:
            self.blocks[statement] = block
            scope = statement if isinstance(statement, SCOPES) else block.scope
            for suite, owner in _suites(statement):
                self._index(Block(suite, owner, block, scope))

    def offset(self, line: int, column: int) -> int:
        """Offset of an `ast` position, whose columns count UTF-8 bytes."""
        text = self.line(line)
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="ignore"))
        return self.start(line) + column

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int]:
        """Where a node stands, without its decorators."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def first_line(self, statement: ast.stmt) -> int:
        """First line of a statement: its first decorator's, where it has one."""
        decorators = statement.decorator_list if isinstance(statement, SCOPES) else []
        return min([statement.lineno, *(node.lineno for node in decorators)])

    def last_line(self, statement: ast.stmt) -> int:
        """Last line of a statement, with the comments at the end of its suite."""
        last = statement.end_lineno or statement.lineno
        if not isinstance(statement, SCOPES):
            return last
        column = len(self.indent(statement.lineno))
        number = last + 1
        while number <= len(self):
            if self.blank(number):
                number += 1
                continue
            if not self.line(number).lstrip().startswith("#"):
                break
            if len(self.indent(number)) <= column:
                break
            last = number
            number += 1
        return last

    def begins_line(self, statement: ast.stmt) -> bool:
        """Whether nothing but white space stands before the statement on its line."""
        start = self.span(statement)[0]
        return not self.body[self.start(statement.lineno) : start].strip()

    def inline(self, statement: ast.stmt) -> bool:
        """Whether what follows `statement` must join its line: a suite on its header's line, or
        `app = FastAPI(); return app`, after which a line of its own would come too late.
        """
        block = self.blocks[statement]
        if block.owner is not self.tree and not self.begins_line(block.statements[0]):
            return True
        after = block.statements[block.statements.index(statement) + 1 :]
        last = statement.end_lineno
        return any(isinstance(n, _LEAVING) and n.lineno == last for n in after)

    @property
    def unit(self) -> str:
        """One step of indentation, as the file's first suite has it."""
        for block in self.blocks.values():
            outer = block.parent
            if outer is not None and self.begins_line(block.statements[0]):
                outside = self.indent_of(outer)
                inside = self.indent_of(block)
                if inside.startswith(outside) and inside != outside:
                    return inside.removeprefix(outside)
        return "    "

    def indent_of(self, block: Block) -> str:
        """The indentation of a suite's statements."""
        return self.indent(self.first_line(block.statements[0]))

    def with_docstring(self, statement: ast.stmt) -> ast.stmt:
        """The string below a field that documents it, else the statement itself."""
        siblings = self.blocks[statement].statements
        for node in siblings[siblings.index(statement) + 1 :][:1]:
            match node:
                case ast.Expr(value=ast.Constant(value=str())):
                    return node
        return statement

    def remove(self, statement: ast.stmt) -> None:
        """Take a statement out; a suite that it leaves empty becomes `pass`."""
        block = self.blocks[statement]
        _, removed = self._emptied.setdefault(id(block), (block, set()))
        removed.add(statement)

    def _make_removals(self) -> None:
        for block, removed in self._emptied.values():
            kept = [node for node in block.statements if node not in removed]
            if not kept and block.owner is not self.tree:
                self._stand_in(block)
                continue
            for node in block.statements:
                if node in removed:
                    self._cut(node, kept)
        self._emptied.clear()

    def _stand_in(self, block: Block) -> None:
        first, last = block.statements[0], block.statements[-1]
        start = self.span(first)[0]
        if isinstance(first, SCOPES):
            start = self.offset(self.first_line(first), len(self.indent(first.lineno)))
        self.replace(start, self.span(last)[1], "pass")

    def _cut(self, node: ast.stmt, kept: list[ast.stmt]) -> None:
        """Whole lines where the statement has them to itself, else up to the next semicolon."""
        start, end = self.span(node)
        on_line = [other for other in kept if self._shares_line(node, other)]
        if not on_line:
            self.delete_lines(self.first_line(node), node.end_lineno or node.lineno)
            return
        following = [other for other in on_line if self.span(other)[0] > start]
        if following:
            self.delete(start, self.span(following[0])[0])
        else:
            self.delete(self.span(on_line[-1])[1], end)

    @staticmethod
    def _shares_line(node: ast.stmt, other: ast.stmt) -> bool:
        return other.end_lineno == node.lineno or other.lineno == node.end_lineno

    def result(self) -> str:
        """The text with every change made."""
        self._make_removals()
        return super().result()

    @property
    def changed(self) -> bool:
        """Whether anything was collected."""
        return bool(self._emptied) or super().changed


def _suites(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], ast.AST]]:
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(statement, name, None)
        if suite:
            yield suite, statement
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            yield part.body, statement


def bindings(scope: Scope) -> dict[str, list[ast.AST]]:
    """Every name that a scope binds itself, and the nodes that do: nested scopes keep their own."""
    found: dict[str, list[ast.AST]] = {}
    pending: list[ast.AST] = list(scope.body)
    if isinstance(scope, FUNCTIONS):
        pending.append(scope.args)
    while pending:
        node = pending.pop()
        for name in _bound_by(node):
            found.setdefault(name, []).append(node)
        if isinstance(node, (*SCOPES, ast.Lambda)):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        pending.extend(ast.iter_child_nodes(node))
    return found


def _bound_by(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case ast.arg(arg=name):
            return [name]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.Global(names=names):
            return list(names)
    return []
