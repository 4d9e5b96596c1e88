"""Merge of one function: decorators, signature, docstring and statements, each for itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from featuregen.merge.chunks import Chunk, Hunk, whole
from featuregen.merge.diff3 import merge3
from featuregen.merge.lines import merge_lines
from featuregen.merge.source import DEFINITIONS, owners
from featuregen.merge.units import CannotSplitError, Unit, first_body_line, split_body

Span = tuple[int, int]
SIGNATURE, STATEMENTS = 1, 3


def merge_function(base: Unit, ours: Unit, theirs: Unit, name: str) -> list[Chunk]:
    """Merge three versions of a definition; a rename on one side applies to all three."""
    units = (base, ours, theirs)
    parts = [_parts(unit) for unit in units]
    new = theirs.name if ours.name == base.name else ours.name
    chunks: list[Chunk] = []
    if not all(parts):
        texts = [_renamed(unit.text, base.name, new) for unit in units]
        return merge_lines(texts[0], texts[1], texts[2], symbol=name)
    for index, spans in enumerate(zip(*parts, strict=True)):
        texts = [unit.source.slice(*span) for unit, span in zip(units, spans, strict=True)]
        if index == SIGNATURE:
            texts = [_renamed(text, base.name, new) for text in texts]
        if index == STATEMENTS:
            chunks += _merge_statements(units, spans, name)
        else:
            chunks += merge_lines(texts[0], texts[1], texts[2], symbol=name)
    return chunks


def _renamed(text: str, old: str, new: str) -> str:
    if old == new:
        return text
    return re.sub(rf"\bdef(\s+){re.escape(old)}\b", rf"def\g<1>{new}", text, count=1)


def _parts(unit: Unit) -> list[Span]:
    """Line spans of decorators, signature, docstring, statements; none for `def f(): ...`."""
    node = unit.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101 - the key says so
    body = first_body_line(unit.source, node.body)
    if body is None or len(unit.nodes) > 1:
        return []
    after = body
    if ast.get_docstring(node, clean=False) is not None:
        after = (node.body[0].end_lineno or body) + 1
        if len(node.body) > 1 and node.body[1].lineno < after:
            return []
    end = unit.end + 1
    return [(unit.start, node.lineno), (node.lineno, body), (body, after), (after, end)]


def _merge_statements(units: Sequence[Unit], spans: Sequence[Span], name: str) -> list[Chunk]:
    """By line; where that conflicts, by statement, which does not mind another layout."""
    texts = [unit.source.slice(*span) for unit, span in zip(units, spans, strict=True)]
    inner = [_inner_owners(unit, span) for unit, span in zip(units, spans, strict=True)]
    by_line = merge_lines(
        texts[0], texts[1], texts[2], symbol=name, sections=(inner[0], inner[1], inner[2])
    )
    by_line = [_within(chunk, name) for chunk in by_line]
    if whole(by_line):
        return by_line
    try:
        by_statement = _by_statement(units, spans, name)
    except CannotSplitError:
        return by_line
    return by_statement if whole(by_statement) else by_line


def _within(chunk: Chunk, name: str) -> Chunk:
    if isinstance(chunk, str):
        return chunk
    symbol = chunk.symbol if chunk.symbol == name else f"{name}{chunk.symbol or ''}"
    return Hunk(chunk.ours, chunk.base, chunk.theirs, symbol, chunk.reason)


def _inner_owners(unit: Unit, span: Span) -> list[str]:
    """For each line the nested function it belongs to, as `.inner`; "" is the function itself."""
    node = unit.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101 - the key says so
    if not any(isinstance(each, DEFINITIONS) for each in ast.walk(node) if each is not node):
        return [""] * (span[1] - span[0])
    owned = owners(unit.source)
    outer = owned[node.lineno - 1]
    return [name.removeprefix(outer) for name in owned[span[0] - 1 : span[1] - 1]]


def _by_statement(units: Sequence[Unit], spans: Sequence[Span], name: str) -> list[Chunk]:
    bodies: list[list[Unit]] = []
    tails: list[str] = []
    for unit, (start, end) in zip(units, spans, strict=True):
        assert isinstance(unit.node, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101
        statements = [node for node in unit.node.body if node.lineno >= start]
        inside, tail = split_body(unit.source, statements, start, end)
        bodies.append(inside)
        tails.append(tail)
    items = [[(each.content, *each.lead.split()) for each in body] for body in bodies]
    chunks: list[Chunk] = []
    for region in merge3(items[0], items[1], items[2]):
        base, ours, theirs = (
            "".join(each.lead + each.text for each in body[lo:hi])
            for body, (lo, hi) in zip(
                bodies, (region.base, region.ours, region.theirs), strict=True
            )
        )
        if region.kind == "conflict":
            chunks += merge_lines(base, ours, theirs, symbol=name)
        else:
            chunks.append(theirs if region.kind == "theirs" else ours)
    return [*chunks, *merge_lines(tails[0], tails[1], tails[2], symbol=name)]
