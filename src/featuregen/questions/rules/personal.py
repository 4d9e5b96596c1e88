"""Personal data and secrets: what must not reach a log, an error or an answer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.survey import words
from featuregen.spec.edit import Delete, Set, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Place, Survey
    from featuregen.spec.edit import Edit
    from featuregen.spec.model import Field

_PERSONAL = frozenset({
    "card", "pan", "iban", "bic", "ssn", "email", "phone", "mobile", "fax", "token", "password",
    "passwd", "passphrase", "secret", "birth", "birthday", "birthdate", "dob", "passport", "cvv",
    "cvc", "pin", "bsn", "nin", "latitude", "longitude",
})  # fmt: skip
_PHRASES = (
    ("account", "number"), ("tax", "id"), ("tax", "number"), ("national", "id"),
    ("social", "security"), ("api", "key"), ("private", "key"), ("access", "key"),
    ("ip", "address"), ("street", "address"), ("home", "address"), ("postal", "address"),
    ("billing", "address"), ("shipping", "address"),
    ("license", "number"), ("licence", "number"), ("maiden", "name"),
)  # fmt: skip
_ABOUT_IT = frozenset({
    "type", "kind", "brand", "status", "state", "verified", "count", "expires", "expiry",
    "expiration", "network", "scheme", "country", "limit", "last4", "enabled", "required",
    "template", "subject", "provider", "issuer", "format", "url", "uri",
})  # fmt: skip
_NEVER_ANSWERED = frozenset({"password", "passwd", "passphrase", "cvv", "cvc", "pin"})
_LAST_FOUR = frozenset({"card", "pan", "iban", "phone", "mobile", "account"})
_TYPES = frozenset({"string", "email", "date", "int", "id", "uuid"})
_MODERATE = frozenset({
    "email", "phone", "mobile", "fax", "birth", "birthday", "birthdate", "dob", "latitude",
    "longitude",
})  # fmt: skip


def is_personal(field: Field) -> bool:
    """Whether the name, or the type, says that it is about a person or opens something."""
    parts = words(field.name)
    if field.type.kind not in _TYPES or parts[-1] in _ABOUT_IT:
        return False
    if any(_holds(parts, phrase) for phrase in _PHRASES):
        return True
    if parts[-1] in ("id", "ids"):
        return False
    return field.type.kind == "email" or bool(_PERSONAL.intersection(parts))


def _holds(parts: tuple[str, ...], phrase: tuple[str, str]) -> bool:
    return phrase in itertools.pairwise(parts)


def is_never_answered(field: Field) -> bool:
    """What no answer may ever contain."""
    return bool(_NEVER_ANSWERED.intersection(words(field.name))) and is_personal(field)


def not_sensitive(survey: Survey) -> Iterator[Gap]:
    """Personal data that is not marked as sensitive, nor as harmless."""
    for place in survey.seen():
        field = place.field
        if not is_personal(field) or survey.has(*place.key("sensitive")):
            continue
        if _must_go(place, survey):
            continue
        full = Choice("hide it whole", (Set(place.key("sensitive"), value=True),))
        shown = Choice("it may be logged", (Set(place.key("sensitive"), value=False),))
        choices: tuple[Choice, ...] = (full, shown)
        parts = frozenset(words(field.name))
        if field.type.kind in ("string", "id"):
            last4 = Choice("show the last four", (Set(place.key("sensitive"), "last4"),))
            choices = (last4, full, shown) if parts & _LAST_FOUR else (full, last4, shown)
        moderate = field.type.kind == "email" or parts & _MODERATE
        text = f"May `{field.name}` appear in logs and error bodies?"
        yield Gap(place.path, text, choices, "medium" if moderate else None)


def _must_go(place: Place, survey: Survey) -> bool:
    """`answered` or `stored` asks to remove it; until then nothing else is asked of it."""
    model = place.model
    if place.path[0] == "entities" and is_never_answered(place.field):
        return not survey.waived("FGQ023", dotted(place.path))
    return (
        model is not None
        and model.name in survey.outputs - survey.inputs
        and is_never_answered(place.field)
        and not survey.waived("FGQ021", dotted(place.path))
    )


def answered(survey: Survey) -> Iterator[Gap]:
    """A password, or what guards a card, in an answer."""
    for place in survey.fields(survey.outputs):
        if not is_never_answered(place.field):
            continue
        kept = Choice("keep it", because="the answer is the only way to hand it over")
        if place.model is not None and place.model.derived is not None:
            continue  # that it is stored is asked by `stored`
        removable = place.model is not None and len(place.model.fields) > 1
        if removable and place.model is not None and place.model.name not in survey.inputs:
            remove = Choice("take it out of the answer", _removal(place, survey))
            yield Gap(place.path, f"Must `{place.field.name}` be in an answer?", (remove, kept))
        else:
            yield Gap(place.path, f"Must `{place.field.name}` be in an answer?", (kept,))


def stored(survey: Survey) -> Iterator[Gap]:
    """A password, or what guards a card, in a row."""
    for place in survey.stored():
        if not is_never_answered(place.field):
            continue
        entity = survey.spec.entities[str(place.path[1])]
        written = [one for one in entity.fields if survey.has(*place.path[:3], one.name)]
        hashed = Choice("as a hash", because="what is stored is a hash of it")
        text = f"Must `{place.field.name}` be stored?"
        if len(written) > 1:
            yield Gap(place.path, text, (Choice("no", (Delete(place.path),)), hashed))
        else:
            yield Gap(place.path, text, (hashed,))


def _removal(place: Place, survey: Survey) -> tuple[Edit, ...]:
    model = place.model
    if model is None:
        return ()
    name = place.field.name
    edits: list[Edit] = [Delete(place.path)]
    edits += [
        Delete(("models", model.name, "example", one)) for one in {name, place.field.wire_name}
    ]
    for operation, call in survey.calls:
        if operation.response.model == model.name:
            path = ("operations", operation.name, "call", "receive")
            edits += [
                Delete((*path, ".".join(mapping.target)))
                for mapping in call.receive
                if mapping.target[0] == name
            ]
    return tuple(edits)


def plain_secret(survey: Survey) -> Iterator[Gap]:
    """A setting that holds a secret and is plain text."""
    for name, setting in survey.spec.settings.items():
        parts = frozenset(words(name))
        guarded = parts & {"password", "secret", "token", "passphrase"} or words(name)[-1] == "key"
        if setting.type.kind != "string" or not guarded:
            continue
        path = ("settings", name)
        kept = ("type", "example", "description")
        outdated = [Delete((*path, key)) for key in _written(survey, name) if key not in kept]
        secret = Choice("a secret", (*outdated, Set((*path, "type"), "secret")))
        plain = Choice("plain text", because="it is a name, not a credential")
        yield Gap(path, f"Is `{name}` a secret?", (secret, plain))


def _written(survey: Survey, setting: str) -> list[str]:
    at = ("settings", setting)
    inside = (path for path in survey.spec.source.keys if path[:2] == at)
    return [str(path[2]) for path in inside if len(path) == 3]  # noqa: PLR2004 - a key of the setting
