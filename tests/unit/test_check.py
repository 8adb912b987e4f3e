"""What a contract refuses and what it lets pass, and what a run says of it at the end."""

import argparse
import json
import re
from typing import Any

import httpx
import pytest

from accord.contract.check import Contract
from accord.contract.coverage import Coverage
from accord.contract.rules import Mode, Rules
from accord.contract.undocumented import Undocumented
from accord.errors import AccordError, ContractViolationError
from accord.plugin import percentage

Json = dict[str, Any]


def documenting(responses: Json, components: Json | None = None, **more: Any) -> Contract:
    paths = {"/tasks/{number}": {"get": {"responses": responses}}}
    return Contract({"openapi": "3.1.0", "paths": paths, "components": components or {}} | more)


def in_json(schema: Json, **more: Any) -> Json:
    return {"content": {"application/json": {"schema": schema}}} | more


STRICT = Rules(Mode.STRICT)


def check(
    contract: Contract,
    response: httpx.Response,
    method: str = "GET",
    path: str = "/tasks/7",
    rules: Rules = STRICT,
) -> str | None:
    finding = contract.check(httpx.Request(method, f"http://test{path}"), response, rules=rules)
    return None if finding is None else finding.response


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(
        status, content=json.dumps(body), headers={"Content-Type": "application/json"} | (headers or {})
    )


# What is not documented.

NUMBER = {"200": in_json({"type": "integer"}), "204": {}, "404": in_json({"type": "string"})}


def test_a_documented_response_passes_and_is_named() -> None:
    assert check(documenting(NUMBER), answer(7)) == "GET /tasks/{number} 200"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/tusks/7"), ("GET", "/tasks/7/parts"), ("GET", "/tasks/"), ("PUT", "/tasks/7")]
)
def test_an_operation_that_is_not_documented_is_a_violation(method: str, path: str) -> None:
    breach = f"^{method} {path} answered 404, and the app's OpenAPI document has no such operation: document it"
    with pytest.raises(ContractViolationError, match=breach):
        check(documenting(NUMBER), answer("no", 404), method, path)


@pytest.mark.parametrize("status", [201, 302, 403, 405, 500])
def test_a_status_that_is_not_documented_is_a_violation(status: int) -> None:
    breach = f"^GET /tasks/7 answered {status}, and the app's OpenAPI document says 200, 204, 404: correct the answer"
    with pytest.raises(ContractViolationError, match=breach):
        check(documenting(NUMBER), answer("no", status))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"swagger": "2.0", "paths": {}}, "is of Swagger 2.0, whose"),
        ({}, "is of no known version, whose"),
        ({"openapi": "2.9.9"}, "is 2.9.9, whose"),
        ({"openapi": "3.00.1"}, "is 3.00.1, whose"),
    ],
)
def test_a_document_whose_schemas_are_not_json_schema_is_an_error(document: Json, said: str) -> None:
    with pytest.raises(AccordError, match=rf"document {said} schemas are not JSON Schema: serve OpenAPI 3\.1\.$"):
        Contract(document)


# Which of the documented responses it is.

CLASSES = {"200": {}, "404": {}, "4XX": in_json({"const": "mine"}), "default": in_json({"const": "other"})}


@pytest.mark.parametrize(
    ("response", "documented"),
    [
        (httpx.Response(404), "404"),
        (answer("mine", 409), "4XX"),
        (answer("other", 503), "default"),
        (answer("other", 302), "default"),
    ],
)
def test_a_status_comes_before_its_class_and_that_before_the_default(response: httpx.Response, documented: str) -> None:
    assert check(documenting(CLASSES), response) == f"GET /tasks/{{number}} {documented}"


@pytest.mark.parametrize("response", [answer("other", 409), answer("mine", 503)])
def test_a_response_is_held_against_the_closest_only(response: httpx.Response) -> None:
    with pytest.raises(ContractViolationError):
        check(documenting(CLASSES), response)


# Bodies.

PERSON = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "born": {"type": "string", "format": "date"},
        "key": {"type": "string", "format": "uuid"},
        "seen": {"type": "string", "format": "date-time"},
        "mail": {"type": "string", "format": "email"},
        "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
        "boss": {"anyOf": [{"$ref": "#/components/schemas/Person"}, {"type": "null"}]},
        "note": {"type": ["string", "null"]},
        "gone": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]},
        "code": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    },
}
PEOPLE = documenting(
    {"200": {"$ref": "#/components/responses/People"}},
    {
        "schemas": {"Person": PERSON},
        "responses": {"People": in_json({"type": "array", "items": {"$ref": "#/components/schemas/Person"}})},
    },
)


