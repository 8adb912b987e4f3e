"""A suite that is interrupted, and whose steps and fixtures have something to take back then."""

import asyncio
import signal

import pytest
from pytest_bdd import given, parsers, then

# A shell that starts this in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
INTERRUPTS = {
    "in its own code": lambda: signal.raise_signal(signal.SIGINT),
    "while it waits": lambda: asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT),
    "from the keyboard": lambda: None,
}


@pytest.fixture
async def under():
    yield
    await asyncio.sleep(0)
    print("under: torn down")


@given("a generator")
async def _(under):
    yield
    await asyncio.sleep(0)
    print("generator: torn down")


@then(parsers.parse("it waits, and Ctrl-C comes {when}"))
async def _(under, when):
    try:
        print("it waits", flush=True)
        INTERRUPTS[when]()
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("step: cleaned up")
