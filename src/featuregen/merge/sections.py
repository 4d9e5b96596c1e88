"""The section that each line stands in, by the kind of file: what a line merge must not confuse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from featuregen.merge.lines import Sections, no_sections

_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")
_TABLE = re.compile(r"\[{1,2}[^\[\]]+\]{1,2}\s*(?:#.*)?$")
_HEADING = re.compile(r"(#{1,6})\s+\S")
_FENCE = re.compile(r"\s*(```|~~~)")


def sections_for(path: str) -> Sections:
    """The function that names sections in a file of this name; most kinds of file have none."""
    name = path.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2]
    return _BY_SUFFIX.get(suffix, no_sections)


def python_outline(lines: Sequence[str]) -> list[str]:
    """Definitions by indentation alone, for code that does not parse."""
    out = [""] * len(lines)
    stack: list[tuple[int, str]] = []
    waiting: list[int] = []
    for index, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if text.startswith(("#", "@")) or not text:
            waiting.append(index)
            continue
        if text[0] not in ")]}":
            while stack and stack[-1][0] >= indent:
                stack.pop()
        if found := _DEFINITION.match(text):
            stack.append((indent, found[1]))
        out[index] = ".".join(name for _, name in stack)
        for earlier in waiting:
            out[earlier] = (
                out[index]
                if found
                else ".".join(
                    name for level, name in stack if level < _indent(lines[earlier], indent)
                )
            )
        waiting.clear()
    return out


def _indent(line: str, otherwise: int) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else otherwise


def _toml(lines: Sequence[str]) -> list[str]:
    out, current = [], ""
    for line in lines:
        if _TABLE.match(line):
            current = line.strip()
        out.append(current)
    return out


def _markdown(lines: Sequence[str]) -> list[str]:
    out: list[str] = []
    stack: list[tuple[int, str]] = []
    fence = ""
    for line in lines:
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        elif not fence and (heading := _HEADING.match(line)):
            level = len(heading[1])
            while stack and stack[-1][0] >= level:
                stack.pop()
            stack.append((level, line.strip()))
        out.append(" / ".join(text for _, text in stack))
    return out


def _yaml(lines: Sequence[str]) -> list[str]:
    out = [""] * len(lines)
    stack: list[tuple[int, str]] = []
    waiting: list[int] = []
    for index, line in enumerate(lines):
        text = line.strip()
        if not text or text.startswith("#"):
            waiting.append(index)
            continue
        indent = len(line) - len(line.lstrip())
        is_item = text.startswith("- ")
        while stack and stack[-1][0] >= indent + (0 if not is_item else 1):
            stack.pop()
        if stack and is_item and stack[-1][0] == indent and stack[-1][1].startswith("- "):
            stack.pop()
        for place in [index, *waiting]:
            out[place] = " / ".join(text for _, text in stack)
        waiting.clear()
        stack.append((indent, text if is_item else text.partition(":")[0]))
    return out


_BY_SUFFIX: dict[str, Sections] = {
    "py": python_outline,
    "pyi": python_outline,
    "toml": _toml,
    "ini": _toml,
    "cfg": _toml,
    "lock": _toml,
    "md": _markdown,
    "markdown": _markdown,
    "yaml": _yaml,
    "yml": _yaml,
}
