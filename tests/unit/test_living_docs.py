"""What the documents say of a stream: one of the compatibility kit, or one made by hand."""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord import cli
from accord.contract.check import Contract
from accord.errors import UsageError
from accord.living_docs import rendering
from accord.living_docs.attachments import rendered
from accord.living_docs.changes import changes
from accord.living_docs.index import operations, slowest_steps
from accord.living_docs.model import Document
from accord.living_docs.reader import read
from accord.living_docs.run import Attachment, Failure, Step
from accord.living_docs.state import State
from accord.living_docs.summary import escaped
from accord.living_docs.words import comparison, took
from tests.helpers.recording import Json, Outcome, exchange, har, ndjson, recorded, text

KIT = {
    file.stem: Path(str(file.locate()))
    for file in files("cucumber-compatibility-kit") or ()
    if file.match("features/*/*.ndjson")
}
TASKS = """
Feature: Tasks
  Scenario: A task
    Given a list
    When I write a task
    Then it is there
  Scenario Outline: Titles
    When I write <title>
    Then it is there
    Examples:
      | title |
      | milk  |
      | bread |
"""
BROKEN = {"I write a task": Outcome("FAILED", "no\nassert 1 == 2", "tasks.py:3: in write")}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    return tmp_path / "messages.ndjson"


def document(stream: Path, *arguments: Any, **options: Any) -> Document:
    """What is read of a run of features by address."""
    features, *rest = arguments
    features = features if isinstance(features, dict) else {"features/tasks.feature": features}
    stream.write_text(ndjson(recorded(features, *rest, **options)), encoding="utf-8")
    return read(stream)


def told(stream: Path, messages: list[Json]) -> Document:
    stream.write_text(ndjson(messages), encoding="utf-8")
    return read(stream)


def states(document: Document) -> list[tuple[str, State]]:
    return [(pickle.name, pickle.state) for pickle in document.pickles()]


@pytest.mark.parametrize("sample", KIT)
def test_each_sample_of_the_compatibility_kit_becomes_a_document(sample: str, tmp_path: Path) -> None:
    sentence = rendering.write(KIT[sample], tmp_path)
    assert sentence in tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert sentence in tmp_path.joinpath("summary.md").read_text(encoding="utf-8").replace("\\", "")


def test_the_samples_are_there() -> None:
    assert len(KIT) >= 47


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        ("all-statuses", "1 promise kept, 2 broken, 2 not yet made, 1 not run"),
        ("retry", "3 promises kept, 1 broken"),
        ("hooks", "1 promise kept, 1 broken"),
        ("empty", "0 promises kept, 1 not run"),
        ("global-hooks-afterall-error", "1 promise kept; the run itself failed"),
        ("test-run-exception", "0 promises kept, 1 not run; the run itself failed"),
    ],
)
def test_the_state_is_a_sentence(sample: str, sentence: str) -> None:
    assert read(KIT[sample]).sentence() == sentence


def test_the_last_attempt_counts_and_the_others_are_shown() -> None:
    by_name = {pickle.name: pickle for pickle in read(KIT["retry"]).pickles()}
    third = by_name["Test cases that fail will continue to retry up to the --retry limit"]
    assert third.state is State.KEPT
    assert third.run
    assert third.run.earlier == ["Exception in step", "Exception in step"]


def test_the_worst_run_of_a_promise_counts(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, BROKEN)
    again = recorded({"a.feature": TASKS})
    runs = [message for message in again if next(iter(message)).startswith(("testCase", "testStep"))]
    ids = r'"(?:testCaseId|testCaseStartedId)": "|"(?:testCase|testCaseStarted)": \{"id": "'
    others = json.loads(re.sub(ids, r"\g<0>other ", json.dumps(runs)))
    both = told(stream, [*messages[:-1], *others, messages[-1]])
    assert states(both)[0] == ("A task", State.BROKEN)
    assert [len(pickle.runs) for pickle in both.pickles()] == [2, 2, 2]


def test_a_message_that_occurs_twice_counts_once(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, BROKEN)
    once = told(stream, messages)
    twice = told(stream, [message for message in messages for _ in range(2)])
    assert twice.counts() == once.counts()
    assert told(stream, messages * 2).counts() == once.counts()


