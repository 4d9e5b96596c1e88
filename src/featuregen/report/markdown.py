"""`featuregen report`: everything there is to say about a feature, for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.quote import md_cell, md_code, md_text
from featuregen.report import facts
from featuregen.terminal import duration, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from featuregen.results import FeaturePicture, RunResult
    from featuregen.verify import Verification

_ACTIONS = {"create": "created", "modify": "modified", "delete": "deleted"}


def as_markdown(result: RunResult) -> str:
    """Sections that have nothing to say are left out, but never the proof and the next steps."""
    picture = result.picture
    title = md_text(picture.title) if picture else "All features"
    sections: list[tuple[str, Sequence[str]]] = [
        ("Summary", _summary(result)),
        ("Features", _features(picture) if picture else ()),
        ("Requirements", _requirements(picture) if picture else ()),
        ("Files", _files(result)),
        ("Security measures", _items(picture.security) if picture else ()),
        ("Tests and coverage", tuple(_proof(result))),
        ("Configuration required", _settings(picture) if picture else ()),
        ("Error answers", _errors(picture) if picture else ()),
        ("Open hooks", _hooks(picture) if picture else ()),
        ("Edits to make by hand", tuple(_by_hand(result))),
        ("Notes", _items(result.notes)),
        ("Next steps", _numbered(facts.next_steps(result))),
    ]
    blocks = [f"# {title}\n"]
    blocks += [f"## {name}\n\n" + "\n".join(lines) + "\n" for name, lines in sections if lines]
    return "\n".join(blocks)


def _summary(result: RunResult) -> Sequence[str]:
    lines = []
    picture = result.picture
    if picture and picture.summary:
        lines += [md_text(picture.summary), ""]
    if picture:
        lines.append(
            f"- feature {md_code(picture.feature)}, {facts.count(len(picture.routes), 'endpoint')}"
        )
    lines.append(f"- verification: {_verdict(result)}")
    return lines


def _verdict(result: RunResult) -> str:
    verification = result.verification
    if verification is None:
        return facts.why_no_proof(result)
    total = facts.covered(verification.coverage)
    coverage = "" if total is None else f", coverage {facts.percent(total)}"
    verdict = f"**{facts.proof_verdict(verification)}** in {duration(verification.seconds)}"
    return f"{verdict}: {facts.outcomes(verification.tests)}{coverage}"


def _features(picture: FeaturePicture) -> Sequence[str]:
    lines = _table(
        ("endpoint", "what it does", "access", "rate limit", "answers"),
        (
            (
                md_code(f"{one.method} {one.path}", in_cell=True),
                md_cell(one.summary),
                _access(one.access),
                ", ".join(one.limits),
                ", ".join(map(str, one.statuses)),
            )
            for one in picture.routes
        ),
    )
    return [*lines, "", *_items(picture.traits)] if picture.traits else lines


def _access(access: str) -> str:
    return md_code(access, in_cell=True) if "." in access else md_cell(access)


def _requirements(picture: FeaturePicture) -> Sequence[str]:
    if not picture.requirements:
        return ()
    lines = ["As the spec states them; they are not checked unless an example does it."]
    for name, items in picture.requirements:
        lines += ["", f"**{name.capitalize()}**", "", *_items(items)]
    return lines


def _files(result: RunResult) -> Sequence[str]:
    if not result.files:
        return ()
    return _table(
        ("file", "", "lines"),
        (
            (md_code(one.path, in_cell=True), _ACTIONS[one.action], str(one.lines))
            for one in result.files
        ),
    )


def _proof(result: RunResult) -> Iterator[str]:
    verification = result.verification
    if verification is None:
        yield f"Verification was {facts.why_no_proof(result)}."
        return
    yield "Measured in this run."
    yield ""
    yield from _table(
        ("check", "result", "what it found", "time"),
        (
            (
                one.name,
                "ok" if one.ok else "**FAILED**",
                md_cell(one.summary),
                duration(one.seconds),
            )
            for one in verification.stages
        ),
    )
    yield from _tests(verification)
    yield from _coverage(verification)
    yield from _failures(result, verification)


def _tests(verification: Verification) -> Iterator[str]:
    if not verification.tests:
        return
    by_file: dict[str, list[str]] = {}
    for test in verification.tests:
        by_file.setdefault(test.file, []).append(test.outcome)
    yield ""
    yield from _table(
        ("tests in", "passed", "others"),
        (
            (
                md_code(file, in_cell=True),
                str(found.count("passed")),
                ", ".join(
                    f"{found.count(one)} {one}" for one in dict.fromkeys(found) if one != "passed"
                ),
            )
            for file, found in sorted(by_file.items())
        ),
    )


def _coverage(verification: Verification) -> Iterator[str]:
    if not verification.coverage:
        return
    yield ""
    yield from _table(
        ("coverage of", "statements", "branches", "covered", "not run"),
        (
            (
                md_code(one.path, in_cell=True),
                str(one.statements),
                str(one.branches),
                facts.percent(one.percent),
                facts.uncovered(one),
            )
            for one in verification.coverage
        ),
    )


def _failures(result: RunResult, verification: Verification) -> Iterator[str]:
    for failure in facts.failures(verification):
        origin = facts.spec_place(failure, result)
        yield ""
        yield f"### {md_text(failure.stage)}: {md_code(failure.symbol or facts.place(failure))}"
        yield ""
        yield f"At {md_code(facts.place(failure))}" + (
            f", from {md_code(origin)}." if origin else "."
        )
        yield ""
        yield from _fenced(failure.message)


def _settings(picture: FeaturePicture) -> Sequence[str]:
    if not picture.settings:
        return ()
    return _table(
        ("variable", "required", "meaning", "default or example"),
        (
            (
                md_code(one.name, in_cell=True),
                "yes" if one.required else "no",
                md_cell(one.description),
                md_code(one.example, in_cell=True),
            )
            for one in picture.settings
        ),
    )


def _errors(picture: FeaturePicture) -> Sequence[str]:
    if not picture.errors:
        return ()
    return _table(
        ("status", "code", "title"),
        (
            (str(one.status), md_code(one.code, in_cell=True), md_cell(one.title))
            for one in sorted(picture.errors, key=lambda one: (one.status, one.code))
        ),
    )


def _hooks(picture: FeaturePicture) -> Sequence[str]:
    return [
        f"- {md_code(name)} at {md_code(at)}: answers 501 until it is written"
        for name, at in picture.hooks
    ]


def _by_hand(result: RunResult) -> Iterator[str]:
    for one in result.by_hand:
        yield f"### {md_code(one.path)} ({md_text(one.id)})"
        yield ""
        yield from _fenced(one.instructions)


def _items(texts: Sequence[str]) -> Sequence[str]:
    return [f"- {md_text(text)}" for text in texts]


def _numbered(texts: Sequence[str]) -> Sequence[str]:
    return [f"{number}. {md_text(text)}" for number, text in enumerate(texts, 1)]


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    rule = "|" + "---|" * len(head)
    return [_line(head), rule, *map(_line, body)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _fenced(text: str) -> Sequence[str]:
    import re

    lines = visible_lines(text.strip("\n")).split("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]
