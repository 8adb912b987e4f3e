"""A suite whose tests leave something changed, in its steps or in those that the tests add."""

import datetime
import logging
import os
import time
from datetime import date
from time import time as seconds
from zoneinfo import ZoneInfo  # noqa: F401

import freezegun  # noqa: F401
import pytest
import time_machine
from pytest_bdd import given, then

overrides = {}
library = logging.getLogger("library")
silent = logging.getLogger("silent")
silent.propagate = False


@pytest.fixture(scope="session", autouse=True)
def of_the_app(state_guard):
    def restore(before):
        overrides.clear()
        overrides.update(before)

    state_guard.add("overrides", read=overrides.copy, restore=restore)


def get_session(): ...


@given("nothing")
async def _(): ...


@then("all is as it was")
def all_is_as_it_was():
    assert "LEAK" not in os.environ
    assert os.environ["KEPT"] == "kept"
    assert time.time() > 1_700_000_000
    assert datetime.datetime.now().year > 2023  # noqa: DTZ005
    assert seconds() > 1_700_000_000
    assert date.today().year > 2023  # noqa: DTZ011
    assert time.gmtime().tm_year > 2023
    assert time.time() != time.time() or time.time_ns() != time.time_ns()
    assert (logging.root.level, logging.root.manager.disable) == (logging.WARNING, 0)
    assert [handler for handler in logging.root.handlers if type(handler) is logging.StreamHandler] == []
    assert (library.level, library.disabled, library.propagate, library.handlers) == (0, False, True, [])
    assert overrides == {}


@pytest.fixture(scope="session")
def settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAK", "of the session")
        patch.setitem(overrides, get_session, "of the session")
        logging.root.addHandler(handler := logging.StreamHandler())
        library.setLevel(logging.INFO)
        yield
        library.setLevel(logging.NOTSET)
        logging.root.removeHandler(handler)


@pytest.fixture(scope="module")
def frozen(settings):
    with time_machine.travel(0, tick=False):
        yield


@given("a change of its own")
async def _(monkeypatch):
    monkeypatch.setenv("OWN", "1")


@given("what lasts")
async def _(settings, frozen): ...


@given("a leak of its own")
async def _():
    os.environ["LEAK"] = "of the scenario"


@then("nothing is asked")
async def _(): ...


@then("it lasts")
async def _():
    assert (os.environ["LEAK"], time.time(), overrides) == ("of the session", 0, {get_session: "of the session"})
