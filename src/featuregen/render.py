"""Plans → files: Jinja2, then ruff. A template that renders to nothing makes no file.

An output path is its template's path, with the words `feature`, `plural` and `upstream` of a file
name replaced: `feature/tests/test_feature_api.py.jinja` → `tests/test_payment_api.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from featuregen.errors import FeaturegenError
from featuregen.house import blamed_on
from featuregen.templates import templates_root

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

    from featuregen.house import House
    from featuregen.plan.contribution import Contribution
    from featuregen.plan.model import FeaturePlan
    from featuregen.plan.project import ProjectPlan

RUFF_SETTINGS = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--config", "line-length=100",
    "--config", 'target-version="py311"',
)  # fmt: skip
README_SECTION = "feature/README.section.md.jinja"
_SPECIAL = frozenset({README_SECTION})


@lru_cache(maxsize=4)
def environment(house: House | None = None) -> Environment:
    """The Jinja environment, with a team's own templates first; compiled ones are kept."""
    from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

    from featuregen.cache import cache_dir

    kind: type[Environment] = Environment
    loader: BaseLoader = FileSystemLoader(templates_root())
    if house is not None:
        kind, loader = _with_house(house, loader)
    return kind(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # A sandbox compiles the same template to other code: each kind has its own cache.
        bytecode_cache=FileSystemBytecodeCache(str(cache_dir(f"jinja-{kind.__name__.lower()}"))),
        auto_reload=False,
        cache_size=-1,
    )


def _with_house(house: House, ours: BaseLoader) -> tuple[type[Environment], BaseLoader]:
    """The sandbox, and a loader of the team's templates, then ours; ours also by a prefix."""
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from featuregen.house import ORIGINALS

    originals = PrefixLoader({ORIGINALS: ours})
    loader = ChoiceLoader([originals, FileSystemLoader(house.root), ours])
    return ImmutableSandboxedEnvironment, loader


def render_feature(
    plan: FeaturePlan, house: House | None = None
) -> tuple[dict[str, str], Contribution]:
    """The feature's own files, not yet formatted, and its contribution with the README section."""
    context = feature_context(plan)
    files: dict[str, str] = {}
    jinja = environment(house)
    with blamed_on(house):
        for template in templates_of("feature", house):
            for path, extra in outputs(template, plan):
                files[path] = jinja.get_template(template).render({**context, **extra})
        section = jinja.get_template(README_SECTION).render(context)
    return _written(files), replace(plan.contribution, readme=section.strip("\n") + "\n")


def render_project(
    project: ProjectPlan, contributions: Sequence[Contribution], house: House | None = None
) -> dict[str, str]:
    """The skeleton and the shared files, not yet formatted."""
    context = project_context(project, contributions)
    jinja = environment(house)
    with blamed_on(house):
        files = {
            _output(template): jinja.get_template(template).render(context)
            for template in templates_of("project", house)
        }
    return _written(files)


def feature_context(plan: FeaturePlan) -> dict[str, object]:
    """What a feature's templates see, besides their own `client` and `fake`."""
    return {
        "feature": plan.feature,
        "models": plan.models,
        "tables": plan.tables,
        "service": plan.service,
        "operations": plan.operations,
        "hooks": plan.hooks,
        "router": plan.router,
        "jobs": plan.jobs,
        "webhooks": plan.webhooks,
        "tests": plan.tests,
        "model_tests": plan.model_tests,
        "stored_tests": plan.stored_tests,
        "list_tests": plan.list_tests,
        "cached_tests": plan.cached_tests,
        "money_tests": plan.money_tests,
        "webhook_tests": plan.webhook_tests,
        "jobs_tests": plan.jobs_tests,
        "docs": plan.docs,
    }


def project_context(
    project: ProjectPlan, contributions: Sequence[Contribution]
) -> dict[str, object]:
    """What the project's templates see."""
    return {
        "project": project,
        "features": tuple(sorted(contributions, key=lambda item: item.feature)),
    }


@lru_cache(maxsize=8)
def templates_of(kind: str, house: House | None = None) -> tuple[str, ...]:
    """The names of all templates of `feature` or `project`, a team's among them."""
    ours = templates_root()
    names = {path.relative_to(ours).as_posix() for path in (ours / kind).rglob("*.jinja")}
    names.update(name for name in (house.files if house else ()) if name.startswith(f"{kind}/"))
    return tuple(sorted(names - _SPECIAL))