@pytest.mark.parametrize("kind", ["pickle", "stepDefinition", "testCase"])
def test_two_messages_of_one_id_that_differ_are_an_error(stream: Path, kind: str) -> None:
    messages = recorded({"a.feature": TASKS})
    again = next(message for message in messages if kind in message)
    messages.append({kind: again[kind] | {"newField": 1}})
    with pytest.raises(UsageError, match=rf":{len(messages)} is not .*: the {kind} '\d+' occurs twice"):
        told(stream, messages)


def test_a_step_without_a_test_step_was_not_run(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    case = next(message["testCase"] for message in messages if "testCase" in message)
    left_out = case["testSteps"].pop()["id"]
    messages = [message for message in messages if message.get("testStepFinished", {}).get("testStepId") != left_out]
    assert states(told(stream, messages))[0] == ("A task", State.UNRUN)


def test_a_failure_is_not_undone_by_later_messages_of_the_same_attempt(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, BROKEN)
    failed = next(message for message in messages if "FAILED" in str(message))
    passed = json.loads(json.dumps(failed).replace("FAILED", "PASSED"))
    messages.insert(messages.index(failed) + 1, passed)
    assert states(told(stream, messages))[0] == ("A task", State.BROKEN)


def test_a_pickle_of_another_scenarios_example_is_an_error(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    first, second, _third = (message["pickle"] for message in messages if "pickle" in message)
    second["astNodeIds"][0] = first["astNodeIds"][0]
    with pytest.raises(UsageError, match="its scenario has no such example, or has a pickle already"):
        told(stream, messages)


def test_a_feature_may_be_called_as_a_part_of_the_page_is(stream: Path) -> None:
    named = {f"{number}.feature": f"Feature: {name}" for number, name in enumerate(("Promises", "Index", "Run title"))}
    found = document(stream, named)
    slugs = [feature.slug for chapter in found.chapters for feature in chapter.features]
    assert slugs == ["promises-2", "index-2", "run-title-2"]


def test_what_was_not_run_says_why(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, leave_out=["A task"])
    finished = [number for number, message in enumerate(messages) if "testCaseFinished" in message]
    started = [number for number, message in enumerate(messages) if "testCaseStarted" in message]
    del messages[started[1] : finished[1] + 1]
    del messages[finished[0]]
    found = {pickle.name: (pickle.state, pickle.reason) for pickle in told(stream, messages).pickles()}
    assert found == {
        "A task": (State.UNRUN, "deselected"),
        "Titles (milk)": (State.UNRUN, "never finished"),
        "Titles (bread)": (State.UNRUN, "never started"),
    }


def test_a_line_that_a_killed_run_tore_is_reported_and_the_rest_is_rendered(stream: Path) -> None:
    whole = ndjson(recorded({"a.feature": TASKS}))
    stream.write_text(whole[: whole.rindex("testRunFinished")], encoding="utf-8")
    found = read(stream)
    number = len(whole.splitlines())
    assert [title for title, _ in found.problems] == [
        "The messages file ends in the middle of a line",
        "The run did not finish",
    ]
    assert f"messages.ndjson:{number} is torn" in found.problems[0][1].message
    assert found.counts()[State.KEPT] == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{}}", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a valid Cucumber Message"),
        ('{"meta": 3}', "is not a valid Cucumber Message"),
        (
            '{"testCaseStarted": {"id": "1", "testCaseId": "nowhere"}}',
            "is not a valid .*: 'nowhere' is missing",
        ),
        ('{"gherkinDocument": {"feature": {}}}', "is not a valid Cucumber Message"),
    ],
)
def test_a_line_that_is_not_a_message_is_an_error_with_its_number(stream: Path, line: str, words: str) -> None:
    stream.write_text(f"{{}}\n{line}\n{{}}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f"messages.ndjson:2 {words}"):
        read(stream)


def test_whatever_is_wrong_in_a_message_is_an_error_with_its_number_or_does_not_matter(stream: Path) -> None:
    messages = [json.loads(line) for line in KIT["minimal"].read_text(encoding="utf-8").splitlines()]
    refusals = []
    for parent, key in [found for message in messages for found in values(message)]:
        right = parent[key]
        for parent[key] in (None, 3, [], {}):
            try:
                told(stream, messages)
            except UsageError as refusal:
                refusals.append(str(refusal))
        parent[key] = right
    assert len(refusals) > 100
    assert all(re.search(r"messages.ndjson:\d+ is not ", refusal) for refusal in refusals)


def values(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a value, as what it is in and under which key."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, (dict, list)):
            yield from values(value)


def test_an_empty_messages_file_and_a_missing_one_are_errors(stream: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read(stream)
    stream.touch()
    with pytest.raises(UsageError, match="is empty"):
        read(stream)


def test_a_feature_file_that_is_not_understood_is_reported(stream: Path, tmp_path: Path) -> None:
    source = {"uri": "features/bad.feature", "location": {"line": 3, "column": 1}}
    error = {"parseError": {"source": source, "message": "(3:1): expected: #EOF, got 'Whoops'"}}
    stream.write_text(ndjson([error, *recorded({"a.feature": TASKS})]), encoding="utf-8")
    rendering.write(stream, tmp_path)
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert "features/bad.feature:3 is not understood" in page
    assert "got &#39;Whoops&#39;" in page


def test_features_are_chapters_by_folder(stream: Path) -> None:
    uris = ("features/tasks/a.feature", "features/top.feature", "features/how_it_runs/deep/b.feature")
    found = document(stream, {uri: f"Feature: {uri}" for uri in uris})
    assert [chapter.title for chapter in found.chapters] == ["Features", "How it runs / Deep", "Tasks"]


def test_addresses_are_made_of_names_and_are_unique(stream: Path) -> None:
    twice = TASKS.replace("bread", "milk") + "  Rule: Tasks\n    Scenario: A task\n      Given a list\n"
    found = document(stream, {"b.feature": twice, "a.feature": "Feature: Tasks\n  Scenario: Ünï-¡\n    * x"})
    slugs = [pickle.slug for pickle in found.pickles()]
    assert slugs == ["tasks.ünï", "tasks-2.a-task", "tasks-2.titles.milk", "tasks-2.titles.milk-2", "tasks-2.a-task-2"]


def test_what_changed_is_shown(stream: Path) -> None:
    before = document(
        stream,
        "Feature: It\n" + scenarios("stays", "breaks", "is mended", "has other words", "has other steps", "goes"),
        {"is mended": Outcome("FAILED", "no")},
    )
    text = scenarios("stays", "breaks", "is mended", "is said otherwise", "has other steps", "comes", "came too")
    text = text.replace("* is said otherwise", "* has other words").replace("* has other steps", "* has better steps")
    after = document(stream, "Feature: It\n" + text, {"breaks": Outcome("FAILED", "no")})
    found = changes(before, after)
    assert [pickle.name for pickle in found.newly_broken] == ["breaks"]
    assert [pickle.name for pickle in found.fixed] == ["is mended"]
    assert {(pair.was.name, pair.now.name) for pair in found.reworded} == {
        ("has other words", "is said otherwise"),
        ("has other steps", "has other steps"),
        ("goes", "comes"),
    }
    assert [(pair.lost, pair.gained) for pair in found.reworded if pair.was.name == pair.now.name] == [
        (["* has other steps"], ["* has better steps"])
    ]
    assert [pickle.name for pickle in found.new] == ["came too"]
    assert found.gone == []
    assert found.sentence() == "1 newly broken, 1 fixed, 1 new, 3 reworded"


def test_what_is_gone_is_shown_and_what_is_the_same_is_not(stream: Path) -> None:
    before = document(stream, "Feature: It\n" + scenarios("stays", "goes"))
    after = document(stream, "Feature: It\n" + scenarios("stays"))
    assert [pickle.name for pickle in changes(before, after).gone] == ["goes"]
    assert changes(after, after).sentence() == "nothing"


def scenarios(*names: str) -> str:
    return "".join(f"  Scenario: {name}\n    * {name}\n" for name in names)


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
    label = Contract(openapi).check(httpx.Request("GET", "http://test/tasks"), httpx.Response(404))
    seen = Outcome(attachments=[har(exchange("GET /tasks", 404))])
    [operation] = operations(document(stream, TASKS, {"I write a task": seen}, openapi=openapi))
    assert [f"{operation.name} {response.status}" for response in operation.responses if response.pickles] == [label]


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
    sentences = {sentence.pattern: sentence for sentence in document(stream, TASKS).step_definitions}
    assert sentences["it is there"].uses == 3
    assert sentences["it is there"].example
    assert sentences["it is there"].example.keyword == "Then"
    assert [sentence.uses for sentence in read(KIT["unused-steps"]).step_definitions if not sentence.example] == [0]


def test_an_exchange_is_set_out_as_http() -> None:
    entry = exchange("POST /tasks/?a=b", 422, '{"title":""}', '{"n":1.10}', _operation=None)
    entry["response"]["content"]["comment"] = "cut after 64 kB"
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.summary == "POST /tasks/?a=b: 422, 3 ms"
    assert piece.texts[0] == (
        "POST /tasks/?a=b HTTP/1.1\nhost: test\nauthorization: [redacted]\ncontent-type: application/json\n\n"
        '{\n  "title": ""\n}'
    )
    assert piece.texts[1].endswith('\n\n{"n":1.10}\n\n[cut after 64 kB]'), "a number is shown as it was sent"


def test_an_exchange_whose_address_has_a_user_is_set_out_too() -> None:
    entry = exchange("GET /", 200)
    entry["request"]["url"] = "http://[redacted]@test/tasks?page=2"
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.texts[0].startswith("GET /tasks?page=2 HTTP/1.1\nhost: test\n")


def test_the_fields_of_a_form_are_set_out_line_by_line() -> None:
    entry = exchange("POST /", 200)
    params = [{"name": "title", "value": "milk"}, {"name": "picture", "fileName": "a.png"}, {"name": "empty"}]
    entry["request"]["postData"] = {"mimeType": "multipart/form-data", "params": params}
    [piece] = rendered(Attachment("application/har+json", har(entry)["body"]))
    assert piece.texts[0].endswith("\n\ntitle=milk\npicture=a.png\nempty=")


@pytest.mark.parametrize("body", ["", "[]", "{", '{"log": {"entries": [{"request": 1}]}}', '{"log": {"entries": 3}}'])
def test_an_invalid_har_document_is_shown_by_its_size(body: str) -> None:
    [piece] = rendered(Attachment("application/har+json", body))
    assert piece.summary == f"A file: application/har+json, {len(body)} byte{'' if len(body) == 1 else 's'}, not shown"


def test_images_are_shown_and_svg_and_the_rest_are_named_with_type_and_size() -> None:
    [image] = rendered(Attachment("image/png", "aGVsbG8=", base64=True, name="a.png"))
    [svg] = rendered(Attachment("image/svg+xml", "PHN2Zy8+", base64=True, name="a.svg"))
    [no_image] = rendered(Attachment("image/png", '" onerror="', base64=True))
    assert image.image == "data:image/png;base64,aGVsbG8="
    assert svg.image is None
    assert svg.summary == "a.svg: image/svg+xml, 6 bytes, not shown"
    assert no_image.image is None


def test_text_is_shown_however_it_is_encoded() -> None:
    [text] = rendered(Attachment("text/plain", "aGVsbG8=", base64=True))
    [no_text] = rendered(Attachment("text/plain", "/w==", base64=True))
    [json] = rendered(Attachment("application/json", '{"a":1}'))
    assert text.texts == ["hello"]
    assert no_text.summary == "A file: text/plain, 1 byte, not shown"
    assert json.texts == ['{\n  "a": 1\n}']


def test_logs_lose_the_colours_of_the_terminal() -> None:
    [log] = rendered(Attachment("text/x.cucumber.log+plain", "a \x1b[31mred\x1b[0m line"))
    assert log.texts == ["a red line"]


def test_the_summary_shows_what_is_broken_and_what_changed(stream: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "before.ndjson"
    baseline.write_text(ndjson(recorded({"features/tasks.feature": TASKS})), encoding="utf-8")
    stream.write_text(ndjson(recorded({"features/tasks.feature": TASKS}, BROKEN)), encoding="utf-8")
    rendering.write(stream, tmp_path, baseline)
    assert tmp_path.joinpath("summary.md").read_text(encoding="utf-8").splitlines() == [
        "# tasks: 2 promises kept, 1 broken",
        "",
        "12 November 2026, 14:03 UTC · main 3f2a91c · 49 ms",
        "",
        "## Broken",
        "",
        r"- **Tasks \> A task**  ",
        "  When I write a task: no",
        "",
        "## Changed",
        "",
        "1 newly broken",
        "",
        "Newly broken:",
        "",
        r"- Tasks \> A task",
    ]


def test_a_failure_is_shown_in_one_line_up_to_what_follows_a_colon() -> None:
    assert Failure("\n  no milk \nat all").first_line == "no milk"
    assert Failure("These should be equal:\n\n  1 and 2\n").first_line == "These should be equal: 1 and 2"
    assert Failure("").first_line == ""


def test_an_ambiguous_sentence_names_what_matches_it() -> None:
    [pickle] = read(KIT["ambiguous"]).broken()
    assert pickle.run
    assert pickle.run.worst
    assert pickle.run.worst.failure
    first, *others = pickle.run.worst.failure.message.splitlines()
    assert first == "Several step definitions match:"
    assert len(others) == 2


def test_an_undefined_step_shows_the_definition_that_is_suggested() -> None:
    steps = [step for pickle in read(KIT["undefined"]).pickles() for run in pickle.runs for step in run.steps]
    failures = [step.failure.message for step in steps if step.failure]
    assert len(failures) == sum(step.status == "UNDEFINED" for step in steps) > 0
    assert all(failure.startswith("No step definition says this. To begin with:\nGiven(") for failure in failures)


def test_the_slowest_steps_are_listed_slowest_first() -> None:
    document = read(KIT["minimal"])
    [pickle] = document.pickles()
    [step] = pickle.runs[0].steps
    quick = Step(step.source, seconds=0.1)
    slow = Step(step.source, seconds=2.0)
    pickle.runs[0].steps += [quick, slow]
    assert slowest_steps(document, count=2) == [(slow, pickle), (quick, pickle)]


def test_what_is_attached_beside_the_steps_is_shown_with_the_last(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, {"it is there": Outcome(attachments=[text("a note")])})
    for message in messages:
        message.get("attachment", {}).pop("testStepId", None)
    [pickle, *_] = told(stream, messages).pickles()
    assert pickle.run
    assert [[piece.body for piece in step.attachments] for step in pickle.run.steps] == [[], [], ["a note"]]


def test_markdown_in_a_name_is_text() -> None:
    assert escaped("a *b*\n# [c](d) <e>") == r"a \*b\* \# \[c\]\(d\) \<e\>"


def test_a_tag_leads_to_the_tracker(stream: Path, tmp_path: Path) -> None:
    stream.write_text(ndjson(recorded({"a.feature": '@T-1"<x>\n' + TASKS.lstrip()})), encoding="utf-8")
    rendering.write(stream, tmp_path, tag_link="https://tracker.example/{tag}?a")
    page = tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert '<a href="https://tracker.example/T-1%22%3Cx%3E?a">@T-1&#34;&lt;x&gt;</a>' in page


@pytest.mark.parametrize("address", ["javascript:{tag}", "https://tracker.example/"])
def test_a_tracker_that_no_link_leads_to_is_an_error(stream: Path, tmp_path: Path, address: str) -> None:
    stream.write_text(ndjson(recorded({"a.feature": TASKS})), encoding="utf-8")
    with pytest.raises(UsageError, match="is no address to link tags to"):
        rendering.write(stream, tmp_path, tag_link=address)


def test_the_command_says_the_state_or_why_there_is_none(
    stream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.write_text(ndjson(recorded({"a.feature": TASKS})), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["accord", "render", str(stream), "-o", str(tmp_path / "there")])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert capsys.readouterr().out == "3 promises kept\n"
    assert tmp_path.joinpath("there", "index.html").exists()
    stream.unlink()
    with pytest.raises(SystemExit, match="cannot be read"):
        cli.main()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 ms"), (0.0144, "14 ms"), (0.9996, "1.0 s"), (2.14, "2.1 s"), (41, "41 s"), (200, "3 min 20 s")],
)
def test_a_duration_is_shown_shortly(seconds: float, words: str) -> None:
    assert took(seconds) == words


def test_what_was_expected_stands_on_the_right_in_pytest() -> None:
    assert comparison("it was refused\nassert 422 == 201\n +  where 422 = ...") == ("201", "422")
    assert comparison("it was refused") is None


def test_attachments_are_left_out_of_a_baseline(stream: Path) -> None:
    outcomes = {"a list": Outcome(attachments=[text("much")])}
    document(stream, TASKS, outcomes)
    [pickle, *_] = read(stream, attachments=False).pickles()
    assert pickle.run
    assert [step.attachments for step in pickle.run.steps] == [[], [], []]
