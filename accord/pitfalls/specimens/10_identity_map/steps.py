"""The column keeps two digits; the object that the step made, and the shared session remembers, keeps all of them."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import httpx
from pytest_bdd import given, then
from service import Note
from sqlalchemy.ext.asyncio import AsyncSession


@given("a note with the price 1.005", target_fixture="note")
def create_note(db_session: AsyncSession, loop: asyncio.AbstractEventLoop) -> Note:
    note = Note(text="milk", price=Decimal("1.005"))
    db_session.add(note)
    loop.run_until_complete(db_session.commit())
    return note


@then("its price is 1.005")
def assert_price(ask: Callable[[str, str], httpx.Response], note: Note) -> None:
    assert ask("GET", "/prices").json() == "1.005", "the price is another"
