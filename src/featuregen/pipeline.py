"""The commands, each a paragraph: what happens, in which order. Nothing is printed here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from featuregen.checked import CheckResult
from featuregen.errors import Diagnostic, FeaturegenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from featuregen.assemble import Assembly
    from featuregen.environment import Environment
    from featuregen.plan.model import FeaturePlan
    from featuregen.progress import Progress, Stopwatch
    from featuregen.project import Project
    from featuregen.results import FileChange, PlanResult, RunResult
    from featuregen.spec.model import FeatureSpec
    from featuregen.verify import Verification
    from featuregen.workspace import Staged


@dataclass(frozen=True, slots=True)
class Options:
    verify: bool = True
    python: Path | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Preparation:
    """A feature, staged: everything but the proof."""

    spec: FeatureSpec
    plan: FeaturePlan
    project: Project
    assembly: Assembly
    staged: Staged


def check(spec_path: Path) -> CheckResult:
    """Load the spec; raises `SpecError` with every diagnostic."""
    from featuregen.spec.load import load_spec

    spec = load_spec(spec_path)
    return CheckResult(spec.source.file, spec.feature, warnings_of(spec))


def warnings_of(spec: FeatureSpec) -> tuple[Diagnostic, ...]:
    return spec.warnings


def plan(spec_path: Path, into: Path) -> PlanResult:
    """The dry run of `new`: nothing is written."""
    from featuregen.picture import feature_picture
    from featuregen.progress import Silent, Stopwatch
    from featuregen.project import find_project
    from featuregen.results import PlanResult
    from featuregen.spec.load import load_spec
    from featuregen.workspace import tree_diff

    spec = load_spec(spec_path)
    prepared = prepare(spec, spec_path.read_bytes(), find_project(into), Stopwatch(Silent()))
    return PlanResult(
        root=str(prepared.project.root),
        new_project=not prepared.project.exists,
        picture=feature_picture(spec),
        files=file_changes(prepared.staged),
        diffs=tree_diff(prepared.staged),
        shared=frozenset(prepared.assembly.shared) if prepared.project.exists else frozenset(),
        by_hand=tuple(prepared.assembly.by_hand),
        notes=tuple(prepared.assembly.notes),
        warnings=warnings_of(spec),
    )


def new(spec_path: Path, into: Path, options: Options, progress: Progress) -> RunResult:
    """Load → plan → render → wire → stage → verify → apply → report."""
    from featuregen.progress import Stopwatch
    from featuregen.project import find_project
    from featuregen.spec.load import load_spec
    from featuregen.workspace import apply, project_lock, recover

    watch = Stopwatch(progress)
    with watch.stage("check"):
        spec = load_spec(spec_path)
        text = spec_path.read_bytes()
    with project_lock(into.absolute()):
        recover(into.absolute())
        project = find_project(into)
        if is_applied(spec, text, project):
            return _result("new", "unchanged", None, project, watch, spec=spec)
        prepared = prepare(spec, text, project, watch)
        verification = None
        if options.verify:
            verification = prove(prepared.staged, [prepared.plan], options, watch)
            if not verification.ok:
                return _result("new", "failed", prepared, project, watch, verification)
        with watch.stage("apply"):
            apply(prepared.staged)
        return _result("new", "created", prepared, project, watch, verification)


def verify(
    root: Path, features: tuple[str, ...], options: Options, progress: Progress
) -> RunResult:
    """Run the proof of a project as it stands, for all its features or the named ones."""
    from featuregen.plan.make import make_plan
    from featuregen.progress import Stopwatch
    from featuregen.project import existing_project
    from featuregen.workspace import project_lock, recover, stage

    watch = Stopwatch(progress)
    project = existing_project(root)
    with project_lock(project.root):
        recover(project.root)
        names = features or project.features
        with watch.stage("check"):
            specs = [applied_spec(project, name) for name in names]
            plans = [make_plan(spec) for spec in specs]
        verification = prove(stage(project.root, ()), plans, options, watch)
    outcome: Literal["verified", "failed"] = "verified" if verification.ok else "failed"
    spec = specs[0] if len(specs) == 1 else None
    return _result("verify", outcome, None, project, watch, verification, spec=spec, specs=specs)


def report(root: Path, feature: str, options: Options, progress: Progress) -> RunResult:
    """`verify` of one feature, with everything that there is to say about it."""
    from featuregen.lock import load_lock
    from featuregen.project import existing_project
    from featuregen.results import FileChange

    project = existing_project(root)
    result = replace(
        verify(root, (feature,), options, progress)
        if options.verify
        else _unverified(project, feature),
        command="report",
    )
    lock = load_lock(project.root, feature)
    files = [
        FileChange(path, "create", _lines((project.root / path).read_bytes()))
        for path in sorted(lock.files if lock else ())
        if (project.root / path).is_file()
    ]
    return replace(result, files=tuple(files))


def _unverified(project: Project, feature: str) -> RunResult:
    from featuregen.progress import Silent, Stopwatch

    watch = Stopwatch(Silent())
    return _result("report", "unchanged", None, project, watch, spec=applied_spec(project, feature))


def applied_spec(project: Project, feature: str) -> FeatureSpec:
    """The spec that lies with the code; raises `FeaturegenError` for a feature that is not there."""
    from featuregen.spec.load import load_spec
    from featuregen.spec.suggest import did_you_mean

    if feature not in project.features:
        raise FeaturegenError(
            f"no feature {feature!r} in this project",
            where=str(project.root),
            hint=did_you_mean(feature, project.features)
            or f"there is: {', '.join(project.features)}",
            exit_code=2,
        )
    path = project.root / "features" / f"{feature}.yaml"
    return load_spec(path, shown_as=f"features/{feature}.yaml")


def is_applied(spec: FeatureSpec, text: bytes, project: Project) -> bool:
    """Whether `new` has nothing to do; raises `FeaturegenError` where `update` is the word."""
    from featuregen.lock import load_lock, spec_hash

    lock = load_lock(project.root, spec.feature) if project.exists else None
    if lock is None:
        return False
    if lock.spec_hash == spec_hash(text):
        return True
    raise FeaturegenError(
        f"the feature {spec.feature!r} is in this project already, made from another version of the spec",
        where=str(project.root),
        hint=f"bring the change in with: featuregen update {spec.feature}",
        exit_code=3,
    )


def prepare(spec: FeatureSpec, text: bytes, project: Project, watch: Stopwatch) -> Preparation:
    """Plan, render, wire and stage a feature that the project does not have yet."""
    from featuregen.assemble import (
        Assembly,
        add_locks,
        add_own_files,
        add_shared_files,
        other_contributions,
    )
    from featuregen.collisions import check_collisions
    from featuregen.lock import load_lock, spec_hash
    from featuregen.plan.make import make_plan
    from featuregen.plan.project import plan_project
    from featuregen.render import format_files, render_feature, render_project
    from featuregen.workspace import stage

    with watch.stage("plan"):
        feature_plan = make_plan(spec)
        others = other_contributions(project, spec.feature) if project.exists else ()
        check_collisions(spec, feature_plan.contribution, others)
    with watch.stage("render"):
        old = load_lock(project.root, "project") if project.exists else None
        name = old.project_name if old and old.project_name else project.folder_name
        rendered, contribution = render_feature(feature_plan)
        skeleton = render_project(
            plan_project(name, (*others, contribution)), (*others, contribution)
        )
        formatted = format_files({**rendered, **skeleton})
        own = {path: formatted[path] for path in rendered}
        own[f"features/{spec.feature}.yaml"] = text.decode()
        shared = {path: formatted[path] for path in skeleton}
    with watch.stage("wire"):
        assembly = Assembly(project.root)
        add_own_files(assembly, own)
        wired = add_shared_files(assembly, shared, old, contribution, others)
        add_locks(
            assembly,
            feature=spec.feature,
            feature_files=own,
            project_files=shared,
            contribution=contribution,
            project_name=name,
            applied=spec_hash(text),
            wired=wired,
        )
        staged = stage(project.root, assembly.writes.values())
    return Preparation(spec, feature_plan, project, assembly, staged)


def prove(
    staged: Staged, plans: list[FeaturePlan], options: Options, watch: Stopwatch
) -> Verification:
    """Copy the staged tree, find its environment, and run ruff, mypy and the tests in it."""
    from featuregen.verify import verify as run
    from featuregen.workspace import materialised

    with watch.stage("environment"):
        environment = _environment(staged, options)
    features = {path for feature_plan in plans for path in generated_paths(feature_plan)}
    written = {write.path for write in staged.writes if write.path.endswith(".py")}
    tests = features if staged.root.is_dir() else features | written  # a new project: all of them
    with watch.stage("verify") as running, materialised(staged) as tree:
        verification = run(
            tree,
            environment,
            generated=sorted(features | written),
            tests=sorted(path for path in tests if _is_test(path) and (tree / path).is_file()),
            origins=[origin for feature_plan in plans for origin in feature_plan.origins],
            on_stage=watch.progress.detail,
        )
        running.ok = verification.ok
    return verification


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and path.rpartition("/")[2].startswith("test_")


def _environment(staged: Staged, options: Options) -> Environment:
    from featuregen.environment import project_environment

    pyproject = staged.read("pyproject.toml")
    if pyproject is None:
        raise FeaturegenError("the project has no pyproject.toml", where=str(staged.root))
    return project_environment(
        staged.root, pyproject.decode(), python=options.python, offline=options.offline
    )


def generated_paths(feature_plan: FeaturePlan) -> list[str]:
    """The feature's own Python files and tests, as `render` names them."""
    name, plural = feature_plan.feature.name, feature_plan.feature.plural
    clients = [client.name for client in feature_plan.clients]
    return [
        f"app/models/{name}.py",
        f"app/services/{name}_service.py",
        f"app/services/{name}_hooks.py",
        f"app/api/endpoints/{plural}.py",
        *(f"app/clients/{client}.py" for client in clients),
        *(f"tests/fakes/{client}.py" for client in clients),
        f"tests/test_{name}_api.py",
        f"tests/test_{name}_service.py",
    ]


