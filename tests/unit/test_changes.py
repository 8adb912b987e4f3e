"""What changed between two runs."""

from pathlib import Path

import pytest

from accord.living_docs.changes import changes
from accord.living_docs.former import former
from accord.living_docs.summary import summary
from tests.helpers.documents import document, told
from tests.helpers.recording import Json, Outcome, recorded


def scenarios(*names: str) -> str:
    return "".join(f"  Scenario: {name}\n    * {name}\n" for name in names)


def test_what_changed_is_shown(stream: Path) -> None:
    before = document(
        stream,
        "Feature: It\n" + scenarios("stays", "breaks", "is mended", "has other words", "has other steps", "goes"),
        {"is mended": Outcome("FAILED", "no")},
    )
    text = scenarios("stays", "breaks", "is mended", "is said otherwise", "has other steps", "comes", "came too")
    text = text.replace("* is said otherwise", "* has other words").replace("* has other steps", "* has better steps")
    after = document(stream, "Feature: It\n" + text, {"breaks": Outcome("FAILED", "no")})
    found = changes(former(before), after)
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
    assert [pickle.name for pickle in changes(former(before), after).gone] == ["goes"]
    assert changes(former(after), after).sentence() == "nothing"


PENDING, SKIPPED, UNDEFINED = Outcome("PENDING"), Outcome("SKIPPED"), Outcome("UNDEFINED")
FAILED, KEPT = Outcome("FAILED", "no"), Outcome()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (KEPT, SKIPPED, "1 now not run"),
        (SKIPPED, KEPT, "1 now kept"),
        (KEPT, PENDING, "1 now not yet implemented"),
        (PENDING, KEPT, "1 now kept"),
        (KEPT, UNDEFINED, "1 newly broken"),
        (UNDEFINED, KEPT, "1 fixed"),
        (FAILED, SKIPPED, "1 now not run"),
        (FAILED, PENDING, "1 now not yet implemented"),
        (SKIPPED, PENDING, "1 now not yet implemented"),
        (SKIPPED, SKIPPED, "nothing"),
    ],
)
def test_every_change_of_state_is_told(stream: Path, before: Outcome, after: Outcome, sentence: str) -> None:
    text = "Feature: It\n" + scenarios("one", "other")
    was = document(stream, text, {"one": before})
    found = changes(former(was), document(stream, text, {"one": after}))
    assert found.sentence() == sentence
    assert [pickle.name for _title, pickles in found.lists() for pickle in pickles] == ["one"] * (sentence != "nothing")


def flaky(text: str) -> list[Json]:
    """The messages of a run of one scenario that failed, and passed when it was tried again."""
    first = recorded({"features/tasks.feature": text}, {"one": FAILED})
    passed = recorded({"features/tasks.feature": text})
    begun = next(number for number, message in enumerate(passed) if "testCaseStarted" in message)
    again = [
        {kind: {name: "again" if name == key else value for name, value in body.items()}}
        for message in passed[begun:-1]
        for kind, body in message.items()
        for key in ["id" if kind == "testCaseStarted" else "testCaseStartedId"]
    ]
    again[0]["testCaseStarted"]["attempt"] = 1
    return [*first[:-1], *again, first[-1]]


def test_what_is_flaky_now_and_what_no_longer_is_is_told(stream: Path) -> None:
    text = "Feature: It\n" + scenarios("one")
    steady, shaky = document(stream, text), told(stream, flaky(text))
    assert shaky.sentence() == "0 promises kept, 1 flaky"
    assert changes(former(steady), shaky).sentence() == "1 now flaky"
    assert changes(former(shaky), steady).sentence() == "1 now kept"
    assert "## Flaky\n" in list(summary(shaky, None))


def test_what_stood_in_a_file_that_cannot_be_read_is_not_read_and_not_gone(stream: Path) -> None:
    goes, stays = "Feature: Gone\n" + scenarios("one", "other"), "Feature: It\n" + scenarios("stays")
    before = document(stream, {"a.feature": stays, "b.feature": goes, "c.feature": goes.replace("Gone", "Left")})
    source = {"uri": "b.feature", "location": {"line": 3}}
    error = {"parseError": {"source": source, "message": "(3:1): expected: #EOF"}}
    after = told(stream, [error, *recorded({"a.feature": stays})])
    found = changes(former(before), after)
    assert found.sentence() == "2 not read, 2 gone"
    assert {former.feature.uri for former in found.unread} == {"b.feature"}
    assert changes(former(after), before).sentence() == "2 read again, 2 new"
    lines = "".join(summary(after, found)).splitlines()
    assert lines[lines.index("## Broken") + 1] == r"- **b.feature:3 is not understood**: (3:1): expected: \#EOF"
