"""The commands, each a paragraph: what happens, in which order. Nothing is printed here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from featuregen.checked import CheckResult
from featuregen.errors import Diagnostic, FeaturegenError, SeveralSpecsError
from featuregen.line_ends import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from featuregen.assemble import Assembly
    from featuregen.environment import Environment
    from featuregen.house import House
    from featuregen.lock import Lock
    from featuregen.plan.contribution import Contribution
    from featuregen.plan.model import FeaturePlan, Origin
    from featuregen.progress import Progress, Stopwatch
    from featuregen.project import Project
    from featuregen.render import Drafts
    from featuregen.results import FileChange, PlanResult, RunResult
    from featuregen.spec.model import FeatureSpec, SpecSource
    from featuregen.verify import Verification
    from featuregen.workspace import Staged


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is to be verified."""

    verify: bool = True
    python: Path | None = None
    offline: bool = False


class Given:
    """A spec, with its text as it is kept with the code.

    Of many, none stays in memory once it is planned: the few that are asked for later are loaded
    again.
    """

    def __init__(self, spec: FeatureSpec, text: bytes) -> None:
        self.text = text
        self.feature = spec.feature
        self.file = spec.source.file
        self.warnings = warnings_of(spec)
        self.hooks = hook_names(spec)
        self._spec: FeatureSpec | None = spec

    @property
    def spec(self) -> FeatureSpec:
        """The spec, loaded again where it was dropped."""
        if self._spec is not None:
            return self._spec
        from featuregen.spec.load import parse_spec

        return parse_spec(self.text.decode(), self.file)

    def drop(self) -> None:
        """Make room."""
        self._spec = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is proved of a feature: its files, and where in the spec their symbols come from."""

    generated: tuple[str, ...]
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What stays of a feature in memory once it is planned and rendered."""

    given: Given
    subject: Subject
    paths: tuple[str, ...]  # of its own files
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class Preparation:
    """Features, staged: everything but the proof."""

    given: tuple[Given, ...]
    subjects: tuple[Subject, ...]
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


def plan(spec_path: Path | Given, into: Path, *, templates: str | None = None) -> PlanResult:
    """The dry run of `new`: nothing is written."""
    from featuregen.picture import feature_picture
    from featuregen.progress import Silent, Stopwatch
    from featuregen.results import PlanResult
    from featuregen.spec.load import load_spec
    from featuregen.workspace import tree_diff

    if isinstance(spec_path, Given):
        given = spec_path
    else:
        given = Given(load_spec(spec_path), spec_path.read_bytes())
    spec = given.spec
    project, setting = _place(into, templates)
    prepared = prepare([given], project, Stopwatch(Silent()), setting)
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
    spec_paths: Path | Given | Sequence[Path],
    into: Path,
    options: Options,
    progress: Progress,
    *,
    templates: str | None = None,
) -> RunResult:
    """Load → plan → render → wire → stage → verify → apply → report, of one spec or of many.

    `templates` are a team's own, for a project that is new: a folder, or a git URL.
    """
    from featuregen.progress import Stopwatch
    from featuregen.workspace import apply, project_lock, recover

    watch = Stopwatch(progress)
    with project_lock(into.absolute()):
        recover(into.absolute())
        project, setting = _place(into, templates)
        given: list[Given] = []
        prepared = prepare(missing(spec_paths, project, given), project, watch, setting)
        if not prepared.given:
            return _result("new", "unchanged", None, project, watch, given=given)
        verification = None
        if options.verify:
            verification = prove_subjects(prepared.staged, prepared.subjects, options, watch)
            if not verification.ok:
                return _result("new", "failed", prepared, project, watch, verification)
        with watch.stage("apply"):
            apply(prepared.staged)
        return _result("new", "created", prepared, project, watch, verification)


def _place(into: Path, templates: str | None) -> tuple[Project, str | None]:
    """The project, and what its pyproject says of the templates that the command line names."""
    from featuregen.project import find_project

    if templates is None:
        return find_project(into), None
    from featuregen.house import check_setting, setting_for

    setting = setting_for(into, templates)
    project = find_project(into, beside=setting.partition("/")[0])
    if project.exists:
        check_setting(project.root, setting)
    return project, setting


def verify(
    root: Path, features: tuple[str, ...], options: Options, progress: Progress
) -> RunResult:
    """Run the proof of a project as it stands, for all its features or the named ones."""
    from featuregen.opening import opened
    from featuregen.project import into_option

    with opened(root) as project:
        if not project.features:
            raise FeaturegenError(
                "there is no feature in this project yet",
                where=str(project.root),
                hint=f"bring one in with: featuregen new SPEC{into_option(str(project.root))}",
            )
        return _verified(project, features or project.features, options, progress)


