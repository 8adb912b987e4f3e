"""A suite whose errors do odd things when they are asked what they say."""

import asyncio
import gc

from pytest_bdd import given, parsers, then


class Odd(Exception):  # noqa: N818
    def __init__(self, how):
        super().__init__()
        self.how = how

    def __str__(self):
        if self.how == "recursion":
            return str(self)
        if self.how == "number":
            return 3
        raise {"exit": SystemExit, "ctrl-c": KeyboardInterrupt, "error": ValueError}[self.how]("no text")

    __repr__ = __str__

    def __eq__(self, other):
        raise self

    __hash__ = None


@given(parsers.parse("an error whose text is {how}"), target_fixture="odd")
def _(how):
    return Odd(how)


@then("it is raised")
async def _(odd):
    raise odd


@then("it is raised in a group")
async def _(odd):
    raise ExceptionGroup("all of them", [odd, ExceptionGroup("more", [odd])])


@then("it is raised from another")
async def _(odd):
    raise LookupError("another") from odd


@then("it is compared")
async def _(odd):
    assert odd is None


@then("a task fails with it unseen")
async def _(odd):
    async def fail():
        raise odd

    asyncio.create_task(fail())  # noqa: RUF006
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()


@then("all is well")
async def _(): ...
