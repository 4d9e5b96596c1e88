"""`featuregen templates`: what there is, start one of your own, compare it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.cli.run import Outcome, run
from featuregen.errors import FeaturegenError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from argparse import Namespace

    from featuregen.documents import Document
    from featuregen.ejecting import TemplateState
    from featuregen.terminal import Style


def templates_command(given: Namespace) -> int:
    """List, eject or diff."""
    return run("templates", lambda: _templates(given), json=given.json)


def _templates(given: Namespace) -> Outcome:
    match given.action, given.template:
        case "list", None:
            return _list(given)
        case "eject", str(template):
            return _eject(given, template)
        case "diff", str(template):
            return _diff(given, template)
        case "accept", str(template):
            return _accept(given, template)
        case "eject" | "diff" | "accept", None:
            raise FeaturegenError(
                "which template?", hint="see: featuregen templates list", exit_code=2
            )
    raise FeaturegenError(
        f"'templates' cannot {given.action!r}",
        hint="it can: list; eject TEMPLATE; diff TEMPLATE; accept TEMPLATE",
        exit_code=2,
    )


def _list(given: Namespace) -> Outcome:
    from featuregen.ejecting import list_templates

    found = list_templates(given.into)

    def document() -> Document:
        from featuregen.documents import templates_document

        return templates_document(found)

    return Outcome(lambda style: "".join(f"{_line(each, style)}\n" for each in found), document)


def _line(each: TemplateState, style: Style) -> str:
    word = state_of(each)
    marks = f"  {style.paint(word, 'bold')}" if word else ""
    blocks = f"  blocks: {', '.join(each.blocks)}" if each.blocks else ""
    return visible(each.name) + marks + style.paint(blocks, "dim")


def state_of(each: TemplateState) -> str:
    """What the team has of a template, in a word or two; nothing for one of ours alone."""
    if each.house is None:
        return ""
    what = "extended" if each.house.extends else "replaced" if each.house.replaces else "added"
    return f"{what}, ours has changed since" if each.house.stale else what


def _eject(given: Namespace, template: str) -> Outcome:
    from featuregen.ejecting import eject

    done = eject(given.into, template, to=given.to, blocks=given.blocks)

    def document() -> Document:
        from featuregen.documents import templates_document

        return templates_document((), written=done.written)

    text = "".join(f"wrote {visible(path)}\n" for path in done.written)
    return Outcome(lambda _: text + "edit it, then: featuregen update\n", document)


def _accept(given: Namespace, template: str) -> Outcome:
    from featuregen.ejecting import accept_template

    done = accept_template(given.into, template)

    def document() -> Document:
        from featuregen.documents import templates_document

        return templates_document((), written=done.written)

    return Outcome(lambda _: f"{visible(template)} is up to date with featuregen's\n", document)


def _diff(given: Namespace, template: str) -> Outcome:
    from featuregen.ejecting import diff_template

    diff = diff_template(given.into, template)

    def document() -> Document:
        from featuregen.documents import templates_document

        return templates_document((), diff=diff)

    return Outcome(lambda _: "".join(f"{visible(line)}\n" for line in diff.splitlines()), document)
