"""The ten behaviours under Accord, with the fixtures of the repository's own features, all checks and the record."""

from typing import Any

import httpx
from pytest_bdd import given, parsers, then, when

from app.models.user import User
from conftest import (
    auth_client,
    client,
    contract,
    db_session,
    left_as_it_was,
    prepare_database,
    settings,
    setup_db,
    test_user,
    transport,
)

__all__ = [
    "auth_client",
    "client",
    "contract",
    "db_session",
    "left_as_it_was",
    "prepare_database",
    "settings",
    "setup_db",
    "test_user",
    "transport",
]


@given(parsers.parse('something to do called "{title}"'), target_fixture="wanted")
async def _(title: str) -> dict[str, Any]:
    return {"title": title}


@given(parsers.parse("something to do whose name has {length:d} characters"), target_fixture="wanted")
async def _(length: int) -> dict[str, Any]:
    return {"title": "x" * length}


@given(parsers.parse('"{title}" was noted'), target_fixture="number")
async def _(client: httpx.AsyncClient, title: str) -> int:
    number: int = (await client.post("/tasks/", json={"title": title})).json()["id"]
    return number


@given("someone has an account and is signed in", target_fixture="signed_in")
async def _(auth_client: httpx.AsyncClient) -> httpx.AsyncClient:
    return auth_client


@when("someone asks how the service is", target_fixture="answer")
async def _(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/health")


@when("it is noted", target_fixture="answer")
async def _(client: httpx.AsyncClient, wanted: dict[str, Any]) -> httpx.Response:
    return await client.post("/tasks/", json=wanted)


@when("everything is listed", target_fixture="answer")
async def _(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/")


@when("it is looked up", target_fixture="answer")
async def _(client: httpx.AsyncClient, number: int) -> httpx.Response:
    return await client.get(f"/tasks/{number}")


@when("something unknown is looked up", target_fixture="answer")
async def _(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/2147483647")


@when("it is marked as done")
async def _(client: httpx.AsyncClient, number: int) -> None:
    await client.patch(f"/tasks/{number}", json={"completed": True})


@when("it is struck off")
async def _(client: httpx.AsyncClient, number: int) -> None:
    await client.delete(f"/tasks/{number}")


@when("they ask who they are", target_fixture="answer")
async def _(signed_in: httpx.AsyncClient) -> httpx.Response:
    return await signed_in.get("/me")


@then("it is up")
async def _(answer: httpx.Response) -> None:
    assert answer.json() == {"status": "ok"}


@then("it is on record")
async def _(answer: httpx.Response) -> None:
    assert answer.status_code == 201


@then(parsers.parse('it goes by "{title}"'))
async def _(answer: httpx.Response, title: str) -> None:
    assert answer.json()["title"] == title


@then(parsers.parse("its name has {length:d} characters"))
async def _(answer: httpx.Response, length: int) -> None:
    assert len(answer.json()["title"]) == length


@then(parsers.parse('the only entry is "{title}"'))
async def _(answer: httpx.Response, title: str) -> None:
    assert [task["title"] for task in answer.json()] == [title]


@then("it is open")
async def _(answer: httpx.Response) -> None:
    assert answer.json()["completed"] is False


@then("it is done")
async def _(answer: httpx.Response) -> None:
    assert answer.json()["completed"] is True


@then("nothing is found")
async def _(answer: httpx.Response) -> None:
    assert answer.status_code == 404


@then("it is turned down")
async def _(answer: httpx.Response) -> None:
    assert answer.status_code == 422


@then("they are told their name")
async def _(answer: httpx.Response, test_user: User) -> None:
    assert answer.json()["username"] == test_user.username


@then("they are told their address")
async def _(answer: httpx.Response, test_user: User) -> None:
    assert answer.json()["email"] == test_user.email
