"""The second look at every merge: is every line of the user's there, in its own place?

It knows nothing of how the merge came about. Lines are compared per scope (a function, a TOML
table, a Markdown heading): first as they stand, then, where that differs, as `ast.unparse` writes
them, so that another layout is no difference.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from featuregen.merge.chunks import split_lines
from featuregen.merge.lines import Sections
from featuregen.merge.source import Source, owners, parse, tokens_of_comments
from featuregen.merge.state import Renames

Scopes = dict[str, Counter[str]]
"""Per scope, how often each line occurs in it; lines without a letter or digit are left out."""

_NAMED = re.compile(r"\b(def|class)\s+\w+")
_MEANS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Texts:
    """The four texts of a merge that is to be judged, conflicts decided for the user."""

    merged: str
    base: str
    ours: str
    theirs: str


def audit_python(
    texts: Texts, renames: Renames, *, kept: Collection[str] = (), decided: bool = True
) -> str | None:
    """None if the merge is sound, else what is wrong.

    `kept` are names that stay though one side dropped them; `decided` is false where conflicts are
    open, so that not all of theirs can be there.
    """
    finding: str | None = None
    try:
        lost = _lost_imports(texts)
        for view in (lines_by_scope, canonical_by_scope):
            merged, base, ours, theirs = (
                view(text) for text in (texts.merged, texts.base, texts.ours, texts.theirs)
            )
            finding = lost or judge(
                merged,
                _renamed(base, renames.of_base),
                _renamed(ours, renames.of_ours),
                _renamed(theirs, renames.of_theirs),
                kept=kept,
            )
            if finding is None and decided:
                finding = _lost_theirs(merged, base, ours, theirs, renames)
            if finding is None:
                return None
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"the merged file does not parse: {error}"
    else:
        return finding


def audit_text(texts: Texts, sections: Sections) -> str | None:
    """The same for any other text, per section."""
    merged, base, ours, theirs = (
        lines_by_section(text, sections)
        for text in (texts.merged, texts.base, texts.ours, texts.theirs)
    )
    return judge(merged, base, ours, theirs)


def judge(
    merged: Scopes, base: Scopes, ours: Scopes, theirs: Scopes, *, kept: Collection[str] = ()
) -> str | None:
    """The first of the user's changes that did not survive. Scopes are named as in the result."""
    empty: Counter[str] = Counter()
    for scope in {**ours, **base}:
        was, mine = base.get(scope, empty), ours.get(scope, empty)
        if was == mine or scope.partition(".")[0] in kept:
            continue
        here, new = merged.get(scope, empty), theirs.get(scope, empty)
        for line in {**mine, **was}:
            least = mine[line] - max(0, was[line] - new[line])
            if mine[line] > was[line] and here[line] < max(least, mine[line] - was[line]):
                return (
                    f"your line `{line[:60]}` in `{scope or 'the module'}` would be lost or moved"
                )
            most = mine[line] + max(0, new[line] - was[line])
            if mine[line] < was[line] and here[line] > most:
                return f"`{line[:60]}`, removed from `{scope or 'the module'}`, would come back"
    return None


def _lost_theirs(
    merged: Scopes, base: Scopes, ours: Scopes, theirs: Scopes, renames: Renames
) -> str | None:
    """A line that the template adds to a function which the user still has must be there, too."""
    empty: Counter[str] = Counter()
    users = {renames.of_ours(name) for name in ours}
    for name, lines in theirs.items():
        scope, was = renames.of_theirs(name), base.get(name, empty)
        if lines == was or name not in base or scope not in users or not _is_function(lines):
            continue
        for line, count in lines.items():
            if count > was[line] and merged.get(scope, empty)[line] < count - was[line]:
                return f"the new line `{line[:60]}` in `{scope}` would be lost or moved"
    return None


def _is_function(lines: Iterable[str]) -> bool:
    return any(line.startswith(("def(", "async def(")) for line in lines)


def _renamed(scopes: Scopes, rename: Callable[[str], str]) -> Scopes:
    return {rename(scope): lines for scope, lines in scopes.items()}


def _lost_imports(texts: Texts) -> str | None:
    base, ours, merged = (imports(text) for text in (texts.base, texts.ours, texts.merged))
    for module, name in sorted(ours - base - merged):
        return f"your import of `{name}` from `{module}` would be lost"
    return None


@lru_cache(maxsize=32)
def imports(text: str) -> frozenset[tuple[str, str]]:
    """Every import anywhere in a file, as (module, `name as alias`)."""
    return frozenset(
        ("." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else "",
         f"{alias.name} as {alias.asname or alias.name}")
        for node in _imports(parse(text))
        for alias in node.names
    )  # fmt: skip


def _imports(source: Source) -> Iterable[ast.Import | ast.ImportFrom]:
    for _, node in source.statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


@lru_cache(maxsize=32)
def lines_by_scope(text: str) -> Scopes:
    """The lines as they stand, per function or class; of imports, only the comments."""
    source = parse(text)
    imported = {
        line
        for node in _imports(source)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    out: Scopes = defaultdict(Counter)
    for number, (line, owner) in enumerate(zip(source.lines, owners(source), strict=True), 1):
        said = line.strip()
        if number in imported:
            said = line[line.index("#") :].strip() if "#" in line else ""
        if _MEANS.search(said):
            if "def " in said or "class " in said:
                said = _NAMED.sub(r"\1", said, count=1)
            out[owner][said] += 1
    return dict(out)


@lru_cache(maxsize=32)
def canonical_by_scope(text: str) -> Scopes:
    """The lines as `ast.unparse` writes them, and the comments, per function or class."""
    source = parse(text)
    out = lines_by_scope(ast.unparse(source.tree) + "\n").copy()
    owned = owners(source)
    for line, comment in tokens_of_comments(text):
        scope = owned[line - 1]
        out[scope] = out.get(scope, Counter()) + Counter([comment])
    return out


def lines_by_section(text: str, sections: Sections) -> Scopes:
    lines = split_lines(text)
    out: Scopes = defaultdict(Counter)
    for line, section in zip(lines, sections(lines), strict=True):
        if _MEANS.search(line):
            out[section][line.strip()] += 1
    return dict(out)