def _verified(
    project: Project, features: Sequence[str], options: Options, progress: Progress
) -> RunResult:
    from featuregen.house import find_house
    from featuregen.plan.make import make_plan
    from featuregen.progress import Stopwatch
    from featuregen.workspace import stage

    watch = Stopwatch(progress)
    given: list[Given] = []
    subjects: list[Subject] = []
    with watch.stage("check"):
        house = find_house(project.root)
        for name in features:
            given.append(applied(project, name))
            subjects.append(subject_of(make_plan(given[-1].spec), house))
            if len(features) > 1:
                given[-1].drop()
    verification = prove_subjects(stage(project.root, ()), subjects, options, watch)
    outcome: Literal["verified", "failed"] = "verified" if verification.ok else "failed"
    return _result("verify", outcome, None, project, watch, verification, given=given)


def report(root: Path, feature: str, options: Options, progress: Progress) -> RunResult:
    """`verify` of one feature, with everything that there is to say about it."""
    from featuregen.opening import opened

    with opened(root) as project:
        result = (
            _verified(project, (feature,), options, progress)
            if options.verify
            else _unverified(project, feature)
        )
        return replace(result, command="report", files=_files_of(project, feature))


def _unverified(project: Project, feature: str) -> RunResult:
    from featuregen.progress import Silent, Stopwatch

    watch = Stopwatch(Silent())
    return _result("report", "unchanged", None, project, watch, given=[applied(project, feature)])


def _files_of(project: Project, feature: str) -> tuple[FileChange, ...]:
    """The feature's own files as they stand, and the shared ones that hold something of it."""
    from featuregen.lock import load_lock
    from featuregen.results import FileChange
    from featuregen.wiring.wire import PATHS, wired_ids

    lock = load_lock(project.root, feature)
    if lock is None or lock.contribution is None:
        return ()
    own: dict[str, Literal["create", "modify"]] = dict.fromkeys(lock.files, "create")
    touched = (
        path for path in PATHS if set(wired_ids(lock.contribution, (path,))) & set(lock.wired)
    )
    shared: dict[str, Literal["create", "modify"]] = dict.fromkeys(touched, "modify")
    return tuple(
        FileChange(path, action, _lines((project.root / path).read_bytes()))
        for path, action in sorted({**own, **shared}.items())
        if (project.root / path).is_file()
    )


def missing(
    specs: Path | Given | Sequence[Path], project: Project, given: list[Given]
) -> Iterator[Given]:
    """Those of the specs that the project does not have yet; all of them go to `given`."""
    if isinstance(specs, Given):
        each: Iterable[Given] = [specs]
    else:
        each = load_specs([specs] if isinstance(specs, Path) else specs)
    for one in each:
        given.append(one)
        if not is_applied(one.spec, one.text, project):
            yield one


def load_specs(paths: Sequence[Path]) -> Iterator[Given]:
    """Load one after the other; what is wrong with any of them is told together, at the end.

    Each is dropped when the next is asked for.
    """
    from featuregen.spec.load import load_spec

    faults: list[FeaturegenError] = []
    files: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        try:
            one = Given(load_spec(path), path.read_bytes())
            _check_distinct(one, files)
        except FeaturegenError as fault:
            faults.append(fault)
            continue
        if not faults:  # else it was only checked
            yield one
            if len(paths) > 1:
                one.drop()
    if faults:
        raise faults[0] if len(faults) == 1 else SeveralSpecsError(tuple(faults))


def _check_distinct(one: Given, files: dict[str, str]) -> None:
    if one.feature in files:
        raise FeaturegenError(
            f"the feature {one.feature!r} is in two of these specs",
            where=f"{files[one.feature]}, {one.file}",
            hint="give one of them another name",
        )
    files[one.feature] = one.file


def applied(project: Project, feature: str) -> Given:
    """The spec that lies with the code; `FeaturegenError` for a feature that is not there."""
    from featuregen.project import check_known
    from featuregen.spec.load import load_spec

    check_known(feature, project.features, project.root)
    path = project.root / "features" / f"{feature}.yaml"
    return Given(load_spec(path, shown_as=f"features/{feature}.yaml"), path.read_bytes())


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


