"""Envelopes of Cucumber Messages (https://github.com/cucumber/messages): how their lines, ids and times are written."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from accord.basics.source import defined_at, relative
from accord.compat.pytest_bdd import StepDefinition, arguments_of, is_regular_expression
from accord.recording import ndjson

Envelope = dict[str, Any]
"""One message, by its kind."""

# The version of the protocol with whose classes the tests read the messages.
PROTOCOL = "34.2.0"
IMPLEMENTATION = "accord"
GHERKIN = "text/x.cucumber.gherkin+plain"
COMMAND = "text/x.accord.command+plain"
"""Of the attachment that has the command which runs a failed scenario alone."""
_Hook = dict[str, Any]
SET_UP: _Hook = {"id": "set-up", "name": "Fixtures are set up", "type": "BEFORE_TEST_CASE", "sourceReference": {}}
TEAR_DOWN: _Hook = {
    "id": "tear-down",
    "name": "Fixtures are torn down",
    "type": "AFTER_TEST_CASE",
    "sourceReference": {},
}
AFTERWARDS: _Hook = {
    "id": "afterwards",
    "name": "The scenario as a whole",
    "type": "AFTER_TEST_CASE",
    "sourceReference": {},
}
"""Of what comes to light once all steps have held, such as that this was not expected."""
EXPECTED = "XFailed"
"""The type of an exception that was expected, by pytest's name for it: messages have no status for what that is."""

_PART = "part."

# In seconds: later than any year that has a date.
_LARGEST_TIME = 1e12


def line(envelope: Envelope) -> str:
    """Return the envelope as a line of a messages file."""
    return ndjson.dumps(envelope) + "\n"


def timestamp(nanoseconds: int) -> dict[str, int]:
    """Return a time since 1970, or a duration, as messages write both."""
    seconds, nanos = divmod(nanoseconds, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}


def seconds(time: dict[str, Any]) -> float:
    """Return a time or duration of a message in seconds. Raises ValueError for what is not one, or is too large."""
    return _number(time, "seconds") + _number(time, "nanos") / 1e9


def _number(time: dict[str, Any], name: str) -> float:
    number = time.get(name, 0)
    # As nearly all are, of which a large run has a million.
    if type(number) is int and abs(number) < _LARGEST_TIME:
        return float(number)
    # Protocols before 16 leave out what is zero, and write large numbers as text.
    if number is None or (isinstance(number, str) and number.isdecimal()):
        number = float(number or 0)
    # A bool is an int to Python, and no number to JSON; a NaN is not smaller than anything.
    if type(number) not in (int, float) or not abs(number) < _LARGEST_TIME:
        raise ValueError(f"{name} is not a number, or too large a one")
    return float(number)


def is_own(meta: dict[str, Any]) -> bool:
    """Return whether a message `meta` says that Accord wrote the file."""
    implementation = meta.get("implementation")
    return isinstance(implementation, dict) and implementation.get("name") == IMPLEMENTATION


def part_id(started: dict[str, Any]) -> str:
    """Return the id of a run of a part that began then, where the file has others: the same in every file."""
    return f"{_PART}{started['seconds']}.{started['nanos']}"


def is_part(run: str) -> bool:
    """Return whether a run of that id was one of a part."""
    return run.startswith(_PART)


def case_id(nodeid: str, worker: str = "") -> str:
    """Return the id of the test case that the item of that node id is: the same on every machine.

    A worker of pytest-xdist is named where each of them runs all items, which `--dist each` has them do.
    """
    return hashed(f"{nodeid}@{worker}" if worker else nodeid)


def hashed(text: str) -> str:
    """Return an id for what the text stands for."""
    # Half a surrogate pair may stand in a name, and is to get an id as well.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def source(uri: str, text: str) -> Envelope:
    """Return the message of a feature file's text."""
    return {"source": {"uri": uri, "data": text, "mediaType": GHERKIN}}


def parse_error(uri: str, line: int, message: str) -> Envelope:
    """Return the message of what is wrong in a line of a feature file."""
    return {"parseError": {"source": {"uri": uri, "location": {"line": line}}, "message": message}}


def step_definition(definition: StepDefinition, definition_id: str, rootpath: Path) -> Envelope:
    """Return the message of a step definition."""
    file, number = defined_at(definition.function)
    # The protocol knows these two kinds only; the sentences of `parse` are like the second.
    kind = "REGULAR_EXPRESSION" if is_regular_expression(definition.parser) else "CUCUMBER_EXPRESSION"
    return {
        "stepDefinition": {
            "id": definition_id,
            "pattern": {"type": kind, "source": str(definition.parser.name)},
            "sourceReference": {"uri": relative(file, rootpath), "location": {"line": number}},
        }
    }


def case_step(step_id: str, pickle_step_id: str, matching: Sequence[tuple[str, dict[str, Any]]]) -> Envelope:
    """Return a step of a test case; `matching` has the id of each definition that matches it, and its arguments."""
    return {
        "id": step_id,
        "pickleStepId": pickle_step_id,
        "stepDefinitionIds": [definition_id for definition_id, _arguments in matching],
        "stepMatchArgumentsLists": [arguments for _id, arguments in matching],
    }


# The same sentence occurs in many scenarios, as in backgrounds and outlines.
@lru_cache(maxsize=1000)
def match_arguments(definition: StepDefinition, sentence: str) -> dict[str, Any]:
    """Return where a definition's arguments stand in a sentence."""
    found = [{"start": start, "value": text} for start, text in arguments_of(definition.parser, sentence)]
    arguments = [{name: part for name, part in group.items() if part is not None} for group in found]
    return {"stepMatchArguments": [{"group": group} for group in arguments]}


def step_envelopes(
    attempt: str, step: str, status: str, started: int, finished: int, failure: dict[str, Any]
) -> tuple[Envelope, Envelope]:
    """Return the messages of a test step's start and end; times are nanoseconds since 1970."""
    ids = {"testCaseStartedId": attempt, "testStepId": step}
    result = {"status": status, "duration": timestamp(finished - started), **failure}
    return (
        {"testStepStarted": {**ids, "timestamp": timestamp(started)}},
        {"testStepFinished": {**ids, "testStepResult": result, "timestamp": timestamp(finished)}},
    )


def retried(end: Envelope) -> Envelope:
    """Return the message of an attempt's end, after which there is another one."""
    return {"testCaseFinished": end["testCaseFinished"] | {"willBeRetried": True}}


def suggestion(test_step: str, pickle_step: str, code: str) -> Envelope:
    """Return the message of a step definition that an undefined step could have."""
    snippet = {"language": "python", "code": code}
    return {"suggestion": {"id": f"{test_step}.suggestion", "pickleStepId": pickle_step, "snippets": [snippet]}}
