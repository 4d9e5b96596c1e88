"""What the tools about specs do: check, plan, generate, update. Each answers with plain data.

A plan is made before anything is written, and carried out by its id alone: the spec goes over the
wire once, and what was shown is what is done.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from featuregen.errors import FeaturegenError, SpecError
from featuregen.mcp.bench import Planned
from featuregen.mcp.documents import (
    DONE,
    NEEDS_INPUT,
    STOPPED,
    answer,
    frame,
    question_documents,
    step,
    stopped,
    with_fixes,
)
from featuregen.mcp.fixes import apply_fixes, fixes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from featuregen.mcp.bench import Bench, SpecText
    from featuregen.mcp.documents import Document
    from featuregen.progress import Progress
    from featuregen.questions import Question
    from featuregen.results import RunResult
    from featuregen.spec.model import FeatureSpec

MOST_QUESTIONS = 5
CONFLICT = 3  # a person has to decide
_NO = re.compile(r"no\b[,:]?\s*(because\b[,:]?\s*)?", re.IGNORECASE)


def check_spec(bench: Bench, spec: str, answers: Sequence[str], *, fix: bool = False) -> Document:
    """Diagnostics with their fixes, made first if asked for, and the questions that matter most."""
    from featuregen.checked import Checked
    from featuregen.documents import check_document
    from featuregen.spec.load import parse_spec

    given = bench.read_spec(spec)
    if fix:
        given = _fixed(given)
    try:
        loaded = parse_spec(given.text, given.shown_as)
        given, loaded = answered(given, loaded, answers)
    except SpecError as error:
        checked = Checked(given.shown_as, None, fault=error)
        return _faulty(bench, given, check_document((checked,), error.exit_code), error)
    about = _about(bench, given, loaded)
    checked = Checked(given.shown_as, loaded.feature, loaded.warnings)
    waiting = bool(urgent(loaded))
    following = [
        _ask(about["spec_id"])
        if waiting
        else step("plan_feature", "see what would be written", spec=about["spec_id"])
    ]
    document = answer(check_document((checked,), 0), NEEDS_INPUT if waiting else DONE, following)
    return with_fixes(document, loaded.warnings, given.text) | about


def _faulty(bench: Bench, given: SpecText, checked: Document, error: SpecError) -> Document:
    about = {
        "spec_id": bench.keep_spec(given, given.text),
        "spec_diff": _changed(given),
        "questions": [],
        "open_questions": 0,
    }
    document = with_fixes(answer(checked, STOPPED), error.diagnostics, given.text)
    fixable = any(one["fix"] for one in document["diagnostics"])
    following = (
        step("check_spec", "make every fix at once", spec=about["spec_id"], fix=True)
        if fixable
        else step("check_spec", "correct the spec; explain(code) says more")
    )
    return document | about | {"next": [following]}


def _fixed(given: SpecText) -> SpecText:
    from featuregen.spec.load import parse_spec

    try:
        parse_spec(given.text, given.shown_as)
    except SpecError as error:
        found = fixes(error.diagnostics, given.text)
        return replace(given, text=apply_fixes(given.text, found))
    return given


def plan_feature(bench: Bench, spec: str, answers: Sequence[str], into: str) -> Document:
    """The dry run of what `generate_feature` or `update_feature` would do."""
    from featuregen.spec.load import parse_spec

    given = bench.read_spec(spec)
    loaded = parse_spec(given.text, given.shown_as)
    given, loaded = answered(given, loaded, answers)
    about = _about(bench, given, loaded)
    if urgent(loaded):
        return _questions_first(about)
    about["questions"] = []  # `check_spec` asks those that can wait
    root = bench.inside(into)
    if _has(root, loaded.feature):
        return _plan_update(bench, given, loaded, root, about)
    return _plan_new(bench, given, loaded, root, about)


def generate_feature(bench: Bench, plan_id: str, progress: Progress) -> Document:
    """Carry out the plan of a new feature."""
    from featuregen.pipeline import Given, new
    from featuregen.spec.load import parse_spec

    planned = _planned(bench, plan_id, updates=False)
    given = planned.given
    spec = Given(parse_spec(given.text, given.shown_as), given.text.encode())
    with _written(given.path, given.text) as run:
        run.result = new(spec, planned.root, bench.options, progress)
    return told(run.result)


def update_feature(bench: Bench, plan_id: str, progress: Progress) -> Document:
    """Carry out the plan of a changed feature; the user's edits stay."""
    from featuregen.lifecycle.rendering import spec_path
    from featuregen.lifecycle.updating import update

    planned = _planned(bench, plan_id, updates=True)
    given, applied = planned.given, planned.root / spec_path(planned.feature)
    with _written(given.path, given.text) as own, _written(applied, given.text) as run:
        run.result = update(planned.root, [planned.feature], bench.options, progress)
        own.result = run.result
    return told(run.result)


