"""The operations and the sentences that the page lists."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from gherkin.dialect import DIALECTS

from accord.contract.check import Contract
from accord.errors import UsageError
from accord.living_docs import rendering
from accord.living_docs.index import operations, sentences
from accord.living_docs.reader import read
from tests.helpers.documents import KIT, TASKS, document
from tests.helpers.recording import Json, Outcome, exchange, har, ndjson, recorded


def test_an_operation_shows_its_scenarios_and_its_holes(stream: Path) -> None:
    created = Outcome(attachments=[har(exchange("POST /tasks/", 201), exchange("POST /tasks/", 418))])
    refused = Outcome(attachments=[har(exchange("POST /tasks/", 404))])
    openapi = {"paths": {"/tasks/": {"post": {"responses": {"201": {}, "4XX": {}, "500": {}}}, "summary": "x"}}}
    outcomes = {"I write a task": created, "I write milk": refused}
    [operation] = operations(document(stream, TASKS, outcomes, openapi=openapi))
    assert operation.name == "POST /tasks/"
    assert {response.status: [pickle.name for pickle in response.pickles] for response in operation.responses} == {
        "201": ["A task"],
        "4XX": ["A task", "Titles (milk)"],
        "500": [],
    }


def test_a_response_that_is_not_documented_is_among_them(stream: Path) -> None:
    created = Outcome(attachments=[har(exchange("POST /tasks/", 201))])
    openapi: Json = {"paths": {"/tasks/": {"post": {"responses": {"422": {}}}}}}
    [operation] = operations(document(stream, TASKS, {"I write a task": created}, openapi=openapi))
    assert [(response.status, response.documented) for response in operation.responses] == [
        ("201", False),
        ("422", True),
    ]


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([], "0 of 2 documented responses, 0 %"),
        ([201], "1 of 2 documented responses, 50 %"),
        ([201, 422], "all 2 documented responses"),
        ([500], "0 of 2 documented responses, 0 %"),
    ],
)
def test_how_much_of_the_api_is_covered_stands_above_it(stream: Path, statuses: list[int], said: str) -> None:
    seen = Outcome(attachments=[har(*(exchange("POST /tasks/", status) for status in statuses))])
    openapi: Json = {"paths": {"/tasks/": {"post": {"responses": {"201": {}, "422": {}}}}}}
    assert operations(document(stream, TASKS, {"I write a task": seen}, openapi=openapi)).coverage == said
    rendering.write(stream, stream.parent)
    page = stream.with_name("index.html").read_text(encoding="utf-8")
    assert f"Scenarios cover {said}." in page


def test_where_nothing_is_documented_nothing_is_covered(stream: Path) -> None:
    assert operations(document(stream, TASKS)).coverage == ""
    assert operations(document(stream, TASKS, openapi={"paths": {}})).coverage == ""


GET: Json = {"get": {"responses": {"200": {}}}}
DOCUMENTS: dict[str, Json] = {
    "a reference to a path": {
        "paths": {"/tasks": {"$ref": "#/components/pathItems/Tasks"}},
        "components": {"pathItems": {"Tasks": GET}},
    },
    "a reference to another path": {"paths": {"/a~/b {c}": GET, "/tasks": {"$ref": "#/paths/~1a~0~1b%20%7Bc%7D"}}},
    "a reference with operations beside it": {
        "paths": {"/tasks": {"$ref": "#/components/pathItems/Tasks", "put": {"responses": {"204": {}}}}},
        "components": {"pathItems": {"Tasks": GET}},
    },
    "a reference to a reference": {
        "paths": {"/tasks": {"$ref": "#/components/pathItems/0"}},
        "components": {"pathItems": [{"$ref": "#/components/pathItems/1"}, GET]},
    },
    "extensions": {
        "x-info": {"get": {}},
        "paths": {
            "x-more": GET,
            "/tasks": {"x-get": GET["get"], "get": {"responses": {"200": {}, "x-note": {}, "x-text": "text"}}},
        },
    },
    "a reference to a response": {
        "paths": {"/tasks": {"get": {"responses": {"404": {"$ref": "#/components/responses/Missing"}}}}},
        "components": {"responses": {"Missing": {"description": "gone"}}},
    },
    "references to responses and an operation": {
        "paths": {"/tasks": {"get": {"$ref": "#/components/get"}, "put": {"responses": {"$ref": "#/components/all"}}}},
        "components": {"get": GET["get"], "all": {"200": {}, "409": {}}},
    },
    "servers": {
        "servers": [{"url": "/v1"}, {"url": "https://{host/["}, {"url": 1}, 1],
        "paths": {"/tasks": GET | {"servers": [{"url": "/v2"}]}},
    },
    "classes of responses": {
        "paths": {"/tasks": {"get": {"responses": {"4XX": {}}}, "put": {"responses": {"4xx": {}, "default": {}}}}}
    },
    "what is not an operation": {
        "paths": {"/tasks": GET | {"summary": "x", "parameters": [], "put": None, "Post": GET["get"]}, "tasks": GET}
    },
    "no responses": {"paths": {"/tasks": {"get": {}, "put": {"responses": {}}, "post": {"responses": {"200": None}}}}},
    "no paths": {},
    "paths that are none": {"paths": None, "servers": None},
}


@pytest.mark.parametrize("openapi", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_page_lists_the_operations_and_responses_that_the_terminal_counts(stream: Path, openapi: Json) -> None:
    openapi = {"openapi": "3.1.0"} | openapi
    listed = operations(document(stream, TASKS, openapi=openapi))
    assert sorted(
        f"{operation.name} {response.status}" for operation in listed for response in operation.responses
    ) == sorted(Contract(openapi).documented)


@pytest.mark.parametrize("key", ["404", "4XX", "4xx", "default"])
def test_the_page_and_the_terminal_count_a_response_under_the_same_key(stream: Path, key: str) -> None:
    openapi: Json = {"openapi": "3.1.0", "paths": {"/tasks": {"get": {"responses": {"200": {}, key: {}}}}}}
    finding = Contract(openapi).check(httpx.Request("GET", "http://test/tasks"), httpx.Response(404))
    assert finding is not None
    seen = Outcome(attachments=[har(exchange("GET /tasks", 404))])
    [operation] = operations(document(stream, TASKS, {"I write a task": seen}, openapi=openapi))
    assert [f"{operation.name} {response.status}" for response in operation.responses if response.pickles] == [
        finding.response
    ]


@pytest.mark.parametrize("nowhere", ["#/gone", "#/paths/~1loop", "a.yaml#/b", "#b", "\ud800", f"#/servers/{10**30}"])
@pytest.mark.parametrize("broken", ["path", "operation", "responses", "response"])
def test_a_reference_that_leads_nowhere_leaves_the_rest_on_the_page(stream: Path, broken: str, nowhere: str) -> None:
    reference = {"$ref": nowhere}
    places: Json = {
        "path": reference,
        "operation": {"get": reference},
        "responses": {"get": {"responses": reference}},
        "response": {"get": {"responses": {"200": reference}}},
    }
    paths = {"/broken": places[broken], "/loop": {"$ref": "#/paths/~1loop"}, "/tasks": GET}
    openapi = {"openapi": "3.1.0", "paths": paths, "servers": []}
    with pytest.raises(UsageError, match=r"refers to .*, which is not in it|cannot be read"):
        Contract(openapi)
    listed = operations(document(stream, TASKS, openapi=openapi))
    rows = [(operation.name, response.status) for operation in listed for response in operation.responses]
    assert rows == [("GET /broken", "200"), ("GET /tasks", "200")][broken != "response" :]


@pytest.mark.parametrize(
    "paths",
    [
        3,
        ["/tasks"],
        {"/tasks": 3},
        {"/tasks": {"get": [3]}},
        {"/tasks": {"$ref": {}, "get": None}},
        {"/\ud800": GET},
        {"/tasks": {"get": {"responses": {"\ud800": {}}}}},
        {"/tasks": {"get": {"responses": [{"200": {}}]}}},
        {"/tasks": {"$ref": "#/paths/~1tasks/get/0"}},
    ],
)
def test_whatever_the_openapi_document_is_there_is_a_page(stream: Path, tmp_path: Path, paths: Any) -> None:
    seen = Outcome(attachments=[har(exchange("GET /tasks", 404))])
    openapi = {"openapi": "3.1.0", "paths": paths}
    stream.write_text(
        ndjson(recorded({"a.feature": TASKS}, {"I write a task": seen}, openapi=openapi)), encoding="utf-8"
    )
    assert rendering.write(stream, tmp_path) == "3 promises kept"


def test_a_sentence_is_listed_with_how_often_it_is_used(stream: Path) -> None:
    found = {sentence.pattern: sentence for sentence in document(stream, TASKS).sentences}
    assert found["it is there"].uses == 3
    assert found["it is there"].example
    assert found["it is there"].example.keyword == "Then"
    assert [sentence.uses for sentence in read(KIT["unused-steps"]).sentences if not sentence.example] == [0]


def test_sentences_are_listed_by_chapter_and_kind_with_what_was_said_in_their_gaps(tmp_path: Path) -> None:
    listed = sentences(read(KIT["examples-tables"]))
    assert [(title, [sentence.words for sentence in found]) for title, found in listed] == [
        ("Examples tables: Given", ["there are … cucumbers", "there are … friends"]),
        ("Examples tables: When", ["I eat … cucumbers"]),
        ("Examples tables: Then", ["each person can eat … cucumbers", "I should have … cucumbers"]),
    ]
    rendering.write(KIT["examples-tables"], tmp_path)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert '<th colspan="3" scope="rowgroup">Examples tables: When' in page
    assert "<td>When I eat 5 cucumbers<details><summary>int: 3 so far</summary>5, 20, 1</details><td>" in page


def test_a_definition_that_no_step_uses_is_listed_last_by_its_module(stream: Path) -> None:
    [*_others, (title, unused)] = sentences(read(KIT["unused-steps"]))
    assert title == f"Never used, in {unused[0].place.rpartition(':')[0]}"
    assert [sentence.words for sentence in unused] == ["a step that is not used"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [{}],
        [{"stepMatchArguments": [{"group": {}}]}],
        [{"stepMatchArguments": [{"group": {"start": 99, "value": "x"}}]}],
        [{"stepMatchArguments": [{"group": {"start": -1, "value": "there"}}, {"group": {"value": "is"}}]}],
        [{}, {}, {}],
    ],
)
def test_whatever_messages_say_of_arguments_there_is_a_sentence(stream: Path, arguments: list[Json]) -> None:
    envelopes = recorded({"a.feature": TASKS}, {})
    for envelope in envelopes:
        for step in envelope.get("testCase", {}).get("testSteps", ()):
            step["stepMatchArgumentsLists"] = arguments
    stream.write_text(ndjson(envelopes), encoding="utf-8")
    assert {sentence.pattern: sentence.uses for sentence in read(stream).sentences}["it is there"] == 3


@pytest.mark.parametrize(
    ("language", "code"),
    [("ar", ' lang="ar"'), ("he", ' lang="he"'), ("en-pirate", ""), ("amh", ' lang="am"'), ("em", ' lang=""')],
)
def test_a_sentence_says_in_which_language_it_is_also_in_the_index_and_where_it_is_broken(
    language: str, code: str, tmp_path: Path
) -> None:
    words = DIALECTS[language]
    given = next(word for word in words["given"] if word != "* ")
    feature = f"# language: {language}\n{words['feature'][0]}: F\n {words['scenario'][0]}: S\n  {given}it\n"
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded({"f.feature": feature}, {"it": Outcome("FAILED", "no")})), encoding="utf-8")
    rendering.write(stream, tmp_path)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert f'<q dir="auto"{code}>{given.strip()} it</q>' in page
    assert f"<td{code}>{given.strip()} it" in page
    assert f'<td dir="auto"{code}>{given.strip()} it' in page
