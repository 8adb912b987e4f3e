"""Each pitfall is shown, or it is said why not."""

from accord import pitfalls
from accord.pitfalls import PITFALLS, Finding


def test_every_line_is_shown_or_says_why_not() -> None:
    assert sorted([*(pitfall.number for pitfall in PITFALLS), *pitfalls.NOT_SHOWN]) == list(range(1, 19))


def test_the_table_shows_both_halves_side_by_side_and_what_is_not_caught() -> None:
    first, second = PITFALLS[:2]
    shown = pitfalls.table([Finding(first, [], ["it.feature:3: no"]), Finding(second, [], [])]).splitlines()
    assert shown[1].split() == ["1", *first.words.split(), "passes", "fails"]
    assert shown[2].strip() == "it.feature:3: no"
    assert shown[3].split() == ["2", *second.words.split(), "passes", "passes", "NOT", "CAUGHT"]
