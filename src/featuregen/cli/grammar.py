"""The command line as data: parsing, help and completion are all made from it.

Not typer: it checks its parameters with pydantic, which costs every command 0.3 s CPU, three times
what `check` takes as a whole, and nearly all that `new --no-verify` may take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from argparse import Namespace

Kind = Literal["flag", "text", "file", "folder", "spec", "feature", "code"]


class Argument(NamedTuple):
    """A positional argument. `many` takes as many as there are; not `required`, also none."""

    name: str
    metavar: str
    help: str
    kind: Kind
    many: bool = False
    required: bool = True


class Option(NamedTuple):
    """`--name`. A `flag` has no value; `default` is shown in the help."""

    name: str
    help: str
    kind: Kind = "flag"
    metavar: str | None = None
    default: str | None = None

    @property
    def target(self) -> str:
        return self.name.replace("-", "_")


class Command(NamedTuple):
    """`run` gets the parsed arguments by the names of the arguments and options; `json` always."""

    name: str
    summary: str
    run: Callable[[Namespace], int]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()


JSON = Option("json", "Print one JSON document on stdout.")
INTO = Option("into", "The project's folder.", "folder", "DIR", ".")
PYTHON = Option("python", "The interpreter to verify with.", "file", "PYTHON")
NO_VERIFY = Option("no-verify", "Skip ruff, mypy and the tests.")
OFFLINE = Option("offline", "Never ask a package index.")

SPEC = Argument("spec", "SPEC", "The spec, a YAML file.", "spec")
SPECS = Argument("specs", "SPEC", "The specs, YAML files.", "spec", many=True)
FEATURE = Argument("feature", "FEATURE", "A feature of the project.", "feature")
FEATURES = Argument(
    "features", "FEATURE", "The features; without, all.", "feature", many=True, required=False
)
CODE = Argument(
    "code", "CODE", "As in FG103; without, all codes are listed.", "code", required=False
)


def _check(given: Namespace) -> int:
    from featuregen.cli.check import check_command

    return check_command(given.specs, json=given.json)


def _plan(given: Namespace) -> int:
    from featuregen.cli.generate import plan_command

    return plan_command(given.spec, given.into, all_diffs=given.diff, json=given.json)


def _new(given: Namespace) -> int:
    from featuregen.cli.generate import new_command

    return new_command(given.specs, given.into, _options(given), json=given.json)


def _verify(given: Namespace) -> int:
    from featuregen.cli.prove import verify_command

    return verify_command(given.into, tuple(given.features), _options(given), json=given.json)


def _report(given: Namespace) -> int:
    from featuregen.cli.prove import report_command

    return report_command(given.into, given.feature, _options(given), json=given.json)


def _schema(given: Namespace) -> int:
    from featuregen.cli.language import schema_command

    return schema_command(json=given.json)


def _explain(given: Namespace) -> int:
    from featuregen.cli.language import explain_command

    return explain_command(given.code, json=given.json)


def _options(given: Namespace) -> Any:  # noqa: ANN401 - `pipeline.Options`, not imported up here
    from featuregen.pipeline import Options

    skip = getattr(given, "no_verify", False)
    return Options(verify=not skip, python=given.python, offline=given.offline)


_ALL = (
    Command("check", "Validate specs; write nothing.", _check, (SPECS,), (JSON,)),
    Command(
        "plan",
        "Show what 'new' would do; write nothing.",
        _plan,
        (SPEC,),
        (INTO, Option("diff", "Show the diff of every file, not only of shared ones."), JSON),
    ),
    Command(
        "new",
        "Generate features, prove them, and bring them into the project.",
        _new,
        (SPECS,),
        (INTO, PYTHON, NO_VERIFY, OFFLINE, JSON),
    ),
    Command(
        "verify",
        "Run ruff, mypy and the tests of a project's features again.",
        _verify,
        (FEATURES,),
        (INTO, PYTHON, OFFLINE, JSON),
    ),
    Command(
        "report",
        "Print a feature's report as Markdown, with what its tests measure now.",
        _report,
        (FEATURE,),
        (INTO, PYTHON, NO_VERIFY, OFFLINE, JSON),
    ),
    Command("schema", "Print the JSON Schema of specs, for editors.", _schema, (), (JSON,)),
    Command("explain", "Explain a diagnostic's code.", _explain, (CODE,), (JSON,)),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