def told(result: RunResult) -> Document:
    """A finished run as an answer, with what is to be done next."""
    from featuregen.documents import run_document
    from featuregen.results import exit_code

    return answer(run_document(result, exit_code(result)), DONE, _after(result))


def urgent(spec: FeatureSpec) -> tuple[Question, ...]:
    """The open questions without whose answers nothing is generated, at most five."""
    from featuregen.questions import most_important, open_questions

    high = (one for one in open_questions(spec) if one.severity == "high")
    return most_important(high, MOST_QUESTIONS)


def answered(
    given: SpecText, spec: FeatureSpec, answers: Sequence[str]
) -> tuple[SpecText, FeatureSpec]:
    """The spec with the answers written into it: `FGQ012=b`, or `FGQ012=no, because`."""
    from featuregen.questions import answer_all, chosen, open_questions, waive
    from featuregen.spec.load import parse_spec

    text = given.text
    for one in answers:
        questions = open_questions(spec)
        name, _, reply = one.partition("=")
        if " " in reply.strip():
            found = [each for each in questions if name.upper() in _names(each)]
            if not found:
                raise FeaturegenError(f"'{name}' is no open question", exit_code=2)
            for each in found:
                text = waive(text, each, _without_no(reply))
        else:
            text = answer_all(text, chosen(questions, [one]))
        spec = parse_spec(text, given.shown_as)
    return replace(given, text=text), spec


def _without_no(reply: str) -> str:
    """`no, because the gateway sees to it` is kept as its reason alone."""
    found = _NO.match(reply.strip())
    return reply.strip()[found.end() :] if found else reply.strip()


def _names(question: Question) -> tuple[str, str]:
    return question.id, f"{question.id}@{question.at}".upper()


def _about(bench: Bench, given: SpecText, spec: FeatureSpec) -> Document:
    from featuregen.questions import most_important, open_questions

    questions = open_questions(spec)
    shown = urgent(spec) or most_important(questions, MOST_QUESTIONS)
    return {
        "spec_id": bench.keep_spec(given, given.text),
        "spec_diff": _changed(given),
        "questions": question_documents(shown, given.text),
        "open_questions": len(questions),
    }


def _questions_first(about: Document) -> Document:
    """Not an error: the plan waits for a person."""
    document = answer(frame("plan"), NEEDS_INPUT, [_ask(about["spec_id"])])
    return document | about | {"ok": False, "exit_code": CONFLICT, "plan_id": ""}


def _ask(spec_id: str) -> Document:
    return step(
        "plan_feature",
        "ask the user what the ticket does not say; 'no, because …' waives a question",
        spec=spec_id,
        answers=["FGQ…=a", "FGQ…@path=no, because …"],
    )


