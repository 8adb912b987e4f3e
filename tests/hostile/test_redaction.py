"""Redaction takes time in proportion to what it is given, whatever that is."""

import pytest

from accord.recording.redaction.sql import without_details, without_literals
from tests.helpers.exchanges import JSON, UNITS, knowing, post, response, written
from tests.helpers.growth import takes_linear_time


@pytest.mark.parametrize("unit", UNITS)
def test_redaction_takes_linear_time(unit: str) -> None:
    def work(length: int) -> None:
        redaction = knowing(*(f"secret-{number}-of-mine" for number in range(10)))
        body = (unit * (length // len(unit) + 1))[:length]
        written(post(body, JSON), response(body, "text/plain"), redaction)
        redaction.text(body)
        for name in ("authorization", "www-authenticate", "cookie"):
            redaction.header(name, body)

    assert takes_linear_time(work)


@pytest.mark.parametrize("unit", ["'", "$a$", "$$", "/*", "--", '"', "E'\\", "1.", "a$", "U&'", "[SQL: '", "LINE 1: '"])
def test_statements_take_linear_time(unit: str) -> None:
    def work(length: int) -> None:
        text = unit * (length // len(unit))
        without_literals(text)
        without_details(text)

    assert takes_linear_time(work)