def prepare(
    given: Iterable[Given], project: Project, watch: Stopwatch, templates: str | None = None
) -> Preparation:
    """Plan, render, wire and stage features that the project does not have yet.

    However many they are, the shared files are rendered once, and ruff runs over all files at once.
    Each goes to the disk before the next is loaded, so that many need no more memory than a few.
    """
    from featuregen.assemble import Assembly, formatted_before, other_contributions
    from featuregen.house import blamed_on, find_house
    from featuregen.lock import check_current, load_lock
    from featuregen.plan.project import plan_project
    from featuregen.project import check_complete
    from featuregen.render import drafts, render_project
    from featuregen.workspace import stage

    old = load_lock(project.root, "project") if project.exists else None
    house = find_house(project.root, templates)
    told = old.templates if old else templates
    others = other_contributions(project) if project.exists else ()
    assembly = Assembly(project.root)
    with drafts(formatted_before(old)) as drafted:
        with watch.stage("check"):
            features = [*draft_features(given, project.root, others, house, drafted, watch)]
        check_complete(project, but=[each.given.feature for each in features])
        if not features:
            return Preparation((), (), project, assembly, stage(project.root, ()))
        check_current((old,) if old else (), "bring this in")
        with watch.stage("plan"):
            name = old.project_name if old and old.project_name else project.folder_name
            everyone = (*others, *(each.contribution for each in features))
            project_plan = plan_project(name, everyone, told)
        with watch.stage("render"), blamed_on(house):
            paths = drafted.add(render_project(project_plan, everyone, house))
            drafted.format()
            shared = {path: drafted.read(path) for path in paths}
        with watch.stage("wire"):
            assemble(assembly, features, shared, drafted, name, old, house, told, others)
            staged = stage(project.root, assembly.writes.values())
    subjects = tuple(each.subject for each in features)
    return Preparation(tuple(each.given for each in features), subjects, project, assembly, staged)


def draft_features(
    given: Iterable[Given],
    root: Path,
    others: Iterable[Contribution],
    house: House | None,
    drafted: Drafts,
    watch: Stopwatch,
) -> Iterator[Drafted]:
    """Plan and render features that are to live with the others and with each other."""
    from featuregen.migrations.chain import Chain

    present = [*others]
    chain = Chain(root)
    for one in given:
        with watch.ahead("plan"):
            from featuregen.collisions import check_collisions
            from featuregen.plan.make import make_plan

            feature_plan = make_plan(one.spec)
            check_collisions(one.spec, feature_plan.contribution, present)
            revisions = chain.extend(one.spec, (), feature_plan.contribution.tables)
        with watch.ahead("render"):
            from featuregen.house import blamed_on
            from featuregen.render import render_feature

            files, contribution = render_feature(feature_plan, house)
            with blamed_on(house):
                paths = drafted.add({**files, **revisions})
        present.append(contribution)
        yield Drafted(one, subject_of(feature_plan, house), paths, contribution)


def assemble(
    assembly: Assembly,
    features: Sequence[Drafted],
    shared: Mapping[str, str],
    drafted: Drafts,
    name: str,
    old: Lock | None,
    house: House | None,
    templates: str | None,
    others: Sequence[Contribution],
) -> None:
    """The writes: shared files, each feature's own, the locks."""
    from featuregen.assemble import (
        add_feature_lock,
        add_own_files,
        add_project_lock,
        add_shared_files,
    )
    from featuregen.lock import spec_hash

    added = [each.contribution for each in features]
    wired = add_shared_files(assembly, shared, old, added, others)
    add_project_lock(assembly, shared, name, old, house, templates)
    for each in features:
        feature, text = each.given.feature, each.given.text
        own = {path: drafted.read(path) for path in each.paths}
        own[f"features/{feature}.yaml"] = text.decode()
        add_own_files(assembly, own)
        add_feature_lock(
            assembly, own, each.contribution, applied=spec_hash(text), wired=wired[feature]
        )


def subject_of(feature_plan: FeaturePlan, house: House | None = None) -> Subject:
    """What is left of a plan to be proved; a team's own templates may write more files."""
    return Subject(tuple(generated_paths(feature_plan, house)), feature_plan.origins)


def prove(
    staged: Staged, plans: Iterable[FeaturePlan], options: Options, watch: Stopwatch
) -> Verification:
    """Prove planned features, as `prove_subjects` does."""
    from featuregen.house import find_house

    house = find_house(staged.root)
    return prove_subjects(staged, [subject_of(each, house) for each in plans], options, watch)


