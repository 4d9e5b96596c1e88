"""What the tools do that write nothing and are about no spec: inspect, verify, look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError
from featuregen.mcp.documents import DONE, answer, frame, step
from featuregen.mcp.pages import paged
from featuregen.mcp.reference import reference
from featuregen.mcp.work import told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from featuregen.mcp.bench import Bench
    from featuregen.mcp.documents import Document
    from featuregen.progress import Progress

_SPEC_FOLDERS = ("", "features", "specs")
_MOST_SPECS = 50


def inspect_project(bench: Bench, into: str) -> Document:
    """What stands there: features, what is due or edited, routes, and specs to start from."""
    from featuregen.project import HOME

    root = bench.inside(into)
    exists = (root / HOME / "project.lock").is_file()
    status = _status(root) if exists else {"project": None, "features": []}
    return answer(frame("status"), DONE, _suggestions(status, into)) | {
        "root": bench.shown(root),
        "exists": exists,
        "project": status["project"],
        "features": status["features"],
        "routes": _routes(root) if exists else [],
        "specs": _specs(bench, root),
    }


def verify_feature(
    bench: Bench, features: Sequence[str], into: str, progress: Progress
) -> Document:
    """Run ruff, mypy and the tests of features of the project, of all when none is named."""
    from featuregen.pipeline import verify

    return told(verify(bench.project_root(into), tuple(features), bench.options, progress))


def spec_reference(topic: str, page: int) -> Document:
    """A page of the reference of the spec language."""
    return _text("schema", topic or "overview", reference(topic), page, "spec_reference", "topic")


def explain(bench: Bench, subject: str, page: int) -> Document:
    """A diagnostic's code, a question's id, or the rest of an answer that was cut."""
    text = bench.shelf.text(subject) or _explained(subject)
    if text is None:
        raise FeaturegenError(
            f"nothing is known of {subject!r}",
            hint="it is a code (FG103), a question (FGQ012), or a 'subject' of an answer's 'more'",
            exit_code=2,
        )
    return _text("explain", subject, text, page, "explain", "subject")


def _text(command: str, subject: str, text: str, page: int, tool: str, name: str) -> Document:
    shown, pages = paged(text, page)
    if not 0 < page <= pages:
        raise FeaturegenError(f"there is no page {page}", hint=f"there are {pages}", exit_code=2)
    following = [step(tool, "the next page", **{name: subject}, page=page + 1)]
    about = {"subject": subject, "text": shown, "page": page, "pages": pages}
    return answer(frame(command), DONE, following if page < pages else []) | about


def _explained(subject: str) -> str | None:
    from featuregen.diagnostics import explain as explain_code
    from featuregen.questions import explain as explain_question

    rule = explain_question(subject)
    if rule is not None:
        return f"# {rule.id}: {rule.title}\n\nSeverity: {rule.severity}.\n\n{rule.why}\n"
    return explain_code(subject)


def _status(root: Path) -> Document:
    from featuregen.documents import status_document
    from featuregen.lifecycle.statuses import status

    return status_document(status(root))


def _routes(root: Path) -> list[str]:
    from featuregen.lock import load_lock
    from featuregen.project import find_project

    locks = (load_lock(root, name) for name in find_project(root).features)
    found = (lock.contribution for lock in locks if lock is not None and lock.contribution)
    return sorted(route for one in found for route in one.routes)


def _specs(bench: Bench, root: Path) -> list[str]:
    """YAML files that call themselves specs, where people put them."""
    folders = dict.fromkeys(top / name for top in (bench.root, root) for name in _SPEC_FOLDERS)
    paths = (path for folder in folders for path in sorted(folder.glob("*.y*ml")))
    return [bench.shown(path) for path in paths if _is_spec(bench, path)][:_MOST_SPECS]


def _is_spec(bench: Bench, path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or not path.is_relative_to(bench.root):
        return False
    with path.open("rb") as file:
        head = file.read(2_000)
    return b"featuregen:" in head


def _suggestions(status: Document, into: str) -> list[Document]:
    due = [one["name"] for one in status["features"] if one["due"]]
    at = {"into": into} if into != "." else {}
    following = [
        step("plan_feature", f"{name} is due for an update", spec=f"features/{name}.yaml", **at)
        for name in due
    ]
    return [*following, step("spec_reference", "learn the language, then write a spec")]
