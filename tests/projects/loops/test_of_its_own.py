"""Plain tests that have no part in Accord: each has a loop, and so have its fixtures."""

import asyncio

import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def loop_of_fixture():
    return asyncio.get_running_loop()


@pytest.mark.asyncio
async def test_one(loop_of_fixture):
    assert loop_of_fixture is asyncio.get_running_loop()


@pytest.mark.asyncio
async def test_two(loop_of_fixture, request):
    assert loop_of_fixture is asyncio.get_running_loop()
    print(f"\n{request.path.name}: the test's fixture is on the test's loop")
