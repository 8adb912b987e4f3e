"""The ten behaviours under Accord, with the fixtures of the repository's own features, all checks and the record."""

from typing import Any

import httpx
from pytest_bdd import given, parsers, then, when

from app.models.user import User
from conftest import app, auth_client, client, db_session, left_as_it_was, setup_db, test_user

__all__ = ["app", "auth_client", "client", "db_session", "left_as_it_was", "setup_db", "test_user"]


@given(parsers.parse('something to do called "{title}"'), target_fixture="payload")
async def describe_task(title: str) -> dict[str, Any]:
    return {"title": title}


@given(parsers.parse("something to do whose name has {length:d} characters"), target_fixture="payload")
async def describe_task_of_length(length: int) -> dict[str, Any]:
    return {"title": "x" * length}


@given(parsers.parse('"{title}" was noted'), target_fixture="number")
async def create_task_before(client: httpx.AsyncClient, title: str) -> int:
    number: int = (await client.post("/tasks/", json={"title": title})).json()["id"]
    return number


@given("someone has an account and is signed in", target_fixture="signed_in")
async def sign_in(auth_client: httpx.AsyncClient) -> httpx.AsyncClient:
    return auth_client


@when("someone asks how the service is", target_fixture="response")
async def ask_for_health(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/health")


@when("it is noted", target_fixture="response")
async def create_task(client: httpx.AsyncClient, payload: dict[str, Any]) -> httpx.Response:
    return await client.post("/tasks/", json=payload)


@when("everything is listed", target_fixture="response")
async def list_tasks(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/")


@when("it is looked up", target_fixture="response")
async def read_task(client: httpx.AsyncClient, number: int) -> httpx.Response:
    return await client.get(f"/tasks/{number}")


@when("something unknown is looked up", target_fixture="response")
async def read_missing_task(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/tasks/2147483647")


@when("it is marked as done")
async def complete_task(client: httpx.AsyncClient, number: int) -> None:
    await client.patch(f"/tasks/{number}", json={"completed": True})


@when("it is struck off")
async def delete_task(client: httpx.AsyncClient, number: int) -> None:
    await client.delete(f"/tasks/{number}")


@when("they ask who they are", target_fixture="response")
async def ask_who_they_are(signed_in: httpx.AsyncClient) -> httpx.Response:
    return await signed_in.get("/me")


@then("it is up")
async def assert_healthy(response: httpx.Response) -> None:
    assert response.json() == {"status": "ok"}


@then("it is on record")
async def assert_created(response: httpx.Response) -> None:
    assert response.status_code == 201


@then(parsers.parse('it goes by "{title}"'))
async def assert_title(response: httpx.Response, title: str) -> None:
    assert response.json()["title"] == title


@then(parsers.parse("its name has {length:d} characters"))
async def assert_length(response: httpx.Response, length: int) -> None:
    assert len(response.json()["title"]) == length


@then(parsers.parse('the only entry is "{title}"'))
async def assert_listed(response: httpx.Response, title: str) -> None:
    assert [task["title"] for task in response.json()] == [title]


@then("it is open")
async def assert_open(response: httpx.Response) -> None:
    assert response.json()["completed"] is False


@then("it is done")
async def assert_completed(response: httpx.Response) -> None:
    assert response.json()["completed"] is True


@then("nothing is found")
async def assert_not_found(response: httpx.Response) -> None:
    assert response.status_code == 404


@then("it is turned down")
async def assert_rejected(response: httpx.Response) -> None:
    assert response.status_code == 422


@then("they are told their name")
async def assert_name(response: httpx.Response, test_user: User) -> None:
    assert response.json()["username"] == test_user.username


@then("they are told their address")
async def assert_address(response: httpx.Response, test_user: User) -> None:
    assert response.json()["email"] == test_user.email
