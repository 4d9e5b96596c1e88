"""The spec language, in pieces of the size of a question."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from featuregen.errors import FeaturegenError

SCHEMA, EXAMPLE = "schema", "example"


def reference(topic: str) -> str:
    """A section of the reference; without a topic what every spec needs, and the topics."""
    sections = _sections()
    key = topic.strip().lower().replace(" ", "-")
    if not key:
        return f"{sections['']}\n{sections['the-document']}\n\nTopics: {', '.join(topics())}\n"
    if key == SCHEMA:
        return schema_text()
    if key == EXAMPLE:
        return example_text()
    if key not in sections:
        from featuregen.spec.suggest import did_you_mean

        raise FeaturegenError(
            f"no topic {topic!r}",
            hint=did_you_mean(key, topics()) or f"there is: {', '.join(topics())}",
            exit_code=2,
        )
    return sections[key]


def topics() -> tuple[str, ...]:
    """What `reference` knows."""
    return (*(name for name in _sections() if name), SCHEMA, EXAMPLE)


def schema_text() -> str:
    """The JSON Schema of specs."""
    from json import dumps

    from featuregen.spec.schema import json_schema

    return dumps(json_schema(), separators=(",", ":"))


def example_text() -> str:
    """The payment example: rows, an upstream, refunds, webhooks and examples in one spec."""
    text = _document("examples/payment/payment.yaml")
    return "".join(line for line in text.splitlines(keepends=True) if "yaml-language-s" not in line)


@cache
def _sections() -> dict[str, str]:
    """The reference by its headings; `""` is the smallest spec, out of what stands above them."""
    head, *rest = re.split(r"^## ", _document("docs/spec.md"), flags=re.MULTILINE)
    sections = {"": f"The smallest spec:\n\n{_first_example(head)}"}
    for part in rest:
        title, _, text = part.partition("\n")
        sections[title.strip().lower().replace(" ", "-")] = f"{title}\n\n{text.strip()}\n"
    return sections


def _first_example(text: str) -> str:
    found = re.search(r"^```yaml\n.*?^```\n", text, flags=re.MULTILINE | re.DOTALL)
    return found.group() if found else ""


def _document(name: str) -> str:
    """A file of the repository, also where it is packed into the wheel."""
    here = Path(__file__).resolve().parents[1]
    for path in (here / "_docs" / Path(name).name, here.parents[1] / name):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FeaturegenError(
        "the reference is missing from this installation", hint="install featuregen again"
    )
