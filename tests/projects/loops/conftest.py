"""A suite whose steps, fixtures and tests note the event loop that they run on."""

import asyncio

import pytest
import pytest_asyncio
from pytest_bdd import given, then

loops = []


def note():
    loops.append(asyncio.get_running_loop())
    return loops[-1]


@pytest_asyncio.fixture(scope="session")
async def of_the_session():
    note()
    yield
    note()


@pytest_asyncio.fixture(scope="module")
async def of_the_module():
    note()


@pytest_asyncio.fixture
async def of_the_test():
    note()
    yield
    note()


@pytest.fixture
async def without_a_mark():
    note()


@given("a loop")
async def _(of_the_session, of_the_module, of_the_test, without_a_mark):
    note()
    yield
    note()


@then("a loop")
async def _():
    note()


def pytest_unconfigure():
    print("noted", len(loops), "on", len(set(loops)), "loop(s)")
