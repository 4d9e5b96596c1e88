"""`featuregen init` and `featuregen import`: ways to a first spec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.cli.run import USAGE, Outcome, run
from featuregen.cli.spec_files import STDOUT, refuse_existing, write_new
from featuregen.errors import FeaturegenError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from featuregen.documents import Document
    from featuregen.drafting import Drafted
    from featuregen.importing import Imported, Note
    from featuregen.questions import Question
    from featuregen.terminal import Style

_SOURCES = ("openapi", "code")


@dataclass(frozen=True, slots=True)
class FirstSpec:
    """A spec that holds, where it was written to, and what is left to do."""

    command: str
    feature: str
    text: str
    file: str | None
    """None: it is printed."""
    questions: tuple[Question, ...]
    notes: tuple[Note, ...] = ()
    drafted: Drafted | None = None


def init_command(feature: str | None, output: Path | None, *, json: bool) -> int:
    """Ask, and write the spec."""
    return run("init", lambda: _init(feature, output), json=json)


def _init(feature: str | None, output: Path | None) -> Outcome:
    from featuregen.cli.wizard import finished

    wizard = finished(feature, lambda name: refuse_place(place_of(name, output)))
    name = dict(wizard.answers)["feature"]
    return outcome(_written("init", name, wizard.spec(), output))


def import_command(given: Namespace) -> int:
    """Read what there is, write the spec, and tell what it does not say."""
    return run("import", lambda: _import(given), json=given.json)


def _import(given: Namespace) -> Outcome:
    imported = _imported(given.source, given.files, given)
    return outcome(
        _written("import", imported.feature, imported.text, given.output, imported.notes)
    )


def _imported(source: str, files: Sequence[Path], given: Namespace) -> Imported:
    from featuregen.importing import import_code, import_openapi

    if source == "openapi":
        if len(files) > 1:
            raise FeaturegenError("one OpenAPI document at a time", exit_code=USAGE)
        return import_openapi(files[0], tag=given.tag, below=given.path, feature=given.feature)
    if source == "code":
        if given.tag is not None or given.path is not None:
            raise FeaturegenError(
                "--tag and --path choose from an OpenAPI document",
                hint="of code, name the files",
                exit_code=USAGE,
            )
        return import_code(files, feature=given.feature)
    raise FeaturegenError(
        f"'{source}' is nothing to import from",
        hint=f"it is one of {', '.join(_SOURCES)}: featuregen import openapi openapi.json",
        exit_code=USAGE,
    )


def place_of(feature: str, output: Path | None) -> Path | None:
    """The file that the spec goes to; None: to stdout."""
    if output is None:
        return Path(f"{feature}.yaml")
    return None if str(output) == STDOUT else output


def refuse_place(place: Path | None) -> None:
    """Raise where something is there already."""
    if place is not None:
        refuse_existing(place)


def _written(
    command: str, feature: str, text: str, output: Path | None, notes: tuple[Note, ...] = ()
) -> FirstSpec:
    return written(command, feature, text, place_of(feature, output), notes)


def written(
    command: str,
    feature: str,
    text: str,
    place: Path | None,
    notes: tuple[Note, ...] = (),
    drafted: Drafted | None = None,
) -> FirstSpec:
    """Write the spec, and see what it leaves open."""
    from featuregen.questions import open_questions
    from featuregen.spec.load import parse_spec

    questions = open_questions(parse_spec(text, str(place or f"{feature}.yaml")))
    if place is not None:
        write_new(place, text)
    file = str(place) if place is not None else None
    return FirstSpec(command, feature, text, file, questions, notes, drafted)


def outcome(first: FirstSpec) -> Outcome:
    """The spec itself goes to stdout only where no file has it."""

    def document() -> Document:
        from featuregen.cli.spec_documents import first_spec_document

        return first_spec_document(first)

    def text(style: Style) -> str:
        return first.text if first.file is None else _told(first, style)

    return Outcome(text=text, document=document, remarks=lambda _: _remarks(first))


def _told(first: FirstSpec, style: Style) -> str:
    from featuregen.cli.question_text import count

    file = visible(str(first.file))
    next_steps = [f"see what it makes:  featuregen plan {file}"]
    if first.questions:
        next_steps.insert(0, f"answer them:        featuregen questions {file} --interactive")
    lines = [
        f"{style.paint(style.ok, 'green')} {file}: written, and it holds",
        f"  {count(first.questions)}",
        *(f"  {step}" for step in next_steps),
    ]
    return "\n".join(lines) + "\n"


def _remarks(first: FirstSpec) -> str:
    """What was left behind, or what it took."""
    text = ""
    if first.notes:
        number = len(first.notes)
        text = f"{number} thing{'s' if number > 1 else ''} that the spec does not say:\n"
        text += "".join(f"  {visible(one.where)}: {visible(one.what)}\n" for one in first.notes)
    if first.drafted is not None:
        from featuregen.cli.draft import facts

        text += facts(first.drafted)
    return text
