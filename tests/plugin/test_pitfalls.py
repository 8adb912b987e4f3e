"""Each pitfall passes by mistake in the common pattern, and is caught by Accord."""

import re
from collections.abc import Mapping

import pytest
import pytest_asyncio

from accord import pitfalls
from accord.pitfalls import PITFALLS, Finding, Pitfall
from tests.helpers.project import Project


@pytest_asyncio.fixture(scope="module")
async def found() -> Mapping[int, Finding]:
    return {finding.pitfall.number: finding for finding in await pitfalls.findings()}


def named(*, dies: bool) -> list[object]:
    return [
        pytest.param(pitfall, id=f"{pitfall.number} {pitfall.words}") for pitfall in PITFALLS if pitfall.dies is dies
    ]


@pytest.mark.parametrize("pitfall", named(dies=False))
def test_what_is_broken_passes_with_the_common_pattern_and_fails_with_accord(
    found: Mapping[int, Finding], pitfall: Pitfall
) -> None:
    finding = found[pitfall.number]
    assert finding.plain == []
    assert finding.accord != []
    for words in finding.accord:
        assert re.search(rf"{pitfall.specimen}/pitfall\.feature:\d+", words), f"it does not say where: {words}"
    assert finding.caught


@pytest.mark.parametrize("pitfall", named(dies=True))
def test_what_is_right_fails_with_the_common_pattern_and_passes_with_accord(
    found: Mapping[int, Finding], pitfall: Pitfall
) -> None:
    finding = found[pitfall.number]
    assert finding.plain != []
    assert finding.accord == []
    assert finding.caught


def test_the_scenario_that_crashed_a_worker_is_named_and_the_others_run(project: Project) -> None:
    """It has no plain half: pytest-xdist does the same there."""
    project.feature(
        """
        Feature: It
          Scenario: Crashing
            When it crashes
            Then it is done
          Scenario: Not crashing
            Then it is done
        """
    )
    project.steps(
        """
        import os

        @when("it crashes")
        async def _() -> None:
            os._exit(1)

        @then("it is done")
        async def _() -> None:
            pass
        """
    )
    result = project.run_process("-n1")
    result.stdout.fnmatch_lines(["FAILED it.feature::Crashing - worker*"])
    result.assert_outcomes(passed=1, failed=1)
