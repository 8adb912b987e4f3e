"""What is read of a messages file, and what is wrong with one."""

import gzip
import json
import re
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
from tests.helpers.documents import BROKEN, KIT, TASKS, document, states, told
from tests.helpers.recording import Outcome, ndjson, recorded


def test_the_last_attempt_counts_and_the_others_are_shown() -> None:
    by_name = {pickle.name: pickle for pickle in read(KIT["retry"]).pickles()}
    third = by_name["Test cases that fail will continue to retry up to the --retry limit"]
    assert third.state is State.FLAKY
    assert third.run
    assert [attempt.why for attempt in third.run.earlier] == ["Exception in step", "Exception in step"]


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


@pytest.mark.parametrize("count", [3, 32, 33, 100])
def test_results_belong_to_their_steps_however_many_a_scenario_has(stream: Path, count: int) -> None:
    steps = "".join(f"    * step {number}\n" for number in range(count))
    outcomes = {f"step {count - 1}": Outcome("PENDING")}
    feature = f"Feature: It\n  Background:\n    * before\n  Scenario: One\n{steps}  Scenario: Other\n    * last\n"
    messages = recorded({"a.feature": feature}, outcomes)
    one, other = told(stream, messages).pickles()
    assert one.run
    assert other.state is State.KEPT
    ended = [(step.source.text, step.status) for step in one.run.steps]
    assert ended[:2] == [("before", "PASSED"), ("step 0", "PASSED")]
    assert ended[-1] == (f"step {count - 1}", "PENDING")
    assert len(ended) == count + 1
    finished = next(message["testStepFinished"] for message in messages if "testStepFinished" in message)
    finished["testStepId"] = "nowhere"
    again = told(stream, messages)
    one, _other = again.pickles()
    assert one.run
    assert [step.status for step in one.run.steps if step.source.text in ("before", "nowhere")] == ["UNKNOWN", "PASSED"]
    assert "'nowhere'" in again.problems[0][1].message


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
    with pytest.raises(UsageError, match="its scenario has no such example"):
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
    assert len(refusals) > 80
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


def test_a_file_that_is_compressed_is_read_whatever_its_name_is(stream: Path) -> None:
    stream.write_bytes(gzip.compress(KIT["retry"].read_bytes()))
    assert read(stream).counts() == read(KIT["retry"]).counts()


def test_a_compressed_file_that_a_killed_run_tore_is_reported_and_the_rest_is_rendered(stream: Path) -> None:
    whole = gzip.compress(ndjson(recorded({"a.feature": TASKS})).encode())
    stream.write_bytes(whole[:-20])
    found = read(stream)
    assert "the compressed file ends too early" in found.problems[0][1].message
    assert len(list(found.pickles())) == 3


WRONG_SUM = gzip.compress(b"{}\n" * 9)[:-8] + b"\0" * 8


@pytest.mark.parametrize("content", [b"\x1f\x8bno gzip at all", WRONG_SUM], ids=["text", "a wrong sum"])
def test_what_is_not_gzip_and_begins_like_it_is_an_error(stream: Path, content: bytes) -> None:
    stream.write_bytes(content)
    with pytest.raises(UsageError, match="is not compressed as gzip has it"):
        read(stream)


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["as it is", "compressed"])
def test_standard_input_is_read_where_it_is_named(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    command = [sys.executable, "-c", "from accord.cli import main; main()", "render", "-", "-o", str(tmp_path)]
    run = subprocess.run(command, input=compress(KIT["minimal"].read_bytes()), capture_output=True, timeout=60)
    assert (run.stdout.decode().strip(), run.stderr) == ("1 promise kept", b"")
    assert tmp_path.joinpath("index.html").exists()


def test_nothing_on_standard_input_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from accord.cli import main; main()"]
    for arguments, words in (
        (["render", "-", "-o", str(tmp_path)], "- is empty"),
        (["merge", "-", "-o", str(tmp_path / "all.ndjson")], "is read twice"),
    ):
        run = subprocess.run([*command, *arguments], input="", capture_output=True, text=True, timeout=60)
        assert (run.returncode, words in run.stderr) == (1, True), run.stderr


EXCEPTIONS = {
    "a key": ({"type": "KeyError", "message": "'wanted'", "stackTrace": "it.py:3: KeyError"}, "KeyError: 'wanted'"),
    "without a trace": ({"type": "ValueError", "message": "no"}, "ValueError: no"),
    "of Java": ({"type": "java.io.IOException", "message": "no"}, "java.io.IOException: no"),
    "of Java, with it": (
        {"type": "java.io.IOException", "message": "java.io.IOException: no"},
        "java.io.IOException: no",
    ),
    "with its last name": (
        {"type": "System.ArgumentException", "message": "ArgumentException: no"},
        "ArgumentException: no",
    ),
    "with colours": ({"type": "KeyError", "message": "\x1b[31mKeyError: 1\x1b[0m"}, "KeyError: 1"),
    "alone": ({"type": "KeyError"}, "KeyError"),
    "an assertion": ({"type": "AssertionError", "message": "no"}, "no"),
    "one of Java": ({"type": "org.opentest4j.AssertionFailedError", "message": "no"}, "no"),
    "one of Ruby": ({"type": "RSpec::Expectations::ExpectationNotMetError", "message": "no"}, "no"),
    "one of .NET": ({"type": "Xunit.Sdk.EqualException", "message": "no"}, "no"),
    "a sentence": (
        {"type": "TimedOutError", "message": "It took long.", "stackTrace": "It took long."},
        "It took long.",
    ),
    "no class": ({"message": "no"}, "no"),
}


@pytest.mark.parametrize(("exception", "said"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_what_says_little_without_its_class_has_it(tmp_path: Path, exception: dict[str, str], said: str) -> None:
    told = recorded({"it.feature": "Feature: It\n  Scenario: One\n    Given a\n"}, {"a": Outcome("FAILED", "x")})
    [result] = [it["testStepFinished"]["testStepResult"] for it in told if "testStepFinished" in it]
    result["exception"] = exception
    result.pop("message")
    stream = tmp_path / "it.ndjson"
    stream.write_text(ndjson(told), encoding="utf-8")
    [pickle] = read(stream).pickles()
    assert pickle.because == said
