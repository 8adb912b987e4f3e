"""What hiding secrets costs: in bodies of a megabyte, and in an ordinary exchange."""

import json
import statistics
import time
from collections.abc import Callable
from itertools import cycle, islice

import httpx

from accord.recording.har import archive, entry
from accord.recording.redaction.redaction import Redaction
from benchmarks.suites import Suites

SIZE = 1_000_000
"""Bytes of a body."""
ROUNDS = 5
SMALL = 2_000
"""Rounds of an exchange that is small."""
LEARNED = [f"secret-{number}-of-mine-{number * 7919}" for number in range(10)]
TASK = {"id": 7, "title": "Buy milk", "completed_at": None, "created_at": "2026-11-25T10:00:00Z"}
TEXT = "The quick brown fox jumps over the lazy dog, and back again. "


def redaction(_suites: Suites) -> str:
    """What hiding secrets costs, in milliseconds of the processor: a body of 1 MB where ten secrets are known."""
    items = json.dumps([{**TASK, "owner": {"name": "alice", "password": "s3cret-of-alice"}}] * (SIZE // 160))
    form = "&".join(islice(cycle(["title=Buy+milk", "access_token=abc%2Fdef", "page=2"]), SIZE // 15))
    bodies = {
        "JSON without secrets": (json.dumps([TASK] * (SIZE // 95)), "application/json"),
        "JSON with a password in each object": (items, "application/json"),
        "the same, broken": (items[: len(items) // 2] + "}]" + items[len(items) // 2 : -9], "application/json"),
        "a form": (form, "application/x-www-form-urlencoded"),
        "text": (TEXT * (SIZE // len(TEXT)), "text/plain"),
        "text with one of the ten in each sentence": (
            "".join(TEXT + secret for secret in islice(cycle(LEARNED), SIZE // 85)),
            "text/plain",
        ),
    }
    told = ["| a body of 1 MB | ms |", "|---|---:|"]
    for name, (body, content_type) in bodies.items():
        response = httpx.Response(200, content=body, headers={"content-type": content_type})
        told.append(
            f"| {name} | {_milliseconds(httpx.Request('GET', 'http://test/'), response, LEARNED, ROUNDS):.0f} |"
        )
    answer = httpx.Response(201, json=TASK)
    small = {
        "an exchange without secrets": httpx.Request("POST", "http://test/tasks/", json={"title": "Buy milk"}),
        "the same with a bearer's token": httpx.Request(
            "POST", "http://test/tasks/", json={"title": "Buy milk"}, headers={"Authorization": f"Bearer {LEARNED[0]}"}
        ),
    }
    told += ["", "| all that is recorded of | ms |", "|---|---:|"]
    told += [f"| {name} | {_milliseconds(request, answer, [], SMALL):.3f} |" for name, request in small.items()]
    return "\n".join(told)


def _milliseconds(request: httpx.Request, response: httpx.Response, known: list[str], rounds: int) -> float:
    request.read()
    hiding = Redaction()

    def once() -> None:
        hiding.forget()
        for secret in known:
            hiding.named("password", secret)
        archive([entry(hiding, request, response, 0, 1, "POST /tasks/")])

    return statistics.median(_took(once) for _ in range(rounds)) * 1000


def _took(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