def _plan_new(
    bench: Bench, given: SpecText, spec: FeatureSpec, root: Path, about: Document
) -> Document:
    from featuregen.documents import plan_document
    from featuregen.lifecycle.rendering import spec_path
    from featuregen.pipeline import Given, plan

    own = given.path == root / spec_path(spec.feature)
    text = given.on_disk if own and given.on_disk is not None else given.text
    # Where the project's own copy is answered, `generate_feature` writes it first.
    result = plan(Given(spec, text.encode()), root)
    planned = _keep(bench, given, spec, root, [one.path for one in result.files], updates=False)
    following = step("generate_feature", "write it, tested", plan_id=planned.plan_id)
    document = with_fixes(
        answer(plan_document(result), DONE, [following]), result.warnings, given.text
    )
    return document | about | {"plan_id": planned.plan_id}


def _plan_update(
    bench: Bench, given: SpecText, spec: FeatureSpec, root: Path, about: Document
) -> Document:
    from featuregen.documents import run_document
    from featuregen.mcp.updates import plan_update

    result = plan_update(root, spec, given.text)
    planned = _keep(bench, given, spec, root, [one.path for one in result.files], updates=True)
    changes = bool(result.files)
    following = (
        step("update_feature", "bring it in, tested", plan_id=planned.plan_id)
        if changes
        else step("verify_feature", "nothing is to be changed", features=[spec.feature])
    )
    document = answer(run_document(result, 0), DONE, [following])
    return document | about | {"plan_id": planned.plan_id if changes else ""}


def _keep(
    bench: Bench,
    given: SpecText,
    spec: FeatureSpec,
    root: Path,
    touched: Sequence[str],
    *,
    updates: bool,
) -> Planned:
    paths = tuple(touched)
    plan_id = bench.plan_id(given.text, root, paths)
    planned = Planned(plan_id, given, spec.feature, root, updates, paths)
    bench.keep_plan(planned)
    return planned


def _planned(bench: Bench, plan_id: str, *, updates: bool) -> Planned:
    planned = bench.plan(plan_id)
    if planned.updates != updates:
        there, tool = (
            ("is there already", "update_feature")
            if planned.updates
            else ("is new", "generate_feature")
        )
        raise FeaturegenError(
            f"the feature {planned.feature} {there}",
            hint=f"call {tool} with this plan",
            exit_code=2,
        )
    return planned


def _has(root: Path, feature: str) -> bool:
    from featuregen.project import HOME

    return all((root / HOME / f"{name}.lock").is_file() for name in ("project", feature))


def _changed(given: SpecText) -> str:
    from featuregen.spec.edit import diff

    return diff(given.before, given.text, given.shown_as)


class _Run:
    """A run within `_written`: its result, once there is one."""

    result: RunResult

    @property
    def done(self) -> bool:
        return hasattr(self, "result") and self.result.outcome != "failed"


@contextmanager
def _written(path: Path | None, text: str) -> Iterator[_Run]:
    """The file says `text` while a run is under way, and for good where the run succeeds."""
    run = _Run()
    before = path.read_bytes() if path is not None else text.encode()
    if path is None or before == text.encode():
        yield run
        return
    path.write_bytes(text.encode())
    try:
        yield run
    finally:
        if not run.done:
            path.write_bytes(before)


def _after(result: RunResult) -> list[Document]:
    from featuregen.report.facts import next_steps

    features = list(result.features)
    if result.outcome == "failed":
        return [step("", text) for text in next_steps(result)]
    hooks = result.open_hooks or (result.picture.hooks if result.picture else ())
    following = [step("", f"write {name}() at {at}") for name, at in hooks]
    if result.by_hand or result.conflicts:
        following.append(step("", "make the edits of by_hand, and decide the conflicts"))
    if hooks or result.by_hand or result.conflicts:
        following.append(
            step("verify_feature", "once that is done", features=features)
            if features
            else step("verify_feature", "once that is done")
        )
    if not following:
        following.append(step("", "tell the user what was made and what its tests measured"))
    return following


__all__ = [
    "answered",
    "check_spec",
    "generate_feature",
    "plan_feature",
    "stopped",
    "told",
    "update_feature",
    "urgent",
]