def prove_subjects(
    staged: Staged, subjects: Sequence[Subject], options: Options, watch: Stopwatch
) -> Verification:
    """Copy the staged tree, find its environment, and run ruff, mypy and the tests in it.

    The tests are those of the features, and every other that is written. A change is not refused
    for what ruff has to say about the user's own edits; when nothing changes, that is told, too.
    """
    from featuregen.verify import verify as run
    from featuregen.workspace import materialised

    with watch.stage("environment"):
        environment = _environment(staged, options)
    features = {path for subject in subjects for path in subject.generated}
    written = {write.path for write in staged.writes if write.path.endswith(".py")}
    everything = sorted(features | written)
    with watch.stage("verify") as running, materialised(staged) as tree:
        verification = run(
            tree,
            environment,
            generated=everything,
            tests=[path for path in everything if _is_test(path) and (tree / path).is_file()],
            origins=[origin for subject in subjects for origin in subject.origins],
            edited=_edited(staged, everything) if staged.writes else frozenset(),
            on_stage=watch.progress.detail,
        )
        running.ok = verification.ok
    return verification


def _edited(staged: Staged, paths: Iterable[str]) -> frozenset[str]:
    """The files that hold something of the user's: they are not what the staged locks render."""
    from featuregen.lock import parse_lock
    from featuregen.project import HOME

    locks = {
        path.relative_to(staged.root).as_posix() for path in staged.root.glob(f"{HOME}/*.lock")
    }
    locks |= {write.path for write in staged.writes if write.path.startswith(f"{HOME}/")}
    texts = {path: staged.read(path) for path in locks if path.endswith(".lock")}
    rendered = {
        path: file.text
        for lock, text in texts.items()
        if text is not None
        for path, file in parse_lock(text.decode(), Path(lock).stem).files.items()
    }
    return frozenset(
        path for path in paths if not same(staged.read(path) or b"", rendered.get(path) or b"")
    )


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


def generated_paths(feature_plan: FeaturePlan, house: House | None = None) -> list[str]:
    """The feature's own Python files and tests, as `render` names them; some may render to nothing.

    Of a feature that stores something, the test that takes its migrations up and down as well.
    """
    from featuregen.render import outputs, templates_of

    named = (
        path for each in templates_of("feature", house) for path, _ in outputs(each, feature_plan)
    )
    migrated = ["tests/test_core_migrations.py"] if feature_plan.tables.tables else []
    return [*(path for path in named if path.endswith(".py")), *migrated]


def file_changes(staged: Staged) -> tuple[FileChange, ...]:
    from featuregen.results import FileChange

    return tuple(
        FileChange(
            write.path,
            "delete" if write.deletes else "create" if original is None else "modify",
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
    given: Sequence[Given] = (),
) -> RunResult:
    from featuregen.picture import feature_picture
    from featuregen.results import RunResult, StageTime

    given = prepared.given if prepared else given
    known = given[0].spec if len(given) == 1 else None
    staged = prepared.staged if prepared else None
    hooks = tuple(
        hook for one in given for hook in _stubs(one.feature, one.hooks, project.root, staged)
    )
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
        warnings=tuple(warning for one in given for warning in one.warnings),
        features=tuple(one.feature for one in given),
        sources=_sources(given, verification),
        open_hooks=hooks,
    )


def _sources(given: Sequence[Given], verification: Verification | None) -> tuple[SpecSource, ...]:
    """Where the parts of the specs stand: of many, only where a failure is told with its place."""
    if len(given) == 1 or (verification and not verification.ok):
        return tuple(one.spec.source for one in given)
    return tuple(one.spec.source for one in given if one.warnings)


def _to_write(hooks: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"write {name}() at {at}; until then its endpoint answers 501" for name, at in hooks
    )


def hook_names(spec: FeatureSpec) -> frozenset[str]:
    """The functions that are left to the user."""
    operations = {each.hook for each in spec.operations.values()}
    events = {event.hook for each in spec.webhooks.values() for event in each.events}
    return frozenset(name for name in operations | events if name)


def open_hooks(spec: FeatureSpec, root: Path, staged: Staged | None) -> tuple[tuple[str, str], ...]:
    """Hooks whose stub still stands: name, and the line of its `raise`."""
    return _stubs(spec.feature, hook_names(spec), root, staged)


def _stubs(
    feature: str, names: frozenset[str], root: Path, staged: Staged | None
) -> tuple[tuple[str, str], ...]:
    if not names:
        return ()
    path = f"app/services/{feature}_hooks.py"
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
