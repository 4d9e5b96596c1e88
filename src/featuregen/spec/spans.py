"""A document as nodes that know where their text begins and ends, for exact edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import yaml

from featuregen.errors import FeaturegenError
from featuregen.spec.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.yaml_text import Plain

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 60


@dataclass(slots=True, eq=False)
class Spanned:
    """`text[start:end]` is what it is written as, without comments before and after it."""

    kind: Literal["scalar", "list", "map"]
    start: int
    end: int
    flow: bool = False
    alias: bool = False  # written as *name; what it holds stands elsewhere
    value: bool | int | float | str | None = None
    text: str = ""
    items: list[Spanned] = field(default_factory=list)
    entries: list[tuple[Spanned, Spanned]] = field(default_factory=list)

    @property
    def name(self) -> str | int:
        """Of a key."""
        return (
            self.value
            if isinstance(self.value, int) and not isinstance(self.value, bool)
            else self.text
        )

    @property
    def is_empty(self) -> bool:
        """Nothing is written: the value of `key:`."""
        return self.kind == "scalar" and self.start == self.end

    def entry(self, key: str | int) -> int | None:
        """Index of a key; `404` also finds `"404"`."""
        names = [name.name for name, _ in self.entries]
        if key in names:
            return names.index(key)
        texts = [str(name) for name in names]
        return texts.index(str(key)) if str(key) in texts else None

    def plain(self) -> Plain:
        """What it says."""
        if self.kind == "list":
            return [item.plain() for item in self.items]
        if self.kind == "map":
            return {key.name: value.plain() for key, value in self.entries}
        return self.value


def compose(text: str) -> Spanned:
    """The root of a document that `spec.document` can read."""
    try:
        return _Composer(text).root()
    except yaml.YAMLError as error:
        raise FeaturegenError(f"the text is not YAML: {error}") from error


def _end(event: Any) -> int:  # noqa: ANN401 - PyYAML's events always have marks, its types not
    return int(event.end_mark.index)


class _Composer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self.anchors: dict[str, Spanned] = {}

    def root(self) -> Spanned:
        next(self.events)  # the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return Spanned("map", len(self.text), len(self.text))
        return self._node(next(self.events), 0)

    def _node(self, event: Any, depth: int) -> Spanned:  # noqa: ANN401 - PyYAML's events are untyped
        if depth > _DEEPEST:
            raise FeaturegenError(f"the text is nested deeper than {_DEEPEST} levels")
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), start, end)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, start, end)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(event, depth)
        else:
            node = self._map(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, start: int, end: int) -> Spanned:
        node = self.anchors.get(anchor)
        if node is None:
            raise FeaturegenError(f"no anchor '&{anchor}' stands before '*{anchor}'")
        return Spanned(
            node.kind, start, end, flow=True, alias=True, value=node.value, text=node.text,
            items=node.items, entries=node.entries,
        )  # fmt: skip

    def _scalar(self, event: Any, start: int, end: int) -> Spanned:  # noqa: ANN401
        if event.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip())
        plain = event.tag is None and not event.style
        value = resolve(event.value)[1] if plain else event.value
        return Spanned("scalar", start, end, value=value, text=event.value)

    def _list(self, start: Any, depth: int) -> Spanned:  # noqa: ANN401
        node = Spanned(
            "list", start.start_mark.index, start.end_mark.index, flow=bool(start.flow_style)
        )
        event = next(self.events)
        while not isinstance(event, yaml.SequenceEndEvent):
            node.items.append(self._node(event, depth + 1))
            event = next(self.events)
        if node.flow:
            node.end = _end(event)
        elif node.items:
            node.end = node.items[-1].end
        return node

    def _map(self, start: Any, depth: int) -> Spanned:  # noqa: ANN401
        node = Spanned(
            "map", start.start_mark.index, start.end_mark.index, flow=bool(start.flow_style)
        )
        event = next(self.events)
        while not isinstance(event, yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            node.entries.append((key, self._node(next(self.events), depth + 1)))
            event = next(self.events)
        if node.flow:
            node.end = _end(event)
        elif node.entries:
            node.end = node.entries[-1][1].end
        return node
