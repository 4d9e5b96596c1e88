"""What is stored: whose it is, how long it stays, what is one of a kind, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.rules.personal import is_personal
from featuregen.questions.survey import spoken, words
from featuregen.spec.checks.entities import keyed
from featuregen.spec.edit import Append, Delete, Set
from featuregen.spec.model import Generated
from featuregen.spec.plural import kebab, plural, snake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey
    from featuregen.spec.edit import Edit
    from featuregen.spec.model import Entity, Field, Json, Operation

_NATURAL = frozenset({
    "slug", "sku", "isbn", "ean", "gtin", "vin", "username", "handle", "email", "iban", "barcode",
    "reference",
})  # fmt: skip
_CHARGED = frozenset({"amount", "total", "subtotal", "balance", "payout", "deposit"})
_NUMBERS = frozenset({"int", "decimal"})


def nobodys_rows(survey: Survey) -> Iterator[Gap]:
    """Rows without an owner, and nothing that says that they are everybody's."""
    for entity in survey.spec.entities.values():
        path = ("entities", entity.name)
        if entity.owner is not None or survey.has(*path, "scope"):
            continue
        own = [one for one in survey.on(entity) if not one.from_crud]
        if not own:
            continue
        name = spoken(plural(snake(entity.name)))
        public = Choice("everybody's", (Set((*path, "scope"), "public"),))
        signed_in = tuple(Set(("operations", one.name, "auth"), "required") for one in own)
        callers = Choice("each caller's own: who is known", signed_in)
        yield Gap(path, f"Whose are the {name}?", (callers, public))


def kept_for_good(survey: Survey) -> Iterator[Gap]:
    """Personal data in rows that nothing deletes."""
    for entity in survey.spec.entities.values():
        personal = next((one for one in entity.fields if is_personal(one)), None)
        operations = survey.on(entity)
        if personal is None or any(one.action == "delete" for one in operations):
            continue
        if survey.spec.requirements.compliance:
            continue  # the ticket says how long it is kept
        name = spoken(snake(entity.name))
        kept = Choice("they stay", because="a job of the database deletes old rows")
        choices: tuple[Choice, ...] = (kept,)
        edit = _deletion(entity, survey)
        if edit is not None:
            choices = (Choice("until their owner deletes them", (edit,)), kept)
        text = f"How long is a {name} kept, with its {spoken(personal.name)}?"
        yield Gap(("entities", entity.name), text, choices)


def _deletion(entity: Entity, survey: Survey) -> Edit | None:
    name = f"delete_{snake(entity.name)}"
    if name in survey.spec.operations or entity.owner is None:
        return None
    own = snake(entity.name) == survey.spec.feature
    below = "" if own else f"/{kebab(plural(snake(entity.name)))}"
    operation: dict[str, Json] = {"method": "DELETE", "path": f"{below}/{{id}}"}
    routes = {(one.method, one.path) for one in survey.spec.operations.values()}
    if ("DELETE", f"{below}/{{id}}") in routes:
        return None
    return Set(("operations", name), {**operation, "delete": entity.name})


def natural_keys(survey: Survey) -> Iterator[Gap]:
    """A name that looks like one of a kind, and may be given twice."""
    for entity in survey.spec.entities.values():
        path = ("entities", entity.name)
        held = {name for key in entity.unique for name in key}
        for field in entity.fields:
            if not _is_natural(field) or field.name in held:
                continue
            if not survey.has(*path, "fields", field.name):
                continue
            alone = Choice("no two rows share it", (Append((*path, "unique"), [field.name]),))
            choices: tuple[Choice, ...] = (alone,)
            if entity.owner is not None:
                key: list[Json] = [entity.owner.name, field.name]
                choices = (Choice("no two rows of one owner", (Append((*path, "unique"), key),)),)
                choices += (alone,)
            shared = Choice("several rows may", because="several rows may have the same")
            text = f"May two {spoken(plural(snake(entity.name)))} have the same `{field.name}`?"
            yield Gap((*path, "fields", field.name), text, (*choices, shared))


def _is_natural(field: Field) -> bool:
    parts = words(field.name)
    plain = field.type.kind in ("string", "email") and keyed(field) is None
    return plain and field.references is None and not field.sensitive and parts[-1] in _NATURAL


