"""What the tests of models give them: rows at the edge of their columns, texts to be masked.

A request's model is tested by requests. That of a row is filled by the service alone: what it takes
is what the document of the API promises a client, and what a row holds has to fit into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featuregen.plan.names import snake, words
from featuregen.plan.quote import docstring, py_literal, py_string
from featuregen.plan.samples import (
    inside,
    normalised,
    normalised_model,
    outside,
    sample,
    sample_model,
)
from featuregen.plan.scene_cases import case_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.plan.samples import Case
    from featuregen.spec.model import FeatureSpec, Field, Model

_EDGES = frozenset(
    {"shortest", "longest", "least", "greatest", "most digits", "at the lower bound"}
    | {"at the upper bound", "fewest items", "most items", "fewest keys", "most keys"}
)
_BEYOND = frozenset(
    {"string_too_short", "string_too_long", "too_short", "too_long", "decimal_max_digits"}
    | {"decimal_max_places", "greater_than", "greater_than_equal", "less_than", "less_than_equal"}
)
_MASKED = 16  # enough to show four characters of
_SHOWN = 4


class Edge(NamedTuple):
    """One field at the edge of what it holds, or beyond; literals."""

    label: str
    change: str  # a dict display
    name: str  # in JSON


class Masked(NamedTuple):
    """A field of which four characters are shown; literals."""

    field: str
    change: str
    shown: str  # a part of the repr


class ModelTest(NamedTuple):
    """What is tested of one model."""

    name: str
    test: str  # a part of the tests' names
    constant: str
    sample: str  # a dict display
    is_read: bool  # from a row
    takes: tuple[Edge, ...]
    refuses: tuple[Edge, ...]
    masked: tuple[Masked, ...]


class ModelTests(NamedTuple):
    """`tests/test_<feature>_models.py`."""

    docstring: str
    imports: tuple[str, ...]
    models: tuple[ModelTest, ...]


def plan_model_tests(spec: FeatureSpec) -> ModelTests | None:
    """The tests of a feature's models; None where requests test them all."""
    tests = tuple(
        test for model in spec.models.values() for test in _tests(model, spec) if _says(test)
    )
    if not tests:
        return None
    feature = spec.feature
    return ModelTests(
        docstring=docstring(
            f"Models of the {words(feature)} feature: what they hold and what they show", indent=0
        ),
        imports=(
            "from typing import Any",
            "import pytest",
            "from pydantic import ValidationError",
            *(f"from app.models.{feature} import {test.name}" for test in tests),
        ),
        models=tests,
    )


def _says(test: ModelTest) -> bool:
    return test.is_read or bool(test.masked)


def _tests(model: Model, spec: FeatureSpec) -> Iterator[ModelTest]:
    if model.rules or model.derived == "page":  # what goes together is not known
        return
    is_read = model.derived == "read"
    printed = normalised_model(sample_model(model, spec), model, spec)
    yield ModelTest(
        name=model.name,
        test=snake(model.name),
        constant=snake(model.name).upper(),
        sample=py_literal(printed),
        is_read=is_read,
        takes=tuple(_takes(model, spec)) if is_read else (),
        refuses=tuple(_refuses(model, spec)) if is_read else (),
        masked=tuple(each for field in model.fields for each in _masked(field, spec)),
    )


def _takes(model: Model, spec: FeatureSpec) -> Iterator[Edge]:
    for field in model.fields:
        for case in edges(field, spec, beyond=False):
            yield Edge(
                label=py_string(f"{field.name}: {case.label}"),
                change=case_literal({field.wire_name: normalised(field, case.value, spec)}),
                name=py_string(field.wire_name),
            )


def _refuses(model: Model, spec: FeatureSpec) -> Iterator[Edge]:
    for field in model.fields:
        for case in edges(field, spec, beyond=True):
            yield Edge(
                label=py_string(f"{field.name}: {case.label}"),
                change=case_literal({field.wire_name: case.value}),
                name=py_string(field.wire_name),
            )


def edges(field: Field, spec: FeatureSpec, *, beyond: bool) -> Iterator[Case]:
    """The values at the edge of what a column holds, or just beyond it."""
    for case in outside(field, spec) if beyond else inside(field, spec):
        if (case.code in _BEYOND and not case.pointer) if beyond else case.label in _EDGES:
            yield case


def _masked(field: Field, spec: FeatureSpec) -> Iterator[Masked]:
    if field.sensitive != "last4" or field.type.kind != "string":
        return
    digits = ("1234567890" * _MASKED)[: max(field.min_length or 0, _MASKED)]
    longest = field.max_length or len(digits)
    texts = [digits[:longest]] if field.pattern is None else []
    texts += [str(sample(field, spec)), *(str(case.value) for case in inside(field, spec))]
    for text in texts:
        if len(text) >= 2 * _SHOWN and text[-_SHOWN:].isalnum() and text.isascii():
            yield Masked(
                field=field.name,
                change=case_literal({field.wire_name: text}),
                shown=py_string(f"{field.name}='****{text[-_SHOWN:]}'"),
            )
            return
