"""A body over a megabyte is refused before it is taken in; one that is not is refused quickly and shortly."""

import json
from collections.abc import AsyncIterator
from itertools import islice, product
from string import ascii_letters, digits

import httpx
import pytest

from app.api.body_limit import LARGEST_BODY
from app.main import app
from tests.helpers.growth import processor_time

LARGEST_ANSWER = 4_000
TOO_LARGE = {"detail": "Request body is too large"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATHS = [
    ("POST", "/tasks/"),
    ("PATCH", "/tasks/1"),
    ("PATCH", "/tasks/none"),
    ("POST", "/auth/register"),
    ("POST", "/auth/token"),
    ("POST", "/nowhere"),
    ("PUT", "/tasks/"),
    ("GET", "/me"),
    ("GET", "/health"),
    ("DELETE", "/tasks/1"),
]


class Arriving:
    """A body in pieces, which knows how much of it was taken."""

    def __init__(self, size: int, piece: int = 10_000) -> None:
        self.taken = 0
        self._size = size
        self._piece = piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.taken < self._size:
            part = min(self._piece, self._size - self.taken)
            self.taken += part
            yield b" " * part


async def sent(method: str, path: str, content: bytes | Arriving, headers: dict[str, str] = JSON) -> httpx.Response:
    # Without a database behind it: what is refused here comes to none. There is no contract for what is nowhere.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_body_that_is_announced_as_too_large_is_refused_unread(method: str, path: str) -> None:
    body = Arriving(LARGEST_BODY + 1)
    answer = await sent(method, path, body, JSON | {"Content-Length": str(LARGEST_BODY + 1)})
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)
    assert body.taken == 0


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_a_body_of_which_too_much_arrives_is_refused_then(method: str, path: str) -> None:
    body = Arriving(100 * LARGEST_BODY)
    answer = await sent(method, path, body)
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)
    assert body.taken <= LARGEST_BODY + 10_000


async def test_a_body_that_is_larger_than_announced_is_refused() -> None:
    answer = await sent("POST", "/tasks/", Arriving(LARGEST_BODY + 1), JSON | {"Content-Length": "9"})
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["9" * 5000, "1" + "0" * 6, "99999999999"])
async def test_whatever_length_is_announced_there_is_an_answer(length: str) -> None:
    assert (await sent("POST", "/tasks/", Arriving(3), JSON | {"Content-Length": length})).status_code in (413, 422)


@pytest.mark.parametrize("headers", [JSON, FORM])
@pytest.mark.parametrize("path", ["/auth/register", "/auth/token"])
async def test_the_largest_body_is_read(path: str, headers: dict[str, str]) -> None:
    assert (await sent("POST", path, Arriving(LARGEST_BODY), headers)).status_code == 422


async def test_a_body_that_arrives_in_pieces_arrives_whole() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in b'{"title": 1, "colour": 2}':
            yield bytes([byte])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post("/tasks/", content=pieces(), headers=JSON)
    assert {part["type"] for part in answer.json()["detail"]} == {"string_type", "extra_forbidden"}


def named(count: int, entry: str, between: str) -> str:
    names = islice(product(ascii_letters + digits, repeat=3), count)
    return between.join(entry.format("".join(name)) for name in names)


NESTED = 900
BODIES: dict[str, tuple[dict[str, str], str]] = {
    "200,000 keys": (JSON, "{" + named(200_000, '"{}":0', ",") + "}"),
    "as many keys as fit": (JSON, "{" + named(124_000, '"{}":0', ",") + "}"),
    "100 keys": (JSON, "{" + named(100, '"{}":0', ",") + "}"),
    "one key, again and again": (JSON, "{" + '"":0,' * 199_000 + '"":0}'),
    "a long name": (JSON, json.dumps({"x" * 990_000: 1})),
    "long names": (JSON, json.dumps({f"{number}{'x' * 9_000}": 1 for number in range(100)})),
    "a name beyond ASCII": (JSON, json.dumps({"\U0001f600" * 80_000: 1})),
    "a long array": (JSON, "[" + "0," * 490_000 + "0]"),
    "a long array for a title": (JSON, '{"title":[' + "0," * 490_000 + "0]}"),
    "brackets within brackets": (JSON, "[" * 900_000),
    "nested deeply": (JSON, '{"title":' + "[" * NESTED + "]" * NESTED + "}"),
    "objects nested deeply": (JSON, '{"a":' * NESTED + "1" + "}" * NESTED),
    "an endless number": (JSON, '{"title":' + "9" * 990_000 + "}"),
    "an endless fraction": (JSON, '{"title":0.' + "9" * 980_000 + "e999999999}"),
    "a long text": (JSON, json.dumps({"title": "x" * 980_000, "description": "y"})),
    "a long address": (JSON, json.dumps({"username": "a", "email": "@" * 900_000, "password": "x" * 8})),
    "an address of odd characters": (
        JSON,
        json.dumps({"username": "a", "email": "".join(map(chr, range(0x2190, 0x2900))) + "@a.b", "password": "x" * 8}),
    ),
    "accents without end": (
        JSON,
        json.dumps({"username": "a", "email": "b", "password": "e" + "\u0327\u0301" * 80_000}),
    ),
    "100,000 form fields": (FORM, named(100_000, "{}=0", "&")),
    "form fields of no name": (FORM, named(999, "={}", "&")),
    "ends of form fields": (FORM, "&" * 300_000),
    "a long form field": (FORM, "username=" + "a" * 980_000),
    "percents": (FORM, "username=" + "%" * 980_000),
}


@pytest.mark.parametrize("path", ["/tasks/", "/auth/register", "/auth/token"])
@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_cannot_be_understood_is_refused_quickly_and_shortly(path: str, body: str) -> None:
    headers, text = BODIES[body]
    await refused_quickly_and_shortly("POST", path, text.encode(), headers)


async def test_of_many_faults_some_are_named_and_the_others_counted() -> None:
    body = {f"colour {number}": number for number in range(30)} | {"title": "Buy milk"}
    faults = (await sent("POST", "/tasks/", json.dumps(body).encode())).json()["detail"]
    assert [fault["loc"] for fault in faults[:-1]] == [["body", f"colour {number}"] for number in range(10)]
    assert faults[-1] == {"type": "more", "loc": ["body"], "msg": "20 more errors are not listed"}


async def test_a_query_of_very_many_parts_is_refused_quickly_and_shortly() -> None:
    await refused_quickly_and_shortly("GET", "/tasks/?" + named(10_000, "{}=0", "&"), b"", JSON)


async def refused_quickly_and_shortly(method: str, path: str, content: bytes, headers: dict[str, str]) -> None:
    seconds = []
    for _ in range(5):
        with processor_time() as took:
            answer = await sent(method, path, content, headers)
        seconds += took
    assert answer.status_code in (413, 422), answer.text[:200]
    assert len(answer.content) < LARGEST_ANSWER
    assert min(seconds) < 0.1
