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
    """A positional argument. `many` takes as many as there are; not `required`, also none.

    `words` are those that it may be, to complete it.
    """

    name: str
    metavar: str
    help: str
    kind: Kind
    many: bool = False
    required: bool = True
    words: tuple[str, ...] = ()


class Option(NamedTuple):
    """`--name`. A `flag` has no value; `default` is shown in the help; `many` may be repeated.

    `words` are those that the value may be, to complete it.
    """

    name: str
    help: str
    kind: Kind = "flag"
    metavar: str | None = None
    default: str | None = None
    many: bool = False
    words: tuple[str, ...] = ()

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
TEMPLATES = Option(
    "templates", "A new project's own templates: a folder, or git+URL@TAG.", "text", "PLACE"
)
PYTHON = Option("python", "The interpreter to verify with.", "file", "PYTHON")
NO_VERIFY = Option("no-verify", "Skip ruff, mypy and the tests.")
OFFLINE = Option("offline", "Never ask a package index.")

SPEC = Argument("spec", "SPEC", "The spec, a YAML file.", "spec")
SPECS = Argument("specs", "SPEC", "The specs, YAML files.", "spec", many=True)
FEATURE = Argument("feature", "FEATURE", "A feature of the project.", "feature")
FEATURES = Argument(
    "features", "FEATURE", "The features; without, all.", "feature", many=True, required=False
)
DRY_RUN = Option("dry-run", "Say what would be done; write nothing.")
DIFF = Option("diff", "Show the diff of every file.")
CONFLICTS = Option(
    "conflicts",
    "Where conflicts go: 'inline', or 'file', beside yours, so that the code still imports.",
    "text",
    "MODE",
    "inline",
    words=("inline", "file"),
)
CODE = Argument(
    "code", "CODE", "As in FG103; without, all codes are listed.", "code", required=False
)
OUTPUT = Option(
    "output",
    "Where the spec is written, '-' for stdout; otherwise FEATURE.yaml. Never over a file.",
    "file",
    "FILE",
)


def _check(given: Namespace) -> int:
    from featuregen.cli.check import check_command

    return check_command(given.specs, strict=given.strict, json=given.json)


def _init(given: Namespace) -> int:
    from featuregen.cli.first_specs import init_command

    return init_command(given.feature, given.output, json=given.json)


def _import(given: Namespace) -> int:
    from featuregen.cli.first_specs import import_command

    return import_command(given)


def _draft(given: Namespace) -> int:
    from featuregen.cli.draft import draft_command

    return draft_command(
        given.ticket, given.model, given.output, json=given.json, as_text=given.text
    )


def _questions(given: Namespace) -> int:
    from featuregen.cli.questions import questions_command

    return questions_command(given)


def _plan(given: Namespace) -> int:
    from featuregen.cli.generate import plan_command

    return plan_command(
        given.spec, given.into, given.templates, all_diffs=given.diff, json=given.json
    )


def _new(given: Namespace) -> int:
    from featuregen.cli.generate import new_command

    return new_command(given.specs, given.into, given.templates, _options(given), json=given.json)


def _verify(given: Namespace) -> int:
    from featuregen.cli.prove import verify_command

    return verify_command(given.into, tuple(given.features), _options(given), json=given.json)


def _report(given: Namespace) -> int:
    from featuregen.cli.prove import report_command

    return report_command(given.into, given.feature, _options(given), json=given.json)


def _update(given: Namespace) -> int:
    from featuregen.cli.lifecycle import update_command

    return update_command(given, _options(given))


def _remove(given: Namespace) -> int:
    from featuregen.cli.lifecycle import remove_command

    return remove_command(given, _options(given))


def _rename(given: Namespace) -> int:
    from featuregen.cli.lifecycle import rename_command

    return rename_command(given, _options(given))


def _resolve(given: Namespace) -> int:
    from featuregen.cli.lifecycle import resolve_command

    return resolve_command(given, _options(given))


def _status(given: Namespace) -> int:
    from featuregen.cli.lifecycle import status_command

    return status_command(given.into, json=given.json)


def _blame(given: Namespace) -> int:
    from featuregen.cli.lifecycle import blame_command

    return blame_command(str(given.place), given.into, json=given.json)


def _lock(given: Namespace) -> int:
    from featuregen.cli.lifecycle import lock_command

    return lock_command(given)


def _templates(given: Namespace) -> int:
    from featuregen.cli.house import templates_command

    return templates_command(given)


def _agents(given: Namespace) -> int:
    from featuregen.cli.agents import agents_command

    return agents_command(given)


