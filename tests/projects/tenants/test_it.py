"""What a tenant sees, and what is noted in the other database."""

import httpx
import pytest
from service import app
from sqlalchemy import text


@pytest.fixture
def client(session, isolation):
    return httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test")


@pytest.mark.parametrize("way", ["undone", pytest.param("real", marks=pytest.mark.real_commits)])
async def test_a_tenant_sees_its_own_invoices(session, client, way):
    await session.execute(text("INSERT INTO invoices VALUES ('one'), ('other')"))
    await session.commit()
    assert (await client.get("/invoices/one")).json() == ["one"]
    assert list(await session.scalars(text("SELECT tenant FROM invoices ORDER BY 1"))) == ["one", "other"]


@pytest.mark.parametrize("way", ["undone", pytest.param("real", marks=pytest.mark.real_commits), "once more"])
async def test_events_are_undone(client, way):
    assert (await client.post("/events/opened")).json() == ["opened"]


@pytest.mark.parametrize("way", ["undone", pytest.param("real", marks=pytest.mark.real_commits)])
async def test_a_statement_by_itself_has_the_role_too(session, client, way):
    assert (await client.get("/role")).json() == "accord_tenant"
    assert await session.scalar(text("SELECT current_user")) != "accord_tenant"


async def test_the_databases_are_two(session):
    with pytest.raises(Exception, match="does not exist"):
        await session.execute(text("SELECT * FROM events"))
