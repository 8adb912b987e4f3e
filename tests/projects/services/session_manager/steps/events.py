from pytest_bdd import given, parsers, then, when

PEOPLE = r"(?P<name>Alice|Bob|Carol)"


async def announce(client, slug, seats, key):
    return await client.post("/events", json={"slug": slug, "seats": seats}, headers={"X-API-Key": key})


async def ask_for_seat(client, name, slug):
    return await client.post(f"/events/{slug}/sign-ups", json={"email": f"{name.lower()}@example.com"})


@given(parsers.parse('the event "{slug}" has {seats:d} seats'))
async def is_announced(client, slug, seats):
    response = await announce(client, slug, seats, "desk-key")
    assert response.status_code == 201, response.text


@given(parsers.re(f'{PEOPLE} has signed up for "(?P<slug>.+)"'))
async def has_signed_up(client, name, slug):
    assert (await ask_for_seat(client, name, slug)).status_code == 204


@when(parsers.re(f'{PEOPLE} signs up for "(?P<slug>.+)"'), target_fixture="response")
async def sign_up(client, name, slug):
    return await ask_for_seat(client, name, slug)


@when(parsers.parse('a visitor announces "{slug}"'), target_fixture="response")
async def announce_as_visitor(client, slug):
    return await announce(client, slug, 10, "guess")


@then(parsers.parse('{taken:d} seat of "{slug}" is taken'))
async def is_taken(client, taken, slug):
    response = await client.get(f"/events/{slug}")
    assert (response.status_code, response.json()["taken"]) == (200, taken)


@then("she is told that she has a seat already")
def told_twice(response):
    assert (response.status_code, response.json()) == (409, {"detail": "Signed up already"})


@then("she is told that it is sold out")
def told_sold_out(response):
    assert (response.status_code, response.json()) == (409, {"detail": "Sold out"})


@then("she is told that there is no such event")
def told_unknown(response):
    assert response.status_code == 404


@then("the visitor is turned away")
def turned_away(response):
    assert response.status_code == 401
