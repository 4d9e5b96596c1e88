"""`featuregen draft`: a language model's first spec of a ticket."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from featuregen.cli.first_specs import outcome, place_of, refuse_place, written
from featuregen.cli.run import USAGE, Outcome, run
from featuregen.cli.spec_files import STDOUT
from featuregen.errors import FeaturegenError
from featuregen.terminal import visible

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from featuregen.drafting import Drafted

_VARIABLE = "FEATUREGEN_MODEL"
_MOST = 200_000  # bytes: a ticket, not a book; every attempt pays for it


def draft_command(
    ticket: Path,
    model: str | Model | None,
    output: Path | None,
    *,
    json: bool,
    as_text: bool = False,
) -> int:
    """Draft, check, and write the spec."""
    return run("draft", lambda: _draft(ticket, model, output, as_text=as_text), json=json)


def _draft(
    ticket: Path, model: str | Model | None, output: Path | None, *, as_text: bool
) -> Outcome:
    from featuregen.drafting import draft, no_model

    chosen = model or os.environ.get(_VARIABLE)
    if not chosen:
        raise no_model(f"no model is named: give --model, or set {_VARIABLE}")
    text = _read(ticket)
    if output is not None:
        refuse_place(place_of("", output))
    drafted = draft(text, chosen, as_text=as_text)
    place = _free(place_of(drafted.feature, output))
    return outcome(written("draft", drafted.feature, drafted.text, place, drafted=drafted))


def _free(place: Path | None) -> Path | None:
    """What was paid for is not thrown away where the file is there already."""
    number = 2
    free = place
    while free is not None and place is not None and os.path.lexists(free):
        free = place.with_name(f"{place.stem}-{number}{place.suffix}")
        number += 1
    return free


def _read(ticket: Path) -> str:
    try:
        if str(ticket) == STDOUT:
            data = sys.stdin.buffer.read(_MOST + 1) if sys.stdin is not None else b""
        else:
            with ticket.open("rb") as file:
                data = file.read(_MOST + 1)
        text = data.decode("utf-8-sig")
    except OSError as reason:
        why = (reason.strerror or str(reason)).lower()
        raise FeaturegenError(
            f"the ticket cannot be read: {why}", where=str(ticket), exit_code=USAGE
        ) from reason
    except UnicodeDecodeError as reason:
        raise FeaturegenError("the ticket is not UTF-8 text", where=str(ticket)) from reason
    if len(data) > _MOST:
        raise FeaturegenError(f"the ticket is larger than {_MOST // 1000} kB", where=str(ticket))
    if not text.strip():
        raise FeaturegenError("the ticket is empty", where=str(ticket))
    return text


def facts(drafted: Drafted) -> str:
    """What it took."""
    cost = f"${drafted.cost:.4f}" if drafted.cost is not None else "cost unknown"
    plural = "s" if drafted.requests > 1 else ""
    text = (
        f"{visible(drafted.model)}: {drafted.requests} request{plural}, "
        f"{drafted.input_tokens:,} tokens in, {drafted.output_tokens:,} out, {cost}\n"
    )
    return text + "".join(f"{visible(note)}\n" for note in drafted.notes)
