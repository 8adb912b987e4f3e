"""A document of OpenAPI 3.0 is checked as one of 3.1: what 3.0 says in its own way means the same."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field

from accord.contract.check import Contract
from accord.contract.older import modern
from accord.errors import ContractViolationError

Json = dict[str, Any]


def check(schema: Any, value: object, version: str = "3.0.3") -> None:
    content = {"application/json": {"schema": schema}}
    document = {
        "openapi": version,
        "paths": {"/a": {"get": {"responses": {"200": {"content": content}}}}},
        "components": {"schemas": {"Name": {"type": "string", "minLength": 1}}},
    }
    Contract(document).check(
        httpx.Request("GET", "http://test/a"),
        httpx.Response(200, content=json.dumps(value), headers={"Content-Type": "application/json"}),
    )


NAME = {"$ref": "#/components/schemas/Name"}


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "nullable": False}, ["a"], [None]),
        ({"type": "string"}, ["a"], [None]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a", None], ["b"]),
        ({"type": "string", "nullable": True, "minLength": 2, "format": "date"}, ["2026-03-01", None], ["a", "soon"]),
        (NAME | {"nullable": True}, ["a", None], ["", 1]),
        (NAME | {"description": "who"}, ["a"], [None]),
        ({"nullable": True, "allOf": [NAME]}, ["a", None], ["", 1]),
        ({"type": "object", "nullable": True, "allOf": [{"required": ["a"]}]}, [{"a": 1}, None], [{}]),
        ({"nullable": True, "oneOf": [NAME, {"type": "integer"}]}, ["a", 1, None], [[]]),
        ({"type": "array", "items": NAME | {"nullable": True}}, [["a", None]], [[1], None]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1, 0]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ({"type": "integer", "maximum": 1, "exclusiveMaximum": True}, [0], [1]),
        ({"type": "integer", "exclusiveMinimum": True}, [0], ["a"]),
        ({"type": "integer", "exclusiveMinimum": 1}, [2], [1]),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["a", None], [1]),
        (
            {"type": "object", "properties": {"nullable": {"type": "boolean"}, "example": NAME | {"nullable": True}}},
            [{"nullable": True, "example": None}],
            [{"nullable": None}, {"example": 1}],
        ),
        ({"type": "object", "additionalProperties": {"type": "string", "nullable": True}}, [{"a": None}], [{"a": 1}]),
        ({"enum": [{"nullable": True}]}, [{"nullable": True}], [{}, None]),
    ],
)  # fmt: skip
def test_a_schema_of_3_0_takes_and_refuses_what_it_says(schema: Json, valid: list[Any], invalid: list[Any]) -> None:
    for value in valid:
        check(schema, value)
    for value in invalid:
        with pytest.raises(ContractViolationError, match="breaks its schema"):
            check(schema, value)


def test_a_document_is_left_as_it_was_and_so_is_what_is_no_schema() -> None:
    document = {
        "info": {"x-note": {"nullable": True}},
        "example": {"nullable": True},
        "default": {"exclusiveMinimum": True},
        "schema": {"type": "string", "nullable": True},
    }
    assert modern(document) == document | {"schema": {"type": ["string", "null"]}}
    assert document["schema"] == {"type": "string", "nullable": True}


@pytest.mark.parametrize("version", ["3.0.0", "3.0.2", "3.0.4", "3.1.0", "3.1.1", "3.2.0", "3.0", "3.1"])
def test_a_version_from_3_0_on_is_read(version: str) -> None:
    check({"type": "string"}, "a", version)


class Task(BaseModel):
    title: str | None = None
    hours: float = Field(gt=0, lt=24)


@pytest.mark.parametrize("version", ["3.0.2", "3.1.0"])
def test_what_fastapi_writes_under_an_older_version_is_read(version: str) -> None:
    app = FastAPI()
    app.openapi_version = version
    app.get("/a", response_model=Task)(lambda: None)
    contract = Contract(app.openapi())
    request = httpx.Request("GET", "http://test/a")
    contract.check(request, httpx.Response(200, json={"title": None, "hours": 1}))
    for wrong in ({"title": 1, "hours": 1}, {"hours": 0}, {"hours": 24}):
        with pytest.raises(ContractViolationError, match="breaks its schema"):
            contract.check(request, httpx.Response(200, json=wrong))
    assert contract.document["openapi"] == version
