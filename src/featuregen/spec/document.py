"""YAML 1.2 text → nodes that know where they stand. No text can cost unbounded time or memory here.

libyaml only cuts the text into events; what a scalar means, which keys are the same and what is
refused is decided here: in YAML 1.1 `no` would be false, and a spec is written in YAML 1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from featuregen.errors import Diagnostic, Position, SpecError
from featuregen.git_conflicts import DECIDE, SAID, conflict_lines
from featuregen.spec.model import Json, Path, SpecSource
from featuregen.spec.scalars import Kind, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 100_000

_ASCII_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True, eq=False)
class Node:
    """A value of the document: a scalar has a `value`, a list `items`, a map `entries`."""

    kind: Kind
    position: Position
    value: bool | int | float | str | None = None
    text: str = ""  # of a scalar, as written: keeps `9.90` exact
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    size: int = 1  # nodes in it, aliases expanded
    broken: bool = False  # set by the structure check: some part of it was refused

    @property
    def name(self) -> str | int:
        """Of a key: what it is called in a `Path`."""
        return self.value if isinstance(self.value, int) and self.kind == "int" else self.text

    def get(self, key: str) -> Node | None:
        """The value of `key` in a map."""
        for name, value in self.entries:
            if name.text == key:
                return value
        return None

    def str_of(self, key: str) -> str | None:
        """The text of `key`, without the line break that a block scalar ends with."""
        node = self.get(key)
        return node.text.strip() if node is not None and node.kind == "string" else None

    def strings(self) -> tuple[str, ...]:
        """The items of a list of text; a lone text is a list of one."""
        if self.kind == "string":
            return (self.text.strip(),)
        return tuple(item.text.strip() for item in self.items)

    def json(self) -> Json:
        """As JSON holds it; keys become text."""
        if self.kind == "list":
            return [item.json() for item in self.items]
        if self.kind == "map":
            return {key.text: value.json() for key, value in self.entries}
        return self.value


def _fill(node: Node, key: Node, value: Node) -> None:
    """Of a key that is given twice, and the first time with nothing, the second value is meant."""
    for at, (known, first) in enumerate(node.entries):
        if known is key and first.kind == "null":
            node.entries[at] = (key, value)


def read_text(path: FilePath, shown_as: str) -> str:
    """The text of a spec file, or one clear diagnostic."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse("FG100", "there is no such file", shown_as)
    except IsADirectoryError:
        _refuse("FG100", "this is a directory, not a spec", shown_as)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        _refuse("FG100", f"the file cannot be read: {reason}", shown_as)
    except ValueError:
        _refuse("FG100", "this is not the name of a file", shown_as)
    if len(data) > MAX_BYTES:
        _refuse("FG100", f"the file is larger than {MAX_BYTES // 1000} kB", shown_as)
    return decoded(data, shown_as)


def decoded(data: bytes, shown_as: str) -> str:
    """The text of a spec, or one clear diagnostic."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line = len(_LINE_BREAK.findall(before)) + 1
        column = len(_LINE_BREAK.split(before)[-1]) + 1
        readable = data.decode("utf-8", "replace")
        _refuse(
            "FG109",
            "the file is not UTF-8 text",
            shown_as,
            Position(line, column),
            readable,
            hint="save it with the encoding UTF-8",
        )


def parse(text: str, file: str) -> tuple[Node, list[Diagnostic], str]:
    """The root of the document, what is wrong within it, and the text that positions refer to.

    Raises `SpecError` where nothing can be read at all.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        _refuse("FG100", f"the spec is larger than {MAX_BYTES // 1000} kB", file)
    if (index := _forbidden(text)) is not None:
        _refuse(
            "FG109",
            f"the character U+{ord(text[index]):04X} must not stand in a spec",
            file,
            _position(text, index),
            text,
        )
    if lines := conflict_lines(text):
        _refuse(
            "FG108",
            SAID,
            file,
            Position(lines[0], 1, 7),
            text,
            hint=DECIDE,
        )
    composer = _Composer(text, file)
    return composer.root(), composer.diagnostics, text


