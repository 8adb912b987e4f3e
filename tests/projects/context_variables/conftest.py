"""A suite whose steps and fixtures set a context variable, and look at it."""

import asyncio
from contextvars import ContextVar

import pytest
from pytest_bdd import given, parsers, then

variable = ContextVar("variable", default="unset")


@pytest.fixture
async def of_the_fixture():
    token = variable.set("of the fixture")
    yield
    assert variable.get() == "of the fixture"
    variable.reset(token)


@given("a fixture sets it")
async def _(of_the_fixture): ...


@given("an async step sets it")
async def _():
    await asyncio.sleep(0)
    variable.set("of the step")


@given("an async generator step sets it")
async def _():
    token = variable.set("of the generator")
    yield
    assert variable.get() == "of the generator"
    variable.reset(token)


@given("a sync step sets it")
def _():
    token = variable.set("of the sync step")
    yield
    variable.reset(token)


@then(parsers.parse('a sync step sees "{value}"'))
def _(value):
    assert variable.get() == value


@then(parsers.parse('an async step sees "{value}"'))
async def _(value):
    assert variable.get() == value


@then(parsers.parse('an async generator step sees "{value}"'))
async def _(value):
    assert variable.get() == value
    yield
    assert variable.get() == value
