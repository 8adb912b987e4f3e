"""A suite whose steps, fixtures and tests note the event loop that they run on."""

import asyncio

import pytest
from pytest_bdd import given, then

loops = []


def note():
    loops.append(asyncio.get_running_loop())


@pytest.fixture(scope="session")
async def of_the_session():
    note()
    yield
    note()


@pytest.fixture
async def of_the_scenario():
    note()
    yield
    note()


@pytest.fixture
def noting(of_the_session):
    return note


@given("a loop")
async def _(of_the_session, of_the_scenario):
    note()
    yield
    note()


@then("a loop")
async def _():
    note()


def pytest_unconfigure():
    print("noted", len(loops), "loops", len(set(loops)))
