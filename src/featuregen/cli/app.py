"""The command line's grammar: the arguments and the help of every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featuregen.cli import complete
from featuregen.version import VERSION

_DOCS = """Turn a feature spec in YAML into a complete, tested FastAPI feature.

Exit codes: 0 done; 1 the spec, the project or the generated tests are at fault; 2 usage; 3 drift or
conflict; 70 a bug in featuregen; 130 interrupted.
"""

app = typer.Typer(
    name="featuregen",
    help=_DOCS,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Spec = Annotated[
    Path, typer.Argument(metavar="SPEC", help="The spec, a YAML file.", show_default=False)
]
Specs = Annotated[
    list[Path], typer.Argument(metavar="SPEC...", help="The specs, YAML files.", show_default=False)
]
Into = Annotated[
    Path,
    typer.Option(
        "--into", metavar="DIR", help="The project's folder.", file_okay=False, show_default="."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Python = Annotated[
    Path | None,
    typer.Option(
        "--python",
        metavar="PYTHON",
        help="The interpreter to verify with.",
        dir_okay=False,
        show_default=False,
    ),
]
NoVerify = Annotated[bool, typer.Option("--no-verify", help="Skip ruff, mypy and the tests.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never ask a package index.")]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        from featuregen.terminal import to_stdout

        to_stdout(f"featuregen {VERSION}\n")
        raise typer.Exit


@app.callback()
def featuregen(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """The options that stand before a command."""


@app.command()
def check(specs: Specs, *, json: Json = False) -> int:
    """Validate specs; write nothing."""
    from featuregen.cli.check import check_command

    return check_command(specs, json=json)


@app.command()
def plan(
    spec: Spec,
    into: Into = Path(),
    *,
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff of every file.")] = False,
    json: Json = False,
) -> int:
    """Show what 'new' would do: routes, settings, errors, files, diffs of shared files."""
    from featuregen.cli.generate import plan_command

    return plan_command(spec, into, all_diffs=diff, json=json)


@app.command()
def new(
    spec: Spec,
    into: Into = Path(),
    python: Python = None,
    *,
    no_verify: NoVerify = False,
    offline: Offline = False,
    json: Json = False,
) -> int:
    """Generate a feature, prove it with ruff, mypy and its tests, and bring it into the project."""
    from featuregen.cli.generate import new_command
    from featuregen.pipeline import Options

    options = Options(verify=not no_verify, python=python, offline=offline)
    return new_command(spec, into, options, json=json)


@app.command()
def verify(
    features: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FEATURE]...",
            help="The features; all of the project when none is named.",
            autocompletion=complete.features,
            show_default=False,
        ),
    ] = None,
    into: Into = Path(),
    python: Python = None,
    *,
    offline: Offline = False,
    json: Json = False,
) -> int:
    """Run the proof of a project's features again: ruff, mypy, tests with coverage."""
    from featuregen.cli.prove import verify_command
    from featuregen.pipeline import Options

    return verify_command(
        into, tuple(features or ()), Options(python=python, offline=offline), json=json
    )


@app.command()
def report(
    feature: Annotated[
        str,
        typer.Argument(
            metavar="FEATURE",
            help="A feature of the project.",
            autocompletion=complete.features,
            show_default=False,
        ),
    ],
    into: Into = Path(),
    python: Python = None,
    *,
    no_verify: NoVerify = False,
    offline: Offline = False,
    json: Json = False,
) -> int:
    """Print a feature's report as Markdown, with what its tests measure in this run."""
    from featuregen.cli.prove import report_command
    from featuregen.pipeline import Options

    options = Options(verify=not no_verify, python=python, offline=offline)
    return report_command(into, feature, options, json=json)


@app.command()
def schema(*, json: Json = False) -> int:
    """Print the JSON Schema of specs, for editors."""
    from featuregen.cli.language import schema_command

    return schema_command(json=json)


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]", help="As in 'FG103'; all codes without it.", show_default=False
        ),
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Explain a diagnostic, with a wrong and a right example."""
    from featuregen.cli.language import explain_command

    return explain_command(code, json=json)


def run_app(arguments: list[str]) -> int:
    """Parse and run a command line; its exit code."""
    try:
        code = app(arguments, prog_name="featuregen", standalone_mode=False)
    except typer.TyperException as error:
        from featuregen.cli.usage import usage_fault

        return usage_fault(error, json="--json" in arguments)
    return code if isinstance(code, int) else 0
