"""The scenario fails, if anything runs it."""

from pytest_bdd import then


@then("one is two")
def assert_one_is_two() -> None:
    assert 1 == 2, "one is not two"
