"""The document promises a number, and the answer is a word."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from pytest_bdd import then, when

from accord import Contract

Ask = Callable[[str, str], httpx.Response]


@pytest.fixture
def contract(app: FastAPI) -> Contract:
    """What the service documents."""
    return Contract(app.openapi())


@when("I ask how many there are", target_fixture="answer")
def _(ask: Ask) -> httpx.Response:
    return ask("GET", "/count")


@then("I am told")
def _(answer: httpx.Response) -> None:
    assert answer.status_code == 200