def _mcp(given: Namespace) -> int:
    from featuregen.cli.agents import mcp_command

    return mcp_command(given.into, _options(given), given.http, json=given.json)


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
    Command(
        "init",
        "Ask for a feature in a few prompts, and write its first spec.",
        _init,
        (Argument("feature", "FEATURE", "Its name in snake_case.", "text", required=False),),
        (OUTPUT, JSON),
    ),
    Command(
        "import",
        "Write a first spec from an OpenAPI document, or from FastAPI code.",
        _import,
        (
            Argument(
                "source", "SOURCE", "One of openapi, code.", "text", words=("openapi", "code")
            ),
            Argument("files", "FILE", "A document; or files of code.", "file", many=True),
        ),
        (
            Option("tag", "Only the operations with this tag; of openapi.", "text", "TAG"),
            Option("path", "Only the paths that begin like this; of openapi.", "text", "PATH"),
            Option("feature", "The feature's name, in snake_case.", "text", "NAME"),
            OUTPUT,
            JSON,
        ),
    ),
    Command(
        "draft",
        "Have a language model write a first spec from a ticket.",
        _draft,
        (Argument("ticket", "TICKET", "A text file; '-' is stdin.", "file"),),
        (
            Option("model", "As provider:name; otherwise FEATUREGEN_MODEL.", "text", "MODEL"),
            Option("text", "Have it write YAML, not values for the JSON Schema."),
            OUTPUT,
            JSON,
        ),
    ),
    Command(
        "questions",
        "Ask what a spec leaves open, and write the answers into it.",
        _questions,
        (SPEC,),
        (
            Option("interactive", "One by one, the five that matter most first."),
            Option(
                "answer",
                "As in FGQ012=b, or FGQ012@models.Note=b for one place; repeatable.",
                "text",
                "ANSWER",
                many=True,
            ),
            Option(
                "waive",
                "No, because: 'FGQ012@models.Note=the editor limits it'; repeatable.",
                "text",
                "REASON",
                many=True,
            ),
            Option("defaults", "Answer all that is open with the safest option."),
            Option("dry-run", "Show the diff; write nothing."),
            JSON,
        ),
    ),
    Command(
        "check",
        "Validate specs; write nothing.",
        _check,
        (SPECS,),
        (Option("strict", "Fail on open questions of high severity, too."), JSON),
    ),
    Command(
        "plan",
        "Show what 'new' would do; write nothing.",
        _plan,
        (SPEC,),
        (
            INTO,
            TEMPLATES,
            Option("diff", "Show the diff of every file, not only of shared ones."),
            JSON,
        ),
    ),
    Command(
        "new",
        "Generate features, prove them, and bring them into the project.",
        _new,
        (SPECS,),
        (INTO, TEMPLATES, PYTHON, NO_VERIFY, OFFLINE, JSON),
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
    Command(
        "update",
        "Bring changed specs and newer templates in; your edits stay.",
        _update,
        (FEATURES,),
        (
            INTO,
            Option("all", "Every feature, as when none is named."),
            Option("check", "Only say whether an update is due: exit code 3."),
            DRY_RUN,
            DIFF,
            CONFLICTS,
            PYTHON,
            NO_VERIFY,
            OFFLINE,
            JSON,
        ),
    ),
    Command(
        "remove",
        "Take a feature out, exactly; files that you have edited stay.",
        _remove,
        (FEATURE,),
        (
            INTO,
            Option("force", "Delete edited files, too; on a terminal it asks first."),
            DRY_RUN,
            DIFF,
            PYTHON,
            NO_VERIFY,
            OFFLINE,
            JSON,
        ),
    ),
    Command(
        "rename",
        "Give a feature another name; your edits move along.",
        _rename,
        (
            Argument("old", "OLD", "The feature's name.", "feature"),
            Argument("new", "NEW", "Its new name, in snake_case.", "text"),
        ),
        (INTO, DRY_RUN, DIFF, CONFLICTS, PYTHON, NO_VERIFY, OFFLINE, JSON),
    ),
    Command(
        "resolve",
        "List the conflicts of an update; once they are mended, prove the code.",
        _resolve,
        (),
        (INTO, PYTHON, NO_VERIFY, OFFLINE, JSON),
    ),
    Command(
        "status",
        "Show the features, what is due, and what you have edited.",
        _status,
        (),
        (INTO, JSON),
    ),
    Command(
        "blame",
        "Say where a line comes from: a template and the spec, or you.",
        _blame,
        (Argument("place", "FILE:LINE", "A line of a file of the project.", "file"),),
        (INTO, JSON),
    ),
    Command(
        "lock",
        "Make damaged locks anew from the specs.",
        _lock,
        (),
        (
            INTO,
            Option("rebuild", "Render the specs, and keep that as what was rendered last."),
            JSON,
        ),
    ),
    Command(
        "templates",
        "List the templates, and start your own over them.",
        _templates,
        (
            Argument(
                "action",
                "ACTION",
                "One of list, eject, diff, accept.",
                "text",
                words=("list", "eject", "diff", "accept"),
            ),
            Argument("template", "TEMPLATE", "As 'list' names it.", "text", required=False),
        ),
        (
            INTO,
            Option("to", "The folder for your templates.", "text", "DIR"),
            Option("blocks", "Eject the blocks to fill, not a copy of the whole."),
            JSON,
        ),
    ),
    Command(
        "agents",
        "Install a skill, a subagent and the MCP server for coding agents.",
        _agents,
        (
            Argument("action", "ACTION", "It is 'install'.", "text", words=("install",)),
            Argument(
                "agents",
                "AGENT",
                "Some of claude, codex, cursor, all; without, those that are installed, or all.",
                "text",
                many=True,
                required=False,
                words=("claude", "codex", "cursor", "all"),
            ),
        ),
        (INTO, Option("check", "Only say whether anything is due: exit code 3."), JSON),
    ),
    Command(
        "mcp",
        "Serve a folder to coding agents, over MCP on stdin and stdout.",
        _mcp,
        (),
        (
            INTO,
            Option("http", "Serve over HTTP, on this port of 127.0.0.1.", "text", "PORT"),
            PYTHON,
            NO_VERIFY,
            OFFLINE,
            JSON,
        ),
    ),
    Command("schema", "Print the JSON Schema of specs, for editors.", _schema, (), (JSON,)),
    Command("explain", "Explain a diagnostic's code.", _explain, (CODE,), (JSON,)),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
