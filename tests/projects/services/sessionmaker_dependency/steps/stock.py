from pytest_bdd import given, parsers, then, when

from app.models import Product

LAMPS = r"(?P<quantity>\d+) lamps?"


async def ask_for(client, quantity, customer):
    return await client.post("/products/lamp/reservations", json={"customer": customer, "quantity": quantity})


@given(parsers.parse("there are {quantity:d} lamps in stock"))
async def stock(db_session, quantity):
    db_session.add(Product(sku="lamp", on_hand=quantity))
    await db_session.commit()


@given(parsers.parse("somebody has reserved {quantity:d} lamps"))
async def somebody_reserved(client, quantity):
    response = await ask_for(client, quantity, "somebody")
    assert response.status_code == 201, response.text


@when(parsers.re(f"I reserve {LAMPS}"), target_fixture="response")
async def reserve(client, quantity):
    return await ask_for(client, int(quantity), "me")


@when("lamps are listed again", target_fixture="response")
async def list_again(client):
    return await client.post("/products", json={"sku": "lamp", "on_hand": 1})


@when("the shop asks whether it may read the stock", target_fixture="response")
async def preflight(client):
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    return await client.options("/products/lamp", headers=headers)


@then(parsers.re(f"{LAMPS} (is|are) available"))
async def available(client, quantity):
    response = await client.get("/products/lamp")
    assert response.status_code == 200, response.text
    assert response.json()["available"] == int(quantity)


@then("I am told that there are not enough")
def told_not_enough(response):
    assert (response.status_code, response.json()) == (409, {"detail": "not enough in stock"})


@then("I am told that it is not listed")
def told_unlisted(response):
    assert response.status_code == 404


@then("the stockroom says that they are listed already")
def told_listed(response):
    assert (response.status_code, response.json()) == (409, {"detail": "lamp is listed already"})


@then("it may")
def may_read(response):
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
