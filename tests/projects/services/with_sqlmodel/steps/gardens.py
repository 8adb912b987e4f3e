import pytest
from pytest_bdd import given, parsers, then, when
from sqlmodel import select

from app.models import Garden, Plant


@pytest.fixture
def gardens():
    """The ids of the gardens, by their names."""
    return {}


@given(parsers.parse('the garden "{name}"'))
async def lay_out(client, gardens, name):
    response = await client.post("/gardens/", json={"name": name})
    assert response.status_code == 201, response.text
    gardens[name] = response.json()["id"]


@given(parsers.parse('an apple tree grows in "{name}"'))
async def grow(db_session, gardens, name):
    garden = await db_session.get_one(Garden, gardens[name])
    db_session.add(Plant(species="apple tree", garden=garden))
    await db_session.commit()


@when(parsers.parse('I plant an apple tree in "{name}"'))
async def plant(client, gardens, name):
    response = await client.post(f"/gardens/{gardens[name]}/plants/", json={"species": "apple tree"})
    assert response.status_code == 201, response.text


@when(parsers.parse('I write down that the soil of "{name}" is {soil:w}'), target_fixture="response")
async def describe(client, gardens, name, soil):
    return await client.patch(f"/gardens/{gardens[name]}", json={"soil": soil})


@when(parsers.parse('I give "{name}" up'), target_fixture="response")
async def give_up(client, gardens, name):
    assert (await client.delete(f"/gardens/{gardens[name]}")).json() == {"ok": True}
    return await client.get(f"/gardens/{gardens[name]}")


@when("I list the gardens", target_fixture="response")
async def list_gardens(client):
    return await client.get("/gardens/")


@when("I lay out a garden without a name", target_fixture="response")
async def lay_out_nameless(client):
    return await client.post("/gardens/", json={"name": ""})


@then(parsers.parse('the apple tree grows in "{name}"'))
async def grows(client, gardens, name):
    garden = (await client.get(f"/gardens/{gardens[name]}")).json()
    assert [plant["species"] for plant in garden["plants"]] == ["apple tree"]


@then(parsers.parse('the soil of "{name}" is {soil:w}'))
async def has_soil(client, gardens, name, soil):
    assert (await client.get(f"/gardens/{gardens[name]}")).json()["soil"] == soil


@then(parsers.parse('it is still called "{name}"'))
def is_called(response, name):
    assert response.json()["name"] == name


@then("there is no such garden")
def is_gone(response):
    assert response.status_code == 404


@then("nothing grows anywhere")
async def nothing_grows(db_session):
    assert (await db_session.scalars(select(Plant))).all() == []


@then(parsers.parse('they are "{names}"'))
def are(response, names):
    assert ", ".join(garden["name"] for garden in response.json()) == names


@then("I am told that its name is too short")
def told_too_short(response):
    assert (response.status_code, response.json()["detail"][0]["type"]) == (422, "string_too_short")