def unsorted(survey: Survey) -> Iterator[Gap]:
    """A list whose order nothing says, of rows that do not know when they were made."""
    for operation in survey.spec.operations.values():
        entity = survey.spec.entities.get(operation.entity or "")
        if operation.listing is None or entity is None:
            continue
        if survey.has("operations", operation.name, "sort"):
            continue
        if any(one.name == "created_at" for one in entity.fields):
            continue
        path = ("entities", entity.name)
        made: dict[str, Json] = {"type": "datetime", "generated": "now"}
        knows = Set((*path, "fields", "created_at"), made)
        newest = Choice("newest first: rows know when they were made", (knows,))
        known = [one.name for one in entity.fields if one.generated == Generated("now")]
        if known and not operation.from_crud:
            order: list[Json] = [f"-{known[0]}"]
            sorted_ = Set(("operations", operation.name, "sort"), order)
            newest = Choice(f"newest first, by {known[0]}", (sorted_,))
        oldest = Choice("oldest first", because="ids are sorted by time: the oldest comes first")
        yield Gap(
            path if operation.from_crud else ("operations", operation.name),
            f"In which order does `{operation.name}` answer?",
            (newest, oldest),
        )


def deleted_money(survey: Survey) -> Iterator[Gap]:
    """A row of what was charged or paid, which somebody can delete."""
    for operation in survey.spec.operations.values():
        entity = survey.spec.entities.get(operation.entity or "")
        if operation.action != "delete" or entity is None:
            continue
        charged = next((one for one in entity.fields if _is_charged(one)), None)
        if charged is None:
            continue
        text = f"May a {spoken(snake(entity.name))} go, with its {spoken(charged.name)}?"
        draft = Choice("yes", because="it is a draft: nothing was charged for it")
        path = ("operations", operation.name)
        kept = _kept(entity, operation, survey)
        choices = (Choice("no: it is never deleted", kept), draft) if kept else (draft,)
        found = survey.crud(entity) if operation.from_crud else None
        yield Gap(found[0] if found else path, text, choices)


def _is_charged(field: Field) -> bool:
    return field.type.kind in _NUMBERS and bool(_CHARGED.intersection(words(field.name)))


def _kept(entity: Entity, operation: Operation, survey: Survey) -> tuple[Edit, ...]:
    if not operation.from_crud:
        alone = len(survey.spec.operations) == 1
        return () if alone else (Delete(("operations", operation.name)),)
    found = survey.crud(entity)
    left: list[Json] = [
        one.action for one in survey.on(entity) if one.from_crud and one.action != "delete"
    ]
    if found is None or not left:
        return ()
    path, is_mapping = found
    if is_mapping:
        return (Set((*path, "only"), left),)
    return (Set(path, {"entity": entity.name, "only": left}),)


def unrepeatable(survey: Survey) -> Iterator[Gap]:
    """A row and a call that a client cannot safely ask for again."""
    for operation in survey.spec.operations.values():
        if operation.action != "create" or operation.call is None or operation.idempotent:
            continue
        if operation.auth != "required" or operation.method != "POST":
            continue
        path = ("operations", operation.name)
        keyed_ = Choice("once: clients send a key", (Set((*path, "idempotent"), value=True),))
        twice = Choice("twice", because="doing it twice does no harm")
        text = f"A client repeats `{operation.name}` after a time-out: is it done once or twice?"
        yield Gap(path, text, (keyed_, twice))


def no_tolerance(survey: Survey) -> Iterator[Gap]:
    """Signed events, and nothing that says how old one may be."""
    for name, webhook in survey.spec.webhooks.items():
        path = ("webhooks", name)
        if webhook.scheme == "hmac" or survey.has(*path, "tolerance"):
            continue
        times = (("5 minutes", "5m"), ("1 minute", "1m"), ("1 hour", "1h"))
        choices = tuple(Choice(told, (Set((*path, "tolerance"), value),)) for told, value in times)
        yield Gap(path, f"How old may an event of `{name}` be?", choices)


def from_any_state(survey: Survey) -> Iterator[Gap]:
    """An event that comes late, and sets back what has gone on."""
    for name, webhook in survey.spec.webhooks.items():
        for event in webhook.events:
            change = event.transition
            entity = survey.spec.entities.get(change.entity) if change else None
            if change is None or entity is None or change.from_:
                continue
            path = ("webhooks", name, "events", event.type, "transition")
            state = entity.field(change.field)
            first = state.generated.value if state.generated is not None else state.values[0]
            others: list[Json] = [one for one in state.values if one != change.to]
            choices = [Choice("any but its own", (Set((*path, "from"), others),))]
            if first != change.to:
                begun = Choice(f"{first} only", (Set((*path, "from"), [first]),))
                choices = [begun, *choices]
            text = f"From which states does `{event.type}` lead to {change.to}?"
            yield Gap(path, text, tuple(choices))
