"""The tests that tutorials of this pattern give: health, one task's life, four titles, who am I."""

import httpx
import pytest

from app.models.user import User


async def test_health(client: httpx.AsyncClient) -> None:
    response = await client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_create_task(client: httpx.AsyncClient) -> None:
    response = await client.post("/tasks/", json={"title": "Buy milk", "description": "Two bottles"})
    assert response.status_code == 201
    assert response.json()["title"] == "Buy milk"
    assert response.json()["completed"] is False


async def test_list_tasks(client: httpx.AsyncClient) -> None:
    await client.post("/tasks/", json={"title": "Buy milk"})
    response = await client.get("/tasks/")
    assert response.status_code == 200
    assert len(response.json()) == 1


async def test_get_task(client: httpx.AsyncClient) -> None:
    created = await client.post("/tasks/", json={"title": "Buy milk"})
    response = await client.get(f"/tasks/{created.json()['id']}")
    assert response.status_code == 200
    assert response.json()["title"] == "Buy milk"


async def test_get_missing_task(client: httpx.AsyncClient) -> None:
    assert (await client.get("/tasks/99999")).status_code == 404


async def test_update_task(client: httpx.AsyncClient) -> None:
    created = await client.post("/tasks/", json={"title": "Buy milk"})
    response = await client.patch(f"/tasks/{created.json()['id']}", json={"completed": True})
    assert response.status_code == 200
    assert response.json()["completed"] is True


async def test_delete_task(client: httpx.AsyncClient) -> None:
    created = await client.post("/tasks/", json={"title": "Buy milk"})
    assert (await client.delete(f"/tasks/{created.json()['id']}")).status_code == 204
    assert (await client.get(f"/tasks/{created.json()['id']}")).status_code == 404


@pytest.mark.parametrize(("title", "status"), [("Buy milk", 201), ("x" * 200, 201), ("", 422), ("x" * 201, 422)])
async def test_title_validation(client: httpx.AsyncClient, title: str, status: int) -> None:
    assert (await client.post("/tasks/", json={"title": title})).status_code == status


async def test_me(auth_client: httpx.AsyncClient, test_user: User) -> None:
    response = await auth_client.get("/me")
    assert response.status_code == 200
    assert response.json()["username"] == test_user.username


async def test_me_without_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/me")).status_code == 401
