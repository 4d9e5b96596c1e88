"""`featuregen init`'s conversation: prompts on stderr, answers from stdin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from featuregen.cli.dialogue import BACK, HELP, STOP, ask, say
from featuregen.errors import FeaturegenError
from featuregen.terminal import style_of, visible
from featuregen.wizard import Refused, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from featuregen.wizard import Prompt, Wizard

_HOW = "Enter takes what stands in [ ]; ? helps; < goes back; q stops."


def finished(feature: str | None, admit: Callable[[str], None]) -> Wizard:
    """The wizard with every answer; `admit` raises where the feature's name will not do."""
    wizard = start(feature)
    if feature is not None:
        admit(dict(wizard.answers)["feature"])
    say(_HOW)
    shown: Prompt | None = None
    while (prompt := wizard.prompt()) is not None:
        if prompt is not shown:
            _show(prompt)
            shown = prompt
        given = ask(f"{prompt.key}{f' [{prompt.default}]' if prompt.default else ''}:")
        word = (given or "").lower()
        if given is None or word in STOP:
            raise FeaturegenError(
                "the wizard was not finished", hint="nothing was written; start it again"
            )
        if word in HELP:
            say(f"  {prompt.help}")
        elif word in BACK:
            wizard = wizard.back()
        else:
            wizard = _next(wizard, given)
            if prompt.key == "feature" and wizard.prompt() is not prompt:
                admit(dict(wizard.answers)["feature"])
    return wizard


def _show(prompt: Prompt) -> None:
    say(f"\n{style_of(sys.stderr).paint(prompt.text, 'bold')}")
    wide = max((len(value) for value, _ in prompt.choices), default=0)
    for at, (value, label) in enumerate(prompt.choices, 1):
        say(f"  {at}) {value:<{wide}}  {label}")
    if not prompt.choices:
        say(f"  {prompt.help}")


def _next(wizard: Wizard, given: str) -> Wizard:
    """The same wizard where the answer is refused."""
    replied = wizard.reply(given)
    if isinstance(replied, Refused):
        say(f"  {visible(replied.message)}")
        if replied.hint:
            say(f"  {visible(replied.hint)}")
        return wizard
    return replied
