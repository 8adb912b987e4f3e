"""The step fails, if it is awaited."""

from pytest_bdd import then


@then("one is two")
async def assert_one_is_two() -> None:
    assert 1 == 2, "one is not two"
