# ruff: noqa: E501 - what may be said reads best in a line
"""Specs that combine what the language has, made by chance from a seed.

A part that `check` refuses is left out, so each spec that comes out is valid; `Combination` counts both.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from featuregen.errors import SpecError
from featuregen.spec.load import parse_spec

Part = dict[str, Any]

NAMES = ("Crate", "Parcel", "Member", "Slot", "Invoice", "Visit")
FIELDS = (
    "title", "code", "label", "remark", "city", "key", "value", "event", "data", "number", "reason",
    "reference", "source", "token", "limit", "payload", "user", "body", "request", "name", "version_name",
)  # fmt: skip
_SECRET = (True, "last4")
PATTERNS = (
    "^[a-z-]{1,40}$",
    "^[A-Z]{3}$",
    "^97[89]-[0-9-]{10,13}$",
    "^[a-z0-9_]+$",
    "^#?[0-9a-f]{6}$",
)
STATES = ("pending", "held", "paid", "closed", "failed")
RATES = ("5/second", "100/minute", "30 per 2 hours", "500/hour", "20/day")


@dataclass(frozen=True, slots=True)
class Combination:
    """One spec, and how many of its parts `check` took and refused."""

    seed: int
    text: str
    taken: int
    refused: tuple[str, ...]


def combination(seed: int) -> Combination:
    """The spec of a seed: always the same one."""
    return _Author(seed).write()


def shown(spec: Part) -> str:
    """JSON is YAML: one definition a line."""
    lines = []
    for key, value in spec.items():
        if isinstance(value, dict) and value and key != "wire":
            inner = ",\n".join(
                f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in value.items()
            )
            lines.append(f"{json.dumps(key)}: {{\n{inner}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{" + ",\n".join(lines) + "}\n"


class _Author:
    """Writes one spec, part by part."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)  # noqa: S311 - a seed makes the same spec
        self.spec: Part = {"featuregen": 1, "feature": "depot"}
        self.taken = 0
        self.refused: list[str] = []
        self.hooks = 0
        self.operations = 0

    # --- chances -------------------------------------------------------------------------------

    def often(self, share: float = 0.5) -> bool:
        return self.chance.random() < share

    def pick(self, *values: Any) -> Any:  # noqa: ANN401 - as it comes
        return self.chance.choice(values)

    def part(self, *parts: Part) -> Part:
        return self.chance.choice(parts)

    def some(self, values: list[str], most: int) -> list[str]:
        return self.chance.sample(values, min(len(values), self.chance.randint(1, most)))

    def maybe(self, share: float = 0.5, /, **keys: Any) -> Part:  # noqa: ANN401
        return keys if self.often(share) else {}

    def hook(self, stem: str) -> str:
        self.hooks += 1
        return f"{stem}_{self.hooks}"

    # --- the whole -----------------------------------------------------------------------------

    def write(self) -> Combination:
        self.spec.update(
            self.maybe(0.2, base_path=self.pick("/", "/api/v2", "/api/{tenant}/depots"))
        )
        self.spec.update(self.maybe(0.2, wire={"validation_status": self.pick(400, 422, 499)}))
        self.spec.update(self.maybe(0.2, summary="What is kept where", title="Depots"))
        first = {
            "method": "GET",
            "path": "/ping",
            "response": "text",
            "hook": "ping",
            "auth": "none",
        }
        self.spec["operations"] = {"ping": first}
        self.shared()
        if self.often(0.85):
            for name in self.chance.sample(NAMES, self.chance.randint(1, 3)):
                self.offer(
                    "entities", self.pick("Depot", name) if self.often(0.3) else name, self.entity()
                )
        self.models()
        for name in list(self.spec.get("entities", {})):
            self.sugar(name)
        wanted = self.chance.randint(1, 6)
        makers = [self.plain]
        if self.spec.get("entities"):
            makers += [
                self.create,
                self.create,
                self.get,
                self.update,
                self.delete,
                self.listing,
                self.change,
                self.count,
            ]
        for _ in range(wanted):
            self.operation(self.pick(*makers)())
        if self.often(0.35):
            self.webhook()
        if len(self.spec["operations"]) > 1 or "crud" in self.spec:
            del self.spec["operations"]["ping"]
            if not self.spec["operations"]:
                del self.spec["operations"]
            if not self.is_valid(self.spec):
                self.spec.setdefault("operations", {})["ping"] = first
        return Combination(self.seed, shown(self.spec), self.taken, tuple(self.refused))

    def is_valid(self, spec: Part) -> bool:
        try:
            parse_spec(shown(spec), "depot.yaml")
        except SpecError as error:
            found = next(one for one in error.diagnostics if one.severity == "error")
            self.why = f"{found.code} {found.message}"
            return False
        return True

    def offer(self, section: str, name: str, part: Part) -> bool:
        """Keep the part if it is valid beside what is there."""
        trial = copy.deepcopy(self.spec)
        trial.setdefault(section, {})[name] = part
        if self.is_valid(trial):
            self.spec = trial
            self.taken += 1
            return True
        self.refused.append(f"{self.why} <- {json.dumps({name: part})}")
        return False

    # --- settings, errors, upstreams -----------------------------------------------------------

    def shared(self) -> None:
        settings: Part = {"bank_url": {"type": "url", "example": "https://bank.example.com/v1"}}
        settings |= {"bank_key": {"type": "secret", "example": "k_1"}, "bank_user": "string"}
        settings |= self.maybe(0.4, bank_timeout={"type": "duration", "default": "5s"})
        kinds: list[Part] = [
            {"type": "int", "default": 3}, {"type": "bool", "default": False}, {"type": "float", "required": False},
            {"type": "decimal", "default": "1.50"}, {"type": "date", "required": False},
            {"type": "enum", "values": ["eu", "us"], "default": "eu"}, {"type": "list[string]", "default": ["a"]},
            {"type": "enum", "values": [1, 2]}, {"type": "email"}, {"type": "uuid", "required": False},
            {"type": "datetime", "required": False}, {"type": "time", "required": False}, {"type": "list[int]", "default": [1]},
            {"type": "string", "max_length": 20, "pattern": "^[a-z]+$", "example": "abc"}, {"type": "id", "required": False},
        ]  # fmt: skip
        for index, kind in enumerate(self.chance.sample(kinds, self.chance.randint(0, 4))):
            settings[f"depot_setting_{index}"] = kind
        self.spec["settings"] = settings
        errors: Part = {
            "BankError": self.pick(
                {"status": 402}, {"status": 402, "title": "Refused", "code": "refused"}
            )
        }
        errors["BankDownError"] = {
            "status": 503,
            **self.maybe(retry_after=self.pick("30s", "500ms", 5)),
        }
        errors |= self.maybe(0.2, SpareError={"status": self.pick(400, 409, 410, 418, 451, 500)})
        self.spec["errors"] = errors
        for name in ("bank", "post")[: self.pick(0, 1, 1, 1, 2)]:
            self.offer("upstreams", name, self.upstream())

    def upstream(self) -> Part:
        settings = self.spec["settings"]
        answers: Part = {}
        for status in self.chance.sample(
            ("400", "402", "404", "409", "422", "429", "500", "503", "302"),
            self.chance.randint(0, 4),
        ):
            answers[status] = self.pick(
                {"raise": "BankError"},
                {"raise": "BankError", "message": "No: {upstream_message}"},
                {"raise": "BankDownError"},
            )
        answers |= self.maybe(0.5, timeout={"raise": "BankDownError", "message": "Too slow"})
        answers |= self.maybe(0.6, other={"raise": "BankDownError"})
        auth = self.pick(
            "none", {"bearer": "bank_key"}, {"basic": ["bank_user", "bank_key"]}, {"header": "X-Api-Key", "value": "bank_key"},
            {"query": "key", "value": "bank_key"},
        )  # fmt: skip
        return {
            "base_url": "bank_url",
            **self.maybe(0.8, auth=auth),
            **self.maybe(0.4, encoding=self.pick("json", "form")),
            **self.maybe(
                0.5, timeout="bank_timeout" if "bank_timeout" in settings else self.pick("2s", 1.5)
            ),
            **self.maybe(0.5, retries=self.pick(0, 1, 2, 3)),
            **self.maybe(0.5, idempotency_header=self.pick("Idempotency-Key", "X-Request-Id")),
            **self.maybe(0.5, error_message=self.pick("error.message", "message")),
            **({"errors": answers} if answers else {}),
        }

    # --- fields --------------------------------------------------------------------------------

    def field(self, *, stored: bool = False) -> Part:
        """One field of any type; of an entity, `stored`."""
        kind = self.pick(
            "string", "string", "string", "int", "int", "float", "decimal", "decimal", "bool", "date", "datetime",
            "time", "duration", "uuid", "email", "url", "json", "bytes", "enum", "enum", "list[string]", "list[int]",
            "list[date]", "map[int]", "map[string]", "id", "list[decimal]", "list[uuid]",
        )  # fmt: skip
        made: Part = {"type": kind, **self.limits(kind)}
        if self.often(0.3):
            made["required"] = False
        elif (
            (default := self.default(kind)) is not None
            and self.often(0.2)
            and "pattern" not in made
        ):
            made["default"] = default
        made |= self.maybe(0.1, wire=self.pick("kind-of", "theirName", "type", "from"))
        made |= self.maybe(0.1, description='What it "means"; it\'s {so}.')
        made |= self.maybe(0.1, sensitive=self.pick(*_SECRET) if kind == "string" else True)
        if not stored:
            return made
        if self.often(0.12):
            made |= {"internal": True, "required": False}
            made.pop("default", None)
        made |= self.maybe(0.12, immutable=True)
        return made

    def limits(self, kind: str) -> Part:
        often = self.often
        match kind:
            case "string":
                if often(0.25):
                    return {"pattern": self.pick(*PATTERNS), **self.maybe(0.8, max_length=60)}
                ways = self.maybe(0.2, strip=True) | self.maybe(
                    0.15, **{self.pick("lower", "upper"): True}
                )
                return {
                    **self.maybe(0.85, max_length=self.pick(20, 80, 200, 5000)),
                    **self.maybe(0.3, min_length=self.pick(1, 3)),
                    **ways,
                }
            case "int":
                return self.part(
                    {},
                    {"ge": 0},
                    {"ge": 1, "le": 1000},
                    {"gt": 0, "lt": 50},
                    {"ge": 0, "multiple_of": 5},
                    {"le": 10},
                )
            case "float":
                return self.part({}, {"ge": 0}, {"gt": 0, "lt": 1}, {"le": 100})
            case "decimal":
                places = self.pick(0, 2, 2, 3)
                more = self.pick(
                    {},
                    {"gt": 0},
                    {"ge": 0, "le": 10000},
                    {"max_digits": 9},
                    {"gt": 0, "max_digits": 12},
                )
                return {
                    "decimal_places": places,
                    **more,
                    **self.maybe(0.3, round=self.pick("half_even", "half_up", "down")),
                }
            case "date":
                return self.maybe(0.3, ge="2020-01-01")
            case "duration":
                return self.maybe(0.3, ge="1h", le="30d")
            case "enum":
                return self.part(
                    {"values": ["low", "high"]},
                    {"values": [1, 2, 3]},
                    {"values": ["a", "B c", "d-e", "none"]},
                )
            case "list[string]" | "list[int]" | "list[uuid]" | "list[decimal]" | "list[date]":
                return {
                    **self.maybe(max_length=self.pick(1, 3)),
                    **self.maybe(0.2, unique=True),
                    **self.maybe(0.2, min_length=1),
                }
        return {}

    def default(self, kind: str) -> Any:  # noqa: ANN401
        return {
            "string": "some text", "int": 5, "float": 0.5, "decimal": "1", "bool": self.often(), "date": "2026-01-02",
            "time": "10:00:00", "duration": "2h", "list[string]": ["a"], "list[int]": [], "json": {"a": 1},
        }.get(kind)  # fmt: skip

    def names(self, most: int) -> list[str]:
        return self.chance.sample(FIELDS, self.chance.randint(1, most))

    # --- entities and models -------------------------------------------------------------------

    def entity(self) -> Part:
        fields: Part = {name: self.field(stored=True) for name in self.names(5)}
        fields |= self.maybe(0.15, id={"type": "id", **self.maybe(wire="row_id")})
        first = self.often(0.8)
        kept = list(self.chance.sample(STATES, 3)) if self.often(0.85) else [1, 2, 3]
        fields |= self.maybe(
            0.6,
            status={
                "type": "enum",
                "values": kept,
                **({"generated": kept[0]} if first else {"default": kept[0]}),
            },
        )
        if self.often(0.5):
            kind: Part = self.pick(
                {"type": "int"}, {"type": "decimal", "max_digits": 9, "decimal_places": 2}
            )
            zero: Any = 0 if kind["type"] == "int" else "0.00"
            more: Part = {"ge": 1, "le": 100} if kind["type"] == "int" else {"gt": 0}
            fields |= {
                "amount": kind | more,
                "taken": kind | {"generated": zero},
                "room": kind | more,
            }
        fields |= self.maybe(
            0.5, created_at={"type": self.pick("datetime", "datetime", "date"), "generated": "now"}
        )
        fields |= self.maybe(0.3, changed_at={"type": "datetime", "generated": "on_update"})
        fields |= self.maybe(
            0.2,
            slug={
                "type": "string",
                "pattern": PATTERNS[0],
                "max_length": 40,
                **self.maybe(immutable=True),
            },
        )
        for other in self.spec.get("entities", {}):
            if self.often(0.6):
                way = self.pick(
                    {},
                    {"on_delete": "restrict"},
                    {"on_delete": "cascade"},
                    {"on_delete": "set_null", "required": False},
                    {"required": False},
                )
                fields[f"{other.lower()}_id"] = {"references": other, **way}
                fields |= self.maybe(
                    0.15, **{f"second_{other.lower()}_id": {"references": other, "required": False}}
                )
        columns = [name for name, one in fields.items() if name != "id" and _is_key(one)]
        scope = self.pick("owner", "owner", "public", "permission:depots.read_all")
        owner = ["owner_id"] if scope != "public" else []
        unique = [[*self.pick(owner, []), "slug"]] if "slug" in fields else []
        if columns and self.often(0.2):
            key = self.some(columns, 2)
            if any(fields[one].get("generated") is None for one in key):  # else born but once
                unique.append([*owner, *key])
        if any("owner_id" in key for key in unique) or self.often(0.1):
            fields |= {"owner_id": {"generated": "owner"}}
        made: Part = (
            {"scope": scope, "fields": fields}
            if scope != "owner" or self.often()
            else {"fields": fields}
        )
        made |= {"unique": unique} if unique else {}
        return made | (self.maybe(0.15, indexes=[self.some(columns, 2)]) if columns else {})

    def models(self) -> None:
        for name in ("Address", "Ask", "Tell")[: self.chance.randint(0, 3)]:
            fields: Part = {one: self.field() for one in self.names(5)}
            if name != "Address" and "Address" in self.spec.get("models", {}):
                nested = self.pick("Address", "list[Address]", "map[Address]")
                fields |= self.maybe(0.5, place={"type": nested, **self.maybe(required=False)})
            made: Part = {
                "fields": fields,
                **self.maybe(0.2, extra="ignore"),
                **self.maybe(0.2, summary="What is said"),
            }
            numbers = [
                key
                for key, one in fields.items()
                if one["type"] == "int" and one.get("required", True)
            ]
            if numbers and self.often(0.5):
                made["rules"] = [
                    {
                        "check": f"{numbers[0]} < 1000000 or {numbers[0]} == 7",
                        "message": "it is too much",
                    }
                ]
            self.offer("models", name, made)
        for name, entity in list(self.spec.get("entities", {}).items()):
            if "Address" in self.spec.get("models", {}) and self.often(0.15):
                trial = copy.deepcopy(entity)
                trial["fields"]["place"] = {
                    "type": self.pick("Address", "list[Address]"),
                    "required": False,
                }
                self.offer("entities", name, trial)

    def own_request(self, entity: str) -> str | None:
        """A model for some of what a client says of a row."""
        columns = self.spec["entities"][entity]["fields"]
        given: Part = {}
        for name, one in columns.items():
            if "generated" in one or name == "id" or ("references" in one and self.often(0.5)):
                continue
            if one.get("required", True) or self.often():
                kept = {
                    key: value
                    for key, value in one.items()
                    if key not in ("internal", "immutable", "on_delete")
                }
                given[name] = (
                    {"type": "id", "required": kept.get("required", True)}
                    if "references" in one
                    else kept
                )
        if not given:
            return None
        self.operations += 1
        name = f"{entity}Form{self.operations}"
        return name if self.offer("models", name, {"fields": given}) else None

    def own_answer(self, entity: str) -> str | None:
        columns = self.spec["entities"][entity]["fields"]
        told: Part = {"id": {"type": "id"}} if self.often(0.8) and "id" not in columns else {}
        for name, one in columns.items():
            if "internal" in one or name == "id" or self.often(0.4):
                continue
            plain = {
                key: one[key]
                for key in (
                    "type",
                    "values",
                    "required",
                    "decimal_places",
                    "max_digits",
                    "sensitive",
                )
                if key in one
            }
            told[name] = (
                {"type": "id", "required": one.get("required", True)}
                if "references" in one
                else plain
            )
            told[name].update(self.maybe(0.1, wire=f"{name}_told"))
        if not told:
            return None
        self.operations += 1
        name = f"{entity}Card{self.operations}"
        return name if self.offer("models", name, {"fields": told}) else None

    def sugar(self, entity: str) -> None:
        if self.often(0.3):
            return
        only = self.some(["create", "get", "list", "update", "delete"], 5)
        made: Any = self.pick(
            entity,
            {"entity": entity},
            {"entity": entity, "only": only, "permission": True},
            {"entity": entity, "only": only},
        )
        trial = copy.deepcopy(self.spec)
        trial["crud"] = [*trial.get("crud", []), made]
        if self.is_valid(trial):
            self.spec, self.taken = trial, self.taken + 1
        else:
            self.refused.append(f"{self.why} <- crud {made}")

    # --- operations ----------------------------------------------------------------------------

    def operation(self, made: tuple[str, Part]) -> None:
        """Offer an operation; with less and less around it where it is refused."""
        stem, part = made
        self.operations += 1
        name = f"{stem}_{self.operations}"
        part = {key: value for key, value in part.items() if value is not None}
        decorated = self.decorated(dict(part))
        if not self.offer("operations", name, decorated):
            self.offer("operations", name, part)

    def decorated(self, part: Part) -> Part:
        method = part["method"]
        open_to_all = all(
            one.get("scope") == "public" and "owner_id" not in one["fields"]
            for name, one in self.spec.get("entities", {}).items() if name in json.dumps(part)
        )  # fmt: skip
        auth = self.pick("required", "optional", "none") if open_to_all else "required"
        part |= {} if auth == "required" else {"auth": auth}
        if auth == "required":
            part |= self.maybe(0.3, permission=self.pick("depots.use", "depots.read_all"))
            part |= (
                self.maybe(0.35, idempotent=True) if method in ("POST", "PATCH", "DELETE") else {}
            )
        part |= self.maybe(
            0.2, rate_limit=self.pick(*RATES) if self.often() else self.chance.sample(RATES, 2)
        )
        if "hook" not in part:
            part |= self.maybe(0.2, before=self.hook("check")) | self.maybe(
                0.2, after=self.hook("tell")
            )
        if method == "GET":
            vary = self.pick(
                [],
                ["Accept-Language"],
                ["user"] if auth != "none" else [],
                ["user", "X-Kind"] if auth != "none" else [],
            )
            part |= self.maybe(
                0.3, cache={"ttl": self.pick("30s", "1m"), **({"vary": vary} if vary else {})}
            )
        elif {"call", "hook", "create"} & part.keys():
            part |= self.maybe(0.2, **{"async": True})
        part |= self.maybe(0.1, deprecated=True) | self.maybe(0.1, summary='Do it "now"')
        part |= self.maybe(
            0.1, headers={"trace": {"type": "string", "wire": "X-Trace", "required": False}}
        )
        part |= self.maybe(0.1, errors=["BankError"])
        return part

    def path(self, tail: str = "") -> str:
        return f"/{self.pick('do', 'at', 'all')}{self.operations}{tail}"

    def call(self, sources: list[str], row: Part | None = None) -> Part:
        upstream = self.pick(*self.spec["upstreams"])
        method = self.pick("POST", "POST", "PUT", "GET", "DELETE", "PATCH")
        made: Part = {
            "upstream": upstream,
            "method": method,
            "path": self.pick("/things", "/things/{settings.bank_user}", "/a/b.json"),
        }
        send: Part = {}
        for source in self.some(sources, 4) if sources else []:
            send[self.pick(source.replace(".", "_"), f"deep.{source.split('.')[-1]}")] = source
        if row is not None:
            send["ref"] = "entity.id"
        if send and self.often(0.8):
            made[self.pick("send", "send", "send_query") if method != "GET" else "send"] = send
        made |= self.maybe(0.2, send_headers={"X-Kind": self.pick("=web", "settings.bank_user")})
        return made

    def plain(self) -> tuple[str, Part]:
        """A call or a hook about no rows."""
        method = self.pick("GET", "POST", "POST", "PUT", "PATCH", "DELETE")
        models = [
            name for name in self.spec.get("models", {}) if name in ("Ask", "Tell", "Address")
        ]
        part: Part = {"method": method, "path": self.path(self.pick("", "", "/{thing}"))}
        sources: list[str] = []
        if models and method not in ("GET", "DELETE") and self.often(0.8):
            part["request"] = self.pick(*models)
            sources += [
                name
                for name, one in self.spec["models"][part["request"]]["fields"].items()
                if one["type"] != "bytes"
            ]
        if self.often(0.3):
            limits = self.pick(
                {"type": "int", "ge": 1},
                {"type": "date"},
                {"type": "list[string]", "required": False},
                {"type": "bool", "default": False},
                {"type": "enum", "values": ["x", "y"], "required": False},
            )
            part["query"] = {"how": limits}
            sources.append("how")
        part["response"] = self.pick(
            *models, *(f"list[{one}]" for one in models), "none", "text", "html", "bytes"
        )
        if self.spec.get("upstreams") and self.often(0.7):
            part["call"] = self.call(sources)
            if "{thing}" in part["path"]:
                part["call"]["path"] = "/things/{thing}"
            if part["response"].startswith("list[") and self.often():
                part["call"]["items"] = "data.rows"
        else:
            part["hook"] = self.hook("do")
        return "do", part

    def a_row(self) -> tuple[str, Part]:
        name = self.pick(*self.spec["entities"])
        return name, self.spec["entities"][name]["fields"]

    def received(self, fields: Part) -> Part:
        told: Part = {}
        for name, one in fields.items():
            if one.get("internal") or (
                one.get("generated") in (None, *STATES)
                and "references" not in one
                and self.often(0.5)
            ):
                kind, values = one.get("type"), one.get("values")
                if kind == "enum" and isinstance(values[0], str):
                    told[name] = self.pick(
                        f"state|map(ok={values[1].split()[0]}, *={values[0].split()[0]})",
                        "state",
                        f"={values[1]}",
                    )
                elif kind in ("string", "int", "bool", "date", "uuid", "decimal", "float", "json"):
                    told[name] = f"their.{name}"
                elif kind == "datetime":
                    told[name] = self.pick("made|from_unix", "made")
        return told

    def create(self) -> tuple[str, Part]:
        entity, fields = self.a_row()
        part: Part = {
            "method": self.pick("POST", "POST", "POST", "PUT"),
            "path": self.path(),
            "create": entity,
        }
        if self.often(0.4):
            part["request"] = self.own_request(entity)
        if self.often(0.3):
            part["response"] = self.own_answer(entity)
        part |= self.maybe(0.1, response="none")
        links = [(name, one) for name, one in fields.items() if "references" in one]
        if links and self.often(0.6):
            name, one = self.pick(*links)
            part |= {"path": self.path("/{id}"), "parent": one["references"]}
            part |= (
                {"via": name}
                if [other["references"] for _, other in links].count(one["references"]) > 1
                else {}
            )
        if links and self.often(0.6):
            name, one = self.pick(*links)
            bound = self.reservation(one["references"], "amount" if "amount" in fields else 1)
            if bound is not None:
                part["reserve"] = bound | (
                    {"via": name} if self.often(0.3) or len(links) > 1 else {}
                )
        if self.spec.get("upstreams") and self.often(0.5):
            sources = [
                key
                for key, one in fields.items()
                if not one.get("internal") and "generated" not in one and one.get("type") != "bytes"
            ]
            more = ["entity.id"] + (["parent.id"] if "parent" in part else [])
            part["call"] = self.call([*more, *([] if part.get("request") else sources)], fields)
            if told := self.received(fields):
                part["call"]["receive"] = told
            state = fields.get("status")
            if state and self.often(0.6):
                part["call"]["refused"] = {"status": state["values"][2]}
        return f"make_{entity.lower()}", part

    def reservation(self, entity: str, by: Any) -> Part | None:  # noqa: ANN401
        fields = self.spec["entities"][entity]["fields"]
        if "taken" not in fields:
            return None
        made: Part = {
            "entity": entity,
            "field": "taken",
            "by": self.pick(by, by, 1),
            "up_to": self.pick("room", "amount", 50),
        }
        state = fields.get("status")
        if state:
            made |= self.maybe(0.5, when=f"status == {state['values'][0]!r}")
            made |= self.maybe(0.5, full={"status": state["values"][1]})
        elif "created_at" in fields and fields["created_at"]["type"] == "datetime":
            made |= self.maybe(0.3, when="created_at <= now()")
        return made

    def by(self, entity: str) -> tuple[str, Part]:
        fields = self.spec["entities"][entity]["fields"]
        if "slug" in fields and self.often(0.4):
            return "/{slug}", {"by": "slug"}
        return self.pick("/{id}", f"/{{{entity.lower()}_id}}"), {}

    def get(self) -> tuple[str, Part]:
        entity, fields = self.a_row()
        tail, by = self.by(entity)
        part: Part = {"method": "GET", "path": self.path(tail), "get": entity, **by}
        if self.often(0.4):
            part["response"] = self.own_answer(entity)
        if self.spec.get("upstreams") and self.often(0.4):
            part["call"] = {
                "upstream": self.pick(*self.spec["upstreams"]),
                "method": "GET",
                "path": "/things/{entity.id}",
            }
            part["call"]["receive"] = self.received(fields) or {next(iter(fields)): "value"}
            if "status" in fields:
                part["call"] |= self.maybe(0.7, when=f"status == {fields['status']['values'][0]!r}")
        return f"get_{entity.lower()}", part

    def update(self) -> tuple[str, Part]:
        entity, _ = self.a_row()
        tail, by = self.by(entity)
        part: Part = {"method": "PATCH", "path": self.path(tail), "update": entity, **by}
        part |= self.maybe(0.3, if_match=self.pick("required", "optional"))
        if self.often(0.3):
            part["request"] = self.own_request(entity)
        if self.often(0.2):
            part["response"] = self.own_answer(entity)
        part |= self.maybe(0.1, response="none")
        return f"change_{entity.lower()}", part

    def delete(self) -> tuple[str, Part]:
        entity, _ = self.a_row()
        tail, by = self.by(entity)
        return f"drop_{entity.lower()}", {
            "method": "DELETE",
            "path": self.path(tail),
            "delete": entity,
            **by,
            **self.maybe(0.3, if_match="required"),
        }

    def listing(self) -> tuple[str, Part]:
        entity, fields = self.a_row()
        plain = [
            name for name, one in fields.items()
            if not one.get("internal") and not one.get("sensitive") and one.get("type") not in ("json", "bytes")
            and not str(one.get("type")).startswith(("list", "map")) and not one.get("type", "").istitle()
        ]  # fmt: skip
        texts = [name for name in plain if fields[name].get("type") in ("string", "email", "url")]
        sorts = [
            name
            for name in plain
            if fields[name].get("type") != "string" or fields[name].get("max_length", 999) <= 600
        ]
        part: Part = {"method": "GET", "path": self.path(), "list": entity}
        if plain:
            part |= self.maybe(0.6, filter=self.some(plain, 4))
        if sorts:
            part |= self.maybe(0.6, sort=[self.pick("", "-") + one for one in self.some(sorts, 3)])
        if texts:
            part |= self.maybe(0.5, search=self.some(texts, 2))
        if self.often(0.3):
            part["response"] = self.own_answer(entity)
        links = [(name, one) for name, one in fields.items() if "references" in one]
        if links and self.often(0.5):
            name, one = self.pick(*links)
            part |= {"path": self.path("/{id}/rows"), "parent": one["references"]}
            part |= (
                {"via": name}
                if [other["references"] for _, other in links].count(one["references"]) > 1
                else {}
            )
        return f"list_{entity.lower()}", part

    def change(self) -> tuple[str, Part]:
        """A transition, or an update of what has no states."""
        entity, fields = self.a_row()
        if "status" not in fields:
            return self.update()
        tail, by = self.by(entity)
        states = fields["status"]["values"]
        part: Part = {
            "method": self.pick("POST", "POST", "PUT", "PATCH", "DELETE"),
            "path": self.path(f"{tail}/go"),
            **by,
        }
        part["transition"] = {
            "entity": entity,
            "from": self.pick([states[0]], [states[0], states[2]], states[0]),
            "to": states[1],
        }
        if self.often(0.3):
            part["response"] = self.pick("none", self.own_answer(entity))
        return f"move_{entity.lower()}", part

    def count(self) -> tuple[str, Part]:
        """A reservation on a row, or a list of what counts nothing."""
        entity, _ = self.a_row()
        tail, by = self.by(entity)
        part: Part = {
            "method": self.pick("POST", "POST", "PUT", "PATCH"),
            "path": self.path(f"{tail}/take"),
            **by,
        }
        bound = self.reservation(entity, 1)
        if bound is None:
            return self.listing()
        kind = self.spec["entities"][entity]["fields"]["taken"]
        if self.often(0.6):
            more = (
                {"ge": 1, "le": 9}
                if kind["type"] == "int"
                else {"gt": 0, "max_digits": 5, "decimal_places": 2}
            )
            if self.offer(
                "models",
                f"Take{self.operations}",
                {
                    "fields": {
                        "many": {"type": kind["type"], **more},
                        "remark": {"type": "string", "required": False},
                    }
                },
            ):
                part["request"], bound["by"] = f"Take{self.operations}", "many"
        part["reserve"] = bound
        return f"take_{entity.lower()}", part

    # --- webhooks ------------------------------------------------------------------------------

    def webhook(self) -> None:
        self.spec["settings"]["event_secret"] = {
            "type": "secret",
            "example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        }
        events: Part = {}
        for name in self.some(["thing.done", "thing.lost", "Odd-Name"], 3):
            event: Part = {}
            rows = [
                (key, one["fields"])
                for key, one in self.spec.get("entities", {}).items()
                if "status" in one["fields"]
            ]
            if rows and self.often(0.7):
                entity, fields = self.pick(*rows)
                states = fields["status"]["values"]
                event["transition"] = {
                    "entity": entity,
                    "by": "data.ref",
                    "to": states[1],
                    **self.maybe(0.7, **{"from": [states[0]]}),
                }
                plain = [
                    key
                    for key, one in fields.items()
                    if one.get("type")
                    in (
                        "string",
                        "int",
                        "date",
                        "decimal",
                        "bool",
                        "uuid",
                        "datetime",
                        "float",
                        "json",
                        "url",
                    )
                    and "generated" not in one
                ]
                if plain and self.often(0.5):
                    event["transition"]["set"] = {key: f"data.{key}" for key in self.some(plain, 2)}
            if not event or self.often(0.4):
                event |= {"hook": self.hook("on"), **self.maybe(0.4, **{"async": True})}
            events[name] = event
        scheme = self.pick(
            "stripe",
            "standard",
            {"hmac": self.pick("sha1", "sha256", "sha512"), "header": "X-Signature"},
        )
        made: Part = {
            "path": "/webhooks/depot",
            "secret": "event_secret",
            "scheme": scheme,
            "events": events,
        }
        made |= self.maybe(0.3, id="meta.id", type=self.pick("meta.type", "kind")) | self.maybe(
            0.3, tolerance="60s"
        )
        if not self.offer("webhooks", "depot_events", made):
            del self.spec["settings"]["event_secret"]


def _is_key(field: Part) -> bool:
    """Whether an index may hold it."""
    kind = str(field.get("type", "id"))
    if kind == "string":
        return bool(field.get("max_length", 999) <= 600)
    return kind not in ("json", "bytes") and not kind.startswith(("list", "map"))
