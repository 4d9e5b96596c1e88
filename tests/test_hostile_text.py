"""No text of a spec can become code: it is refused by a diagnostic, or arrives as the same text."""

from __future__ import annotations

import ast
import copy
import json
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featuregen.errors import SpecError
from featuregen.migrations.chain import Chain
from featuregen.plan.make import make_plan
from featuregen.plan.project import plan_project
from featuregen.render import render_feature, render_project
from featuregen.spec.load import parse_spec

HARMLESS = "harmless text"
KIND = "harmless kind"
EVENT = "harmless.event"  # a type of events has no space
"""A value of an enum: a text that has to be the same in all of the places that it stands in."""
SPEC: dict[str, Any] = {
    "featuregen": 1,
    "feature": "sample",
    "title": HARMLESS,
    "summary": HARMLESS,
    "requirements": {"users": [HARMLESS], "acceptance": [HARMLESS], "notes": [HARMLESS]},
    "settings": {
        "sample_url": {"type": "url", "example": "https://sample.example", "description": HARMLESS},
        "sample_label": {"type": "string", "default": HARMLESS, "description": HARMLESS},
    },
    "errors": {"SampleError": {"status": 409, "title": HARMLESS, "description": HARMLESS}},
    "upstreams": {
        "remote": {
            "base_url": "sample_url",
            "error_message": "error",
            "errors": {
                409: {"raise": "SampleError", "message": HARMLESS},
                "other": {"raise": "SampleError", "message": HARMLESS},
            },
        }
    },
    "models": {
        "Sample": {
            "summary": HARMLESS,
            "description": HARMLESS,
            "fields": {
                "name": {
                    "type": "string",
                    "description": HARMLESS,
                    "example": HARMLESS,
                    "default": HARMLESS,
                },
                "kind": {"type": "enum", "values": [KIND, HARMLESS, "other"]},
                "size": "int",
            },
            "rules": [{"check": "size > 0", "message": HARMLESS}],
            "example": {"name": HARMLESS, "kind": KIND, "size": 3},
        }
    },
    "operations": {
        "make_sample": {
            "method": "POST",
            "path": "/",
            "summary": HARMLESS,
            "description": HARMLESS,
            "request": "Sample",
            "response": "Sample",
            "permission": "samples.make",
            "call": {
                "method": "POST",
                "path": "/samples",
                "send": {
                    "name": "name",
                    "fixed": f"={HARMLESS}",
                    "mapped": f"kind|map({HARMLESS}=x, *=y)",
                },
                "receive": {
                    "name": "name",
                    "kind": f"kind|map(a={HARMLESS}, *=other)",
                    "size": "size",
                },
            },
        },
        "count_samples": {
            "method": "GET",
            "path": "/count",
            "query": {"q": {"type": "string", "description": HARMLESS, "example": HARMLESS}},
            "response": "text",
            "auth": "none",
            "hook": "count_samples",
        },
    },
    "examples": [
        {
            "name": HARMLESS,
            "do": "make_sample",
            "with": {"name": HARMLESS, "kind": "other", "size": 1},
            "upstream": {"status": 409, "body": {"error": HARMLESS}},
            "expect": {"status": 409, "body": {"detail": HARMLESS}},
        }
    ],
}

