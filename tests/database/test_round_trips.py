"""How often a scenario asks PostgreSQL: each time takes as long as many lines of Python."""

from pathlib import Path

from sqlalchemy import URL

from benchmarks.measuring import run
from benchmarks.suites import Suites
from tests.helpers.counting import counting
from tests.helpers.servers import at

FEW, MANY = 20, 120


def test_a_scenario_asks_the_server_at_most_three_and_a_half_times(provided: URL, tmp_path: Path) -> None:
    asked = []
    with counting(provided) as (url, counter):
        suites = Suites(tmp_path, at(url, "counted_test"))
        for scenarios in (FEW, MANY):
            counter.asked = 0
            run(suites.accord(scenarios))
            asked.append(counter.asked)
    a_scenario = (asked[1] - asked[0]) / (MANY - FEW)
    # The ten behaviours, of 1.6 requests on average.
    assert a_scenario <= 3.5
