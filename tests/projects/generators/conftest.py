"""A suite whose steps and fixtures have something to take back at the end."""

import asyncio

import pytest
from pytest_bdd import given, then


@pytest.fixture
async def under():
    yield
    print("under: torn down")


@given("a first")
async def _(under):
    print("first: set up")
    yield
    await asyncio.sleep(0)
    print("first: torn down")


@given("a second")
async def _():
    print("second: set up")
    yield
    await asyncio.sleep(0)
    print("second: torn down")


@then("it ends")
async def _():
    print("it ends")