STORED: dict[str, Any] = {
    "featuregen": 1,
    "feature": "sample",
    "settings": {
        "sample_url": {"type": "url", "example": "https://sample.example"},
        "sample_secret": {"type": "secret", "description": HARMLESS, "example": HARMLESS},
    },
    "upstreams": {"remote": {"base_url": "sample_url", "idempotency_header": "Idempotency-Key"}},
    "entities": {
        "Sample": {
            "summary": HARMLESS,
            "description": HARMLESS,
            "fields": {
                "name": {
                    "type": "string",
                    "description": HARMLESS,
                    "example": HARMLESS,
                    "default": HARMLESS,
                },
                "kind": {"type": "enum", "values": [KIND, "other"], "generated": KIND},
                "label": {"type": "string", "generated": HARMLESS},
                "size": {"type": "int", "generated": 0},
            },
        }
    },
    "crud": "Sample",
    "operations": {
        "close_sample": {
            "method": "POST",
            "path": "/{id}/close",
            "summary": HARMLESS,
            "description": HARMLESS,
            "transition": {"entity": "Sample", "from": [KIND], "to": "other"},
        },
        "make_sample": {
            "method": "POST",
            "path": "/made",
            "create": "Sample",
            "idempotent": True,
            "call": {
                "method": "POST",
                "path": "/samples",
                "send": {"name": "name", "fixed": f"={HARMLESS}"},
                "receive": {"label": "label"},
                "refused": {"label": HARMLESS, "kind": KIND},
            },
        },
        "fill_sample": {
            "method": "POST",
            "path": "/{id}/fill",
            "reserve": {
                "entity": "Sample",
                "field": "size",
                "by": 1,
                "up_to": 5,
                "full": {"label": HARMLESS, "kind": KIND},
            },
        },
    },
    "webhooks": {
        "sample_events": {
            "path": "/webhooks/sample",
            "summary": HARMLESS,
            "secret": "sample_secret",
            "scheme": {"hmac": "sha256", "header": "X-Sample"},
            "id": "meta.id",
            "type": "meta.type",
            "events": {
                EVENT: {
                    "transition": {
                        "entity": "Sample",
                        "by": "data.id",
                        "from": [KIND],
                        "to": "other",
                        "set": {"label": "data.label"},
                    }
                },
                "more": {"hook": "on_more"},
            },
        }
    },
    "examples": [
        {
            "name": HARMLESS,
            "do": "create_sample",
            "with": {"name": HARMLESS},
            "expect": {"status": 201, "body": {"name": HARMLESS}},
        }
    ],
}

SPECS = {"called": SPEC, "stored": STORED}
Place = tuple[str | int, ...]
KEY, EVERYWHERE = "the key itself", "every place of the kind"


def places(value: object, path: Place = ()) -> Iterator[Place]:
    """Where the harmless text stands, as a key, a value, or a part of one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in (HARMLESS, EVENT):
                yield (*path, key, KEY)
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif isinstance(value, str) and HARMLESS in value:
        yield path


PLACES = [*places(SPECS), *((name, EVERYWHERE) for name in SPECS)]


def with_text(place: Place, text: str) -> str:
    if place[-1] == EVERYWHERE:
        return json.dumps(SPECS[str(place[0])]).replace(json.dumps(KIND), json.dumps(text))
    specs: Any = copy.deepcopy(SPECS)
    *way, last = place[:-1] if place[-1] == KEY else place
    target = specs
    for key in way:
        target = target[key]
    if place[-1] == KEY:
        items = [(text if key == last else key, item) for key, item in target.items()]
        target.clear()
        target.update(items)
    else:
        target[last] = target[last].replace(HARMLESS, text)
    return json.dumps(specs[place[0]])


HOSTILE = [
    '"', "'", '"""', "'''", "\\", '\\"', '"""\nimport os\n"""', "\n\nimport os", "\r\n",
    "{{ 7*7 }}", "{% raw %}", "{# #}", "#}", "${HOME}", "$(id)", "`id`", "\0", "\u202eevil\u202c",
    "\u2066", "\ud800", "__import__('os').system('id')", "../../etc/passwd", "{upstream_message}",
    "{", "}", "%s", "<!-- /featuregen:sample -->", "<script>alert(1)</script>", "|", "# comment",
    "\x1b[31m", " ", "\x85", "😀", " leading and trailing ", "f'{x}'", '{"a": 1}', "a" * 600, "=x",
    "a|lower", "a=b, *=c", "key: value", "- item", "!tag", "&a", "*a",
]  # fmt: skip
fragments = st.sampled_from(HOSTILE) | st.text(max_size=8)
hostile = st.lists(fragments, min_size=1, max_size=4).map("".join)


