"""What other tools write otherwise than the protocol has it, or than it has it now: it is read as what is meant."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.errors import UsageError
from accord.living_docs import rendering
from accord.living_docs.reader import read
from accord.living_docs.state import State
from tests.helpers.documents import BROKEN, KIT, TASKS, states, told
from tests.helpers.recording import Json, Outcome, ndjson, recorded, text

OTHER_TOOL = {"implementation": {"name": "other", "version": "1"}}
ALL_KEPT = [("A task", State.KEPT), ("Titles (milk)", State.KEPT), ("Titles (bread)", State.KEPT)]


def each(kind: str, messages: list[Json]) -> list[Json]:
    return [line[kind] for line in messages if kind in line]


Change = Callable[[list[Json]], None]


def lose(kind: str) -> Change:
    def change(messages: list[Json]) -> None:
        messages.remove(next(line for line in messages if kind in line))

    return change


def put(kind: str, name: str, value: str = "nowhere") -> Change:
    def change(messages: list[Json]) -> None:
        each(kind, messages)[0][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        pytest.param(
            lose("gherkinDocument"),
            {"pickle", "testCase", "testCaseStarted", "testStepFinished", "testCaseFinished"},
            id="no gherkinDocument",
        ),
        pytest.param(
            lose("pickle"),
            {"testCase", "testCaseStarted", "testStepFinished", "testCaseFinished", "attachment"},
            id="no pickle",
        ),
        pytest.param(
            lose("testCase"),
            {"testCaseStarted", "testStepFinished", "testCaseFinished", "attachment"},
            id="no testCase",
        ),
        pytest.param(
            lose("testCaseStarted"), {"testStepFinished", "testCaseFinished", "attachment"}, id="no testCaseStarted"
        ),
        pytest.param(lose("stepDefinition"), {"testCase"}, id="no stepDefinition"),
        pytest.param(
            put("testCase", "pickleId"),
            {"testCase", "testCaseStarted", "testStepFinished", "attachment"},
            id="another testCase pickleId",
        ),
        pytest.param(
            put("testStepFinished", "testStepId"), {"testStepFinished"}, id="another testStepFinished testStepId"
        ),
        pytest.param(
            put("testCaseFinished", "testCaseStartedId"),
            {"testCaseFinished"},
            id="another testCaseFinished testCaseStartedId",
        ),
        pytest.param(put("attachment", "testCaseStartedId"), {"attachment"}, id="another attachment testCaseStartedId"),
        pytest.param(put("attachment", "testStepId"), {"attachment"}, id="another attachment testStepId"),
    ],
)
def test_what_refers_to_nothing_is_said_once_a_kind_and_the_rest_is_shown(
    stream: Path, change: Change, kinds: set[str]
) -> None:
    outcomes = BROKEN | {"a list": Outcome(attachments=[text("on the list")])}
    messages = recorded({"a.feature": TASKS, "b.feature": TASKS}, outcomes)
    change(messages)
    found = told(stream, messages)
    said = {title.split()[2]: failure.message for title, failure in found.problems}
    assert kinds <= said.keys()
    assert len(said) == len(found.problems)
    for kind, sentence in said.items():
        number = int(sentence.partition(" ")[0].removeprefix("messages.ndjson:"))
        assert kind in messages[number - 1]
        assert "which is in no message before it" in sentence
    assert ("A task", State.BROKEN) in states(found)


@pytest.mark.parametrize(("name", "of_run"), [("testCaseStartedId", 1), ("testStepId", 0)])
def test_what_was_attached_to_nothing_is_shown_with_the_run_or_the_attempt(
    stream: Path, name: str, of_run: int
) -> None:
    messages = recorded({"a.feature": TASKS}, {"a list": Outcome(attachments=[text("on the list")])})
    put("attachment", name)(messages)
    found = told(stream, messages)
    [pickle, *_others] = found.pickles()
    assert pickle.run
    assert [it.body for it in found.attachments] == ["on the list"] * of_run
    assert [it.body for step in pickle.run.steps for it in step.attachments] == ["on the list"] * (1 - of_run)


def test_what_refers_to_nothing_is_counted(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    for finished in each("testStepFinished", messages):
        finished["testCaseStartedId"] = "nowhere"
    [(title, failure)] = told(stream, messages).problems
    assert title == "A message testStepFinished refers to what is not in the file"
    assert failure.message.endswith("refers to 'nowhere', which is in no message before it, and so do 6 more.")


def test_a_result_of_no_step_is_shown_and_counts(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS}, BROKEN)
    failed = next(it for it in each("testStepFinished", messages) if it["testStepResult"]["status"] == "FAILED")
    failed["testStepId"] = "nowhere"
    found = told(stream, messages)
    assert states(found)[0] == ("A task", State.BROKEN)
    assert [pickle.because for pickle in found.broken()] == ["no"]


def test_a_hook_that_is_not_known_is_shown_by_its_id(stream: Path) -> None:
    lines = [line for line in KIT["hooks"].read_text(encoding="utf-8").splitlines() if not line.startswith('{"hook"')]
    stream.write_text("\n".join(lines), encoding="utf-8")
    found = read(stream)
    assert [pickle.state for pickle in found.pickles()] == [pickle.state for pickle in read(KIT["hooks"]).pickles()]
    assert [title for title, _failure in found.problems] == ["A message testCase refers to what is not in the file"]


@pytest.mark.parametrize(
    ("name", "title"), [("run", "Before test run failed: "), ("nowhere", "A hook failed: nowhere")]
)
def test_a_failed_hook_of_the_run_is_told_whatever_its_end_names(stream: Path, name: str, title: str) -> None:
    messages = recorded({"a.feature": TASKS})
    hook = {"id": "h", "type": "BEFORE_TEST_RUN", "sourceReference": {"uri": "hooks.js", "location": {"line": 3}}}
    result = {"status": "FAILED", "duration": {"seconds": 0, "nanos": 0}, "message": "no server"}
    time = {"seconds": 0, "nanos": 0}
    lines = [
        {"hook": hook},
        {"testRunHookStarted": {"id": "x", "testRunStartedId": "run", "hookId": "h", "timestamp": time}},
        {"testRunHookFinished": {"testRunHookStartedId": name, "result": result, "timestamp": time}},
    ]
    found = told(stream, [*messages[:-1], *lines, messages[-1]])
    assert found.problems[0][0].startswith(title)
    assert found.problems[0][1].message == "no server"


@pytest.mark.parametrize(
    "line",
    [
        '{"level": {"value": 3}}',
        '{"testStepFinished": {"testCaseStartedId": "a", "testStepId": "b", "testStepResult": {}}}',
    ],
)
def test_a_file_in_which_nothing_is_a_message_is_an_error(stream: Path, line: str) -> None:
    stream.write_text(f"{line}\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"messages\.ndjson( is empty|:1 is not a valid)"):
        read(stream)


def absent(node: Any) -> Any:
    """As protocols before 16 had it: nothing of what is empty, zero or false, and large numbers as text."""
    if isinstance(node, list):
        return [absent(it) for it in node]
    if not isinstance(node, dict):
        return node
    small = {name: absent(value) for name, value in node.items()}
    return {
        name: str(value) if name == "seconds" else value
        for name, value in small.items()
        if value not in ([], 0, "", False)
    }


@pytest.mark.parametrize(
    "name", ["retry", "rules-backgrounds", "examples-tables", "hooks", "data-tables", "attachments"]
)
def test_what_is_empty_may_be_left_out_and_numbers_may_be_text(stream: Path, name: str) -> None:
    messages = [json.loads(line) for line in KIT[name].read_text(encoding="utf-8").splitlines()]
    found, right = told(stream, absent(messages)), read(KIT[name])
    assert states(found) == states(right)
    assert found.metadata == right.metadata
    assert [pickle.seconds for pickle in found.pickles()] == [pickle.seconds for pickle in right.pickles()]


KINDS = (
    "attachment",
    "gherkinDocument",
    "hook",
    "meta",
    "pickle",
    "source",
    "testCase",
    "testStepStarted",
    "testStepFinished",
)


def with_nulls(messages: list[Json]) -> list[Json]:
    """As some serialise a class that has a field for each kind."""
    found = json.loads(json.dumps(messages))
    for document in each("gherkinDocument", found):
        children = document["feature"]["children"]
        document["feature"]["children"] = [dict.fromkeys(("background", "rule", "scenario")) | it for it in children]
    return [dict.fromkeys(KINDS) | line for line in found]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["close", "with blanks"])
def test_kinds_that_a_line_is_not_of_may_be_null(stream: Path, separators: tuple[str, str]) -> None:
    messages = with_nulls(recorded({"a.feature": TASKS}, BROKEN))
    lines = [json.dumps(line, separators=separators) + "\n" for line in messages]
    stream.write_text("".join(lines), encoding="utf-8")
    assert states(read(stream)) == [("A task", State.BROKEN), *ALL_KEPT[1:]]


def encoded(whole: str) -> Iterator[tuple[str, bytes]]:
    for name in ("utf-16-le", "utf-16-be", "utf-8"):
        yield name, ("\ufeff" + whole).encode(name)
        yield f"{name}, CRLF", ("\ufeff" + whole.replace("\n", "\r\n")).encode(name)
        yield f"{name}, compressed", gzip.compress(("\ufeff" + whole).encode(name))
        half = whole.index("\n", len(whole) // 2) + 1
        yield f"{name}, joined", "".join(f"\ufeff{part}" for part in (whole[:half], whole[half:])).encode(name)


def test_the_encodings_of_powershell_are_read(stream: Path) -> None:
    feature = TASKS.replace("A task", "Ein Käse \U0001f9c0\u2028日本")
    whole = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in recorded({"a.feature": feature}))
    stream.write_text(whole, encoding="utf-8")
    right = states(read(stream))
    for name, content in encoded(whole):
        stream.write_bytes(content)
        assert states(read(stream)) == right, name


def test_utf_16_comes_through_a_pipe_and_may_be_torn(tmp_path: Path, stream: Path) -> None:
    whole = ndjson(recorded({"a.feature": TASKS})).encode("utf-16")
    command = [sys.executable, "-c", "from accord.cli import main; main()", "render", "-", "-o", str(tmp_path)]
    run = subprocess.run(command, input=whole, capture_output=True, timeout=60)
    assert (run.stdout.decode().strip(), run.stderr) == ("3 promises kept", b"")
    stream.write_bytes(whole[:-5])
    found = read(stream)
    assert "is torn" in found.problems[0][1].message
    assert states(found) == ALL_KEPT


def test_a_trace_that_the_message_alone_has_is_shown_with_it(stream: Path, tmp_path: Path) -> None:
    messages = recorded({"a.feature": TASKS}, BROKEN)
    [result] = [
        it["testStepResult"] for it in each("testStepFinished", messages) if it["testStepResult"]["status"] == "FAILED"
    ]
    result["message"] = "TypeError: no milk\n    at World.<anonymous> (steps.js:4:35)"
    result["exception"] = {"type": "TypeError", "message": "no milk"}
    [pickle] = told(stream, messages).broken()
    assert pickle.failure
    assert (pickle.because, pickle.failure.trace) == ("TypeError: no milk", result["message"])
    rendering.write(stream, tmp_path)
    assert "steps.js:4:35" in tmp_path.joinpath("index.html").read_text(encoding="utf-8")


def test_a_status_of_a_later_version_is_shown_as_it_is_and_not_run(stream: Path, tmp_path: Path) -> None:
    messages = recorded({"a.feature": TASKS}, {"I write milk": Outcome("TODO")})
    assert states(told(stream, messages))[1] == ("Titles (milk)", State.UNRUN)
    assert [pickle.reason for pickle in read(stream).pickles()] == ["", "todo", ""]
    assert rendering.write(stream, tmp_path) == "2 promises kept, 1 not run"
    assert "<em>todo</em>" in tmp_path.joinpath("index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("meta", "state"), [({}, State.BROKEN), (OTHER_TOOL, State.UNMADE)], ids=["ours", "another's"])
def test_what_raises_not_implemented_makes_a_run_of_pytests_fail_and_is_pending_elsewhere(
    stream: Path, meta: Json, state: State
) -> None:
    messages = recorded({"a.feature": TASKS}, {"I write a task": Outcome("PENDING", "later")}, meta=meta)
    for finished in each("testStepFinished", messages):
        if "exception" in finished["testStepResult"]:
            finished["testStepResult"]["exception"]["type"] = "NotImplementedError"
    assert states(told(stream, messages))[0] == ("A task", state)


def test_of_two_attempts_of_one_number_the_later_counts(stream: Path) -> None:
    messages = recorded({"a.feature": "Feature: F\n  Scenario: One\n    * it is"}, {"it is": Outcome("FAILED", "no")})
    *head, started, failed, finished, end = messages
    first = json.loads(json.dumps([started, failed, finished]).replace(started["testCaseStarted"]["id"], "z"))
    again = json.loads(json.dumps([started, failed, finished]).replace(started["testCaseStarted"]["id"], "a"))
    again[0]["testCaseStarted"]["timestamp"]["seconds"] += 5
    again[1]["testStepFinished"]["testStepResult"] = {"status": "PASSED", "duration": {"seconds": 0, "nanos": 0}}
    for attempts in ([*first, *again], [*again, *first]):
        assert states(told(stream, [*head, *attempts, end])) == [("One", State.FLAKY)]


def test_attempts_that_are_test_cases_of_their_own_are_one_run(stream: Path) -> None:
    messages = recorded({"a.feature": "Feature: F\n  Scenario: One\n    * it is"}, {"it is": Outcome("FAILED", "no")})
    *head, case, started, failed, finished, end = messages
    ids = [case["testCase"]["id"], started["testCaseStarted"]["id"], case["testCase"]["testSteps"][0]["id"]]

    def attempt(number: int, status: str) -> Any:
        lines = json.dumps([case, started, failed, finished])
        for name in ids:
            lines = lines.replace(f'"{name}"', f'"{name} of {number}"')
        of, begun, ended, _end = found = json.loads(lines)
        begun["testCaseStarted"]["attempt"] = number
        # As pytest-bdd-ng has it.
        ended["testStepFinished"] |= {"testCaseStartedId": of["testCase"]["id"]}
        ended["testStepFinished"]["testStepResult"]["status"] = status
        return found

    rerun = told(stream, [*head, *attempt(1, "FAILED"), *attempt(2, "FAILED"), *attempt(3, "PASSED"), end])
    [pickle] = rerun.pickles()
    assert (pickle.state, len(pickle.runs), rerun.problems) == (State.FLAKY, 1, [])
    assert pickle.run
    assert [it.state for it in pickle.run.earlier] == [State.BROKEN, State.BROKEN]
    # Such as those of two browsers.
    [pickle] = told(stream, [*head, *attempt(0, "FAILED"), *attempt(0, "PASSED"), end]).pickles()
    assert pickle.state is State.BROKEN


def test_a_definition_that_is_told_once_more_is_listed_once_with_all_its_uses(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    definitions = each("stepDefinition", messages)
    copies = [{"stepDefinition": it | {"id": f"{it['id']} again"}} for it in definitions]
    for step in each("testCase", messages)[-1]["testSteps"]:
        step["stepDefinitionIds"] = [f"{it} again" for it in step["stepDefinitionIds"]]
    at = next(number for number, line in enumerate(messages) if "testCase" in line)
    first = [line for line in messages if "stepDefinition" in line]
    rest = [line for line in messages if "stepDefinition" not in line]
    at = next(number for number, line in enumerate(rest) if "testCase" in line)
    sentences = told(stream, [*rest[:at], *first, *copies, *rest[at:]]).sentences
    assert {sentence.pattern: sentence.uses for sentence in sentences} == {
        "a list": 1,
        "I write a task": 1,
        "it is there": 3,
        "I write milk": 1,
        "I write bread": 1,
    }


def test_a_regular_expression_that_was_lost_is_listed_by_what_it_is_used_for(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    for definition in each("stepDefinition", messages):
        definition["pattern"]["source"] = {}
    unused = {"id": "unused", "pattern": {"source": {}, "type": "CUCUMBER_EXPRESSION"}, "sourceReference": {}}
    found = told(stream, [messages[0], {"stepDefinition": unused}, *messages[1:]])
    assert states(found) == ALL_KEPT
    assert sorted(sentence.words for sentence in found.sentences) == [
        "I write a task",
        "I write bread",
        "I write milk",
        "a list",
        "it is there",
    ]


def test_a_pickle_that_has_a_step_twice_is_an_error_with_its_line(stream: Path) -> None:
    messages = recorded({"a.feature": TASKS})
    number, pickle = next((number, it["pickle"]) for number, it in enumerate(messages, 1) if "pickle" in it)
    pickle["steps"].append(pickle["steps"][0])
    with pytest.raises(UsageError, match=rf":{number} .*the id '.*' is used twice"):
        told(stream, messages)
