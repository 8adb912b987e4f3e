"""How long a step, and a startup, may take."""

from accord.timeouts.limits import LIFESPAN_SECONDS, STEP_SECONDS


def test_by_default_a_step_has_a_minute_and_a_startup_half_of_one() -> None:
    assert (STEP_SECONDS, LIFESPAN_SECONDS) == (60, 30)
