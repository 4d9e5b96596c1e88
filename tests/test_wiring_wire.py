"""Wiring by the ledger: what was removed, changed, shared or deleted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from time import process_time

import pytest
from wiring_samples import ALL_NEEDS, EVERY, INVOICE, ORDER, PAYMENT, feature, seconds, secret, url

from featuregen.plan.contribution import Contribution
from featuregen.plan.project import plan_project
from featuregen.render import format_files, render_project
from featuregen.wiring.wire import PATHS, Files, unwire, wire, wire_all, wired_ids

BARE_PYPROJECT = '[project]\nname = "shop"\ndependencies = [\n  "fastapi>=0.165",\n]\n'


@cache
def bare() -> dict[str, str]:
    """The shared files of a project without features, but with every part of the skeleton."""
    files = format_files(render_project(plan_project("shop-api", EVERY), ()))
    return {**{path: files[path] for path in PATHS}, "pyproject.toml": BARE_PYPROJECT}


def ledger(contribution: Contribution) -> dict[str, str]:
    return dict.fromkeys(wired_ids(contribution), "")


def wired(*contributions: Contribution) -> dict[str, str]:
    return {**bare(), **wire_all(bare(), contributions).files}


def test_every_id_of_a_feature_is_done_once_and_there_the_second_time() -> None:
    first = wire(bare(), PAYMENT)
    assert sorted(first.done) == list(wired_ids(PAYMENT))
    assert set(first.files) == set(PATHS)
    second = wire({**bare(), **first.files}, PAYMENT, ledger=ledger(PAYMENT))
    assert sorted(second.already) == list(wired_ids(PAYMENT))
    assert second.files == {}


def test_the_ids_are_stable() -> None:
    assert wired_ids(PAYMENT, ("app/main.py", ".env.example", "README.md")) == (
        "env:PAYMENT_API_KEY",
        "env:PAYMENT_API_URL",
        "env:PAYMENT_TIMEOUT",
        "readme:payment",
        "router:payments",
    )
    assert "setting:payment_api_url" in wired_ids(PAYMENT)
    assert "error:PaymentError" in wired_ids(PAYMENT)
    assert "fake:provider" in wired_ids(PAYMENT)
    assert "dependency:httpx2" in wired_ids(PAYMENT)


def test_wiring_then_unwiring_gives_back_the_very_bytes() -> None:
    files = wired(PAYMENT, INVOICE)
    one = unwire(files, INVOICE, (PAYMENT,), ledger=ledger(INVOICE))
    both = unwire({**files, **one.files}, PAYMENT, ledger=ledger(PAYMENT))
    assert {**files, **one.files, **both.files} == bare()
    assert not one.impossible
    assert not both.impossible


def test_what_another_feature_needs_stays() -> None:
    files = wired(PAYMENT, INVOICE)
    result = unwire(files, PAYMENT, (INVOICE,), ledger=ledger(PAYMENT))
    assert "httpx2" in {**files, **result.files}["pyproject.toml"]
    assert "dependency:httpx2" not in result.undone


def test_what_is_not_in_the_ledger_is_not_taken_out() -> None:
    files = wired(PAYMENT)
    result = unwire(files, PAYMENT, ledger={"router:payments": ""})
    assert result.undone == ("router:payments",)
    assert set(result.files) == {"app/main.py"}


@pytest.mark.parametrize(
    "path", ["app/main.py", "app/core/config.py", "README.md", "pyproject.toml"]
)
def test_what_the_user_took_out_stays_out(path: str) -> None:
    files = {**wired(PAYMENT), path: bare()[path]}
    result = wire(files, PAYMENT, previous=PAYMENT, ledger=ledger(PAYMENT))
    assert sorted(result.removed_by_user) == list(wired_ids(PAYMENT, (path,)))
    assert result.files == {}


def test_a_newcomer_gets_what_it_needs_although_the_user_took_it_out_for_another() -> None:
    files = {**wired(PAYMENT), "pyproject.toml": BARE_PYPROJECT}
    result = wire_all(
        files,
        (PAYMENT, INVOICE),
        previous={"payment": PAYMENT},
        ledgers={"payment": ledger(PAYMENT)},
    )
    assert "dependency:httpx2" in result.done


def test_a_file_that_the_user_deleted_is_not_made_again() -> None:
    files: Files = {"README.md": None}
    again = wire(files, PAYMENT, previous=PAYMENT, ledger=ledger(PAYMENT))
    assert again.removed_by_user == ("readme:payment",)
    assert again.files == {}
    (impossible,) = wire(files, PAYMENT).impossible
    assert impossible.instructions.startswith(
        "README.md: there is no such file. Its section reads:"
    )


def test_files_that_are_not_given_are_not_asked_about() -> None:
    result = wire({"app/main.py": bare()["app/main.py"]}, PAYMENT)
    assert result.done == ("router:payments",)
    assert not result.impossible


def test_what_a_new_spec_no_longer_has_goes() -> None:
    files = wired(PAYMENT, ORDER)
    new = replace(PAYMENT, settings=PAYMENT.settings[:1], errors=(), fakes=())
    result = wire(files, new, (ORDER,), previous=PAYMENT, ledger=ledger(PAYMENT))
    assert set(result.undone) == {
        "setting:payment_api_key",
        "setting:payment_timeout",
        "env:PAYMENT_API_KEY",
        "env:PAYMENT_TIMEOUT",
        "error:PaymentError",
        "error:PaymentServiceError",
        "fake:provider",
    }
    assert {**files, **result.files} == wired(new, ORDER)


def test_an_impossible_edit_does_not_keep_the_others_from_being_made() -> None:
    files = {**bare(), "app/main.py": "print('rebuilt')\n"}
    result = wire(files, PAYMENT)
    assert [each.id for each in result.impossible] == ["router:payments"]
    assert "setting:payment_api_url" in result.done
    assert "app/main.py" not in result.files


def test_the_lower_bound_of_the_user_comes_back() -> None:
    users = BARE_PYPROJECT.replace("fastapi>=0.165", "httpx2>=1,<3")
    result = wire({"pyproject.toml": users}, PAYMENT)
    assert "httpx2>=2.16,<3" in result.files["pyproject.toml"]
    kept = {**ledger(PAYMENT), **result.inverses}
    assert unwire(result.files, PAYMENT, ledger=kept).files == {"pyproject.toml": users}


def test_a_hundred_features_are_wired_within_two_seconds_of_cpu() -> None:
    features = [
        feature(
            f"f{n:02}",
            settings=(
                *(secret(f"f{n:02}_key_{k}") for k in range(3)),
                seconds(f"f{n:02}_time"),
                url(f"f{n:02}_url"),
            ),
        )
        for n in range(100)
    ]
    files = bare()
    start = process_time()
    result = wire_all(files, features)
    again = wire_all({**files, **result.files}, features)
    assert process_time() - start < 2
    assert len(result.done) == 100 * (1 + 5 + 5 + 1) + len(wired_ids(ORDER, ("pyproject.toml",)))
    assert again.files == {}


def test_wiring_imports_nothing_heavy() -> None:
    heavy = "{'pydantic', 'libcst', 'tomlkit', 'jinja2', 'yaml', 'subprocess'}"
    code = f"import sys, featuregen.wiring.wire; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_samples_need_every_part() -> None:
    assert set(PAYMENT.needs) == set(ALL_NEEDS)
