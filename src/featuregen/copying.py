"""What copier asks of featuregen: which spec it was given, and to apply it.

copier writes nothing but the answers file (`answers`); a task or a migration then runs the same
pipeline as `featuregen new` and `featuregen update`.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featuregen.answers import TEMPLATE_URL, Answers, answers_path, parse_answers
from featuregen.errors import FeaturegenError
from featuregen.version import VERSION

if TYPE_CHECKING:
    from featuregen.pipeline import Options
    from featuregen.progress import Progress
    from featuregen.results import RunResult
    from featuregen.spec.yaml_text import Plain

CONTROLS = frozenset({"spec", "applied", "verify", "offline", "python"})
"""Answers that are no part of a spec."""


@dataclass(frozen=True, slots=True)
class GivenSpec:
    """A spec as copier was given it. `file` is its name in diagnostics."""

    text: str
    file: str


def check_version(template: str) -> None:
    """Raise `FeaturegenError` unless the copier template is that of this featuregen."""
    if template != VERSION:
        raise FeaturegenError(
            f"the template is of featuregen {template}, and featuregen {VERSION} is installed",
            hint=f"install that one: pip install 'featuregen=={template}'; or name this one's "
            f"template: copier … --vcs-ref v{VERSION}",
        )


def given_spec(data: Mapping[str, Any], arguments: Sequence[str]) -> GivenSpec | None:
    """The spec in copier's `--data` and `--data-file`; None where there is none.

    `arguments` are copier's own: a spec that came as a data file is taken from that file, word for
    word. copier has read it as YAML 1.1, without its comments; values alone are written out anew.
    """
    if isinstance(text := data.get("spec"), str):
        return GivenSpec(text if text.endswith("\n") else text + "\n", "spec")
    values = {
        key: value
        for key, value in data.items()
        if key not in CONTROLS and not str(key).startswith("_")
    }
    if not values.keys() - {"feature"}:
        return None
    return _data_file(values, arguments) or GivenSpec(_written(values), "spec")


def _data_file(values: Mapping[str, Any], arguments: Sequence[str]) -> GivenSpec | None:
    import yaml

    name = _option(arguments, "--data-file")
    try:
        text = Path(name).read_bytes().decode() if name else ""
        read = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    same = isinstance(read, dict) and {str(k): v for k, v in read.items()} == dict(values)
    return GivenSpec(text, str(name)) if same else None


def _option(arguments: Sequence[str], option: str) -> str | None:
    for at, argument in enumerate(arguments):
        if argument == option and at + 1 < len(arguments):
            return arguments[at + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return None


def _written(values: Mapping[str, Any]) -> str:
    from featuregen.spec.yaml_text import lines

    return "\n".join(lines({key: _plain(value) for key, value in values.items()}, 0)) + "\n"


def _plain(value: Any) -> Plain:  # noqa: ANN401 - whatever YAML 1.1 makes of a text
    """A value as YAML 1.2 has it; raises `FeaturegenError` where 1.1 has changed what was meant."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):  # a datetime is one too
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise _misread(repr(value))


def _key(key: object) -> str | int:
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise _misread(f"the key {key!r}")
    return key


def _misread(what: str) -> FeaturegenError:
    return FeaturegenError(
        f"copier read {what} out of the spec: it takes it for YAML 1.1",
        hint="give the spec as a file of its own: --data-file SPEC",
    )


def check_given(given: GivenSpec, into: Path, last: str) -> None:
    """Raise `FeaturegenError` where the spec cannot be applied, before copier writes anything.

    `last` is the spec in the answers that copier updates; empty where it adds a feature.
    """
    from featuregen.pipeline import is_applied
    from featuregen.project import find_project
    from featuregen.spec.load import parse_spec

    spec = parse_spec(given.text, given.file)
    if not last:
        is_applied(spec, given.text.encode(), find_project(into))
        return
    if spec.feature != (before := _feature_of(last)):
        raise FeaturegenError(
            f"these are the answers of {before!r}, and the spec is that of {spec.feature!r}",
            where=given.file,
            hint="add a feature with: copier copy",
        )
    _check_unedited(into, spec.feature, given.text)


