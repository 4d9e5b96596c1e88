"""`.featuregen/<name>.lock`: what is written is read again, and what is broken is said."""

from __future__ import annotations

import json
import subprocess
import zlib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wiring_samples import EVERY, PAYMENT

from featuregen.errors import FeaturegenError
from featuregen.lock import (
    Lock,
    Pristine,
    dump_lock,
    load_lock,
    lock_path,
    parse_lock,
    pristine_files,
    spec_hash,
)
from featuregen.plan.contribution import Contribution
from featuregen.wiring.wire import wired_ids

FILES = {
    "tests/test_payment_api.py": b"assert True\n" * 40,
    "app/models/payment.py": "x = 'größer'\r\n".encode(),
    "run.sh": b"\x00\xff#!/bin/sh",
}
LOCK = Lock(
    name="payment",
    version="0.1.0",
    ruff="0.17.6",
    spec_hash=spec_hash(b"featuregen: 1\n"),
    project_name=None,
    contribution=PAYMENT,
    wired=dict.fromkeys(wired_ids(PAYMENT), "") | {"dependency:httpx2": "httpx2>=1"},
    files={path: Pristine(text, path == "run.sh") for path, text in FILES.items()},
)


def test_what_is_written_is_read_again() -> None:
    again = parse_lock(dump_lock(LOCK), "payment")
    assert again == LOCK
    assert {path: item.text for path, item in again.files.items()} == FILES
    assert again.files["run.sh"].executable


@pytest.mark.parametrize("contribution", EVERY, ids=lambda each: each.feature)
def test_a_contribution_survives_whole(contribution: Contribution) -> None:
    lock = replace(LOCK, contribution=contribution)
    assert parse_lock(dump_lock(lock), "payment").contribution == contribution


def test_the_projects_lock_needs_no_contribution() -> None:
    lock = Lock("project", "0.1.0", "0.17.6", None, "shop-api", None, {})
    assert parse_lock(dump_lock(lock), "project") == lock


def test_the_same_lock_gives_the_same_text_in_whatever_order_it_was_put_together() -> None:
    files = dict(sorted(LOCK.files.items(), reverse=True))
    wired = dict(sorted(LOCK.wired.items(), reverse=True))
    assert dump_lock(replace(LOCK, files=files, wired=wired)) == dump_lock(LOCK)


def test_a_changed_line_changes_one_line() -> None:
    changed = FILES["tests/test_payment_api.py"].replace(b"True", b"False", 1)
    files = {**LOCK.files, "tests/test_payment_api.py": Pristine(changed)}
    pairs = zip(
        dump_lock(LOCK).splitlines(),
        dump_lock(replace(LOCK, files=files)).splitlines(),
        strict=True,
    )
    ((old, new),) = [(old, new) for old, new in pairs if old != new]
    assert (old.strip(), new.strip()) == ('"assert True",', '"assert False",')


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.text().map(str.encode), st.booleans())
def test_any_bytes_are_read_back(text: bytes, executable: bool) -> None:  # noqa: FBT001
    lock = replace(LOCK, files={"a": Pristine(text, executable)})
    assert parse_lock(dump_lock(lock), "payment") == lock


def merged(tmp_path: Path, base: Lock, ours: Lock, theirs: Lock) -> str:
    """What git makes of a lock that two branches have changed."""
    for name, lock in (("base", base), ("ours", ours), ("theirs", theirs)):
        (tmp_path / name).write_text(dump_lock(lock))
    command = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 0 <= done.returncode < 128
    return done.stdout


def rendered(spec: str, *lines: str) -> Lock:
    files = pristine_files({"app/models/payment.py": "\n".join([*lines, ""])})
    return replace(LOCK, spec_hash=spec_hash(spec.encode()), files=files)


def test_git_merges_the_renders_of_two_branches_and_only_the_hash_is_open(tmp_path: Path) -> None:
    lines = tuple(f"line {n}" for n in range(9))
    base = rendered("base", *lines)
    ours = rendered("ours", "ours", *lines[1:])
    theirs = rendered("theirs", *lines[:-1], "theirs")
    text = merged(tmp_path, base, ours, theirs)
    assert text.count("<<<<<<<") == 1
    lock = parse_lock(text, "payment")
    assert lock.files == pristine_files(
        {"app/models/payment.py": "\n".join(["ours", *lines[1:-1], "theirs", ""])}
    )
    assert lock.spec_hash not in {base.spec_hash, ours.spec_hash, theirs.spec_hash}