def file_changes(staged: Staged) -> tuple[FileChange, ...]:
    from featuregen.results import FileChange

    return tuple(
        FileChange(
            write.path,
            "delete" if write.content is None else "create" if original is None else "modify",
            _lines(write.content or b""),
        )
        for write, original in staged.changes
    )


def _lines(text: bytes) -> int:
    return text.count(b"\n")


def _result(
    command: str,
    outcome: Literal["created", "unchanged", "updated", "verified", "failed", "removed"],
    prepared: Preparation | None,
    project: Project,
    watch: Stopwatch,
    verification: Verification | None = None,
    *,
    spec: FeatureSpec | None = None,
    specs: Sequence[FeatureSpec] = (),
) -> RunResult:
    from featuregen.picture import feature_picture
    from featuregen.results import RunResult, StageTime

    known = prepared.spec if prepared else spec
    hooks = open_hooks(known, project.root, prepared.staged if prepared else None) if known else ()
    return RunResult(
        command=command,
        root=str(project.root),
        picture=feature_picture(known, hooks) if known else None,
        outcome=outcome,
        files=file_changes(prepared.staged) if prepared else (),
        by_hand=tuple(prepared.assembly.by_hand) if prepared else (),
        notes=tuple(prepared.assembly.notes) if prepared else (),
        verification=verification,
        stages=tuple(StageTime(name, seconds) for name, seconds in watch.times),
        next_steps=(),
        warnings=warnings_of(known) if known else (),
        sources=tuple(each.source for each in (specs or ((known,) if known else ()))),
    )


def open_hooks(spec: FeatureSpec, root: Path, staged: Staged | None) -> tuple[tuple[str, str], ...]:
    """Hooks whose stub still stands: name, and the line of its `raise`."""
    names = {operation.hook for operation in spec.operations.values() if operation.hook}
    if not names:
        return ()
    path = f"app/services/{spec.feature}_hooks.py"
    content = staged.read(path) if staged else None
    if content is None and (root / path).is_file():
        content = (root / path).read_bytes()
    found = []
    for number, line in enumerate((content or b"").decode(errors="replace").splitlines(), 1):
        match = re.search(r"raise NotImplementedYetError\(\"(\w+)\"\)", line)
        if match and match.group(1) in names:
            found.append((match.group(1), f"{path}:{number}"))
    return tuple(found)


__all__ = ["Options", "check", "new", "plan", "report", "verify"]
