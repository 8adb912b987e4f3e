import asyncio
import uuid

import pytest
from httpx_ws import WebSocketDisconnect, aconnect_ws
from pytest_bdd import given, parsers, then, when


@given("a parcel was sent to Alice", target_fixture="parcel")
@when("a parcel is sent to Alice", target_fixture="parcel")
async def send(client):
    response = await client.post("/v1/parcels", json={"recipient": "Alice", "address": "1 Main Street"})
    assert response.status_code == 201, response.text
    return response.json()["id"]


@when("it is delivered")
async def deliver(client, parcel):
    response = await client.post(f"/v1/parcels/{parcel}/delivery")
    assert response.status_code == 202


@when("a parcel that nobody sent is delivered", target_fixture="response")
async def deliver_unknown(client):
    return await client.post(f"/v1/parcels/{uuid.uuid4()}/delivery")


@when(parsers.parse("it is scanned in {place:w}"))
async def scan(client, parcel, place):
    async with aconnect_ws(f"/v1/parcels/{parcel}/scanner", client) as scanner:
        await scanner.send_text(place)
        assert await scanner.receive_json() == {"scanned": place}


@when("a parcel that nobody sent is scanned", target_fixture="closed")
async def scan_unknown(client):
    async with aconnect_ws(f"/v1/parcels/{uuid.uuid4()}/scanner", client) as scanner:
        with pytest.raises(WebSocketDisconnect) as closed:
            await scanner.receive_json()
    return closed.value


@given("Alice follows it", target_fixture="events")
@when("Alice follows it", target_fixture="events")
async def follow(client, parcel):
    async with client.stream("GET", f"/v2/parcels/{parcel}/positions") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield response.aiter_lines()


@then(parsers.parse('she sees "{places}"'))
async def sees(events, places):
    for place in places.split(", "):
        async for line in events:
            if line.startswith("data: "):
                assert line == f"data: {place}"
                break


@then(parsers.parse('Alice got the letters "{letters}"'))
async def got_letters(client, letters):
    # The one of a delivery is written when the request is over.
    async with asyncio.timeout(5):
        while (found := (await client.get("/v1/letters/Alice")).json()) != letters.split(", "):
            assert len(found) < len(letters.split(", ")), found
            await asyncio.sleep(0.01)


@then("the scanner does not know it")
def is_unknown(closed):
    assert (closed.code, closed.reason) == (4404, "Unknown parcel")


@then("there is no such parcel")
def no_such_parcel(response):
    assert response.status_code == 404
