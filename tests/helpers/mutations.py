"""Streams of Cucumber Messages in which something is wrong, drawn by Hypothesis from right ones."""

import gzip
import json
from codecs import BOM_UTF16
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import files
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.helpers.recording import Json, Outcome, exchange, har, ndjson, recorded, text

FEATURES = """
@tasks @T-1
Feature: Tasks
  As someone with things to do
  Background:
    Given a list
  Scenario: A task
    When I write a task
      | title | milk |
    Then it is there
  Scenario: Another task
    When I write another task
    Then it is there
  Rule: A title is neither empty nor endless
    Scenario Outline: Titles
      When I write <title>
      Then it is there
      Examples: Accepted
        | title |
        | milk  |
        | bread |
"""
OPENAPI = {"info": {"title": "Tasks"}, "paths": {"/tasks/": {"post": {"responses": {"201": {}, "4XX": {}}}}}}
_ENTRY = exchange("POST /tasks/", 201, '{"title": "milk"}', '{"id": 1}')
_OUTCOMES = {
    "I write a task": Outcome("FAILED", "no\nassert 1 == 2", "tasks.py:3: in write", [har(_ENTRY)]),
    "I write milk": Outcome(attachments=[har(_ENTRY, _ENTRY), text("aGVsbG8=", contentEncoding="BASE64")]),
    "I write bread": Outcome(attachments=[text("https://a.example", "text/uri-list"), text("{}", "application/json")]),
}
STREAMS = [
    ndjson(recorded({"features/tasks.feature": FEATURES}, _OUTCOMES, openapi=OPENAPI)).encode(),
    *(
        Path(str(file.locate())).read_bytes()
        for file in sorted(files("cucumber-compatibility-kit") or (), key=str)
        if file.match("features/*/*.ndjson")
    ),
]
DEEP = "a place for very many brackets"
_TEXTS = [
    "",
    " ",
    "0",
    "PASSED",
    "passed",
    "FAILED",
    "BASE64",
    "\x00\x07\x1b[31m\x1b]0;title\x07\x7f\x9b31m",
    "\u202e\u2066\u200f\u200b\u2028\ufeff\U000e0041",
    "\ud83d",
    "<script>alert(1)</script>\"'`--><!--",
    "a\r\nb\rc\n\td",
    "x" * 100_000,
    " " * 50_000 + "!",
    "\n" * 50_000,
    "javascript:alert(1)",
    "http://[",
    DEEP,
]
_NUMBERS = [0, -1, 1, 7, 2**31, 2**63, 10**30, -(10**30), 0.5, 1e308, float("nan"), float("inf"), float("-inf")]
_VALUES: list[Any] = [None, True, False, [], {}, [[]], [None], [{}], {"id": "1"}, *_NUMBERS, *_TEXTS]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a value, as what it is in and under which key; those of JSON within a text too."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, (dict, list)):
            yield from places(value)


