"""`FeatureSpec` → `FeaturePlan`: every name, import, type, route and test case is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.plan.clients import callers, plan_clients
from featuregen.plan.docs import plan_docs
from featuregen.plan.fakes import plan_fakes
from featuregen.plan.jobs import jobs_module, later_operations, plan_jobs
from featuregen.plan.model import FeatureName, FeaturePlan, Origin
from featuregen.plan.models import plan_models
from featuregen.plan.names import pascal
from featuregen.plan.operations import plan_hooks, plan_operations, plan_router, plan_service
from featuregen.plan.quote import py_string
from featuregen.plan.scene_cached import plan_cached_tests
from featuregen.plan.scene_examples import plan_examples
from featuregen.plan.scene_jobs import plan_jobs_tests
from featuregen.plan.scene_listed import plan_list_tests
from featuregen.plan.scene_models import plan_model_tests
from featuregen.plan.scene_money import plan_money_tests
from featuregen.plan.scene_stored import plan_stored_tests
from featuregen.plan.scene_webhooks import plan_webhook_tests
from featuregen.plan.scenes import plan_tests
from featuregen.plan.shared import plan_contribution
from featuregen.plan.stored_webhooks import method_name, plan_webhooks
from featuregen.plan.tables import plan_table_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.spec.model import FeatureSpec, Model, Path


def make_plan(spec: FeatureSpec) -> FeaturePlan:
    """Decide everything that the templates print."""
    models = plan_models(spec)
    tables = plan_table_module(spec)
    contribution = plan_contribution(spec, models, tables)
    return FeaturePlan(
        spec=spec,
        feature=FeatureName(spec.feature, spec.plural, py_string(spec.title)),
        models=models,
        tables=tables,
        clients=plan_clients(spec),
        service=plan_service(spec),
        operations=plan_operations(spec),
        hooks=plan_hooks(spec),
        router=plan_router(spec),
        jobs=plan_jobs(spec),
        webhooks=plan_webhooks(spec),
        fakes=plan_fakes(spec),
        tests=plan_tests(spec),
        model_tests=plan_model_tests(spec),
        stored_tests=plan_stored_tests(spec),
        list_tests=plan_list_tests(spec),
        cached_tests=plan_cached_tests(spec),
        money_tests=plan_money_tests(spec),
        webhook_tests=plan_webhook_tests(spec),
        jobs_tests=plan_jobs_tests(spec),
        contribution=contribution,
        docs=plan_docs(spec, contribution.settings),
        origins=tuple(_origins(spec)),
    )


def _origins(spec: FeatureSpec) -> list[Origin]:
    """Symbols of the generated files, and the part of the spec that each comes from."""
    feature = spec.feature
    found = [
        Origin(f"app/models/{feature}.py", name, _model_path(model))
        for name, model in spec.models.items()
    ]
    found += [
        Origin(f"app/tables/{feature}.py", name, ("entities", name)) for name in spec.entities
    ]
    for name in spec.upstreams:
        if callers(name, spec):
            found.append(
                Origin(f"app/clients/{name}.py", f"{pascal(name)}Client", ("upstreams", name))
            )
            found.append(
                Origin(f"tests/fakes/{name}.py", f"Fake{pascal(name)}", ("upstreams", name))
            )
    for name, operation in spec.operations.items():
        path: Path = ("crud",) if operation.from_crud else ("operations", name)
        found.append(
            Origin(f"app/services/{feature}_service.py", f"{pascal(feature)}Service.{name}", path)
        )
        found.append(Origin(f"app/api/endpoints/{spec.plural}.py", name, path))
        found.append(Origin(f"tests/test_{feature}_api.py", f"test_{name}_", path))
        found.append(Origin(f"tests/test_{feature}_service.py", f"test_{name}_", path))
        if operation.call:
            found.append(
                Origin(
                    f"app/clients/{operation.call.upstream}.py",
                    f"{pascal(operation.call.upstream)}Client.{name}",
                    (*path, "call"),
                )
            )
        if operation.hook:
            found.append(
                Origin(f"app/services/{feature}_hooks.py", operation.hook, (*path, "hook"))
            )
    if later_operations(spec):
        module = f"app/api/endpoints/{jobs_module(spec)}.py"
        found += [
            Origin(module, each.name, ("operations", each.name)) for each in later_operations(spec)
        ]
    found += _webhook_origins(spec)
    for index, example in enumerate(plan_examples(spec)):
        found.append(Origin(f"tests/test_{feature}_api.py", example.name, ("examples", index)))
    return found


def _model_path(model: Model) -> Path:
    return ("entities", model.entity) if model.derived and model.entity else ("models", model.name)


def _webhook_origins(spec: FeatureSpec) -> Iterator[Origin]:
    feature = spec.feature
    router, service = (
        f"app/api/endpoints/{feature}_webhooks.py",
        f"app/services/{feature}_service.py",
    )
    for name, webhook in spec.webhooks.items():
        path = ("webhooks", name)
        yield Origin(router, name, path)
        yield Origin(router, f"receive_{name}", path)
        for event in webhook.events:
            there = (*path, "events", event.type)
            yield Origin(service, f"{pascal(feature)}Service.{method_name(event)}", there)
            if event.hook is not None:
                yield Origin(f"app/services/{feature}_hooks.py", event.hook, there)
