"""How often a scenario asks PostgreSQL: each time takes as long as many lines of Python."""

import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy import URL

from tests.helpers.servers import at, query

ROOT = Path(__file__).parents[2]


async def test_a_scenario_asks_the_server_at_most_three_and_a_half_times(provided: URL) -> None:
    await query(provided, "CREATE DATABASE counted_test")
    try:
        command = [sys.executable, "-m", "benchmarks.statements", at(provided, "counted_test")]
        counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    finally:
        await query(provided, "DROP DATABASE counted_test WITH (FORCE)")
    found = re.search(r"Accord: ([\d.]+) statements a scenario", counted)
    assert found is not None, counted
    # The ten behaviours of the benchmarks, of 1.6 requests on average.
    assert float(found[1]) <= 3.5, counted
