"""`.featuregen/<name>.lock`: what is written is read again, and what is broken is said."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from wiring_samples import EVERY, PAYMENT

from featuregen.errors import FeaturegenError
from featuregen.lock import (
    Lock,
    Pristine,
    dump_lock,
    load_lock,
    lock_path,
    pack,
    parse_lock,
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
    files={path: pack(text, executable=path == "run.sh") for path, text in FILES.items()},
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


def test_a_changed_file_changes_one_line() -> None:
    files = {**LOCK.files, "app/models/payment.py": pack(b"y = 2\n")}
    pairs = zip(
        dump_lock(LOCK).splitlines(),
        dump_lock(replace(LOCK, files=files)).splitlines(),
        strict=True,
    )
    (changed,) = [old for old, new in pairs if old != new]
    assert '"app/models/payment.py"' in changed


def test_the_text_is_ascii_so_that_no_locale_or_editor_can_harm_it() -> None:
    title = replace(PAYMENT, title="Zählung\u2028")
    assert dump_lock(replace(LOCK, contribution=title)).isascii()


def test_a_render_packed_by_another_zlib_keeps_its_form() -> None:
    text = FILES["tests/test_payment_api.py"]
    other = Pristine(b64encode(zlib.compress(text, 0)).decode())
    assert other.packed != pack(text).packed
    assert pack(text, before=other) is other
    assert pack(text, executable=True, before=other).executable
    assert pack(b"new", before=other).text == b"new"


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
    "a file that is no text": broken(files={"a.py": {"z": 5}}),
    "a file without content": broken(files={"a.py": {}}),
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
    assert raised.value.where == ".featuregen/payment.lock"
    assert raised.value.hint is not None
    assert raised.value.hint.endswith("featuregen lock --rebuild")


def test_conflict_markers_are_named() -> None:
    with pytest.raises(FeaturegenError, match="conflict markers of a merge"):
        parse_lock(BROKEN["conflict markers"], "payment")


def test_bytes_that_are_no_text_are_a_broken_lock(tmp_path: Path) -> None:
    path = tmp_path / lock_path("payment")
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FeaturegenError, match="the lock of payment cannot be read"):
        load_lock(tmp_path, "payment")


def test_a_newer_lock_says_which_featuregen_it_needs() -> None:
    with pytest.raises(FeaturegenError) as raised:
        parse_lock(broken(lock=2, featuregen="3.1.0"), "payment")
    assert raised.value.hint == "install it: pip install 'featuregen>=3.1.0'"


@pytest.mark.parametrize("packed", ["no base64!", "AAAA", pack(b"x" * 99).packed[:-8]])
def test_a_file_that_does_not_unpack_is_said_once_it_is_asked_for(packed: str) -> None:
    lock = parse_lock(broken(files={"a.py": {"z": packed}}), "payment")
    with pytest.raises(FeaturegenError) as raised:
        assert lock.files["a.py"].text
    assert raised.value.where == ".featuregen/payment.lock: a.py"
    assert raised.value.hint is not None


def test_a_hundred_locks_are_read_for_their_contributions_in_a_quarter_of_a_second_of_cpu() -> None:
    hashes = [spec_hash(str(n).encode()).encode() for n in range(1000)]
    files = {f"app/{n}.py": pack(b"".join(hashes[n * 50 : n * 50 + 50])) for n in range(20)}
    text = dump_lock(replace(LOCK, files={**files, "bad.py": Pristine("never unpacked")}))
    start = process_time()
    for _ in range(100):
        assert parse_lock(text, "payment").contribution == PAYMENT
    assert process_time() - start < 0.25
