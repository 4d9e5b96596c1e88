"""What a run prints on the terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_samples import BROKEN, BY_HAND, CREATED, FAILED, PICTURE, PLANNED, PROVEN

from featuregen.diagnostics import width
from featuregen.project import near
from featuregen.report import as_text, plan_as_text
from featuregen.report.facts import percent, uncovered
from featuregen.results import FileChange, RunResult
from featuregen.terminal import Style, duration
from featuregen.verify import Failure, FileCoverage

PLAIN = Style(color=False, unicode=True, width=100)

CREATED_TEXT = """\
✓ payment: created in /srv/payment-api

Routes
  POST  /api/v1/payments               create_payment  payments.create  10/minute
  GET   /api/v1/payments/{payment_id}  get_payment     any user

Files: 2 created, 1 modified
  +  app/models/payment.py            120 lines
  +  app/services/payment_service.py  1 line
  ~  app/main.py

Proof: passed in 3.3 s
  ok  ruff   0 findings                    80 ms
  ok  mypy   0 findings                    1.2 s
  ok  tests  2 passed, 1 expected failure  3.2 s
  coverage 94.3 % of the statements and branches in 2 generated files
    app/services/payment_service.py: not run: 12-14, 20->22

To configure
  PAYMENT_API_URL  required     Base URL of the provider (like https://api.example.com)
  PAYMENT_TIMEOUT  default 30s  Deadline of one call

Next
  1. write on_refund() at app/services/payment_hooks.py:12; until then its endpoint answers 501
  2. try it: cd /srv/payment-api && uv run python -m app.dev   (prints a curl line and the address of /docs)
  3. before production: cp .env.example .env, and set PAYMENT_API_URL
"""  # noqa: E501 - as it is printed

FAILED_TEXT = """\
✗ payment: verification FAILED, /srv/payment-api is as it was

Proof: FAILED in 3.3 s
  ok      ruff   0 findings          80 ms
  FAILED  tests  1 failed, 1 passed  3.2 s
  coverage 94.3 % of the statements and branches in 2 generated files
    app/services/payment_service.py: not run: 12-14, 20->22

What failed
  tests/test_payment_api.py:41 [tests] test_create_payment[zero]
    from payment.yaml:6 (operations.create_payment)
    assert 200 == 422
     +  where 200 = response.status
  app/models/payment.py:7 [mypy] Payment
    Name 'x' is not defined

Next
  1. nothing was written; correct the spec, or what the project brings, and run it again
  2. to look at the code with its failures: the same command with --no-verify
"""

PLAN_TEXT = """\
payment: a plan for the project in /srv/payment-api; nothing is written

Routes
  POST  /api/v1/payments               create_payment  payments.create  10/minute
  GET   /api/v1/payments/{payment_id}  get_payment     any user

Settings
  PAYMENT_API_URL  required     Base URL of the provider (like https://api.example.com)
  PAYMENT_TIMEOUT  default 30s  Deadline of one call

Errors
  402  payment_declined  PaymentError  Payment declined

Files: 2 created, 1 modified
  +  app/models/payment.py            120 lines
  +  app/services/payment_service.py  1 line
  ~  app/main.py

Notes
  - tests/test_core.py: you deleted it, so it stays deleted

diff --git a/app/main.py b/app/main.py
--- a/app/main.py
+++ b/app/main.py
@@ -1,2 +1,2 @@
 from fastapi import FastAPI
-app = FastAPI()
+app = create_app()
"""


def test_a_feature_that_was_created_is_told_on_one_screen() -> None:
    assert as_text(CREATED, PLAIN) == CREATED_TEXT


def test_a_failed_proof_shows_each_failure_with_its_line_of_the_spec() -> None:
    assert as_text(BROKEN, PLAIN) == FAILED_TEXT


def test_a_plan_shows_the_diffs_of_shared_files() -> None:
    assert plan_as_text(PLANNED, PLAIN) == PLAN_TEXT


def test_a_plan_shows_the_diffs_of_all_files_when_asked() -> None:
    text = plan_as_text(PLANNED, PLAIN, all_diffs=True)
    assert text.startswith(PLAN_TEXT)
    assert "+++ b/app/models/payment.py\n@@ -0,0 +1 @@\n+class Payment: ...\n" in text


def test_without_verification_no_word_claims_a_proof() -> None:
    text = as_text(replace(CREATED, verification=None), PLAIN)
    assert "not run (--no-verify): nothing here was checked by ruff, mypy or a test" in text
    assert "prove it: featuregen verify --into /srv/payment-api" in text
    assert "passed" not in text
    assert "coverage" not in text


def test_a_run_that_changed_nothing_says_so() -> None:
    unchanged = replace(CREATED, outcome="unchanged", files=(), verification=None)
    assert as_text(unchanged, PLAIN) == (
        "✓ payment: nothing to do, /srv/payment-api has it from this very spec\n\n"
        "Proof\n  not run again, since nothing changed; 'featuregen verify' runs it\n"
    )


def test_an_edit_to_make_by_hand_is_printed_in_full() -> None:
    text = as_text(replace(CREATED, by_hand=(BY_HAND,)), PLAIN)
    assert (
        "By hand: app/main.py (router:payments)\n"
        "  Add below the other imports:\n\n"
        "      from app.api.endpoints import payments\n"
    ) in text
    assert "1. by hand: 1 edit, as told above" in text


def test_several_features_that_were_verified_have_one_headline() -> None:
    result = replace(CREATED, command="verify", outcome="verified", picture=None, files=())
    assert as_text(result, PLAIN).startswith("✓ all features: verified in /srv/payment-api\n")


def test_many_new_files_are_told_by_folder_and_every_changed_one_by_name() -> None:
    created = tuple(FileChange(f"app/core/part_{n}.py", "create", 10) for n in range(20))
    changed = FileChange("app/main.py", "modify", 60)
    text = as_text(replace(CREATED, files=(*created, changed)), PLAIN)
    assert (
        "Files: 20 created, 1 modified\n  +  app/core/    20 files, 200 lines\n  ~  app/main.py\n"
        in text
    )


def test_marks_have_an_ascii_form() -> None:
    ascii_only = replace(PLAIN, unicode=False)
    assert as_text(CREATED, ascii_only).startswith("ok payment: created")
    assert as_text(BROKEN, ascii_only).startswith("FAILED payment: verification FAILED")
    assert as_text(CREATED, ascii_only).isascii()


def test_colour_adds_to_the_words_and_replaces_none() -> None:
    import re

    colored = as_text(BROKEN, replace(PLAIN, color=True))
    assert "\x1b[31m✗\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == FAILED_TEXT


def test_columns_are_cut_on_a_narrow_terminal() -> None:
    text = as_text(CREATED, replace(PLAIN, width=40))
    table = text[text.index("Routes") : text.index("Next")].split("Proof")[0].splitlines()
    assert max(map(width, table)) == 40
    assert any(line.endswith("…") for line in table)


def test_text_of_a_spec_cannot_command_the_terminal() -> None:
    route = replace(
        PICTURE.routes[0], summary="\x1b[2J", access="\x1b]0;owned\x07", operation="\u202eevil"
    )
    hostile = replace(PICTURE, feature="\x1b[31mred", routes=(route,))
    note, failure = "\x9b31m", replace(FAILED.failures[0], message="\x1b[2Jgone\r\n\x07")
    result = replace(
        CREATED,
        picture=hostile,
        notes=(note,),
        root="/srv/\x1b[2J",
        verification=replace(FAILED, failures=(failure,)),
        by_hand=(replace(BY_HAND, instructions="\x1b[2J"),),
    )
    for text in (
        as_text(result, PLAIN),
        plan_as_text(replace(PLANNED, picture=hostile, notes=(note,)), PLAIN),
    ):
        assert all(char.isprintable() for char in text.replace("\n", ""))


def test_a_long_list_of_failures_is_cut_and_says_so() -> None:
    long = replace(FAILED.failures[0], message="\n".join(f"line {n}" for n in range(15)))
    text = as_text(_failing((long,) * 12), PLAIN)
    assert text.count("test_create_payment[zero]") == 10
    assert "    … 3 more lines (--json has all)\n" in text
    assert "  and 2 more (--json has all)\n" in text


def test_what_failed_as_a_whole_is_told_before_its_parts() -> None:
    whole = Failure("tests", "", 0, "", "no module named httpx2: add httpx2 to the dependencies")
    text = as_text(_failing((*FAILED.failures, whole)), PLAIN)
    assert "What failed\n  tests\n    no module named httpx2" in text


def _failing(failures: tuple[Failure, ...]) -> RunResult:
    return replace(BROKEN, verification=replace(FAILED, failures=failures))


def test_a_failure_of_a_spec_that_is_not_at_hand_names_the_part_of_it() -> None:
    text = as_text(replace(BROKEN, sources=()), PLAIN)
    assert "    from operations.create_payment\n" in text


def test_a_folder_is_named_as_one_would_type_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert near(str(tmp_path / "build" / "api")) == "build/api"
    assert near(str(tmp_path)) == "."
    assert near("/elsewhere/api") == "/elsewhere/api"
    assert as_text(replace(CREATED, root=str(tmp_path)), PLAIN).startswith(
        "✓ payment: created in this folder\n"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0004, "0 ms"),
        (0.24, "240 ms"),
        (0.9999, "1.0 s"),
        (3.21, "3.2 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
    ],
)
def test_a_duration_has_a_unit_that_fits_it(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(100, "100 %"), (99.97, "99.9 %"), (86.84, "86.8 %"), (50.0, "50 %"), (0, "0 %")],
)
def test_coverage_is_never_rounded_up_to_all(value: float, shown: str) -> None:
    assert percent(value) == shown


def test_what_no_test_ran_is_named_by_lines_and_branches() -> None:
    gaps = FileCoverage("a.py", 9, (3, 4, 5, 9), 4, ((7, 8), (11, -1), (3, 5)), 50.0)
    assert uncovered(gaps) == "3-5, 9, 7->8, 11->exit"
    assert uncovered(PROVEN.coverage[0]) == ""
