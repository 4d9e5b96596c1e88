"""Wiring a feature into an untouched file gives the very bytes that rendering it anew gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations

import pytest
from wiring_samples import EVERY, INVOICE, ORDER, PAYMENT, error, feature, setting

from featuregen.plan.contribution import Contribution
from featuregen.plan.project import ProjectPlan, plan_project
from featuregen.render import format_files, render_project
from featuregen.wiring.wire import PATHS, unwire, wire, wire_all, wired_ids


@cache
def project() -> ProjectPlan:
    return plan_project("shop-api", EVERY)


@cache
def rendered(features: tuple[Contribution, ...]) -> dict[str, str]:
    """The shared files that wiring edits, with these features in them; the parts never change."""
    files = format_files(render_project(project(), features))
    return {path: files[path] for path in PATHS}


def formatted(files: dict[str, str], changed: dict[str, str]) -> dict[str, str]:
    return format_files({**files, **changed})


SUBSETS: list[tuple[Contribution, ...]] = [(), (INVOICE,), (PAYMENT,), (INVOICE, PAYMENT)]


@pytest.mark.parametrize("present", SUBSETS, ids=lambda each: "+".join(f.feature for f in each))
def test_wiring_in_the_rest_is_rendering_with_all(present: tuple[Contribution, ...]) -> None:
    missing = [each for each in EVERY if each not in present]
    files = rendered(present)
    result = wire_all(files, missing, present)
    assert not result.impossible
    assert formatted(files, result.files) == rendered(EVERY)


@pytest.mark.parametrize("sequence", list(permutations(EVERY)), ids=lambda s: s[0].feature)
def test_one_after_the_other_in_any_order_is_the_same(sequence: Sequence[Contribution]) -> None:
    files, present = rendered(()), list[Contribution]()
    for each in sequence:
        files = {**files, **wire(files, each, present).files}
        present.append(each)
    assert format_files(files) == rendered(EVERY)


@pytest.mark.parametrize("gone", EVERY, ids=lambda each: each.feature)
def test_unwiring_is_rendering_without(gone: Contribution) -> None:
    rest = tuple(each for each in EVERY if each is not gone)
    files = rendered(EVERY)
    result = unwire(files, gone, rest, ledger=dict.fromkeys(wired_ids(gone), ""))
    assert not result.impossible
    assert formatted(files, result.files) == rendered(rest)


def test_unwiring_all_gives_back_the_bare_files() -> None:
    files, rest = rendered(EVERY), list(EVERY)
    for each in (ORDER, INVOICE, PAYMENT):
        rest.remove(each)
        ledger = dict.fromkeys(wired_ids(each), "")
        kept = {key: text for key, text in ledger.items() if not key.startswith("dependency:")}
        files = {**files, **unwire(files, each, rest, ledger=kept).files}
    assert format_files(files) == rendered(())


def test_a_changed_setting_is_rewritten_as_it_is_rendered() -> None:
    first, *others = PAYMENT.settings
    changed = replace(first, declaration="str = 'x'", imports=(), env_comment=("Plain.",))
    new = replace(PAYMENT, settings=(changed, *others), readme="## Other\n")
    files = rendered(EVERY)
    ledger = dict.fromkeys(wired_ids(PAYMENT), "")
    result = wire(files, new, (INVOICE, ORDER), previous=PAYMENT, ledger=ledger)
    assert not result.impossible
    assert formatted(files, result.files) == rendered((INVOICE, ORDER, new))


def test_lines_that_are_too_long_are_broken_as_the_formatter_breaks_them() -> None:
    wide = setting(
        "wide_url",
        f'HttpUrl = Field(examples=["https://example.com"], description="{"Base URL " * 4}")',
        ("pydantic", "HttpUrl"),
        ("pydantic", "Field"),
    )
    wider = replace(
        wide,
        name="wider_url",
        declaration=wide.declaration.replace("Base URL ", "The base URL of the ä "),
    )
    long = replace(error("LongError", 400), title=f'"{"Something long " * 6}"')
    files = rendered((INVOICE,))
    result = wire(files, feature("wide", settings=(wide, wider), errors=(long,)), (INVOICE,))
    changed = {path: text for path, text in result.files.items() if path.startswith("app/core")}
    assert len(changed) == 2
    assert formatted({}, changed) == changed
