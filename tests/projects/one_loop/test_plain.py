"""A plain test beside the scenario."""


async def test_plain(noting):
    noting()
