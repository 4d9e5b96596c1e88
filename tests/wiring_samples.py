"""Contributions of three features, for the tests of `wiring`."""

from __future__ import annotations

from featuregen.plan.contribution import (
    Contribution,
    ErrorEntry,
    FakeEntry,
    Import,
    RouterEntry,
    SettingEntry,
)

ALL_NEEDS = ("auth", "decimal", "rate_limit", "strings", "upstream")


def setting(
    name: str,
    declaration: str,
    *imports: tuple[str, str],
    comment: tuple[str, ...] = (),
    env: str | None = None,
    active: bool = True,
) -> SettingEntry:
    return SettingEntry(
        name=name,
        declaration=declaration,
        imports=tuple(Import(*each) for each in imports),
        env_comment=comment,
        env_value="" if env is None else env,
        env_active=active,
        readme_row="",
    )


def url(name: str) -> SettingEntry:
    return setting(
        name,
        f"HttpUrl = Field(examples=['https://{name}.example.com/v1'], description='Base URL')",
        ("pydantic", "HttpUrl"),
        ("pydantic", "Field"),
        comment=("Base URL of the provider.",),
        env="https://example.com",
    )


def seconds(name: str) -> SettingEntry:
    return setting(
        name,
        "timedelta = timedelta(seconds=30)",
        ("datetime", "timedelta"),
        env="PT30S",
        active=False,
    )


def secret(name: str) -> SettingEntry:
    return setting(
        name,
        "SecretStr = Field(min_length=1, examples=['sk_test_1'])",
        ("pydantic", "SecretStr"),
        ("pydantic", "Field"),
        env="sk_test_1",
    )


def error(name: str, status: int, retry_after: int | None = None) -> ErrorEntry:
    return ErrorEntry(
        name=name,
        status=status,
        code=f'"{name.lower()}"',
        title=f'"{name} happened"',
        docstring=f'"""{name}, as a client sees it."""',
        retry_after=retry_after,
    )


def feature(
    name: str,
    *,
    settings: tuple[SettingEntry, ...] = (),
    errors: tuple[ErrorEntry, ...] = (),
    fakes: tuple[FakeEntry, ...] = (),
    needs: tuple[str, ...] = ALL_NEEDS,
) -> Contribution:
    return Contribution(
        feature=name,
        title=name.title(),
        routers=(RouterEntry(f"{name}s"),),
        settings=settings,
        errors=errors,
        fakes=fakes,
        needs=needs,
        permissions=(f"{name}s.create",),
        readme=f"## {name.title()}\n\nWhat a {name} is.\n",
    )


INVOICE = feature(
    "invoice",
    settings=(url("invoice_api_url"), seconds("invoice_timeout")),
    errors=(error("InvoiceError", 402),),
    fakes=(FakeEntry("ledger", "FakeLedger"),),
)
ORDER = feature("order", errors=(error("OrderClosedError", 409), error("OrderLostError", 503, 30)))
PAYMENT = feature(
    "payment",
    settings=(url("payment_api_url"), secret("payment_api_key"), seconds("payment_timeout")),
    errors=(error("PaymentError", 402), error("PaymentServiceError", 503, 30)),
    fakes=(FakeEntry("provider", "FakeProvider"),),
)
EVERY = (INVOICE, ORDER, PAYMENT)
PLAIN = Contribution("account", "Account", (), (), (), (), ALL_NEEDS, (), "")
"""Brings every part of the skeleton, and nothing else; its README section is cut by `bare`."""