class _Composer:
    """Builds nodes from libyaml's events; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.lines = _LINE_BREAK.split(text)
        self.diagnostics: list[Diagnostic] = []
        self.anchors: dict[str, Node | None] = {}  # None: still open
        self.nodes = 0
        self.events: Iterator[Any] = iter(())

    def root(self) -> Node:
        try:
            self.events = yaml.parse(self.text, Loader=_LOADER)
            return self._document()
        except yaml.MarkedYAMLError as error:
            self._syntax_error(error)
        except yaml.YAMLError as error:
            self._fail("FG108", f"this is not YAML: {error}", Position(1, 1))

    def _document(self) -> Node:
        next(self.events)  # the stream
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            self._fail(
                "FG111", "the spec is empty", Position(1, 1), hint="begin with `featuregen: 1`"
            )
        root = self._node(next(self.events), 0)
        next(self.events)  # the end of the document
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            self._fail(
                "FG110",
                "a spec is one YAML document; a second one begins here",
                self._span(following, following),
            )
        if root.kind == "null":
            self._fail(
                "FG111", "the spec is empty", Position(1, 1), hint="begin with `featuregen: 1`"
            )
        if root.kind != "map":
            self._fail(
                "FG111",
                "a spec is a mapping of keys to values",
                root.position,
                hint="begin with `featuregen: 1`",
            )
        return root

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - PyYAML's events are untyped
        if depth > MAX_DEPTH:
            self._fail(
                "FG110",
                f"the spec is nested deeper than {MAX_DEPTH} levels",
                self._span(event, event),
            )
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:  # noqa: ANN401
        position = self._span(event, event)
        if event.anchor not in self.anchors:
            self._fail("FG110", f"no anchor '&{event.anchor}' stands before this", position)
        node = self.anchors[event.anchor]
        if node is None:
            self._fail("FG110", f"'*{event.anchor}' contains itself", position)
        self._count(node.size, position)
        return node

    def _count(self, size: int, position: Position) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self._fail(
                "FG110",
                f"the spec holds more than {MAX_NODES:,} values, aliases expanded",
                position,
            )

    def _scalar(self, event: Any) -> Node:  # noqa: ANN401
        position = self._span(event, event)
        self._count(1, position)
        if event.tag not in _PLAIN_TAGS:
            self._tag(event.tag, position)
        if (index := _forbidden(event.value)) is not None:
            self._report(
                "FG109",
                f"the character U+{ord(event.value[index]):04X} must not stand in a spec",
                position,
            )
        if event.tag is None and not event.style:
            kind, value = resolve(event.value)
            return Node(kind, position, value, event.value)
        return Node("string", position, event.value, event.value)

    def _sequence(self, start: Any, depth: int) -> Node:  # noqa: ANN401
        node = self._collection("list", start)
        event = next(self.events)
        while not isinstance(event, yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            node.items.append(item)
            node.size += item.size
            event = next(self.events)
        node.position = self._span(start, event) if start.flow_style else node.position
        return node

    def _mapping(self, start: Any, depth: int) -> Node:  # noqa: ANN401
        node = self._collection("map", start)
        seen: dict[tuple[Kind, object], Node] = {}
        event = next(self.events)
        while not isinstance(event, yaml.MappingEndEvent):
            key = self._key(event, depth)
            value = self._node(next(self.events), depth + 1)
            if value.kind == "null" and not value.text:  # `key:` and nothing: show the key
                value.position = key.position
            node.size += 1 + value.size
            first = seen.setdefault((key.kind, key.value), key)
            if first is key:
                node.entries.append((key, value))
            else:
                self._report(
                    "FG106",
                    f"the key '{key.text}' is given twice",
                    key.position,
                    hint=f"it stands in line {first.position.line} already",
                )
                _fill(node, first, value)
            event = next(self.events)
        node.position = self._span(start, event) if start.flow_style else node.position
        return node

    def _key(self, event: Any, depth: int) -> Node:  # noqa: ANN401
        if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            self._fail(
                "FG110",
                "a key is a name, not a list or a mapping",
                self._span(event, event),
                hint="quote text that begins with { or [",
            )
        key = self._node(event, depth + 1)
        if key.kind in ("list", "map"):
            self._fail(
                "FG110", "a key is a name, not a list or a mapping", self._span(event, event)
            )
        if key.text == "<<" and not getattr(event, "style", None):
            self._fail(
                "FG110",
                "YAML 1.2 has no merge key",
                key.position,
                hint="write the keys out, or use an alias for the whole value",
            )
        return key

    def _collection(self, kind: Kind, start: Any) -> Node:  # noqa: ANN401
        position = self._span(start, start)
        self._count(1, position)
        if start.tag is not None and start.tag != "!":
            self._tag(start.tag, position)
        return Node(kind, position)

    def _tag(self, tag: str, position: Position) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._report(
            "FG110", f"a spec has no tags: '{shown}'", position, hint="quote text to keep it text"
        )

    def _span(self, start: Any, end: Any) -> Position:  # noqa: ANN401
        first, last = start.start_mark, end.end_mark
        if first.line == last.line:
            length = last.column - first.column
        else:
            length = len(self.lines[first.line].rstrip()) - first.column
        return Position(first.line + 1, first.column + 1, max(length, 1))

    def _report(self, code: str, message: str, position: Position, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, message, self.file, position, hint))

    def _fail(
        self, code: str, message: str, position: Position, hint: str | None = None
    ) -> NoReturn:
        self._report(code, message, position, hint)
        raise SpecError(tuple(self.diagnostics), self.text)

    def _last(self) -> Position:
        """The last character that is written."""
        written = [number for number, line in enumerate(self.lines) if line.strip()]
        number = written[-1] if written else 0
        return Position(number + 1, max(len(self.lines[number].rstrip()), 1))

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        at_the_end = (
            mark is not None and not "".join(self.lines[mark.line :])[mark.column :].strip()
        )
        position = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        if at_the_end:
            position = self._last()
        line = self.lines[position.line - 1] if position.line <= len(self.lines) else ""
        problem = str(error.problem or error.context or "it cannot be read")
        hint = None
        if "\t" in line[: position.column]:
            hint = "indent with spaces, not with tabs"
        elif "expected ',' or '}'" in problem and ("list[" in line or "map[" in line):
            hint = "within {…} quote a type that has brackets: 'list[T]'"
        elif "mapping values are not allowed" in problem:
            hint = "quote text that contains ': '"
        elif problem.startswith("found character") and "any token" in problem:
            hint = f"quote text that begins with '{line[position.column - 1 : position.column]}'"
        self._fail("FG108", f"this is not YAML: {problem}", position, hint)


def source_map(root: Node, text: str, file: str) -> SpecSource:
    """Where every key and value of the document stands."""
    keys: dict[Path, Position] = {}
    values: dict[Path, Position] = {}
    _walk(root, (), keys, values)
    return SpecSource(file, text, keys, values)


# No function within `source_map`: one that calls itself would keep both maps until the garbage
# collector comes by, of every spec that is loaded.
def _walk(node: Node, path: Path, keys: dict[Path, Position], values: dict[Path, Position]) -> None:
    values[path] = node.position
    for index, item in enumerate(node.items):
        _walk(item, (*path, index), keys, values)
    for key, value in node.entries:
        here = (*path, key.name)
        keys[here] = key.position
        _walk(value, here, keys, values)


def _forbidden(text: str) -> int | None:
    """Where a control character, a surrogate, a line separator or a non-character stands."""
    if found := _ASCII_CONTROL.search(text):
        return found.start()
    if text.isascii():
        return None
    # Compiled only for text that is not ASCII: such a class costs 5 ms.
    found = re.search("[\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]", text)
    return found.start() if found else None


def _position(text: str, index: int) -> Position:
    before = text[:index]
    return Position(len(_LINE_BREAK.findall(before)) + 1, len(_LINE_BREAK.split(before)[-1]) + 1)


def _refuse(
    code: str,
    message: str,
    file: str,
    position: Position | None = None,
    source: str = "",
    *,
    hint: str | None = None,
) -> NoReturn:
    raise SpecError((Diagnostic(code, message, file, position or Position(1, 1), hint),), source)
