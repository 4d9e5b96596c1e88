"""What one feature adds to the files that features share.

The same data drives three things: the templates of the shared files (`templates/project`), the
edits of a shared file that the user has changed (`wiring`), and the lock, which keeps it as JSON,
so that the other features' share is known without planning them again.

Every `str` here that holds code, Markdown or env text is ready to be written: quoted in `plan`,
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.plan.schema import Table


@dataclass(frozen=True, slots=True)
class Import:
    """`from module import name`."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class RouterEntry:
    """`app.include_router(payments.router)`, from `app.api.endpoints`."""

    module: str  # "payments"


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """A field of `Settings`, its line in `.env.example`, and its row in the README's table."""

    name: str  # payment_api_url
    declaration: (
        str  # "HttpUrl = Field(examples=['https://…'], description='…')": right of the colon
    )
    imports: tuple[Import, ...]  # what the declaration needs
    env_comment: tuple[str, ...]  # comment lines for .env.example, without the "# "
    env_value: str  # right of PAYMENT_API_URL=, already quoted where it must be
    env_active: bool  # False: has a default, so the line is commented out
    readme_row: str  # "| `PAYMENT_API_URL` | yes | | Base URL of the provider |"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """A subclass of `AppError` in `app/core/errors.py`."""

    name: str
    status: int
    code: str  # Python literal
    title: str  # Python literal
    docstring: str  # a whole docstring with its quotes
    retry_after: int | None  # seconds


@dataclass(frozen=True, slots=True)
class FakeEntry:
    """A fake upstream: one entry of `FAKES` in `tests/fakes/__init__.py`."""

    upstream: str  # "provider": the key, and the module in tests/fakes
    class_name: str  # "FakeProvider"


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that one feature adds to the shared files."""

    feature: str
    title: str  # Markdown text, escaped
    routers: tuple[RouterEntry, ...]
    settings: tuple[SettingEntry, ...]
    errors: tuple[ErrorEntry, ...]
    fakes: tuple[FakeEntry, ...]
    needs: tuple[str, ...]  # sorted, of plan.needs.NEEDS
    permissions: tuple[str, ...]  # every permission the feature knows, sorted
    readme: str  # the section, between its two markers, ends with a newline
    routes: tuple[str, ...] = ()  # "POST /api/v1/payments/{}": parameters without their names
    tables: tuple[Table, ...] = ()  # the feature's own, as its migrations leave them
