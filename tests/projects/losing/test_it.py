"""A run that loses its database to another in its first test."""

import time

from tests.helpers.servers import snatch


async def test_that_loses_its_database(isolation, database_url):
    other = await snatch(database_url)
    while isolation.lost is None:
        time.sleep(0.01)
    await other.close()


def test_that_comes_after_it(database_url):
    raise AssertionError("It ran.")
