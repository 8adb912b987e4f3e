from pytest_bdd import given, parsers, then, when


async def ask_for(client, code, target="https://restaurant.example/"):
    # The collection is at /links/, to which the service redirects.
    return await client.post("/links", json={"code": code, "target": target}, follow_redirects=True)


@given(parsers.parse('"{code}" leads to "{target}"'))
async def leads_to(client, code, target):
    response = await ask_for(client, code, target)
    assert response.status_code == 201, response.text


@given(parsers.re('"(?P<code>.+)" is followed (?P<times>once|twice)'))
async def is_followed(client, code, times):
    for _ in range(("once", "twice").index(times) + 1):
        assert (await client.get(f"/s/{code}")).is_redirect


@when(parsers.parse('a visitor follows "{code}"'), target_fixture="response")
async def follow(client, code):
    return await client.get(f"/s/{code}")


@when(parsers.parse('I ask for "{code}"'), target_fixture="response")
async def ask(client, code):
    return await ask_for(client, code)


@when("I look at the most visited links", target_fixture="response")
async def look(client):
    return await client.get("/links/")


@then(parsers.parse('the visitor gets to "{target}"'))
def gets_to(response, target):
    assert (response.status_code, response.headers["Location"]) == (307, target)


@then("the visitor is told that there is no such link")
def told_unknown(response):
    assert response.status_code == 404


@then("I am told that it is taken")
def told_taken(response):
    assert (response.status_code, response.json()) == (409, {"detail": "Code is taken"})


@then(parsers.parse('they are "{codes}"'))
def are(response, codes):
    assert ", ".join(link["code"] for link in response.json()) == codes
    assert response.headers["Content-Encoding"] == "gzip"


@then("I am told to wait a minute")
def told_to_wait(response):
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
