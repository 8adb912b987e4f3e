"""The ten behaviours as plain tests of pytest-asyncio, to be run with the tutorial's conftest."""

import httpx

from app.models.user import User


async def test_the_service_is_up(client: httpx.AsyncClient) -> None:
    response = await client.get("/health")
    assert response.json() == {"status": "ok"}


async def test_a_thing_to_do_is_noted(client: httpx.AsyncClient) -> None:
    response = await client.post("/tasks/", json={"title": "Buy milk"})
    assert response.status_code == 201
    assert response.json()["title"] == "Buy milk"


async def test_what_was_noted_is_listed(client: httpx.AsyncClient) -> None:
    await client.post("/tasks/", json={"title": "Buy milk"})
    response = await client.get("/tasks/")
    assert [task["title"] for task in response.json()] == ["Buy milk"]


async def test_what_was_noted_is_looked_up(client: httpx.AsyncClient) -> None:
    number = (await client.post("/tasks/", json={"title": "Buy milk"})).json()["id"]
    response = await client.get(f"/tasks/{number}")
    assert response.json()["completed"] is False
    assert response.json()["title"] == "Buy milk"


async def test_what_nobody_noted_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("/tasks/2147483647")
    assert response.status_code == 404


async def test_a_thing_to_do_is_done(client: httpx.AsyncClient) -> None:
    number = (await client.post("/tasks/", json={"title": "Buy milk"})).json()["id"]
    await client.patch(f"/tasks/{number}", json={"completed": True})
    response = await client.get(f"/tasks/{number}")
    assert response.json()["completed"] is True


async def test_a_thing_to_do_is_struck_off(client: httpx.AsyncClient) -> None:
    number = (await client.post("/tasks/", json={"title": "Buy milk"})).json()["id"]
    await client.delete(f"/tasks/{number}")
    response = await client.get(f"/tasks/{number}")
    assert response.status_code == 404


async def test_a_name_of_200_characters_is_short_enough(client: httpx.AsyncClient) -> None:
    response = await client.post("/tasks/", json={"title": "x" * 200})
    assert response.status_code == 201
    assert len(response.json()["title"]) == 200


async def test_a_name_of_201_characters_is_too_long(client: httpx.AsyncClient) -> None:
    response = await client.post("/tasks/", json={"title": "x" * 201})
    assert response.status_code == 422


async def test_someone_who_is_signed_in_is_known(auth_client: httpx.AsyncClient, test_user: User) -> None:
    response = await auth_client.get("/me")
    assert response.json()["username"] == test_user.username
    assert response.json()["email"] == test_user.email