@pytest.mark.parametrize(
    "person",
    [
        {"name": "Anna", "boss": None, "note": None},
        {"name": "Anna", "boss": {"name": "Bob", "friends": [{"name": "Cleo"}]}},
        {"name": "Anna", "seen": "2026-03-01T09:30:00Z", "born": "1990-02-28", "mail": "anna@example.com"},
        {"name": "An\ud83ea"},
    ],
)
def test_a_body_as_documented_passes(person: Json) -> None:
    assert check(PEOPLE, answer([person])) == "GET /tasks/{number} 200"


@pytest.mark.parametrize(
    ("person", "fault"),
    [
        ({"name": 1}, 'at /0/name 1 is not of type "string" (#/components/schemas/Person/properties/name/type)'),
        ({"name": None}, 'at /0/name null is not of type "string" (#/components/schemas/Person/properties/name/type)'),
        ({"name": "Annabel"}, "(#/components/schemas/Person/properties/name/maxLength)"),
        ({"name": "An\ud83enabel"}, "(#/components/schemas/Person/properties/name/maxLength)"),
        ({}, 'at /0 "name" is a required property (#/components/schemas/Person/required)'),
        ({"name": "Anna", "age": 7}, "(#/components/schemas/Person/additionalProperties)"),
        ({"name": "Anna", "born": "1990-02-30"}, "(#/components/schemas/Person/properties/born/format)"),
        ({"name": "Anna", "key": "7"}, "(#/components/schemas/Person/properties/key/format)"),
        ({"name": "Anna", "seen": "2026-03-01T09:30:00"}, "(#/components/schemas/Person/properties/seen/format)"),
        ({"name": "Anna", "mail": "anna"}, "(#/components/schemas/Person/properties/mail/format)"),
        (
            {"name": "Anna", "gone": "today"},
            'at /0/gone "today" is not a "date" (#/components/schemas/Person/properties/gone/anyOf/1/format)',
        ),
        ({"name": "Anna", "code": []}, "(#/components/schemas/Person/properties/code/oneOf)"),
        ({"name": "Anna", "note": 7}, "(#/components/schemas/Person/properties/note/type)"),
        (
            {"name": "Anna", "friends": [{"name": "Bob"}, {"name": "Cleo", "boss": {"name": "Dan", "note": []}}]},
            'at /0/friends/1/boss/note [] is not of types "null", "string" (#/components/schemas/Person/properties/no',
        ),
    ],
)  # fmt: skip
def test_a_body_that_breaks_its_schema_is_a_violation_that_says_where(person: Json, fault: str) -> None:
    breach = f"GET /tasks/7 answered 200 with a body that breaks its schema: .*{re.escape(fault)}.*: correct the answer"
    with pytest.raises(ContractViolationError, match=breach):
        check(PEOPLE, answer([person]))


def test_a_long_body_is_not_repeated_in_full() -> None:
    with pytest.raises(ContractViolationError) as breach:
        check(PEOPLE, answer({"name": "x" * 10_000}))
    assert 'is not of type "array"' in str(breach.value)
    assert len(str(breach.value)) < 500


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b"\xff", b"7 8"])
def test_a_body_that_is_not_json_is_a_violation(body: bytes) -> None:
    response = httpx.Response(200, content=body, headers={"Content-Type": "application/json"})
    with pytest.raises(ContractViolationError, match="answered 200 with a body that is not JSON"):
        check(documenting({"200": in_json({})}), response)


@pytest.mark.parametrize("responses", [{"200": {}}, {"200": {"content": {}}}, {"2XX": {}}, {"default": {}}])
@pytest.mark.parametrize("response", [httpx.Response(200), answer({}), httpx.Response(200, content=b"\xff")])
def test_a_response_that_is_documented_without_content_may_have_any_body(
    responses: Json, response: httpx.Response
) -> None:
    assert check(documenting(responses), response) is not None


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("documented", [in_json({}), {"description": "nothing"}])
def test_a_body_with_a_status_that_has_none_is_a_violation_even_if_it_is_documented(
    status: int, documented: Json
) -> None:
    contract = documenting({str(status): documented})
    assert check(contract, httpx.Response(status)) is not None
    with pytest.raises(ContractViolationError, match=f"answered {status} with a body of 4 bytes"):
        check(contract, answer(None, status))


def test_a_text_is_held_against_its_schema() -> None:
    contract = documenting({"200": {"content": {"text/plain": {"schema": {"type": "string", "pattern": "^o"}}}}})
    assert check(contract, httpx.Response(200, text="ok")) is not None
    with pytest.raises(ContractViolationError, match="with a text that breaks its schema"):
        check(contract, httpx.Response(200, text="no"))


@pytest.mark.parametrize("schema", [{"$ref": "#/components/schemas/Nothing"}, {"type": "strnig"}])
def test_an_invalid_schema_is_an_error_that_says_where_it_is(schema: Json) -> None:
    with pytest.raises(AccordError, match="no JSON Schema at #/paths/~1tasks~1%7Bnumber%7D/get/responses/200/content"):
        check(documenting({"200": in_json(schema)}), answer(7))


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(AccordError, match="refers to #/components/responses/Nothing, which is not in it"):
        documenting({"200": {"$ref": "#/components/responses/Nothing"}})


