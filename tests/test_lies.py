"""Each lie is told by the common pattern, and caught by Accord."""

import re
from collections.abc import Mapping

import pytest
import pytest_asyncio

from accord import lies
from accord.lies import LIES, Finding, Lie


@pytest_asyncio.fixture(scope="module")
async def found() -> Mapping[int, Finding]:
    return {finding.lie.number: finding for finding in await lies.findings()}


def named(*, dies: bool) -> list[object]:
    return [pytest.param(lie, id=f"{lie.number} {lie.words}") for lie in LIES if lie.dies is dies]


@pytest.mark.parametrize("lie", named(dies=False))
def test_what_is_broken_passes_with_the_common_pattern_and_fails_with_accord(
    found: Mapping[int, Finding], lie: Lie
) -> None:
    finding = found[lie.number]
    assert finding.plain == []
    assert finding.accord != []
    for words in finding.accord:
        assert re.search(rf"{lie.specimen}/lie\.feature:\d+", words), f"it does not say where: {words}"
    assert finding.caught


@pytest.mark.parametrize("lie", named(dies=True))
def test_what_is_right_fails_with_the_common_pattern_and_passes_with_accord(
    found: Mapping[int, Finding], lie: Lie
) -> None:
    finding = found[lie.number]
    assert finding.plain != []
    assert finding.accord == []
    assert finding.caught


def test_the_table_shows_both_halves_side_by_side_and_what_is_not_caught() -> None:
    first, second = LIES[:2]
    shown = lies.table([Finding(first, [], ["it.feature:3: no"]), Finding(second, [], [])]).splitlines()
    assert shown[1].split() == ["1", *first.words.split(), "passes", "fails"]
    assert shown[2].strip() == "it.feature:3: no"
    assert shown[3].split() == ["2", *second.words.split(), "passes", "passes", "NOT", "CAUGHT"]
