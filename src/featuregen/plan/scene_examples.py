"""The spec's own examples, each a test: request → response, with what was given before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import sample
from featuregen.plan.scene_requests import header_name, text, url

if TYPE_CHECKING:
    from featuregen.spec.model import Example, FeatureSpec, Json, Operation, Step

_SAVED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class StepPlan(NamedTuple):
    """One request of an example."""

    verb: str
    arguments: tuple[str, ...]
    upstream: str | None  # the arguments of `answer`
    fake: str | None
    saves: tuple[tuple[str, str], ...]  # name, expression over `response`


class ExamplePlan(NamedTuple):
    """One of the `examples`, as a test."""

    name: str  # of the test function
    docstring: str
    steps: tuple[StepPlan, ...]  # the last one is what the example is about
    status: int | None
    body: str | None
    headers: tuple[tuple[str, str], ...]
    fakes: tuple[str, ...]
    needs_token: bool
    hook: str | None


def plan_examples(spec: FeatureSpec) -> tuple[ExamplePlan, ...]:
    taken: dict[str, int] = {}
    plans: list[ExamplePlan] = []
    for example in spec.examples:
        name = _test_name(example.name)
        taken[name] = taken.get(name, 0) + 1
        plans.append(_example(example, name if taken[name] == 1 else f"{name}_{taken[name]}", spec))
    return tuple(plans)


def _test_name(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", snake(name).lower()).strip("_")[:80].rstrip("_")
    return f"test_example_{plain or 'unnamed'}"


def _example(example: Example, name: str, spec: FeatureSpec) -> ExamplePlan:
    steps: list[StepPlan] = []
    saved: frozenset[str] = frozenset()
    for step in (*example.given, example.step):
        steps.append(_step(step, saved, spec))
        saved |= {key for key, _ in step.save}
    return ExamplePlan(
        name=name,
        docstring=docstring(example.name, indent=4),
        steps=tuple(steps),
        status=example.status,
        body=None if example.body is None else py_literal(example.body),
        headers=tuple((py_string(key), py_string(value)) for key, value in example.headers.items()),
        fakes=tuple(dict.fromkeys(step.fake for step in steps if step.fake and step.upstream)),
        needs_token=any("make_token" in part for step in steps for part in step.arguments),
        hook=_reached_hook(example, spec),
    )


def _reached_hook(example: Example, spec: FeatureSpec) -> str | None:
    """The hook without which the example cannot hold; a refusal before it needs none."""
    before = {401, 403, 413, 429, spec.validation_status}
    done = [step for step in example.given if not spec.operations[step.do].is_async]
    reached = [spec.operations[step.do].hook for step in done]
    if example.status not in before:
        reached.append(spec.operations[example.step.do].hook)
    return next((hook for hook in reached if hook), None)


def _step(step: Step, saved: frozenset[str], spec: FeatureSpec) -> StepPlan:
    operation = spec.operations[step.do]
    arguments = [_url(operation, step, saved, spec)]
    if operation.request:
        arguments.append(f"json={_substituted(step.body or {}, saved)}")
    query: dict[str, Json] = {
        field.wire_name: sample(field, spec)
        for field in operation.query
        if field.required and not field.has_default
    }
    query.update(step.query)
    if query:
        arguments.append(f"params={_substituted(query, saved)}")
    headers = _headers(operation, step, saved, spec)
    if headers:
        arguments.append(f"headers={headers}")
    fake = operation.call.upstream if operation.call else None
    upstream = None
    if step.upstream_status is not None:
        upstream = f"{step.upstream_status}, {py_literal(step.upstream_body)}"
    saves = tuple(
        (name, "response.json()" + "".join(f"[{_key(part)}]" for part in path[1:]))
        for name, path in step.save
    )
    return StepPlan(operation.method.lower(), tuple(arguments), upstream, fake, saves)


def _key(part: str) -> str:
    return part if part.isdecimal() else py_string(part)


def _headers(operation: Operation, step: Step, saved: frozenset[str], spec: FeatureSpec) -> str:
    parts: list[str] = []
    if step.as_ != "anonymous" and operation.auth != "none":
        user = "user_1" if step.as_ == "user" else step.as_
        permissions = (
            "" if step.permissions is None else f", permissions={_tuple(step.permissions)}"
        )
        parts.append(f"bearer(make_token({py_string(user)}{permissions}))")
    own: dict[str, Json] = {
        header_name(field): text(sample(field, spec))
        for field in operation.headers
        if field.required and not field.has_default
    }
    own.update({key: text(value) for key, value in step.headers.items()})
    if own:
        parts.append(_substituted(own, saved))
    return " | ".join(parts)


def _tuple(items: tuple[str, ...]) -> str:
    return (
        "(" + "".join(f"{py_string(item)}, " for item in items).rstrip(" ") + ")" if items else "()"
    )


def _url(operation: Operation, step: Step, saved: frozenset[str], spec: FeatureSpec) -> str:
    names = {key: name for key, value in step.path.items() if (name := _saved(value, saved))}
    if not names:
        return py_string(url(operation, spec, step.path))
    marks = {key: f"SAVED{index}X" for index, key in enumerate(names)}
    literal = py_string(url(operation, spec, {**step.path, **marks}))
    for key, mark in marks.items():
        literal = literal.replace(mark, f"{{{names[key]}}}")
    return f"f{literal}"


def _saved(value: Json, saved: frozenset[str]) -> str | None:
    """The name in `"{payment_id}"`, where a step before has saved something under it."""
    match = _SAVED.fullmatch(value) if isinstance(value, str) else None
    return match.group(1) if match and match.group(1) in saved else None


def _substituted(values: dict[str, Json], saved: frozenset[str]) -> str:
    """A dict display in which `"{payment_id}"` is the value saved under that name."""
    entries = (
        f"{py_string(key)}: {_saved(value, saved) or py_literal(value)}"
        for key, value in values.items()
    )
    return "{" + ", ".join(entries) + "}"
