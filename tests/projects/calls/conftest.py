"""What steps that the tests add may call, and forget to await."""

import asyncio

import pytest
from pytest_bdd import then


async def call(*_):
    await asyncio.sleep(0)


async def fail():
    raise ValueError("out of ink")


async def count(before=0):
    try:
        await asyncio.sleep(before)
        while True:
            yield 1
    finally:
        await asyncio.sleep(0.01)


@pytest.fixture
def kept():
    return []


it_is_called = then("it is called")
