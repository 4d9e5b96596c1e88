"""Results as the pipeline hands them over: a payment feature, proven and failed, written out."""

from __future__ import annotations

from dataclasses import replace

from featuregen.results import (
    ByHand,
    ErrorAnswer,
    FeaturePicture,
    FileChange,
    PlanResult,
    Route,
    RunResult,
    SettingNeeded,
    StageTime,
)
from featuregen.spec.load import parse_spec
from featuregen.verify import Failure, FileCoverage, Stage, TestResult, Verification
from featuregen.workspace import FileDiff

PICTURE = FeaturePicture(
    feature="payment",
    title="Payment API",
    summary="Charge a customer.",
    routes=(
        Route(
            "POST",
            "/api/v1/payments",
            "create_payment",
            "Create a payment",
            "payments.create",
            ("10/minute",),
            (201, 401, 402, 422),
        ),
        Route(
            "GET",
            "/api/v1/payments/{payment_id}",
            "get_payment",
            "Get payment details",
            "any user",
            (),
            (200, 401, 404),
        ),
    ),
    settings=(
        SettingNeeded(
            name="PAYMENT_API_URL",
            required=True,
            description="Base URL of the provider",
            example="https://api.example.com",
        ),
        SettingNeeded(
            name="PAYMENT_TIMEOUT",
            required=False,
            description="Deadline of one call",
            example="30s",
        ),
    ),
    errors=(ErrorAnswer("PaymentError", 402, "payment_declined", "Payment declined"),),
    traits=("POST /api/v1/payments calls provider: POST /payments, up to 3 attempts within 30 s",),
    security=("create_payment needs the permission payments.create",),
    hooks=(("on_refund", "app/services/payment_hooks.py:12"),),
    requirements=(("users", ("customers of the shop",)),),
)

FILES = (
    FileChange("app/main.py", "modify", 60),
    FileChange("app/models/payment.py", "create", 120),
    FileChange("app/services/payment_service.py", "create", 1),
)

PROVEN = Verification(
    ok=True,
    stages=(
        Stage(name="ruff", ok=True, seconds=0.08, summary="0 findings"),
        Stage(name="mypy", ok=True, seconds=1.25, summary="0 findings"),
        Stage(name="tests", ok=True, seconds=3.2, summary="2 passed, 1 expected failure"),
    ),
    tests=(
        TestResult(
            "tests/test_payment_api.py::test_a", "passed", 0.1, "", "tests/test_payment_api.py", 1
        ),
        TestResult(
            "tests/test_payment_api.py::test_b", "passed", 0.1, "", "tests/test_payment_api.py", 9
        ),
        TestResult(
            "tests/test_payment_api.py::test_on_refund",
            "expected failure",
            0.1,
            "not written",
            "tests/test_payment_api.py",
            20,
        ),
    ),
    coverage=(
        FileCoverage("app/models/payment.py", 40, (), 10, (), 100.0),
        FileCoverage(
            "app/services/payment_service.py", 30, (12, 13, 14), 8, ((20, 22), (12, 13)), 86.8
        ),
    ),
    failures=(),
    seconds=3.3,
)

SPEC = """\
featuregen: 1
feature: payment
models:
  Ping: {fields: {name: string}}
operations:
  create_payment:
    method: POST
    path: /
    request: Ping
    response: Ping
    hook: on_payment
"""

FAILED = replace(
    PROVEN,
    ok=False,
    stages=(
        Stage(name="ruff", ok=True, seconds=0.08, summary="0 findings"),
        Stage(
            name="tests",
            ok=False,
            seconds=3.2,
            summary="1 failed, 1 passed",
            output="E  assert 200 == 422",
        ),
    ),
    tests=(
        TestResult(
            "tests/test_payment_api.py::test_a", "passed", 0.1, "", "tests/test_payment_api.py", 1
        ),
        TestResult(
            "tests/test_payment_api.py::test_create_payment[zero]",
            "failed",
            0.1,
            "assert 200 == 422",
            "tests/test_payment_api.py",
            41,
        ),
    ),
    failures=(
        Failure(
            "tests",
            "tests/test_payment_api.py",
            41,
            "test_create_payment[zero]",
            "assert 200 == 422\n +  where 200 = response.status",
            ("operations", "create_payment"),
        ),
        Failure("mypy", "app/models/payment.py", 7, "Payment", "Name 'x' is not defined", None),
    ),
)

CREATED = RunResult(
    command="new",
    root="/srv/payment-api",
    picture=PICTURE,
    outcome="created",
    files=FILES,
    by_hand=(),
    notes=(),
    verification=PROVEN,
    stages=(StageTime("check", 0.05), StageTime("verify", 3.3)),
    next_steps=(),
    warnings=(),
)

BROKEN = replace(
    CREATED,
    outcome="failed",
    verification=FAILED,
    sources=(parse_spec(SPEC, "payment.yaml").source,),
)

BY_HAND = ByHand(
    id="router:payments",
    path="app/main.py",
    instructions="Add below the other imports:\n\n    from app.api.endpoints import payments\n",
)

PLANNED = PlanResult(
    root="/srv/payment-api",
    new_project=False,
    picture=PICTURE,
    files=FILES,
    diffs=(
        FileDiff(
            "app/main.py",
            "changed",
            1,
            1,
            "diff --git a/app/main.py b/app/main.py\n--- a/app/main.py\n+++ b/app/main.py\n"
            "@@ -1,2 +1,2 @@\n from fastapi import FastAPI\n"
            "-app = FastAPI()\n+app = create_app()\n",
        ),
        FileDiff(
            "app/models/payment.py",
            "added",
            1,
            0,
            "diff --git a/app/models/payment.py b/app/models/payment.py\nnew file mode 100644\n"
            "--- /dev/null\n+++ b/app/models/payment.py\n@@ -0,0 +1 @@\n+class Payment: ...\n",
        ),
    ),
    shared=frozenset({"app/main.py"}),
    by_hand=(),
    notes=("tests/test_core.py: you deleted it, so it stays deleted",),
    warnings=(),
)
