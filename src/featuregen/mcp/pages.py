"""Long answers in pieces: an answer shows the part that matters, `explain` has all of it.

What passed, and what is written for the first time, can be told by its number: a model pays for
every byte that it reads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from featuregen.mcp.documents import Document

PAGE = 8_000  # characters
_KEPT = 16  # answers whose rest can still be asked for


class Cut(NamedTuple):
    """A list of a document, which of its items matter, and how many bytes they may take."""

    path: tuple[str, ...]
    matters: Callable[[Document], bool]
    budget: int

    @property
    def name(self) -> str:
        return ".".join(self.path)


CUTS = (
    Cut(("diffs",), lambda one: one["status"] != "added", 3_000),
    Cut(("files",), lambda _: True, 700),
    Cut(("codes",), lambda _: True, 4_000),
    Cut(("diagnostics",), lambda _: True, 5_000),
    Cut(("verification", "tests"), lambda one: one["outcome"] != "passed", 800),
    Cut(("verification", "coverage"), lambda one: one["percent"] < 100, 600),  # noqa: PLR2004
    Cut(("verification", "failures"), lambda _: True, 4_000),
)
_LONGEST_TEXT = 1_500  # of a tool's output


class Shelf:
    """The last answers, whole, by the name under which their rest is asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._count = 0

    def shortened(self, document: Document) -> Document:
        """The document with its long lists cut, and `more` saying where the rest is."""
        self._count += 1
        name = f"a{self._count}"
        short, more = dict(document), []
        for cut in CUTS:
            items = _at(document, cut.path)
            if not isinstance(items, list):
                continue
            shown = _first(items, cut)
            if len(shown) < len(items):
                _put(short, cut.path, shown)
                more.append(_more(cut.name, len(shown), len(items), f"{name}/{cut.name}"))
        if _shorten_outputs(short):
            stages = len(_at(document, _STAGES))
            more.append(_more(_OUTPUT, stages, stages, f"{name}/{_OUTPUT}"))
        if more:
            self._kept[name] = document
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return short | {"more": more}

    def text(self, subject: str) -> str | None:
        """All of what `more` names; None where it is not known any more."""
        name, _, path = subject.partition("/")
        document = self._kept.get(name)
        items = _at(document, tuple(path.split("."))) if document else None
        if path == _OUTPUT and document:
            items = _at(document, _STAGES)
            return "\n".join(f"== {one['name']}\n{one['output']}" for one in items)
        if not isinstance(items, list):
            return None
        if path == "diffs":
            return "".join(one["text"] for one in items)
        return "".join(f"{compact(one)}\n" for one in items)


def paged(text: str, page: int) -> tuple[str, int]:
    """One page of a text, from 1, and how many there are; pages end with a line where they can."""
    pages: list[str] = [""]
    for line in text.splitlines(keepends=True):
        for piece in _pieces(line):
            if len(pages[-1]) + len(piece) > PAGE:
                pages.append("")
            pages[-1] += piece
    return (pages[page - 1] if 0 < page <= len(pages) else ""), len(pages)


def compact(document: object) -> str:
    """JSON without a byte to spare."""
    from json import dumps

    return dumps(document, separators=(",", ":"), ensure_ascii=False)


_OUTPUT = "verification.output"
_STAGES = ("verification", "stages")


def _pieces(line: str) -> list[str]:
    return [line[start : start + PAGE] for start in range(0, len(line), PAGE)]


def _first(items: Sequence[Document], cut: Cut) -> list[Document]:
    shown: list[Document] = []
    left = cut.budget
    for one in filter(cut.matters, items):
        left -= len(compact(one).encode())
        if left < 0:
            break
        shown.append(one)
    return shown


def _shorten_outputs(document: Document) -> bool:
    """Cut what the tools said to its end, which has the summary."""
    stages = _at(document, _STAGES)
    if not any(len(one["output"]) > _LONGEST_TEXT for one in stages or ()):
        return False
    _put(document, _STAGES, [one | {"output": one["output"][-_LONGEST_TEXT:]} for one in stages])
    return True


def _more(what: str, shown: int, total: int, subject: str) -> Document:
    return {"what": what, "shown": shown, "total": total, "subject": subject}


def _at(document: Document, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    found: Any = document
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _put(document: Document, path: tuple[str, ...], value: object) -> None:
    """Set a value, copying the objects on the way: they are shared with the whole document."""
    *way, last = path
    for key in way:
        document[key] = dict(document[key])
        document = document[key]
    document[last] = value
