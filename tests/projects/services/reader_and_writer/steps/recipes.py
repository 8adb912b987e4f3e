import pytest
from pytest_bdd import given, parsers, then, when

PATH = "/api/v1/recipe"


class Club:
    """The club as a member sees it, who knows recipes by their titles."""

    def __init__(self, client):
        self.client = client
        self.ids = {}
        self.words = ""

    async def share(self, title):
        return await self.client.post(PATH, json={"title": title, "method": f"How to make {title}"})

    async def found(self):
        response = await self.client.get(PATH, params={"words": self.words, "limit": 50})
        assert response.status_code == 200, response.text
        self.ids.update({recipe["title"]: recipe["id"] for recipe in response.json()})
        return [recipe["title"] for recipe in response.json()]

    async def take_back(self, title):
        await self.found()
        return await self.client.delete(f"{PATH}/{self.ids[title]}")


@pytest.fixture
def club(client):
    return Club(client)


@given(parsers.parse('"{title}" is shared'))
async def is_shared(club, title):
    response = await club.share(title)
    assert (response.status_code, response.json()) == (201, {"title": title})


@when(parsers.parse('I share "{title}"'), target_fixture="response")
async def share(club, title):
    return await club.share(title)


@when(parsers.parse('I look for "{words}"'))
def look_for(club, words):
    club.words = words


@given(parsers.parse('"{title}" was taken back'))
@when(parsers.parse('I take "{title}" back'))
async def take_back(club, title):
    assert (await club.take_back(title)).status_code == 204


@when("I take a recipe back that is not there", target_fixture="response")
async def take_back_unknown(client):
    return await client.delete(f"{PATH}/{2**31 - 1}")


@then(parsers.parse('I find "{title}"'))
async def find(club, title):
    assert await club.found() == [title]


@then("I find nothing")
async def find_nothing(club):
    assert await club.found() == []


@then(parsers.parse('"{title}" is not there'))
async def is_not_there(club, title):
    assert (await club.client.get(f"{PATH}/{club.ids[title]}")).status_code == 404


@then("I am told that there is one of that title")
def told_taken(response):
    assert (response.status_code, response.json()["error_code"]) == (409, "RECIPE__DUPLICATE_TITLE")


@then("I am told that there is none")
def told_none(response):
    assert (response.status_code, response.json()["error_code"]) == (404, "RECIPE__NOT_FOUND")
