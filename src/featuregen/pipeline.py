"""The commands, each a paragraph: what happens, in which order. Nothing is printed here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from featuregen.checked import CheckResult
from featuregen.errors import Diagnostic, FeaturegenError, SeveralSpecsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from featuregen.assemble import Assembly
    from featuregen.environment import Environment
    from featuregen.plan.contribution import Contribution
    from featuregen.plan.model import FeaturePlan
    from featuregen.progress import Progress, Stopwatch
    from featuregen.project import Project
    from featuregen.results import FileChange, PlanResult, RunResult
    from featuregen.spec.model import FeatureSpec
    from featuregen.verify import Verification
    from featuregen.workspace import Staged


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is to be verified."""

    verify: bool = True
    python: Path | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A spec, with its text as it is kept with the code."""

    spec: FeatureSpec
    text: bytes


@dataclass(frozen=True, slots=True)
class Preparation:
    """Features, staged: everything but the proof."""

    specs: tuple[FeatureSpec, ...]
    plans: tuple[FeaturePlan, ...]
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


def plan(spec_path: Path | Given, into: Path) -> PlanResult:
    """The dry run of `new`: nothing is written."""
    from featuregen.picture import feature_picture
    from featuregen.progress import Silent, Stopwatch
    from featuregen.project import find_project
    from featuregen.results import PlanResult
    from featuregen.spec.load import load_spec
    from featuregen.workspace import tree_diff

    if isinstance(spec_path, Given):
        given = spec_path
    else:
        given = Given(load_spec(spec_path), spec_path.read_bytes())
    spec = given.spec
    prepared = prepare([given], find_project(into), Stopwatch(Silent()))
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


def new(
    spec_paths: Path | Given | Sequence[Path], into: Path, options: Options, progress: Progress
) -> RunResult:
    """Load → plan → render → wire → stage → verify → apply → report, of one spec or of many."""
    from featuregen.progress import Stopwatch
    from featuregen.project import find_project
    from featuregen.workspace import apply, project_lock, recover

    watch = Stopwatch(progress)
    with watch.stage("check"):
        if isinstance(spec_paths, Given):
            given = [spec_paths]
        else:
            given = load_specs([spec_paths] if isinstance(spec_paths, Path) else spec_paths)
    with project_lock(into.absolute()):
        recover(into.absolute())
        project = find_project(into)
        missing = [one for one in given if not is_applied(one.spec, one.text, project)]
        if not missing:
            specs = [one.spec for one in given]
            return _result("new", "unchanged", None, project, watch, specs=specs)
        prepared = prepare(missing, project, watch)
        verification = None
        if options.verify:
            verification = prove(prepared.staged, prepared.plans, options, watch)
            if not verification.ok:
                return _result("new", "failed", prepared, project, watch, verification)
        with watch.stage("apply"):
            apply(prepared.staged)
        return _result("new", "created", prepared, project, watch, verification)


def verify(
    root: Path, features: tuple[str, ...], options: Options, progress: Progress
) -> RunResult:
    """Run the proof of a project as it stands, for all its features or the named ones."""
    from featuregen.opening import opened
    from featuregen.plan.make import make_plan
    from featuregen.progress import Stopwatch
    from featuregen.workspace import stage

    watch = Stopwatch(progress)
    with opened(root) as project:
        names = features or project.features
        with watch.stage("check"):
            specs = [applied_spec(project, name) for name in names]
            plans = [make_plan(spec) for spec in specs]
        verification = prove(stage(project.root, ()), plans, options, watch)
    outcome: Literal["verified", "failed"] = "verified" if verification.ok else "failed"
    return _result("verify", outcome, None, project, watch, verification, specs=specs)


def report(root: Path, feature: str, options: Options, progress: Progress) -> RunResult:
    """`verify` of one feature, with everything that there is to say about it."""
    from featuregen.lock import load_lock
    from featuregen.project import existing_project
    from featuregen.results import FileChange
    from featuregen.wiring.wire import PATHS, wired_ids

    project = existing_project(root)
    result = replace(
        verify(root, (feature,), options, progress)
        if options.verify
        else _unverified(project, feature),
        command="report",
    )
    lock = load_lock(project.root, feature)
    if lock is None or lock.contribution is None:
        return result
    own: dict[str, Literal["create", "modify"]] = dict.fromkeys(lock.files, "create")
    touched = (
        path for path in PATHS if set(wired_ids(lock.contribution, (path,))) & set(lock.wired)
    )
    shared: dict[str, Literal["create", "modify"]] = dict.fromkeys(touched, "modify")
    changes = (
        FileChange(path, action, _lines((project.root / path).read_bytes()))
        for path, action in sorted({**own, **shared}.items())
        if (project.root / path).is_file()
    )
    return replace(result, files=tuple(changes))


def _unverified(project: Project, feature: str) -> RunResult:
    from featuregen.progress import Silent, Stopwatch

    watch = Stopwatch(Silent())
    specs = [applied_spec(project, feature)]
    return _result("report", "unchanged", None, project, watch, specs=specs)


def load_specs(paths: Sequence[Path]) -> list[Given]:
    """Load them all; what is wrong with any of them is told together."""
    from featuregen.spec.load import load_spec

    loaded: list[Given] = []
    faults: list[FeaturegenError] = []
    for path in dict.fromkeys(paths):
        try:
            loaded.append(Given(load_spec(path), path.read_bytes()))
        except FeaturegenError as fault:
            faults.append(fault)
    if faults:
        raise faults[0] if len(faults) == 1 else SeveralSpecsError(tuple(faults))
    files: dict[str, str] = {}
    for one in loaded:
        feature, file = one.spec.feature, one.spec.source.file
        if feature in files:
            raise FeaturegenError(
                f"the feature {feature!r} is in two of these specs",
                where=f"{files[feature]}, {file}",
                hint="give one of them another name",
            )
        files[feature] = file
    return loaded


def applied_spec(project: Project, feature: str) -> FeatureSpec:
    """The spec that lies with the code; `FeaturegenError` for a feature that is not there."""
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
        f"the feature {spec.feature!r} is in this project already, made from another version of "
        "the spec",
        where=str(project.root),
        hint=f"bring the change in with: featuregen update {spec.feature}",
        exit_code=3,
    )


def prepare(given: Sequence[Given], project: Project, watch: Stopwatch) -> Preparation:
    """Plan, render, wire and stage features that the project does not have yet.

    However many they are, the shared files are rendered once, and ruff runs over all files at once.
    """
    from featuregen.assemble import (
        Assembly,
        add_feature_lock,
        add_own_files,
        add_project_lock,
        add_shared_files,
        formatted_before,
        other_contributions,
    )
    from featuregen.house import blamed_on, find_house
    from featuregen.lock import check_current, load_lock, spec_hash
    from featuregen.plan.project import plan_project
    from featuregen.render import format_files, render_feature, render_project
    from featuregen.workspace import stage

    with watch.stage("plan"):
        specs = tuple(one.spec for one in given)
        names = {spec.feature for spec in specs}
        others = other_contributions(project, *names) if project.exists else ()
        plans = plan_features(specs, others)
    with watch.stage("render"):
        old = load_lock(project.root, "project") if project.exists else None
        check_current((old,) if old else (), "bring this in")
        name = old.project_name if old and old.project_name else project.folder_name
        house = find_house(project.root)
        rendered = [render_feature(each, house) for each in plans]
        added = [contribution for _, contribution in rendered]
        everyone = (*others, *added)
        skeleton = render_project(plan_project(name, everyone), everyone, house)
        every = {path: text for files, _ in rendered for path, text in files.items()}
        with blamed_on(house):
            formatted = format_files({**every, **skeleton}, formatted_before(old))
        shared = {path: formatted[path] for path in skeleton}
    with watch.stage("wire"):
        assembly = Assembly(project.root)
        wired = add_shared_files(assembly, shared, old, added, others)
        for one, (files, contribution) in zip(given, rendered, strict=True):
            feature = one.spec.feature
            own = {path: formatted[path] for path in files}
            own[f"features/{feature}.yaml"] = one.text.decode()
            add_own_files(assembly, own)
            add_feature_lock(
                assembly, own, contribution, applied=spec_hash(one.text), wired=wired[feature]
            )
        add_project_lock(assembly, shared, name, old, house)
        staged = stage(project.root, assembly.writes.values())
    return Preparation(specs, plans, project, assembly, staged)


def plan_features(
    specs: Iterable[FeatureSpec], others: Iterable[Contribution]
) -> tuple[FeaturePlan, ...]:
    """Plan features that are to live with the others and with each other."""
    from featuregen.collisions import check_collisions
    from featuregen.plan.make import make_plan

    plans: list[FeaturePlan] = []
    present = [*others]
    for spec in specs:
        plans.append(make_plan(spec))
        check_collisions(spec, plans[-1].contribution, present)
        present.append(plans[-1].contribution)
    return tuple(plans)


def prove(
    staged: Staged,
    plans: Sequence[FeaturePlan],
    options: Options,
    watch: Stopwatch,
) -> Verification:
    """Copy the staged tree, find its environment, and run ruff, mypy and the tests in it.

    The tests are those of the planned features, and every other that is written.
    """
    from featuregen.verify import verify as run
    from featuregen.workspace import materialised

    with watch.stage("environment"):
        environment = _environment(staged, options)
    features = {path for feature_plan in plans for path in generated_paths(feature_plan)}
    written = {write.path for write in staged.writes if write.path.endswith(".py")}
    everything = sorted(features | written)
    with watch.stage("verify") as running, materialised(staged) as tree:
        verification = run(
            tree,
            environment,
            generated=everything,
            tests=[path for path in everything if _is_test(path) and (tree / path).is_file()],
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
    specs: Sequence[FeatureSpec] = (),
) -> RunResult:
    from featuregen.picture import feature_picture
    from featuregen.results import RunResult, StageTime

    specs = prepared.specs if prepared else specs
    known = specs[0] if len(specs) == 1 else None
    staged = prepared.staged if prepared else None
    hooks = tuple(hook for spec in specs for hook in open_hooks(spec, project.root, staged))
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
        next_steps=_to_write(hooks) if outcome == "verified" else (),
        warnings=tuple(warning for spec in specs for warning in warnings_of(spec)),
        features=tuple(spec.feature for spec in specs),
        sources=tuple(spec.source for spec in specs),
        open_hooks=hooks,
    )


def _to_write(hooks: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"write {name}() at {at}; until then its endpoint answers 501" for name, at in hooks
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
