"""A suite that counts things."""

from pytest_bdd import given, parsers, then, when


@given(parsers.parse("a {thing}"), target_fixture="things")
async def _(thing):
    return [thing]


@when(parsers.parse("I add {thing}"))
async def _(things, thing):
    things.append(thing)


@then(parsers.parse("there are {expected:d}"))
async def _(things, expected):
    assert len(things) == expected
