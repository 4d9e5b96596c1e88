"""Many specs in one run: the tree that single runs give, and all of them or none."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import OK_CASES, PAYMENT, REPOSITORY, snapshot

from featuregen.errors import FeaturegenError, SeveralSpecsError, SpecError
from featuregen.lock import load_lock
from featuregen.pipeline import Options, load_specs, new
from featuregen.progress import Silent
from featuregen.spec.model import FeatureSpec

SPECS = [PAYMENT, *OK_CASES[:2]]
UNPROVEN = Options(verify=False)


def bring(specs: Path | list[Path], root: Path) -> str:
    """Run `new` without its proof; what came of it."""
    return new(specs, root, UNPROVEN, Silent()).outcome


def test_many_at_once_give_the_tree_that_one_after_the_other_gives(tmp_path: Path) -> None:
    together, apart = tmp_path / "together" / "shop-api", tmp_path / "apart" / "shop-api"
    assert bring(SPECS, together) == "created"
    for spec in reversed(SPECS):
        bring(spec, apart)
    assert snapshot(together) == snapshot(apart)


def test_what_is_there_already_stays_and_the_rest_joins(tmp_path: Path) -> None:
    expected, root = tmp_path / "expected" / "shop-api", tmp_path / "shop-api"
    bring(SPECS, expected)
    bring(SPECS[1], root)
    assert bring(SPECS, root) == "created"
    assert snapshot(root) == snapshot(expected)
    before = snapshot(root)
    assert bring(SPECS, root) == "unchanged"
    assert snapshot(root) == before


def test_they_are_wired_into_shared_files_that_a_person_has_edited(tmp_path: Path) -> None:
    root = tmp_path / "shop-api"
    bring(SPECS[0], root)
    main = root / "app" / "main.py"
    main.write_text(main.read_text() + "\n\nVERSION = 7\n")
    bring(SPECS[1:], root)
    text = main.read_text()
    assert "VERSION = 7" in text
    for spec in load_specs(SPECS):
        lock = load_lock(root, spec.feature)
        assert lock is not None
        assert lock.contribution is not None
        for router in lock.contribution.routers:
            assert f"include_router({router.module}.router)" in text


def test_the_faults_of_all_specs_are_told_together_and_nothing_is_written(tmp_path: Path) -> None:
    wrong = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path in wrong:
        path.write_text("featuregen: 1\nfeature: note\nmodel: {}\n")
    root = tmp_path / "shop-api"
    with pytest.raises(SeveralSpecsError) as raised:
        bring([*wrong, PAYMENT], root)
    assert [type(each) for each in raised.value.errors] == [SpecError, SpecError]
    assert not root.exists()
    done = subprocess.run(
        [sys.executable, "-m", "featuregen", "new", *map(str, wrong), "--into", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "one.yaml:3:1: error[FG101]" in done.stderr
    assert "two.yaml:3:1: error[FG101]" in done.stderr


def test_of_many_specs_one_at_a_time_is_in_memory() -> None:
    others = specs_in_memory()  # of other tests
    before = {id(each) for each in others}
    kept = []
    for one in load_specs([PAYMENT, *OK_CASES]):
        kept.append(one)
        assert [each.feature for each in specs_in_memory() if id(each) not in before] == [
            one.feature
        ]
    assert [one.spec.feature for one in kept] == [one.feature for one in kept]


def specs_in_memory() -> list[FeatureSpec]:
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, FeatureSpec)]


def test_one_feature_in_two_specs_is_refused_with_both_names(tmp_path: Path) -> None:
    copy = tmp_path / "again.yaml"
    shutil.copy(PAYMENT, copy)
    with pytest.raises(FeaturegenError, match="'payment' is in two of these specs") as raised:
        bring([PAYMENT, copy], tmp_path / "shop-api")
    assert raised.value.where
    assert "again.yaml" in raised.value.where


def test_two_new_features_with_one_route_collide_before_anything_is_written(
    tmp_path: Path,
) -> None:
    spec = (
        "featuregen: 1\nfeature: {name}\nbase_path: /same\n"
        "operations:\n  {name}_ping: {{method: GET, path: /, response: text, hook: {name}_ping}}\n"
    )
    paths = [tmp_path / f"{name}.yaml" for name in ("note", "memo")]
    for path in paths:
        path.write_text(spec.format(name=path.stem))
    with pytest.raises(SpecError) as raised:
        bring(paths, tmp_path / "shop-api")
    assert [found.code for found in raised.value.diagnostics] == ["FG501"]
    assert not (tmp_path / "shop-api").exists()


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    ],
    ids=["east", "west"],
)
def test_surroundings_change_no_byte(
    surroundings: dict[str, str], tmp_path: Path, every_feature: Path
) -> None:
    root = tmp_path / "shop-api"
    specs = [str(spec) for spec in (*reversed(OK_CASES), PAYMENT)]
    subprocess.run(
        [sys.executable, "-m", "featuregen", "new", *specs, "--into", str(root), "--no-verify"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **surroundings},
        capture_output=True,
        check=True,
    )
    assert snapshot(root) == snapshot(every_feature)