def rendered(text: str) -> dict[str, str]:
    spec = parse_spec(text, "sample.yaml")
    files, contribution = render_feature(make_plan(spec))
    revision = Chain(Path("/nowhere")).extend(spec, (), contribution.tables)
    project = render_project(plan_project("sample-api", [contribution]), [contribution])
    return {**files, **revision, **project}


class Folded(ast.NodeTransformer):
    """`"a" + "b" * 500` is one constant: a long text written over several lines."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(ast.Constant(str(left)), ast.Add(), ast.Constant(str(right))):
                return ast.Constant(left + right)
            case ast.BinOp(ast.Constant(str(left)), ast.Mult(), ast.Constant(int(times))):
                return ast.Constant(left * times)
        return node


def parsed(source: str) -> ast.AST:
    tree: ast.AST = Folded().visit(ast.parse(source))
    return tree


@lru_cache(maxsize=512)  # most files of a project do not hold the text at all, and are the same
def shape(source: str) -> tuple[str, ...]:
    """The kinds of all nodes: what a text may not change."""
    return tuple(type(node).__name__ for node in ast.walk(parsed(source)))


@lru_cache(maxsize=512)
def strings(source: str) -> frozenset[str]:
    return frozenset(
        node.value
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@lru_cache
def harmless_shapes(place: Place, text: str) -> dict[str, tuple[str, ...]]:
    files = rendered(with_text(place, text))
    return {path: shape(text) for path, text in files.items() if path.endswith(".py")}


def harmless(place: Place, text: str) -> str:
    """What to compare with: a value of an enum is tried in the other case, if it has one."""
    if place[-2:] == (EVENT, KEY):
        return EVENT  # no type of events has a space
    if place[-1] != EVERYWHERE:
        return HARMLESS
    return KIND if text.swapcase() != text else "7"


def check(place: Place, text: str) -> None:
    if place[-1] == "message":
        text = text.replace("{upstream_message}", "")  # the one placeholder that a message may hold
    try:
        files = rendered(with_text(place, text))
    except SpecError as refused:
        if not refused.diagnostics:
            raise
        return
    expected = harmless_shapes(place, harmless(place, text))
    assert expected.keys() == {path for path in files if path.endswith(".py")}
    for path, kinds in expected.items():
        assert shape(files[path]) == kinds, path
    tomllib.loads(files["pyproject.toml"])
    for line in files[".env.example"].splitlines():
        assert not line or line.startswith("#") or line.partition("=")[0].isidentifier()
    yaml.safe_load(files["ops/alerts.yml"])
    json.loads(files["ops/dashboard.json"])
    assert files["README.md"].count("<!-- /featuregen:sample -->") == 1
    if not {"title", "summary", "description", "requirements"} & set(place):  # prose is wrapped
        plain = text.strip() if place[-1] == "message" else text
        found = frozenset[str]().union(*(strings(files[path]) for path in expected))
        assert any(plain in each or plain.strip() in each for each in found), place


@pytest.mark.parametrize("name", SPECS)
def test_the_specs_that_hold_the_text_are_sound(name: str) -> None:
    assert rendered(json.dumps(SPECS[name]))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_hostile_text_stays_text(place: Place) -> None:
    for start in range(5):
        check(place, " ".join(HOSTILE[start::5]))
    for text in ('"""', "\\", "\n", "{{ 7*7 }}", "{"):
        check(place, text)


@pytest.mark.heavy
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_each_hostile_text_alone_stays_text(place: Place) -> None:
    for text in HOSTILE:
        check(place, text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), text=hostile)
def test_any_text_stays_text(place: Place, text: str) -> None:
    check(place, text)


@pytest.mark.heavy
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), text=hostile)
def test_any_text_stays_text_at_length(place: Place, text: str) -> None:
    check(place, text)