# Media types.


@pytest.mark.parametrize(
    ("documented", "sent"),
    [
        ("application/json", "application/json"),
        ("application/json", "Application/JSON; charset=utf-8"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/problem+json", "application/problem+json"),
        ("application/*", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_a_documented_media_type_passes_and_its_body_is_checked(documented: str, sent: str) -> None:
    contract = documenting({"200": {"content": {documented: {"schema": {"type": "integer"}}}}})
    assert check(contract, answer(7, headers={"Content-Type": sent})) is not None
    with pytest.raises(ContractViolationError, match='is not of type "integer"'):
        check(contract, answer("7", headers={"Content-Type": sent}))


@pytest.mark.parametrize("sent", ["text/plain", "text/html; charset=utf-8", "application/problem+json", ""])
def test_a_media_type_that_is_not_documented_is_a_violation(sent: str) -> None:
    breach = f"answered 200 with {sent.partition(';')[0] or 'no media type'}, where application/json is documented"
    with pytest.raises(ContractViolationError, match=re.escape(breach)):
        check(documenting({"200": in_json({})}), answer(7, headers={"Content-Type": sent}))


def test_the_closest_media_type_counts() -> None:
    content = {"*/*": {"schema": False}, "application/*": {"schema": False}, "application/json": {}}
    assert check(documenting({"200": {"content": content}}), answer(7)) is not None


# Headers.


def with_header(documented: Json) -> Contract:
    return documenting(
        {"200": {"headers": {"x-rate": {"$ref": "#/components/headers/Rate"}}}}, {"headers": {"Rate": documented}}
    )


def test_a_required_header_that_is_missing_is_a_violation() -> None:
    with pytest.raises(ContractViolationError, match="without the header x-rate, which is documented as required"):
        check(with_header({"required": True}), httpx.Response(200))


def test_a_header_that_is_not_required_may_be_missing() -> None:
    assert check(with_header({"schema": {"type": "integer"}}), httpx.Response(200)) is not None


@pytest.mark.parametrize(
    ("documented", "valid", "invalid"),
    [
        ({"schema": {"type": "integer"}}, "12", "twelve"),
        ({"schema": {"type": "string", "const": "12"}}, "12", "13"),
        ({"schema": {"type": "boolean"}}, "true", "1"),
        ({"schema": {"type": "string", "format": "date"}}, "2026-03-01", "1 March"),
        ({"schema": {"type": "array", "items": {"type": "integer"}}}, "1, 2,3", "1, two"),
        ({"schema": {"type": "array", "items": {"enum": ["GET", "PUT"]}}}, "GET, PUT", "GET, POST"),
        ({"content": {"application/json": {"schema": {"type": "object"}}}}, '{"limit": 7}', "[]"),
    ],
)
def test_a_header_is_held_against_its_schema(documented: Json, valid: str, invalid: str) -> None:
    assert check(with_header(documented), httpx.Response(200, headers={"X-Rate": valid})) is not None
    with pytest.raises(ContractViolationError, match="answered 200 with a header x-rate that breaks its schema"):
        check(with_header(documented), httpx.Response(200, headers={"X-Rate": invalid}))


def test_a_documented_header_content_type_is_ignored_as_openapi_says() -> None:
    contract = documenting({"200": in_json({}, headers={"Content-Type": {"required": True, "schema": False}})})
    assert check(contract, answer(7)) is not None


# Which operation it is.


def test_a_concrete_path_comes_before_one_with_a_variable() -> None:
    paths: Json = {
        "/{anything}/mine": {"get": {"responses": {"200": {}}}},
        "/tasks/{number}": {"get": {"responses": {"200": {}}}, "put": {"responses": {"200": {}}}},
        "/tasks/mine": {"get": {"responses": {"200": {}}}},
    }
    contract = Contract({"openapi": "3.1.0", "paths": paths})
    assert check(contract, httpx.Response(200), path="/tasks/mine") == "GET /tasks/mine 200"
    assert check(contract, httpx.Response(200), path="/tasks/7") == "GET /tasks/{number} 200"
    assert check(contract, httpx.Response(200), path="/lists/mine") == "GET /{anything}/mine 200"
    assert check(contract, httpx.Response(200), "PUT", "/tasks/mine") == "PUT /tasks/{number} 200"


def test_a_path_is_matched_to_the_letter() -> None:
    contract = Contract({"openapi": "3.1.0", "paths": {"/a.b/{name}.json": {"get": {"responses": {"200": {}}}}}})
    assert check(contract, httpx.Response(200), path="/a.b/c%20d.json") == "GET /a.b/{name}.json 200"
    with pytest.raises(ContractViolationError, match="no such operation"):
        check(contract, httpx.Response(200), path="/aXb/c.json")


def test_a_path_may_begin_with_that_of_a_server() -> None:
    contract = documenting({"200": {}}, servers=[{"url": "https://example.com/v1/"}, {"url": "/v2"}])
    for prefix in ("", "/v1", "/v2"):
        assert check(contract, httpx.Response(200), path=f"{prefix}/tasks/7") == "GET /tasks/{number} 200"
    with pytest.raises(ContractViolationError, match="no such operation"):
        check(contract, httpx.Response(200), path="/v3/tasks/7")


def test_a_reference_stands_for_a_path_with_its_operations() -> None:
    document = {
        "openapi": "3.1.0",
        "paths": {"/tasks": {"$ref": "#/components/pathItems/Tasks"}, "x-tags": {"get": {}}},
        "components": {
            "pathItems": {"Tasks": {"summary": "Tasks", "get": {"responses": {"200": {}, "x-more": {"a": 1}}}}}
        },
    }
    assert Contract(document).documented == ["GET /tasks 200"]


def test_a_head_is_held_against_its_get_without_the_body_and_covers_nothing() -> None:
    contract = documenting({"200": in_json({}, headers={"ETag": {"required": True}})})
    assert check(contract, httpx.Response(200, headers={"ETag": "7"}), "HEAD") is None
    with pytest.raises(ContractViolationError, match="HEAD /tasks/7 answered 200 without the header ETag"):
        check(contract, httpx.Response(200), "HEAD")
    with pytest.raises(ContractViolationError, match=r"HEAD /tasks/7 answered 403, and the app's .* says 200"):
        check(contract, httpx.Response(403), "HEAD")
    with pytest.raises(ContractViolationError, match="HEAD /tasks/7 answered 200 with a body of 2 bytes"):
        check(contract, answer({}, headers={"ETag": "7"}), "HEAD")


# What a run is asked for, and says at the end.


def test_what_is_not_a_percentage_is_an_error() -> None:
    for nonsense in ("many", "-1", "101", "nan"):
        with pytest.raises(
            argparse.ArgumentTypeError, match=f"^{nonsense} is not a percentage: give a number from 0 to"
        ):
            percentage(nonsense)


def test_a_long_list_is_cut_unless_verbose() -> None:
    coverage = Coverage()
    coverage.add({f"GET /{number} 200": number == 0 for number in range(13)})
    assert len(list(coverage.summary(0, listing=True, in_full=True))) == 13
    assert list(coverage.summary(0, listing=True, in_full=False))[10:] == [
        "  GET /10: 200, since no scenario asks for it",
        "  and those of 2 more operations; -v names them.",
    ]


def test_an_operation_that_had_other_responses_was_asked_for() -> None:
    coverage = Coverage()
    coverage.add({"GET /a 200": False, "GET /b 200": False, "GET /c 200": True})
    _, *gaps = coverage.summary(0, listing=True, in_full=False, requested={"GET /a"})
    assert gaps == ["  GET /a: 200", "  GET /b: 200, since no scenario asks for it"]


def test_what_is_not_documented_is_listed_once_each_and_sorted() -> None:
    undocumented = Undocumented()
    undocumented.add(["POST /login 401", "GET /a 404"])
    undocumented.add(["POST /login 401"])
    assert list(undocumented.summary(in_full=False)) == [
        "contract: 2 responses are not in the app's OpenAPI document. Document them, "
        'or set accord_contract = "strict" to have them fail:',
        "  GET /a 404",
        "  POST /login 401",
    ]


def test_a_long_list_of_what_is_not_documented_is_cut_unless_verbose() -> None:
    undocumented = Undocumented()
    assert list(undocumented.summary(in_full=True)) == []
    undocumented.add(f"GET /{number:02} 404" for number in range(12))
    assert list(undocumented.summary(in_full=False))[-2:] == ["  GET /09 404", "  and 2 more; -v names them."]
    assert len(list(undocumented.summary(in_full=True))) == 13


def test_one_response_that_is_not_documented_is_one() -> None:
    undocumented = Undocumented()
    undocumented.add(["POST /login 401"])
    assert next(undocumented.summary(in_full=False)) == (
        "contract: 1 response is not in the app's OpenAPI document. Document it, "
        'or set accord_contract = "strict" to have it fail:'
    )


def test_a_long_path_that_is_no_operation_is_not_repeated_in_full() -> None:
    finding = documenting(NUMBER).check(httpx.Request("GET", f"http://test/{'x' * 5_000}"), httpx.Response(414))
    assert finding is not None
    assert (finding.operation, finding.is_documented) == (None, False)
    assert len(finding.response) < 200