class Stream:
    """What is in a file, of which Hypothesis prints no more than one would read."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __repr__(self) -> str:
        return f"Stream({self.content[:1000]!r}, of {len(self.content)} bytes)"


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """A stream with one to a few mutations; now and then one that is none at all."""
    whole = draw(st.sampled_from(STREAMS))
    messages = [json.loads(line) for line in whole.splitlines()]
    for _ in range(draw(st.integers(0, 3))):
        draw(st.sampled_from([_value, _value, _target, _key, _order, _inner]))(draw, messages)
    # What nests too deeply for any reader cannot be written by a writer either.
    lines = [
        json.dumps(message).replace(f'"{DEEP}"', "[" * 50_000 + "]" * 50_000).encode() + b"\n" for message in messages
    ]
    return Stream(draw(st.sampled_from([b"".join] * 8 + [_bytes(draw)]))(lines))


def _value(draw: st.DrawFn, messages: list[Json]) -> None:
    """Another value in some place."""
    node, key = _place(draw, messages)
    node[key] = draw(st.sampled_from(_VALUES) | st.text(max_size=5) | st.integers())


def _target(draw: st.DrawFn, messages: list[Json]) -> None:
    """The value that another place of the same name has: ids lead elsewhere, states are others."""
    node, key = _place(draw, messages)
    alike = [other[name] for message in messages for other, name in places(message) if name == key]
    # A copy: what a place is in would be in itself.
    node[key] = deepcopy(draw(st.sampled_from(alike)))


def _key(draw: st.DrawFn, messages: list[Json]) -> None:
    """A field that is missing, is there twice, or has another name."""
    node, key = _place(draw, messages)
    if isinstance(node, list):
        node.insert(key, deepcopy(node[key])) if draw(st.booleans()) else node.pop(key)
    elif draw(st.booleans()):
        del node[key]
    else:
        node[draw(st.sampled_from(["hookId", "id", "feature", "newInAVersionToCome"]) | st.text())] = deepcopy(
            node[key]
        )


def _order(draw: st.DrawFn, messages: list[Json]) -> None:
    """A message that is missing, is there twice, or comes at another time."""
    one, other = (draw(st.integers(0, len(messages) - 1)) for _ in range(2))
    message = messages[one]
    if draw(st.booleans()):
        messages.insert(other, deepcopy(message))
    elif len(messages) > 1:
        messages.pop(one)
        if draw(st.booleans()):
            messages.insert(other, message)


def _inner(draw: st.DrawFn, messages: list[Json]) -> None:
    """Another value in the JSON of an attachment."""
    bodies = [message["attachment"] for message in messages if isinstance(message.get("attachment"), dict)]
    bodies = [attachment for attachment in bodies if "json" in str(attachment.get("mediaType"))]
    if not bodies:
        return _value(draw, messages)
    attachment = draw(st.sampled_from(bodies))
    try:
        inner = json.loads(attachment["body"])
        _value(draw, [inner])
        attachment["body"] = json.dumps(inner).replace(f'"{DEEP}"', "[" * 900 + "]" * 900)
    except (ValueError, TypeError, KeyError):
        return None


def _place(draw: st.DrawFn, messages: list[Any]) -> tuple[Any, Any]:
    found = [place for place in places(messages) if place[0] is not messages]
    return draw(st.sampled_from(found)) if found else (messages, 0)


def _bytes(draw: st.DrawFn) -> Any:
    """A way to write lines otherwise than as lines of JSON."""
    at = draw(st.integers(0, 10**6))
    junk = draw(st.binary(max_size=20))

    def inserted(lines: list[bytes]) -> bytes:
        whole = b"".join(lines)
        return whole[: at % (len(whole) + 1)] + junk + whole[at % (len(whole) + 1) :]

    return draw(
        st.sampled_from(
            [
                inserted,
                lambda lines: b"".join(lines)[: at % (len(b"".join(lines)) + 1)],
                lambda lines: b"".join(lines).replace(b"\n", b"\r\n"),
                lambda lines: b"\xef\xbb\xbf" + b"".join(lines),
                lambda lines: b"".join(lines).replace(b"\n", b""),
                lambda lines: b"".join(lines).replace(b"\n", b" ", 1 + at % 3),
                lambda lines: b"[" + b",".join(lines) + b"]",
                lambda lines: b"".join(lines).decode().encode("utf-16"),
                # Without the time, so that a seed gives the same stream at any.
                lambda lines: gzip.compress(b"".join(lines), mtime=0),
                lambda lines: b"".join(lines) * 2,
                lambda lines: junk,
                lambda lines: b"",
            ]
        )
    )


def most_kept(stream: bytes) -> int:
    """As many promises as can be kept: pickles that have an attempt of which all that is told is that it passed."""
    pickles: set[str] = set()
    cases: dict[str, str] = {}
    attempts: dict[str, str] = {}
    statuses: dict[str, set[Any]] = {}
    stream = gzip.decompress(stream) if stream.startswith(b"\x1f\x8b") else stream
    # json finds the encoding of a line by itself, but lines are of bytes.
    stream = stream.decode("utf-16").encode() if stream.startswith(BOM_UTF16) else stream
    for line in stream.splitlines():
        try:
            message = json.loads(line)
            if pickle := message.get("pickle"):
                pickles.add(pickle["id"])
            if case := message.get("testCase"):
                cases[case["id"]] = case["pickleId"]
            if started := message.get("testCaseStarted"):
                attempts[started["id"]] = started["testCaseId"]
            if finished := message.get("testStepFinished"):
                statuses.setdefault(finished["testCaseStartedId"], set()).add(finished["testStepResult"]["status"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
    passed = [attempt for attempt, found in statuses.items() if found == {"PASSED"}]
    return len({cases.get(attempts.get(attempt, "")) for attempt in passed} & pickles)
