"""OpenAPI documents become specs that hold; what they cannot carry over is listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from featuregen.errors import FeaturegenError
from featuregen.importing import import_openapi
from featuregen.importing.openapi import spec_of
from featuregen.importing.reading import parse
from featuregen.questions import answer_defaults, open_questions
from featuregen.spec.load import parse_spec

if TYPE_CHECKING:
    from pathlib import Path

    from featuregen.importing import Imported
    from featuregen.spec.model import FeatureSpec, Field

PETS = """\
openapi: 3.0.3
info: {title: Pet shop, version: "1", description: "Pets.\\nFor sale."}
servers: [{url: "https://pets.example/v1"}]
security: [{token: []}]
paths:
  /pets:
    parameters: [{$ref: "#/components/parameters/Trace"}]
    get:
      operationId: listPets
      tags: [pets]
      summary: List all pets
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100, default: 20}}
        - {name: sortBy, in: query, schema: {type: string, enum: [name, -name]}}
        - {name: session, in: cookie, schema: {type: string}}
      responses:
        "200":
          description: A page
          headers: {x-next: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Pets"}}}
        default: {description: error}
    post:
      operationId: createPet
      tags: [pets]
      security: [{token: ["pets:write"]}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
      responses:
        "201":
          description: Made
          content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
        "409": {description: A pet of this name exists}
        "401": {description: no token}
  /pets/{petId}:
    get:
      operationId: showPetById
      tags: [pets]
      security: []
      parameters: [{name: petId, in: path, required: true, schema: {type: integer, minimum: 1}}]
      responses:
        "200":
          description: One
          content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
        "404": {description: No such pet}
    delete:
      deprecated: true
      tags: [pets]
      security: [{}, {token: []}]
      responses: {"204": {description: gone}}
  /shops:
    get: {tags: [shops], responses: {"200": {description: ok, content: {text/plain: {}}}}}
components:
  parameters: {Trace: {name: X-Trace-Id, in: header, schema: {type: string, maxLength: 64}}}
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Pets: {type: array, maxItems: 100, items: {$ref: "#/components/schemas/Pet"}}
    Base:
      type: object
      required: [id]
      properties: {id: {type: integer, format: int64, readOnly: true}, code: {type: string}}
    Pet:
      description: A pet
      allOf:
        - {$ref: "#/components/schemas/Base"}
        - type: object
          required: [name, status]
          properties:
            name: {type: string, minLength: 1, maxLength: 50, example: Rex}
            status: {type: string, enum: [available, sold]}
            class: {type: string, nullable: true}
            petPrice: {type: number, exclusiveMinimum: true, minimum: 0}
            birthDate: {type: string, format: date}
            parent: {$ref: "#/components/schemas/Pet"}
            owner:
              type: object
              properties:
                email: {type: string, format: email}
                pass: {type: string, format: password, writeOnly: true}
            labels: {type: object, additionalProperties: {type: string}}
            either: {oneOf: [{type: string}, {type: integer}]}
            code: {type: string, pattern: "^(?=x)a"}
            schema: {type: string, description: "with 'quotes': and # signs"}
"""


def imported(text: str, **options: Any) -> tuple[Imported, FeatureSpec]:  # noqa: ANN401
    result = spec_of(parse(text), "api.yaml", **options)
    return result, parse_spec(result.text, "spec.yaml")


def fields(spec: FeatureSpec, model: str) -> dict[str, Field]:
    return {field.name: field for field in spec.models[model].fields}


def said(result: Imported, where: str) -> list[str]:
    return [note.what for note in result.notes if where in note.where]


def test_operations_keep_method_path_parameters_and_access() -> None:
    result, spec = imported(PETS, tag="pets")
    assert result.feature == "pet"
    assert spec.base_path == "/v1/pets"
    assert spec.title == "Pet shop"
    assert spec.summary == "Pets. For sale."
    assert {(one.name, one.method, one.path, one.auth) for one in spec.operations.values()} == {
        ("list_pets", "GET", "/", "required"),
        ("create_pet", "POST", "/", "required"),
        ("show_pet_by_id", "GET", "/{pet_id}", "none"),
        ("delete_pets_pet_id", "DELETE", "/{pet_id}", "optional"),
    }
    list_pets = spec.operations["list_pets"]
    limit, sort_by = list_pets.query
    assert (limit.name, limit.le, limit.default) == ("limit", 100, 20)
    assert (sort_by.wire_name, sort_by.values) == ("sortBy", ("name", "-name"))
    assert [(one.name, one.max_length, one.required) for one in list_pets.headers] == [
        ("x_trace_id", 64, False)
    ]
    assert spec.operations["create_pet"].permission == "pets:write"
    assert spec.operations["show_pet_by_id"].path_params[0].ge == 1
    assert spec.operations["delete_pets_pet_id"].deprecated


def test_answers_and_errors_become_responses_and_named_errors() -> None:
    _, spec = imported(PETS, tag="pets")
    create = spec.operations["create_pet"]
    assert (create.status, create.response.kind, create.response.model) == (201, "model", "Pet")
    assert spec.operations["list_pets"].response.kind == "list"
    assert spec.operations["delete_pets_pet_id"].response.kind == "none"
    assert create.errors == ("PetConflictError",)
    error = spec.errors["PetNotFoundError"]
    assert (error.status, error.title) == (404, "No such pet")


def test_schemas_keep_types_bounds_and_names() -> None:
    _, spec = imported(PETS, tag="pets")
    pet = fields(spec, "Pet")
    assert (pet["name"].min_length, pet["name"].max_length, pet["name"].example) == (1, 50, "Rex")
    assert pet["status"].values == ("available", "sold")
    assert (pet["class_"].wire, pet["class_"].nullable) == ("class", True)
    assert (pet["pet_price"].wire, pet["pet_price"].gt) == ("petPrice", 0)
    assert pet["birth_date"].type.kind == "date"
    assert pet["labels"].type.kind == "map"
    assert pet["schema_"].description == "with 'quotes': and # signs"
    assert not pet["labels"].required


def test_read_only_and_write_only_fields_stand_on_their_own_side() -> None:
    _, spec = imported(PETS, tag="pets")
    assert "pass_" not in fields(spec, "PetOwner")
    assert fields(spec, "PetOwnerInput")["pass_"].sensitive == "full"
    assert spec.operations["create_pet"].request == "PetInput"
    assert "id" in fields(spec, "Pet")
    assert "id" not in fields(spec, "PetInput")
    assert spec.models["PetOwnerInput"].ignore_extra


def test_a_model_that_contains_itself_ends_in_free_json() -> None:
    result, spec = imported(PETS, tag="pets")
    assert fields(spec, "Pet")["parent"].type.kind == "json"
    assert any("contains itself" in what for what in said(result, "parent"))


def test_nothing_is_dropped_silently() -> None:
    result, _ = imported(PETS, tag="pets")
    assert said(result, "cookie parameter 'session'") == ["a cookie is not read"]
    assert said(result, "GET /pets: 200") == ["headers: x-next"]
    assert said(result, "properties/either") == ["one of several schemas: any JSON"]
    assert any("look-ahead" in what for what in said(result, "code.pattern"))
    assert said(result, "default") == ["errors are problem+json (RFC 9457)"]


def test_operations_are_chosen_by_tag_and_by_path() -> None:
    assert set(imported(PETS, tag="shops")[1].operations) == {"get_shops"}
    assert set(imported(PETS, below="/shops")[1].operations) == {"get_shops"}
    assert len(imported(PETS)[1].operations) == 5
    with pytest.raises(FeaturegenError) as refused:
        imported(PETS, tag="cats")
    assert refused.value.hint == "tags: pets, shops"


def one(schema: dict[str, Any], version: str = "3.1.0") -> tuple[Imported, Field]:
    """The field that one property becomes."""
    body = {"type": "object", "required": ["it"], "properties": {"it": schema}}
    answer = {"description": "", "content": {"application/json": {"schema": body}}}
    document = {
        "openapi": version,
        "info": {"title": "One"},
        "paths": {"/ones": {"get": {"responses": {"200": answer}}}},
        "components": {
            "schemas": {
                "Inner": {"type": "object", "properties": {"a": {"type": "string"}}},
                "Size": {"enum": ["s", "m"]},
            }
        },
    }
    result, spec = imported(json.dumps(document))
    model = spec.operations["get_ones"].response.model
    assert model is not None
    return result, fields(spec, model)["it"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"], "maxLength": 5}, {"max_length": 5, "required": False}),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9.5}, {"gt": 0, "lt": 9}),
        ({"type": "number", "multipleOf": 0.5}, {"multiple_of": 0.5}),
        ({"const": "fixed"}, {"values": ("fixed",)}),
        ({"enum": ["a", "b", None]}, {"values": ("a", "b"), "required": False}),
        ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"values": ("a", "b")}),
        ({"anyOf": [{"$ref": "#/components/schemas/Size"}, {"type": "null"}]},
         {"values": ("s", "m")}),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
         {"min_length": 1, "unique": True}),
        ({"type": "string", "examples": ["x"], "default": "y"}, {"example": "x", "default": "y"}),
        ({"anyOf": [{"type": "number", "maximum": 9, "multipleOf": 0.01},
                    {"type": "string", "pattern": "^[0-9.]+$"}, {"type": "null"}]},
         {"le": 9, "decimal_places": 2, "required": False, "pattern": None}),
        ({"anyOf": [{"type": "number", "multipleOf": 0.000001}, {"type": "string"}]},
         {"decimal_places": 6, "multiple_of": None}),
    ],
)  # fmt: skip
def test_what_3_1_says_about_a_property_is_kept(
    schema: dict[str, Any], expected: dict[str, Any]
) -> None:
    _, field = one(schema)
    assert {key: getattr(field, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "format": "date-time"}, "datetime"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"type": "string", "format": "uri"}, "url"),
        ({"type": "string", "format": "binary"}, "bytes"),
        ({"type": "boolean"}, "bool"),
        ({"type": "object"}, "json"),
        ({}, "json"),
        ({"type": ["string", "integer"]}, "json"),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, "decimal"),
        ({"anyOf": [{"type": "number"}, {"type": "string", "format": "date"}]}, "json"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map"),
        ({"$ref": "#/components/schemas/Inner"}, "model"),
        ({"allOf": [{"$ref": "#/components/schemas/Inner"}], "description": "d"}, "model"),
        ({"$ref": "#/components/schemas/Gone"}, "json"),
        ({"$ref": "other.yaml#/Pet"}, "json"),
    ],
)
def test_each_schema_has_a_type(schema: dict[str, Any], kind: str) -> None:
    assert one(schema)[1].type.kind == kind


def test_references_that_lead_nowhere_are_noted() -> None:
    assert said(one({"$ref": "#/components/schemas/Gone"})[0], "it") == [
        "nothing stands at '#/components/schemas/Gone'"
    ]
    assert said(one({"$ref": "other.yaml#/Pet"})[0], "it") == [
        "a reference to another file: other.yaml#/Pet"
    ]


def test_a_form_is_read_as_its_fields() -> None:
    body = 'content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}\n      resp'
    assert body in PETS
    form = body.replace("json", "x-www-form-urlencoded").replace("Pet", "Base")
    text = PETS.replace(body, form)
    result, spec = imported(text, tag="pets")
    assert spec.operations["create_pet"].request == "BaseInput"
    assert said(result, "POST /pets: body") == [
        "application/x-www-form-urlencoded there, JSON here"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("swagger: '2.0'\npaths: {}", "Swagger 2"),
        ("a: 1", "not an OpenAPI 3"),
        ("[1, 2]", "not an OpenAPI 3"),
        ("{", "neither JSON nor YAML"),
        ("openapi: 3.0.0\npaths: {}", "no operation"),
    ],
)
def test_what_is_no_openapi_is_refused_with_a_reason(text: str, what: str) -> None:
    with pytest.raises(FeaturegenError, match=what):
        imported(text)


def test_a_file_is_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "pets.yaml"
    file.write_text("\ufeff" + PETS, encoding="utf-8")
    assert "# From pets.yaml." in import_openapi(file).text
    with pytest.raises(FeaturegenError, match=r"none\.yaml: no such file") as refused:
        import_openapi(tmp_path / "none.yaml")
    assert refused.value.exit_code == 2


def test_aliases_cost_nothing_and_do_not_loop() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 20))
    with pytest.raises(FeaturegenError, match="no operation"):
        imported(f"openapi: 3.0.0\nl0: &l0 []\n{levels}loop: &loop [*loop]\n")


def test_the_questions_of_an_imported_spec_can_all_be_answered() -> None:
    result, spec = imported(PETS)
    assert any(question.severity == "high" for question in open_questions(spec))
    answered = answer_defaults(result.text, "spec.yaml")
    assert answered.left == ()
    assert open_questions(parse_spec(answered.text, "spec.yaml")) == ()
