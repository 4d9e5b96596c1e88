"""The generated tests bite: code that is broken on purpose does not pass them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ToolRunner

MUTANTS = {
    "a field swapped on its way to the upstream": (
        "app/clients/provider.py",
        '"currency": data.currency',
        '"currency": data.payment_method_id',
    ),
    "a value lost on its way back": (
        "app/clients/provider.py",
        '"created_at": pick(answer, "created_at")',
        '"created_at": pick(answer, "id")',
    ),
    "an upstream's status with another meaning": (
        "app/clients/provider.py",
        "case 402:",
        "case 403:",
    ),
    "one attempt fewer": ("app/clients/provider.py", "attempts = 3", "attempts = 2"),
    "the key left out, so that a charge may be made twice": (
        "app/clients/provider.py",
        "idempotency_key=uuid4().hex",
        "idempotency_key=None",
    ),
    "a constant key, so that two charges are one": (
        "app/clients/provider.py",
        "uuid4().hex",
        '"key"',
    ),
    "the credentials of nobody": ("app/clients/provider.py", 'f"Bearer {', 'f"Basic {'),
    "a path parameter as it came": (
        "app/core/upstream.py",
        'quote(_text(value), safe="")',
        "_text(value)",
    ),
    "an open door": (
        "app/api/endpoints/payments.py",
        'Depends(require_permission("payments.read"))',
        "",
    ),
    "another permission": ("app/api/endpoints/payments.py", "payments.create", "payments.read"),
    "a wider limit": ("app/api/endpoints/payments.py", "10/minute", "11/minute"),
    "another status": ("app/api/endpoints/payments.py", "status_code=201", "status_code=200"),
    "a wider bound": ("app/models/payment.py", "le=Decimal(10000)", "le=Decimal(10001)"),
    "a bound that includes itself": ("app/models/payment.py", "gt=Decimal(0)", "ge=Decimal(0)"),
    "another rounding": ("app/models/payment.py", "rounding=ROUND_HALF_EVEN", "rounding=ROUND_UP"),
    "a looser pattern": ("app/models/payment.py", '"^[A-Z]{3}$"', '"^[A-Z]{2,3}$"'),
    "one character more": ("app/models/payment.py", "max_length=500", "max_length=501"),
    "a secret in the open": ("app/models/payment.py", "Sensitive(last4=True)", 'Field(title="x")'),
    "unknown fields let through": ("app/models/payment.py", 'extra="forbid"', 'extra="ignore"'),
    "another default": ("app/models/payment.py", 'default="USD"', 'default="EUR"'),
    "a deadline that is none": (
        "app/core/upstream.py",
        "asyncio.timeout(self.timeout)",
        "asyncio.timeout(60)",
    ),
}
SAMPLE = tuple(MUTANTS)[::5]


def survives(name: str, root: Path, tool: ToolRunner) -> bool:
    file, old, new = MUTANTS[name]
    path = root / file
    text = path.read_text()
    assert old in text, "the generated code has changed: mend the mutant"
    import_line = "from decimal import ROUND_UP\n" if "ROUND_UP" in new else ""
    path.write_text(import_line + text.replace(old, new) if import_line else text.replace(old, new))
    tests = [str(each.relative_to(root)) for each in sorted((root / "tests").glob("test_*.py"))]
    done = tool(root, "pytest", "-q", "-x", "-p", "no:randomly", *_near(tests))
    return done.returncode == 0


def _near(tests: list[str]) -> list[str]:
    return [name for name in tests if "payment" in name or "upstream" in name]


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mutant_is_killed(name: str, payment_project: Path, tool: ToolRunner) -> None:
    assert not survives(name, payment_project, tool)


@pytest.mark.heavy
@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in SAMPLE])
def test_every_mutant_is_killed(name: str, payment_project: Path, tool: ToolRunner) -> None:
    assert not survives(name, payment_project, tool)
