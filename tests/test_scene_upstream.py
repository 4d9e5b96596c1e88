"""What a fake upstream is to see of a request, as the generated tests say it."""

from __future__ import annotations

import pytest

from featuregen.plan.scene_upstream import sent_plan
from featuregen.spec.load import parse_spec

SPEC = """\
featuregen: 1
feature: thing
settings: {far_url: url}
upstreams: {far: {base_url: far_url}}
entities:
  Thing: {fields: {name: {type: string, max_length: 20}}}
operations:
  make: {method: POST, path: /, create: Thing, call: CALL}
"""
KNOWN = 'response.json()["id"]'


@pytest.mark.parametrize(
    ("call", "part"),
    [
        ("{method: DELETE, path: /x, send: {ref: entity.id}}", "query"),
        ("{method: POST, path: /x, send: {ref: entity.id}}", "body"),
        ("{method: POST, path: /x, send_headers: {X-Ref: entity.id}}", "headers"),
    ],
)
def test_the_id_of_a_row_that_the_request_makes_is_taken_from_its_answer(
    call: str, part: str
) -> None:
    spec = parse_spec(SPEC.replace("CALL", call), "thing.yaml")
    sent = sent_plan(spec.operations["make"], spec, {"name": "chair"})
    assert KNOWN in getattr(sent, part)
