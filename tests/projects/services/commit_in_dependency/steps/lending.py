import uuid

import pytest
from pytest_bdd import given, parsers, then, when

ALICE = {"email": "alice@example.com", "password": "correct horse"}
BOB = {"email": "bob@example.com", "password": "battery staple"}
ISBNS = {"Dune": "9780441013593"}


@pytest.fixture
def books():
    """The ids of the books, by their titles."""
    return {}


async def sign_in(client, member):
    registered = await client.post("/auth/register", json=member)
    assert registered.status_code == 201, registered.text
    form = {"username": member["email"], "password": member["password"]}
    response = await client.post("/auth/token", data=form)
    assert response.status_code == 200, response.text
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@given(parsers.parse('the library has "{title}"'))
async def add_book(client, books, title):
    response = await client.post("/books/", json={"isbn": ISBNS[title], "title": title})
    assert response.status_code == 201, response.text
    books[title] = response.json()["id"]


@given("I am signed in as a member")
async def sign_in_as_alice(client):
    client.headers.update(await sign_in(client, ALICE))


@given(parsers.parse('somebody else has borrowed "{title}"'))
async def bob_borrows(client, books, title):
    response = await client.post(f"/books/{books[title]}/loan", headers=await sign_in(client, BOB))
    assert response.status_code == 200, response.text


@when(parsers.parse('I borrow "{title}"'), target_fixture="response")
async def borrow(client, books, title):
    return await client.post(f"/books/{books[title]}/loan")


@when("I borrow a book that the library does not have", target_fixture="response")
async def borrow_unknown(client):
    return await client.post(f"/books/{uuid.uuid4()}/loan")


@when("somebody registers with my address", target_fixture="response")
async def register_again(client):
    return await client.post("/auth/register", json=ALICE)


@then(parsers.re('"(?P<title>[^"]+)" is (?P<where>out on loan|on the shelf)'))
async def is_out(client, books, title, where):
    listed = (await client.get("/books/")).json()
    (book,) = [book for book in listed if book["id"] == books[title]]
    assert (book["borrower_id"] is not None) == (where == "out on loan")


@then("I am told that it is out on loan")
def told_out(response):
    assert (response.status_code, response.json()) == (409, {"detail": "Book is out on loan"})


@then("I am asked to sign in")
def asked_to_sign_in(response):
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@then("I am told that there is no such book")
def told_unknown(response):
    assert (response.status_code, response.json()) == (404, {"detail": "Book not found"})


@then("they are told that the address is taken")
def told_taken(response):
    assert (response.status_code, response.json()) == (409, {"detail": "Email already registered"})
