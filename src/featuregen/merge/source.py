"""A parsed Python file: its lines, its tree, and which definition owns each line."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from featuregen.merge.chunks import split_lines

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPOUND = (*DEFINITIONS, ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For,
            ast.AsyncFor, ast.While, ast.Match)  # fmt: skip

# Undecodable bytes arrive as lone surrogates, which `ast` refuses; private-use characters stand
# in for them, one for one, so that columns and differences stay what they are.
_STAND_INS = {code: code - 0xDC80 + 0xE080 for code in range(0xDC80, 0xDD00)}


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    lines: Sequence[str]
    tree: ast.Module
    statements: Sequence[tuple[str, ast.stmt]]
    """Every statement, outer ones first, with the prefix of its qualname: `Service.`."""

    def slice(self, start: int, end: int) -> str:
        """Lines `start` to `end`, counted from 1, `end` not included."""
        return "".join(self.lines[start - 1 : end - 1])


@lru_cache(maxsize=32)
def parse(text: str) -> Source:
    """Parse a file whose lines end in a newline; SyntaxError or ValueError if it is not Python."""
    if "\r" in text:
        raise ValueError("a lone carriage return: line numbers cannot be trusted")
    readable = text if text.isascii() else text.translate(_STAND_INS)
    tree = ast.parse(readable)
    return Source(text, split_lines(text), tree, tuple(_statements(tree.body)))


def first_line(node: ast.stmt) -> int:
    """The line where a statement begins, its decorators included."""
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return min(node.lineno, node.decorator_list[0].lineno)
    return node.lineno


def last_line(node: ast.stmt, lines: Sequence[str], limit: int) -> int:
    """The last line of a statement, with comments below its block that are indented like it.

    `limit` is the line (from 1) before which to stop.
    """
    end = node.end_lineno or node.lineno
    if not isinstance(node, COMPOUND):
        return end
    at = end + 1
    while at < limit:
        stripped = lines[at - 1].strip()
        if stripped:
            indent = len(lines[at - 1]) - len(lines[at - 1].lstrip())
            if not stripped.startswith("#") or indent <= node.col_offset:
                break
            end = at
        at += 1
    return end


def _statements(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        yield prefix, node
        if isinstance(node, COMPOUND):
            inner = f"{prefix}{node.name}." if isinstance(node, DEFINITIONS) else prefix
            for block in _blocks(node):
                yield from _statements(block, inner)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement, in order."""
    if isinstance(node, ast.Match):
        yield from (case.body for case in node.cases)
        return
    yield getattr(node, "body", [])
    yield from (handler.body for handler in getattr(node, "handlers", []))
    for name in ("orelse", "finalbody"):
        yield getattr(node, name, [])


def owners(source: Source) -> list[str]:
    """For each line the qualname of the definition it belongs to; "" is the module.

    Decorators and the comments right above a definition are its own.
    """
    owned = [""] * len(source.lines)
    for prefix, node in source.statements:
        if not isinstance(node, DEFINITIONS):
            continue
        start = first_line(node)
        margin = " " * node.col_offset + "#"
        while start > 1 and source.lines[start - 2].startswith(margin):
            start -= 1
        end = last_line(node, source.lines, len(source.lines) + 1)
        owned[start - 1 : end] = [prefix + node.name] * (end - start + 1)
    return owned


def comments(text: str) -> list[str]:
    """The comments of a stretch of code; one that cannot be tokenized is one comment."""
    if "#" not in text:
        return []
    try:
        return [comment for _, comment in tokens_of_comments(text)]
    except (tokenize.TokenError, SyntaxError):
        return [text]


def tokens_of_comments(text: str) -> list[tuple[int, str]]:
    """Each comment with its line."""
    return [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