def outputs(template: str, plan: FeaturePlan) -> Iterable[tuple[str, Mapping[str, object]]]:
    """Output paths of a feature's template: one, or one for each upstream."""
    path = _output(template)
    folder, _, name = path.rpartition("/")
    words = {"feature": plan.feature.name, "plural": plan.feature.plural}
    if re.search(r"(?<![a-z])upstream(?![a-z])", name):
        for client, fake in zip(plan.clients, plan.fakes, strict=True):
            yield (
                f"{folder}/{_named(name, {**words, 'upstream': client.name})}",
                {"client": client, "fake": fake},
            )
    else:
        yield f"{folder}/{_named(name, words)}", {}


def _named(name: str, words: Mapping[str, str]) -> str:
    return re.sub(
        r"(?<![a-z])(feature|plural|upstream)(?![a-z])",
        lambda match: words.get(match.group(), match.group()),
        name,
    )


def _output(template: str) -> str:
    return template.partition("/")[2].removesuffix(".jinja")


def _written(files: Mapping[str, str]) -> dict[str, str]:
    """Without what rendered to nothing."""
    return {path: text for path, text in files.items() if text.strip()}


def format_files(
    files: Mapping[str, str], known: Mapping[str, Formatted] | None = None
) -> dict[str, str]:
    """Sort imports, drop unused ones and format, all Python files in two runs of ruff.

    `known` are texts that ruff made the last time: what is one of them already stays as it is.
    """
    with drafts(known) as drafted:
        paths = drafted.add(files)
        drafted.format()
        return {path: drafted.read(path) for path in paths}


class Formatted(Protocol):
    """A file that ruff has formatted the last time; its bytes need not be in memory."""

    @property
    def text(self) -> bytes:
        """The bytes."""


@contextmanager
def drafts(known: Mapping[str, Formatted] | None = None) -> Iterator[Drafts]:
    """Where files wait to be formatted together; `known` as for `format_files`."""
    with tempfile.TemporaryDirectory(prefix="featuregen-") as folder:
        yield Drafts(Path(folder), known or {})


class Drafts:
    """Rendered files on the disk, so that none of many features' is held in memory."""

    def __init__(self, folder: Path, known: Mapping[str, Formatted]) -> None:
        self._python, self._ready = folder / "python", folder / "ready"
        self._known = known
        self._unformatted: set[str] = set()
        self._made: set[Path] = set()

    def add(self, files: Mapping[str, str]) -> tuple[str, ...]:
        """Put files down, what needs no formatting apart from ruff; their paths."""
        for path, text in files.items():
            content = text.encode()
            if path.endswith(".py") and not self._is_formatted(path, content):
                self._unformatted.add(path)
            place = self._place(path)
            if place.parent not in self._made:
                place.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(place.parent)
            place.write_bytes(content)
        return tuple(files)

    def format(self) -> None:
        """Format all that is there, in two runs of ruff."""
        if not self._unformatted:
            return
        _ruff(
            self._python,
            "check", "--fix", "--select", "I,F401,UP037", *RUFF_SETTINGS,
            "--config", 'lint.isort.known-first-party=["app","tests"]',
        )  # fmt: skip
        _ruff(self._python, "format", *RUFF_SETTINGS)

    def read(self, path: str) -> str:
        """A file as it stands now."""
        return self._place(path).read_bytes().decode()

    def _is_formatted(self, path: str, content: bytes) -> bool:
        known = self._known.get(path)
        return known is not None and known.text == content

    def _place(self, path: str) -> Path:
        return (self._python if path in self._unformatted else self._ready) / path


def _ruff(root: Path, *arguments: str) -> None:
    done = subprocess.run(
        [ruff_bin(), *arguments, "."], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode > 1 or "invalid-syntax" in done.stdout:
        raise FeaturegenError(
            "the rendered code does not parse: a template or the plan is at fault",
            hint=(done.stdout + done.stderr).strip()[:2000],
            exit_code=70,
        )


def ruff_bin() -> str:
    """The ruff beside our interpreter; elsewhere only where it is not there.

    Looking elsewhere imports `sysconfig`, which costs as much as a run of ruff.
    """
    beside = Path(sys.executable).with_name("ruff.exe" if os.name == "nt" else "ruff")
    if beside.is_file():
        return str(beside)
    from ruff import findruff_bin

    found: str = findruff_bin()
    return found
