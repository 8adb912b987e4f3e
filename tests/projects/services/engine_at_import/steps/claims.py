import uuid

import pytest
from pytest_bdd import given, parsers, then, when


@pytest.fixture
def claims():
    """The ids of the claims, by their purposes."""
    return {}


@given(parsers.parse('I claimed {amount} for "{purpose}"'))
@when(parsers.parse('I claim {amount} for "{purpose}"'), target_fixture="response")
async def claim(client, claims, amount, purpose):
    claim = {"purpose": purpose, "amount": amount, "spent_on": "2026-03-02"}
    response = await client.post("/claims", json=claim)
    if response.status_code == 201:
        claims[purpose] = response.json()["id"]
    return response


@given(parsers.parse('my claim for "{purpose}" was submitted'))
async def submitted(client, claims, purpose):
    response = await client.post(f"/claims/{claims[purpose]}/submit")
    assert response.json()["status"] == "submitted"


@when(parsers.parse('my claim for "{purpose}" is approved'), target_fixture="response")
async def approve(client, claims, purpose):
    return await client.post(f"/claims/{claims[purpose]}/approve")


@when("a claim that nobody made is submitted", target_fixture="response")
async def submit_unknown(client):
    return await client.post(f"/claims/{uuid.uuid4()}/submit")


@when("I read the second page of two claims each", target_fixture="response")
async def read_page(client):
    return await client.get("/claims", params={"page": 2, "size": 2})


@then(parsers.re(r'my claim for "(?P<purpose>.+)" is (a )?(?P<status>draft|approved)'))
async def has_status(client, purpose, status):
    found = (await client.get("/claims")).json()["items"]
    assert [(claim["purpose"], claim["status"]) for claim in found] == [(purpose, status)]


@then("I am told that the claim is a draft")
def told_draft(response):
    assert (response.status_code, response.json()) == (409, {"detail": "The claim is draft"})


@then("I am told that the amount is too small")
def told_too_small(response):
    assert (response.status_code, response.json()["detail"][0]["type"]) == (422, "greater_than")


@then(parsers.parse("there are {number:d} claims"))
async def number_of_claims(client, number):
    assert (await client.get("/claims")).json()["total"] == number


@then("there is no such claim")
def no_such_claim(response):
    assert response.status_code == 404


@then(parsers.parse("it lists {number:d} claim of {total:d}"))
def lists(response, number, total):
    page = response.json()
    assert (len(page["items"]), page["total"]) == (number, total)
