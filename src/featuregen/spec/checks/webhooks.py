"""Webhooks: secrets that are secrets, routes and events of their own, states that there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from featuregen.spec.checks.entities import unknown_entity
from featuregen.spec.checks.place import Place
from featuregen.spec.checks.states import check_transition, known_field
from featuregen.spec.plural import snake

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import Event, FeatureSpec, Webhook


_TYPE = re.compile(r"[\x21-\x7e]{1,255}")  # what app/core/webhooks.py takes for one


def check_webhooks(spec: FeatureSpec, draft: Draft) -> None:
    """Report what could be verified, routed or applied in no or in two ways."""
    methods: dict[str, str] = {}
    tests: dict[str, str] = {}
    for webhook in spec.webhooks.values():
        place = Place(draft, ("webhooks", webhook.name))
        if "{" in webhook.path:
            place.report("FG506", "the path of a webhook has no parameters", "path")
        if place.has("tolerance") and webhook.tolerance <= 0:
            place.report("FG522", "an event takes some time", "tolerance", hint="tolerance: 5m")
        for event in webhook.events:
            _check_event(event, webhook, spec, place.below("events", event.type))
            _check_type(event, place.below("events", event.type))
            _check_method(event, methods, spec, place.below("events", event.type))
            _check_tests(event, webhook, tests, place.below("events", event.type))


def _check_type(event: Event, place: Place) -> None:
    if not _TYPE.fullmatch(event.type):
        place.report(
            "FG522",
            f"no event is of the type '{event.type}': a type is 1 to 255 printable ASCII "
            "characters without a space",
            key=True,
            hint="write it as the provider sends it",
        )


def _check_event(event: Event, webhook: Webhook, spec: FeatureSpec, place: Place) -> None:
    if event.is_async and event.hook is None:
        place.report(
            "FG518", "`async` is for an event with a `hook`", "async", key=True,
            hint="a transition is done at once",
        )  # fmt: skip
    change = event.transition
    if change is None:
        return
    below = place.below("transition")
    if change.by in (webhook.id, webhook.type):
        of = "id" if change.by == webhook.id else "type"
        below.report(
            "FG522",
            f"'{'.'.join(change.by)}' is the event's own {of}, so no row is found by it",
            "by",
            hint="name the place where the event carries the id that the row has here",
        )
    if unknown_entity(change.entity, (*below.path, "entity"), place.draft):
        return
    entity = spec.entities.get(change.entity)
    if entity is None or not place.draft.is_whole(entity):
        return
    check_transition(change, entity, below)
    for name, _ in change.set:
        field = known_field(name, entity, below, "set", name, key=True)
        if field is not None and name == change.field:
            below.report("FG516", f"`to` says what '{name}' becomes", "set", name, key=True)


def _check_method(event: Event, methods: dict[str, str], spec: FeatureSpec, place: Place) -> None:
    """Each type becomes a function, whose name is made of its letters."""
    name = f"on_{slug(event.type)}"
    if name == "on_" or name in spec.operations:
        place.report("FG405", f"the function of '{event.type}' would be called '{name}'", key=True)
    elif name in methods:
        place.report(
            "FG405",
            f"the function of '{event.type}' is that of '{methods[name]}' above: '{name}'",
            key=True,
            hint="leave one of them out",
        )
    methods.setdefault(name, event.type)


def _check_tests(event: Event, webhook: Webhook, tests: dict[str, str], place: Place) -> None:
    """The tests of an event are named after its webhook, too."""
    name = f"{webhook.name}_{slug(event.type)}"
    first = tests.setdefault(name, webhook.name)
    if first != webhook.name:
        place.report(
            "FG405",
            f"the tests of '{event.type}' are called '{name}', as those of an event of '{first}'",
            key=True,
            hint=f"give the webhook '{webhook.name}' another name",
        )


def slug(text: str) -> str:
    """`payment.succeeded` → `payment_succeeded`."""
    return re.sub(r"[^a-z0-9]+", "_", snake(text)).strip("_")
