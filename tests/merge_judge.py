"""What must come out of a case of `merge_oracle`, judged from its scripts and the texts alone."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field

from merge_oracle import MODULE, TRIED, TYPING, Case, Class, Function, Module, Side

MARKER = re.compile(r"(?:ours|theirs)_\d+_\d+x")
RENAMED = re.compile(r"_by_(?:ours|theirs)\b")


@dataclass(frozen=True)
class Read:
    """What stands where in a text."""

    markers: dict[str, list[str]]
    content: dict[str, list[str]]
    """Qualname → the definitions of that name, each without its layout."""
    qualnames: frozenset[str]
    imported: frozenset[str]


def judge(case: Case, result: str, shown: str | None = None) -> list[str]:
    """All that is wrong with a merge result: `lost`, `misplaced`, `returned`, `unbound`, `syntax`.

    `shown` is the text with conflict markers, if there are any; `result` then has the user's side.
    """
    try:
        read = read_module(result)
    except SyntaxError as error:
        return [f"syntax: {error}"]
    problems = _markers(case, "ours", read, decided=shown is None)
    if shown is not None:
        return [*problems, *_shown(case, shown), *_removed(case, read)]
    return [
        *problems,
        *_markers(case, "theirs", read, decided=True),
        *_contents(case, result),
        *_names(case, read),
        *_removed(case, read),
        *_imports(case, read, result),
    ]


@functools.lru_cache(maxsize=16)
def read_module(text: str) -> Read:
    tree = ast.parse(text)
    lines = text.split("\n")
    scopes = [""] * (len(lines) + 1)
    content: dict[str, list[str]] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            start, end = _extent(node, lines)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = prefix + node.name + _role(node)
                scopes[start : end + 1] = [name] * (end - start + 1)
                if not isinstance(node, ast.ClassDef):
                    content.setdefault(name, []).append(_squeezed(lines[start - 1 : end]))
                visit(node.body, f"{name}.")
            elif isinstance(node, ast.Assign) and "." not in prefix[:-1]:
                name = prefix + ast.unparse(node.targets[0])
                content.setdefault(name, []).append(_squeezed(lines[start - 1 : end]))
            elif isinstance(node, ast.If | ast.Try) and not prefix:
                scope = "<typing>" if isinstance(node, ast.If) else "<tried>"
                scopes[start : end + 1] = [scope] * (end - start + 1)

    visit(tree.body, "")
    markers: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 1):
        for marker in MARKER.findall(line):
            markers.setdefault(marker, []).append(scopes[number])
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    imported = frozenset(alias.name for node in imports for alias in node.names)
    names = frozenset(scope for scope in scopes if scope)
    return Read(markers, content, names, imported)


def _squeezed(lines: list[str]) -> str:
    """Code and comments without their layout, which an exploded call is in this code."""
    return re.sub(r"\s+", "", "".join(lines)).replace(",)", ")")


def _extent(node: ast.stmt, lines: list[str]) -> tuple[int, int]:
    start = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    while start > 1 and lines[start - 2].startswith(" " * node.col_offset + "#"):
        start -= 1
    return start, node.end_lineno or start


def _role(node: ast.stmt) -> str:
    decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", [])]
    if "overload" in decorators:
        return "#overload"
    return "#setter" if any(each.endswith(".setter") for each in decorators) else ""


@dataclass
class _Index:
    """Where each uid stands in a model: its chain of uids, and the name of each."""

    chain: dict[int, tuple[int, ...]] = field(default_factory=dict)
    name: dict[int, str] = field(default_factory=dict)


def _index(module: Module) -> _Index:
    index = _Index()

    def add(item: object, above: tuple[int, ...]) -> None:
        if not isinstance(item, Function | Class):
            return
        chain = (*above, item.uid)
        index.chain[item.uid] = chain
        role = ""
        if isinstance(item, Function):
            role = "#overload" if "overload" in item.decorators else ""
            role = "#setter" if any(each.endswith(".setter") for each in item.decorators) else role
        index.name[item.uid] = item.name + role
        for inner in item.body if isinstance(item, Function) else item.members:
            add(inner, chain)

    for item in module.items:
        add(item, ())
    return index


class _Expectation:
    """Where a definition must stand in the result, by what each side did to it."""

    def __init__(self, case: Case) -> None:
        self.base, self.ours, self.theirs = (
            _index(case.models[side]) for side in ("base", "ours", "theirs")
        )

    def qualnames(self, uid: int, side: Side, *, decided: bool = True) -> set[str]:
        """Every place that is right; empty where the other side did away with it.

        With a conflict open (not `decided`) the user's own name of it is right, too.
        """
        fixed = {MODULE: "", TYPING: "<typing>", TRIED: "<tried>"}
        if uid in fixed:
            return {fixed[uid]}
        mine, other = (self.ours, self.theirs) if side == "ours" else (self.theirs, self.ours)
        chains = {mine.chain[uid]}
        if side == "theirs":
            if any(
                each in self.base.chain and each not in self.ours.chain for each in mine.chain[uid]
            ):
                return set()
            if any(
                each in self.base.chain and self.ours.chain[each] != self.base.chain[each]
                for each in mine.chain[uid]
            ):
                return set()
        for position in range(len(mine.chain[uid])):
            each = mine.chain[uid][position]
            if each in other.chain:
                chains.add((*other.chain[each], *mine.chain[uid][position + 1 :]))
        names = {".".join(self._name(each) for each in chain) for chain in chains}
        moved = any(
            each in self.base.chain and mine.chain[each] != self.base.chain[each]
            for each in mine.chain[uid]
        )
        if moved or not decided:
            names.update(self._mixed(mine.chain[uid], mine))
        return names

    def _mixed(self, chain: tuple[int, ...], mine: _Index) -> set[str]:
        """Every name with some of its parts as this side has them."""
        choices = [{self._name(each), mine.name[each]} for each in chain]
        return {".".join(parts) for parts in itertools.product(*choices)}

    def _name(self, uid: int) -> str:
        for index in (self.ours, self.theirs):
            if uid in index.name and index.name[uid] != self.base.name.get(uid):
                return index.name[uid]
        return self.base.name[uid]


def _markers(case: Case, side: Side, read: Read, *, decided: bool) -> list[str]:
    text = case.ours if side == "ours" else case.theirs
    expected = _Expectation(case)
    problems = []
    for marker, count in Counter(MARKER.findall(text)).items():
        if not marker.startswith(side):
            continue
        right = expected.qualnames(case.scripts[side].marked[marker], side, decided=decided)
        found = read.markers.get(marker, [])
        if right and len(found) < count:
            problems.append(f"lost: {marker} of {right}")
        if len(found) > count:
            problems.append(f"misplaced: {marker} stands {len(found)} times")
        wrong = [scope for scope in found if right and scope not in right]
        if wrong:
            problems.append(f"misplaced: {marker} of {right} stands in {wrong}")
    return problems


def _contents(case: Case, result: str) -> list[str]:
    """What only one side touched must be exactly as that side has it, renames aside."""
    base, ours, theirs, merged = (
        read_module(RENAMED.sub("", text)).content
        for text in (case.base, case.ours, case.theirs, result)
    )
    problems = []
    for name in {**base, **ours, **theirs}:
        outer = name.rpartition(".")[0]
        was = base.get(name)
        if theirs.get(name) == was and ours.get(name) is not None and _stays(case, outer, "theirs"):
            side, wanted = "user", ours[name]
        elif ours.get(name) == was and theirs.get(name) is not None and _stays(case, outer, "ours"):
            side, wanted = "template", theirs[name]
        else:
            continue
        if sorted(merged.get(name, [])) != sorted(wanted):
            problems.append(f"lost: `{name}` is not as the {side} has it")
    return problems


def _stays(case: Case, outer: str, side: Side) -> bool:
    """True if the definition around a name is still there on this side, and was there."""
    if not outer:
        return True
    return all(
        outer in read_module(RENAMED.sub("", text)).qualnames
        for text in (case.base, case.ours if side == "ours" else case.theirs)
    )


def _names(case: Case, read: Read) -> list[str]:
    """Every definition that both sides have stands under the right name in the right place."""
    expected = _Expectation(case)
    problems = []
    for uid in expected.ours.chain:
        if uid in expected.theirs.chain:
            right = expected.qualnames(uid, "ours")
            if not right & read.qualnames:
                problems.append(f"lost: no {right}")
    return problems


def _shown(case: Case, shown: str) -> list[str]:
    """Where there are conflicts, each of the user's markers must be there to see."""
    there = set(MARKER.findall(shown))
    wanted = {each for each in MARKER.findall(case.ours) if each.startswith("ours")}
    return [f"lost: {marker} is not shown" for marker in sorted(wanted - there)]


def _removed(case: Case, read: Read) -> list[str]:
    base, ours, theirs = (_index(case.models[side]) for side in ("base", "ours", "theirs"))

    def qualname(index: _Index, uid: int) -> str:
        return ".".join(index.name[each] for each in index.chain[uid])

    taken = {qualname(index, uid) for index in (ours, theirs) for uid in index.chain
             if uid not in base.chain or uid in ours.chain}  # fmt: skip
    return [
        f"returned: `{qualname(base, uid)}`, which the user removed"
        for uid in base.chain
        if uid not in ours.chain
        and qualname(base, uid) not in taken
        and qualname(base, uid) in read.qualnames
    ]


def _imports(case: Case, read: Read, result: str) -> list[str]:
    name = "ConflictError"
    if f"raise {name}" in result:
        return [] if name in read.imported else [f"unbound: {name}"]
    dropped = any(name not in read_module(text).imported for text in (case.ours, case.theirs))
    return [f"returned: import of {name}"] if dropped and name in read.imported else []
