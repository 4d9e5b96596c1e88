"""Each defence of the generated code is taken out, and a generated test notices.

A defence is a passage of the code and what stands there without it. A passage that is not found
fails the test: then the code has changed, and the table has to be mended.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import REPOSITORY, ToolRunner

from featuregen.environment import project_environment
from featuregen.pipeline import Options, new
from featuregen.progress import Silent

PAYMENT = REPOSITORY / "examples" / "payment" / "payment.yaml"
COURSES = REPOSITORY / "tests" / "cases" / "good" / "stored.yaml"
PROXY = REPOSITORY / "tests" / "cases" / "ok" / "payment-upstream.yaml"
DESK = REPOSITORY / "tests" / "cases" / "good" / "tickets.yaml"
VENUES = REPOSITORY / "tests" / "cases" / "good" / "bookings.yaml"
GUARDED = REPOSITORY / "tests" / "cases" / "good" / "guarded.yaml"
SPECS = {
    "payment": PAYMENT,
    "course": COURSES,
    "proxy": PROXY,
    "desk": DESK,
    "venue": VENUES,
    "guarded": GUARDED,
}

AUTH = "app/core/auth.py"
MIDDLEWARE = "app/core/middleware.py"
SIGNATURES = "app/core/signatures.py"
WEBHOOKS = "app/core/webhooks.py"


class Defence(NamedTuple):
    """`old` is the defence in `file`, `new` what is there without it."""

    project: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """Files of tests, as patterns; one test has to fail."""
    chosen: str = ""
    """Tests by words in their names, as `pytest -k` takes them; all of the files, if empty."""
    also: tuple[str, str] = ("", "")
    """Another passage and what replaces it, where a second defence stands behind the first."""


API = ("tests/test_payment_api.py",)
STORED = (
    "tests/test_payment_stored.py",
    "tests/test_payment_[lmrw]*.py",
    "tests/test_payment_service.py",
)
CORE_AUTH = ("tests/test_core_auth.py",)

DEFENCES = {
    "a request without a token": Defence(
        "payment",
        AUTH,
        '    if caller is None:\n        raise UnauthorizedError("Missing bearer token")\n',
        '    if caller is None:\n        return User(sub="nobody")\n',
        API,
        "token",
    ),
    "a forged token": Defence(
        "payment",
        AUTH,
        'options={"require": ["exp", "sub", "aud", "iss"]}',
        'options={"verify_signature": False}',
        API,
        "token",
    ),
    "an expired token": Defence(
        "payment",
        AUTH,
        'options={"require": ["exp", "sub", "aud", "iss"]}',
        'options={"verify_exp": False, "require": ["exp", "sub", "aud", "iss"]}',
        API,
        "token",
        ("expiry <= time.time()", "expiry == -1"),
    ),
    "a token that has expired since it was read": Defence(
        "payment", AUTH, "expiry <= time.time()", "expiry == -1", CORE_AUTH
    ),
    "a token of the algorithm none": Defence(
        "payment",
        AUTH,
        "    claims = jwt.decode(\n        token,\n        secret,\n",
        "    unsigned = jwt.get_unverified_header(token)['alg'] == 'none'\n"
        "    claims = jwt.decode(token, options={'verify_signature': False}) if unsigned else "
        "jwt.decode(\n        token,\n        secret,\n",
        CORE_AUTH,
    ),
    "a token for another service": Defence(
        "payment",
        AUTH,
        'options={"require": ["exp", "sub", "aud", "iss"]}',
        'options={"verify_aud": False, "require": ["exp", "sub", "aud", "iss"]}',
        CORE_AUTH,
    ),
    "a missing permission": Defence(
        "payment",
        AUTH,
        "if permission not in user.permissions:",
        "if not user.id:",
        API,
        "permission",
    ),
    "another permission on a route": Defence(
        "payment",
        "app/api/endpoints/payments.py",
        'require_permission("payments.refund")',
        'require_permission("payments.read")',
        API,
        "permission",
    ),
    "another owner's row, by its id": Defence(
        "payment",
        "app/services/payment_service.py",
        "select(Payment).where(Payment.id == payment_id, Payment.owner_id == user.id)",
        "select(Payment).where(Payment.id == payment_id)",
        STORED,
    ),
    "other owners' rows in a list": Defence(
        "payment",
        "app/services/payment_service.py",
        "select(Payment).where(Payment.owner_id == user.id)",
        "select(Payment)",
        STORED,
    ),
    "fields that a client may not set, in a creation": Defence(
        "payment",
        "app/models/payment.py",
        '        extra="forbid",\n        json_schema_extra={\n',
        '        extra="ignore",\n        json_schema_extra={\n',
        API,
    ),
    "fields that a client may not set, in a change": Defence(
        "course",
        "app/models/course.py",
        'extra="forbid"',
        'extra="ignore"',
        ("tests/test_course_*.py",),
    ),
    "wildcards in a search": Defence(
        "course",
        "app/db/queries.py",
        "column.icontains(text, autoescape=True)",
        "column.icontains(text)",
        ("tests/test_core_db.py", "tests/test_core_paging.py", "tests/test_course_*.py"),
    ),
    "SQL in a search": Defence(
        "course",
        "app/db/queries.py",
        "column.icontains(text, autoescape=True)",
        "__import__('sqlalchemy').literal_column(f\"{column} LIKE '%{text}%'\")",
        ("tests/test_core_db.py", "tests/test_core_paging.py", "tests/test_course_*.py"),
    ),
    "SQL in a filter": Defence(
        "course",
        "app/db/queries.py",
        "_COMPARE[sign](column, value)",
        "__import__('sqlalchemy').literal_column(f\"{column} {sign.strip('=') or '='} '{value}'\")",
        ("tests/test_core_paging.py", "tests/test_course_*.py"),
    ),
    "a body that is too large, as it says itself": Defence(
        "payment",
        MIDDLEWARE,
        "int(declared[:20]) > self.limit",
        "self.limit < 0",
        ("tests/test_core.py",),
        "",
        ("if received > self.limit:", "if self.limit < 0:"),
    ),
    "a body that is too large, and does not say so": Defence(
        "payment",
        MIDDLEWARE,
        "if received > self.limit:",
        "if self.limit < 0:",
        ("tests/test_core.py",),
    ),
    "a body that is nested too deeply": Defence(
        "payment",
        "app/core/errors.py",
        'if exc.detail == "There was an error parsing the body":',
        'if exc.detail == "":',
        ("tests/test_core_errors.py", *API),
    ),
    "NaN and Infinity for an amount": Defence(
        "payment",
        "app/core/decimals.py",
        'raise PydanticKnownError("finite_number")',
        'return Decimal("1.00")',
        ("tests/test_core_decimals.py", *API),
    ),
    "the input, repeated in an error": Defence(
        "payment",
        "app/core/validation.py",
        'code=error["type"], message=_message(error)',
        'code=error["type"], message=str(error["input"])',
        ("tests/test_core_errors.py", *API),
    ),
    "text of a stranger's in a header": Defence(
        "payment",
        MIDDLEWARE,
        "supplied if _REQUEST_ID.fullmatch(supplied) else uuid.uuid4().hex",
        "supplied or uuid.uuid4().hex",
        ("tests/test_core.py",),
    ),
    "a path as it was sent, in the log": Defence(
        "payment",
        MIDDLEWARE,
        'return str(getattr(scope.get("route"), "path", scope["path"]))',
        'return str(scope["path"])',
        ("tests/test_core.py", *API),
    ),
    "a line of the log that a client writes": Defence(
        "payment",
        "app/core/logging.py",
        "structlog.processors.JSONRenderer()",
        'lambda _logger, _method, event: "{}\\n".format(event)',
        ("tests/test_core.py", *API),
    ),
    "secrets in the log": Defence(
        "payment",
        "app/core/logging.py",
        'return {**redact_mapping(cast("Mapping[object, object]", event_dict)), **internal}',
        "return {**event_dict, **internal}",
        ("tests/test_core.py", *API),
    ),
    "%2F and %3F in a path": Defence(
        "proxy",
        "app/core/upstream.py",
        'quote(_text(value), safe="")',
        "_text(value)",
        ("tests/test_core_upstream.py", "tests/test_payment_api.py"),
    ),
    "%2e%2e in a path": Defence(
        "proxy",
        "app/core/upstream.py",
        'if text in {"", ".", ".."}:',
        'if text == "":',
        ("tests/test_core_upstream.py", "tests/test_payment_api.py"),
    ),
    "a path parameter of any form": Defence(
        "proxy",
        "app/api/endpoints/payments.py",
        'pattern="^[A-Za-z0-9_-]+$"',
        'pattern="^.+$"',
        ("tests/test_payment_api.py",),
    ),
    "a forged webhook": Defence(
        "payment",
        SIGNATURES,
        "if not any(hmac.compare_digest(*pair) for pair in pairs):",
        "if not pairs:",
        ("tests/test_payment_webhooks.py",),
    ),
    "a webhook of long ago": Defence(
        "payment",
        SIGNATURES,
        "abs(time.time() - int(stamp)) > tolerance",
        "tolerance < 0",
        ("tests/test_payment_webhooks.py",),
    ),
    "a webhook that comes twice": Defence(
        "payment",
        WEBHOOKS,
        'return "duplicate"',
        "pass",
        ("tests/test_payment_webhooks.py",),
    ),
    "an event for a row that has moved on": Defence(
        "payment",
        "app/services/payment_service.py",
        '.where(Payment.id == payment_id, Payment.status == "pending")',
        ".where(Payment.id == payment_id)",
        ("tests/test_payment_webhooks.py",),
    ),
    "an idempotency key with another body": Defence(
        "payment",
        "app/core/idempotency.py",
        "elif record.fingerprint != fingerprint:",
        "elif not fingerprint:",
        STORED,
    ),
    "another caller's idempotency key": Defence(
        "payment",
        "app/core/idempotency.py",
        '{"owner_id": user.id, "scope": scope',
        '{"owner_id": "all", "scope": scope',
        ("tests/test_core_idempotency.py", "tests/test_payment_money.py"),
    ),
    "more refunded than was paid": Defence(
        "payment",
        "app/services/payment_service.py",
        "Payment.refunded_amount <= Payment.amount - refund.amount",
        "Payment.refunded_amount <= Payment.amount",
        STORED,
    ),
    "requests over the limit": Defence(
        "payment",
        "app/core/ratelimit.py",
        "if retry_after is not None:",
        "if not limits:",
        API,
        "limit",
    ),
    "a forged webhook of Standard Webhooks": Defence(
        "desk",
        SIGNATURES,
        "if not any(hmac.compare_digest(*pair) for pair in pairs):",
        "if not pairs:",
        ("tests/test_ticket_webhooks.py",),
    ),
    "a webhook of Standard Webhooks, of long ago": Defence(
        "desk",
        SIGNATURES,
        "abs(time.time() - int(stamp)) > tolerance",
        "tolerance < 0",
        ("tests/test_ticket_webhooks.py",),
    ),
    "a forged webhook of a plain HMAC": Defence(
        "venue",
        SIGNATURES,
        "if not any(hmac.compare_digest(*pair) for pair in pairs):",
        "if not pairs:",
        ("tests/test_booking_webhooks.py",),
    ),
    "a webhook of a plain HMAC that is sent again": Defence(
        "venue",
        WEBHOOKS,
        'return "duplicate"',
        "pass",
        ("tests/test_booking_webhooks.py",),
    ),
    "NaN and Infinity for a float": Defence(
        "desk",
        "app/models/ticket.py",
        "strict=True, allow_inf_nan=False, ge=0",
        "strict=True, ge=0",
        ("tests/test_ticket_api.py",),
        "finite",
    ),
    "NaN and Infinity in a JSON field": Defence(
        "desk",
        "app/core/json_values.py",
        "case float() if not math.isfinite(value):",
        "case float() if math.isnan(1.0):",
        ("tests/test_core_types.py",),
    ),
    "a JSON field that is nested too deeply": Defence(
        "desk",
        "app/core/json_values.py",
        "if depth > _DEEPEST:",
        "if depth < 0:",
        ("tests/test_core_types.py",),
    ),
    "others' rows, without the permission to read all": Defence(
        "desk",
        "app/services/ticket_service.py",
        'if "tickets.read_all" in user.permissions:',
        'if "tickets.read_all" not in user.permissions:',
        ("tests/test_ticket_lists.py", "tests/test_ticket_stored.py"),
    ),
    "another owner's row, in a change": Defence(
        "guarded",
        "app/services/purchase_service.py",
        "select(Account).where(Account.id == account_id, Account.owner_id == user.id)",
        "select(Account).where(Account.id == account_id)",
        ("tests/test_purchase_stored.py",),
        "update",
        (
            "update(Account).where(Account.id == account_id, Account.owner_id == user.id)",
            "update(Account).where(Account.id == account_id)",
        ),
    ),
    "another owner's row, as the parent of a new one": Defence(
        "guarded",
        "app/services/purchase_service.py",
        "select(Account).where(Account.id == account_id, Account.owner_id == user.id)",
        "select(Account).where(Account.id == account_id)",
        ("tests/test_purchase_stored.py",),
        "buy",
    ),
    "another owner's job": Defence(
        "guarded",
        "app/core/jobs.py",
        "where(table.id == job_id, table.owner_id.in_((owner_id, NOBODY)))",
        "where(table.id == job_id)",
        ("tests/test_purchase_jobs.py",),
    ),
    "what a function of the user's refuses": Defence(
        "guarded",
        "app/services/purchase_service.py",
        "        await purchase_hooks.check_purchase(\n"
        "            data, account_id=account_id, user=user, session=self._session\n"
        "        )\n",
        "",
        ("tests/test_purchase_money.py",),
        "own_function",
    ),
    "an outage that the client is told of like a refusal": Defence(
        "guarded",
        "app/core/jobs.py",
        "if error.refused is None:",
        "if error:",
        ("tests/test_purchase_jobs.py",),
        "outage",
    ),
    "what browsers should not do": Defence(
        "payment",
        MIDDLEWARE,
        '    (b"x-content-type-options", b"nosniff"),\n',
        "",
        ("tests/test_core.py",),
    ),
    "documentation in production": Defence(
        "payment",
        "app/main.py",
        'settings.environment != "production"',
        'settings.environment != "nowhere"',
        ("tests/test_core.py", "tests/test_core_ops.py"),
    ),
}
SAMPLE = ("a forged token", "a missing permission", "a forged webhook")


class Projects:
    """The projects of `SPECS`, each made when it is first asked for. Read only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        root = self._folder / name
        if not root.exists():
            new(SPECS[name], root, Options(verify=False), Silent())
        return root


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return Projects(tmp_path_factory.mktemp("defended"))


