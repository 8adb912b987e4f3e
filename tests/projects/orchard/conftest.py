"""A suite of twelve scenarios that pass."""

from pytest_bdd import given, parsers, then


@given(parsers.parse("a {number:d}"))
async def _(number): ...


@then("it holds")
async def _(): ...
