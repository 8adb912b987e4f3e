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


@when("I ask how many notes there are", target_fixture="response")
def ask_for_count(ask: Ask) -> httpx.Response:
    return ask("GET", "/count")


@then("I am told")
def assert_told(response: httpx.Response) -> None:
    assert response.status_code == 200