def outcome(root: Path, defence: Defence) -> tuple[int, str]:
    """Pytest's exit code: 1 where a test has failed, 0 where all have passed."""
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    tool = ToolRunner(project_environment(root, pyproject).python)
    chosen = ("-k", defence.chosen) if defence.chosen else ()
    found = {path for pattern in defence.tests for path in root.glob(pattern)}
    files = sorted(path.relative_to(root).as_posix() for path in found)
    assert files, "the generated tests have other names: mend the table"
    options = ("-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider")
    done = tool(root, "pytest", *options, *chosen, *files)
    return done.returncode, done.stdout[-3000:]


def take_out(root: Path, defence: Defence) -> None:
    path = root / defence.file
    text = path.read_text(encoding="utf-8")
    for old, new_text in ((defence.old, defence.new), defence.also):
        assert old in text, "the generated code has changed: mend the table"
        text = text.replace(old, new_text) if old else text
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.heavy) for name in DEFENCES],
)
def test_a_generated_test_fails_without_the_defence_against(
    projects: Projects, tmp_path: Path, name: str
) -> None:
    defence = DEFENCES[name]
    root = tmp_path / defence.project
    shutil.copytree(projects[defence.project], root)
    take_out(root, defence)
    code, said = outcome(root, defence)
    assert code == 1, said


@pytest.mark.heavy
@pytest.mark.parametrize("project", SPECS)
def test_the_same_tests_pass_with_all_defences(
    projects: Projects, tmp_path: Path, project: str
) -> None:
    root = tmp_path / project
    shutil.copytree(projects[project], root)
    files = {file for it in DEFENCES.values() if it.project == project for file in it.tests}
    code, said = outcome(root, Defence(project, "", "", "", tuple(sorted(files))))
    assert code == 0, said
