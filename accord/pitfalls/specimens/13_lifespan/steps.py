"""The service does not start, if anyone starts it."""

from collections.abc import Callable

import httpx
import pytest
import service
from fastapi import FastAPI
from pytest_bdd import then


@pytest.fixture
def app() -> FastAPI:
    """The service that does not start."""
    return service.unlicensed


@then("the list is empty")
def assert_empty(ask: Callable[[str, str], httpx.Response]) -> None:
    assert ask("GET", "/notes").json() == []