def test_a_render_that_git_could_not_merge_is_a_broken_lock(tmp_path: Path) -> None:
    text = merged(tmp_path, rendered("0", "a"), rendered("1", "b"), rendered("2", "c"))
    with pytest.raises(FeaturegenError, match="conflict markers of a merge"):
        parse_lock(text, "payment")


def test_the_text_is_ascii_so_that_no_locale_or_editor_can_harm_it() -> None:
    title = replace(PAYMENT, title="Zählung\u2028")
    assert dump_lock(replace(LOCK, contribution=title)).isascii()


def of_format_1(**changes: object) -> str:
    files = {
        path: {"z": b64encode(zlib.compress(text)).decode(), "x": path == "run.sh"}
        for path, text in FILES.items()
    }
    data = json.loads(dump_lock(LOCK))
    data["contribution"]["readme"] = PAYMENT.readme
    return json.dumps({**data, "lock": 1, "files": files, **changes})


def test_a_lock_of_format_1_is_read() -> None:
    lock = parse_lock(of_format_1(), "payment")
    assert lock == replace(LOCK, form=1)
    assert json.loads(dump_lock(lock))["lock"] == 2


def test_a_lock_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert load_lock(tmp_path, "payment") is None


def test_a_lock_is_found_in_its_project(tmp_path: Path) -> None:
    path = tmp_path / lock_path("payment")
    path.parent.mkdir()
    path.write_bytes(dump_lock(LOCK).replace("\n", "\r\n").encode())
    assert load_lock(tmp_path, "payment") == LOCK


def broken(**changes: object) -> str:
    return json.dumps({**json.loads(dump_lock(LOCK)), **changes})


BROKEN = {
    "conflict markers": dump_lock(LOCK).replace('  "run.sh"', '<<<<<<< HEAD\n  "run.sh"', 1),
    "half a file": dump_lock(LOCK)[:200],
    "no JSON at all": "lock",
    "nothing": "",
    "another document": "[]",
    "a key too few": '{"lock": 1}',
    "a file that is no text": broken(files={"a.py": [5]}),
    "a file without content": broken(files={"a.py": {}}),
    "a packed file that is no text": of_format_1(files={"a.py": {"z": 5}}),
    "a packed file that is no base64": of_format_1(files={"a.py": {"z": "no base64!"}}),
    "a packed file that does not unpack": of_format_1(files={"a.py": {"z": "AAAA"}}),
    "files in a list": broken(files=["a.py"]),
    "a contribution of another shape": broken(contribution={"feature": "payment"}),
    "an entry with an unknown key": broken(
        contribution={**json.loads(dump_lock(LOCK))["contribution"], "routers": [{"x": 1}]}
    ),
    "nested without end": "[" * 100_000,
    "a format that is no number": broken(lock="one"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lock_says_how_to_rebuild_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / lock_path("payment")
    path.parent.mkdir()
    path.write_text(BROKEN[name])
    with pytest.raises(FeaturegenError) as raised:
        load_lock(tmp_path, "payment")
    assert raised.value.what.startswith("the lock of payment cannot be read: ")
    assert (raised.value.where or "").partition(":")[0] == ".featuregen/payment.lock"
    assert raised.value.hint is not None
    assert raised.value.hint.endswith("featuregen lock --rebuild")


def test_conflict_markers_are_named_with_their_line() -> None:
    text = BROKEN["conflict markers"]
    with pytest.raises(FeaturegenError, match="conflict markers of a merge") as raised:
        parse_lock(text, "payment")
    line = text.splitlines().index("<<<<<<< HEAD") + 1
    assert (raised.value.where, raised.value.exit_code) == (f".featuregen/payment.lock:{line}", 3)


def test_bytes_that_are_no_text_are_a_broken_lock(tmp_path: Path) -> None:
    path = tmp_path / lock_path("payment")
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FeaturegenError, match="the lock of payment cannot be read"):
        load_lock(tmp_path, "payment")


def test_a_newer_lock_says_which_featuregen_it_needs() -> None:
    with pytest.raises(FeaturegenError) as raised:
        parse_lock(broken(lock=3, featuregen="3.1.0"), "payment")
    assert raised.value.hint == "install it: pip install 'featuregen>=3.1.0'"


def test_a_hundred_locks_are_read_for_their_contributions_in_a_quarter_of_a_second_of_cpu() -> None:
    hashes = [spec_hash(str(n).encode())[:40] for n in range(1000)]
    files = pristine_files(
        {f"app/{n}.py": "\n".join(hashes[n * 50 : n * 50 + 50]) for n in range(20)}
    )
    text = dump_lock(replace(LOCK, files=files))
    start = process_time()
    for _ in range(100):
        assert parse_lock(text, "payment").contribution == PAYMENT
    assert process_time() - start < 0.25
