"""The second scenario passes by what the first left behind."""

import os

from pytest_bdd import given, then


@given('the greeting is "Good day"')
def choose_greeting() -> None:
    os.environ["GREETING"] = "Good day"


@then("I am greeted")
def assert_greeted() -> None:
    assert os.environ.get("GREETING"), "there is no greeting"
