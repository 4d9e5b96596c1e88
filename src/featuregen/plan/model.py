"""The plan: everything a template needs, decided and quoted.

A template prints what stands here and decides nothing. Every `str` is ready-made Python unless its
comment says otherwise. Named tuples, since every run makes all these classes: one costs a fifth of
a dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from featuregen.plan.contribution import Contribution
    from featuregen.plan.docs import DocsPlan
    from featuregen.plan.jobs import JobsPlan
    from featuregen.plan.models import ModelsPlan
    from featuregen.plan.scene_cached import CachedTests
    from featuregen.plan.scene_jobs import JobsTests
    from featuregen.plan.scene_listed import ListTests
    from featuregen.plan.scene_models import ModelTests
    from featuregen.plan.scene_money import MoneyTests
    from featuregen.plan.scene_stored import StoredTests
    from featuregen.plan.scene_webhooks import WebhookTests
    from featuregen.plan.scenes import TestsPlan
    from featuregen.plan.stored import StoredPlan, StorePlan
    from featuregen.plan.stored_webhooks import WebhooksPlan
    from featuregen.plan.tables import TablesPlan
    from featuregen.plan.types import FieldPlan
    from featuregen.spec.model import FeatureSpec, Path


class FeatureName(NamedTuple):
    """`name` and `plural` are module names; `title` is a Python literal."""

    name: str
    plural: str
    title: str


class ReaderPlan(NamedTuple):
    """A function that turns an upstream's answer into our model."""

    name: str
    parameter: str  # "response", or "_response" where it is not looked at
    returns: str
    body: tuple[str, ...]  # lines without indentation


class ReceivedPlan(NamedTuple):
    """What an upstream's answer says of a stored row: a small model."""

    name: str
    base: str
    docstring: str
    fields: tuple[FieldPlan, ...]


class ClientMethodPlan(NamedTuple):
    """One call of an upstream, as a method of its client."""

    name: str
    signature: str  # with self
    returns: str
    docstring: str
    verb: str
    path: str  # a literal or an f-string
    reader: str
    arguments: tuple[str, ...]


class RefusalPlan(NamedTuple):
    """What the client raises for one status."""

    status: int
    error: str  # the expression that builds the error


class ClientPlan(NamedTuple):
    """`app/clients/<upstream>.py`."""

    name: str
    class_name: str
    docstring: str
    class_docstring: str
    imports: tuple[str, ...]
    base_url: str  # the setting
    credentials: tuple[str, ...]
    timeout: str
    attempts: int
    idempotency_header: str | None
    error_message: str | None
    keeps_settings: bool
    received: tuple[ReceivedPlan, ...]
    readers: tuple[ReaderPlan, ...]
    methods: tuple[ClientMethodPlan, ...]
    refusal_parameters: str
    refusals: tuple[RefusalPlan, ...]
    other: str
    on_timeout: str
    on_broken: str


class AdmitPlan(NamedTuple):
    """The service's method that runs a hook before an answer that may be kept."""

    name: str
    signature: str  # with self
    docstring: str
    lines: tuple[str, ...]


class OperationPlan(NamedTuple):
    """An operation in its service and in its router."""

    name: str
    verb: str  # "post"
    returns: str  # of the service
    service_signature: str  # with self
    service_docstring: str
    is_hook: bool  # all of it is the user's own function
    work: str  # the awaited expression in the service
    before: str | None  # awaited before it
    after: str | None  # what its result becomes after it, or what is done
    admit: AdmitPlan | None  # what runs before it even where its answer is kept
    commits: tuple[str, ...]  # lines: what hooks have left in the session
    stored: StoredPlan | None  # what is done to rows
    inner: str | None  # the method that does it, where hooks stand around it
    inner_signature: str  # with self
    route_arguments: tuple[str, ...]
    endpoint_parameters: tuple[str, ...]
    endpoint_returns: str
    endpoint_docstring: str
    endpoint_body: tuple[str, ...]


class HookPlan(NamedTuple):
    """A function that the user writes, and the stub that stands there until then."""

    name: str
    signature: str
    returns: str
    docstring: str
    stub: str | None  # what stands there until it is written, None for nothing


class UsedClientPlan(NamedTuple):
    """A client as the service holds it."""

    name: str
    class_name: str


class ServicePlan(NamedTuple):
    """`app/services/<feature>_service.py` and the head of its hooks."""

    class_name: str
    docstring: str
    class_docstring: str
    imports: tuple[str, ...]
    clients: tuple[UsedClientPlan, ...]
    store: StorePlan | None
    init_parameters: str  # with self
    provided_parameters: str  # of the function that builds the service for a request
    provided_arguments: str
    hooks_docstring: str
    hook_imports: tuple[str, ...]


class RouterPlan(NamedTuple):
    """`app/api/endpoints/<plural>.py`, without its endpoints."""

    docstring: str
    imports: tuple[str, ...]
    arguments: str
    combines_lifespans: bool
    lifespans: str


class FakeRoutePlan(NamedTuple):
    """One call that a fake upstream answers."""

    method: str  # the handler's name, the operation's
    docstring: str
    verb: str
    path: str  # a regular expression, as a literal
    arguments: tuple[str, ...]  # further arguments of Route
    answer: tuple[str, ...]  # lines of the handler's body
    looks_at_call: bool


class FakePlan(NamedTuple):
    """`tests/fakes/<upstream>.py`."""

    name: str
    class_name: str
    docstring: str
    class_docstring: str
    imports: tuple[str, ...]
    base_url: str
    credentials: str | None  # a dict display
    query_credentials: str | None
    routes: tuple[FakeRoutePlan, ...]


class Origin(NamedTuple):
    """Where in the spec a symbol of a generated file comes from."""

    file: str
    symbol: str
    spec_path: Path


class FeaturePlan(NamedTuple):
    """Everything that the templates of a feature print."""

    spec: FeatureSpec
    feature: FeatureName
    models: ModelsPlan
    tables: TablesPlan
    clients: tuple[ClientPlan, ...]
    service: ServicePlan
    operations: tuple[OperationPlan, ...]
    hooks: tuple[HookPlan, ...]
    router: RouterPlan
    jobs: JobsPlan | None
    webhooks: WebhooksPlan | None
    fakes: tuple[FakePlan, ...]
    tests: TestsPlan
    model_tests: ModelTests | None
    stored_tests: StoredTests | None
    list_tests: ListTests | None
    cached_tests: CachedTests | None
    money_tests: MoneyTests | None
    webhook_tests: WebhookTests | None
    jobs_tests: JobsTests | None
    docs: DocsPlan
    contribution: Contribution
    origins: tuple[Origin, ...]
