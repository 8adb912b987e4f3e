"""All that a team without migrations has to say."""

import pytest
import service
from pytest_bdd import parsers, then, when

import accord


@pytest.fixture(scope="session")
def app():
    return service.app


@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(service.Base.metadata)


@when(parsers.parse("I put up {name}"))
async def put_up(client, name):
    assert (await client.post(f"/jars/{name}")).status_code == 201


@then(parsers.parse("there is {name} alone"))
async def alone(client, name):
    assert (await client.get("/jars")).json() == [name]
