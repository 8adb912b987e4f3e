"""The first scenario fails, if it runs."""

from pytest_bdd import parsers, then


@then(parsers.parse("{a:d} and {b:d} are {total:d}"))
def assert_sum(a: int, b: int, total: int) -> None:
    assert a + b == total