def _check_unedited(root: Path, feature: str, spec: str) -> None:
    """Raise `FeaturegenError` for two new specs: one edited in the project, one given."""
    from featuregen.lock import load_lock, spec_hash

    lock = load_lock(root, feature)
    text = _spec_file(root, feature).read_bytes() if lock else b""
    if lock and spec_hash(text) not in {spec_hash(spec.encode()), lock.spec_hash}:
        raise FeaturegenError(
            f"the spec of {feature!r} was edited in the project, and copier is given another one",
            where=f"features/{feature}.yaml",
            hint="bring in what was edited: copier update without data",
            exit_code=3,
        )


def _spec_file(root: Path, feature: str) -> Path:
    return root / "features" / f"{feature}.yaml"


def _feature_of(spec: str) -> str:
    found = re.search(r"^feature:\s*[\"']?(\w+)", spec, re.MULTILINE)
    return found.group(1) if found else ""


def apply_answers(root: Path, answers_file: str, options: Options, progress: Progress) -> RunResult:
    """Bring the spec in the answers into the project, as `featuregen new` or `update` does.

    copier has written the answers by now: they are taken back where the run comes to nothing.
    """
    answers = _read(root, answers_file)
    before = _before(root, answers_file, answers.feature)
    try:
        result = _apply(root, answers, options, progress)
    except BaseException:
        _put_back(before)
        raise
    if result.outcome == "failed":
        _put_back(before)
    return result


def _apply(root: Path, answers: Answers, options: Options, progress: Progress) -> RunResult:
    from featuregen.lifecycle.updating import update
    from featuregen.lock import load_lock, spec_hash
    from featuregen.pipeline import Given, new
    from featuregen.spec.load import parse_spec

    spec = answers.spec.encode()
    lock = load_lock(root, answers.feature)
    if lock is None:
        name = f"features/{answers.feature}.yaml"
        return new(Given(parse_spec(answers.spec, name), spec), root, options, progress)
    if spec_hash(spec) != lock.spec_hash:  # copier was given another one
        _spec_file(root, answers.feature).write_bytes(spec)
    return update(root, (answers.feature,), options, progress)


def _before(root: Path, answers_file: str, feature: str) -> dict[Path, bytes | None]:
    """What copier or `_apply` overwrites, as it was. copier updates committed answers only."""
    from featuregen.lock import load_lock

    answers = root / answers_file
    if load_lock(root, feature) is None:
        return {answers: None}
    spec = _spec_file(root, feature)
    before: dict[Path, bytes | None] = {spec: spec.read_bytes()} if spec.is_file() else {}
    committed = subprocess.run(
        ["git", "show", f"HEAD:./{answers_file}"], cwd=root, capture_output=True, check=False
    )
    return before if committed.returncode else {**before, answers: committed.stdout}


def _put_back(before: Mapping[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty: there are other features
                path.parent.rmdir()
        elif path.read_bytes() != content:
            path.write_bytes(content)


def check_answers(root: Path, answers_file: str) -> None:
    """Raise `FeaturegenError` where an update cannot be: before copier has touched the project."""
    from featuregen.lifecycle.known import check_version as check_locks
    from featuregen.lifecycle.known import read_known
    from featuregen.lifecycle.rendering import read_specs
    from featuregen.project import existing_project

    project = existing_project(root)
    check_locks(read_known(project))
    read_specs(project.root, [_read(root, answers_file).feature])


def _read(root: Path, answers_file: str) -> Answers:
    path = root / answers_file
    answers = parse_answers(path.read_text(encoding="utf-8"), answers_file)
    if path.resolve() != (root / answers_path(answers.feature)).resolve():
        raise FeaturegenError(
            f"the answers of {answers.feature!r} lie in another place than featuregen's",
            where=answers_file,
            hint=f"call copier without --answers-file, or with -a {answers_path(answers.feature)}",
        )
    if not answers.spec:
        raise FeaturegenError(
            "copier was given no spec",
            hint=f"copier copy --trust --data-file SPEC {TEMPLATE_URL} DIR",
            exit_code=2,
        )
    return answers
