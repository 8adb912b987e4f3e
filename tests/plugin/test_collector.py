"""Feature files as test files: how they are found, named and selected."""

import pytest

from tests.helpers.project import Project

ALL = [
    "it.feature::At the start",
    "it.feature::They add up::Two of them",
    "it.feature::They add up::Any number[Right: pen, ink, 2]",
    "it.feature::They add up::Any number[Right: cup, tea, 2]",
    "it.feature::They add up::Any number[Wrong: pen, ink, 3]",
]


def _collected(project: Project, *arguments: str) -> list[str]:
    lines = project.run("--collect-only", "-q", *arguments).outlines
    return lines[: lines.index("")]


def test_a_feature_file_runs_without_a_python_module_that_binds_it(things: Project) -> None:
    things.run("it.feature").assert_outcomes(passed=4, failed=1)


def test_feature_files_below_the_testpaths_are_found(things: Project) -> None:
    things.change("pytest.ini", "[pytest]\n", "[pytest]\ntestpaths = features\n")
    things.path.joinpath("features/one/two").mkdir(parents=True)
    things.path.joinpath("it.feature").rename(things.path / "features/one/two/deep.feature")
    things.path.joinpath("features/one/notes.txt").touch()
    things.run().assert_outcomes(passed=4, failed=1)


def test_collect_only_lists_node_ids_in_the_order_of_the_file(things: Project) -> None:
    assert _collected(things) == ALL


def test_collect_only_shows_the_tree_of_features_rules_and_scenarios(things: Project) -> None:
    things.run("--collect-only").stdout.fnmatch_lines(
        [
            "  <FeatureFile it.feature>",
            "    <Scenario At the start>",
            "    <Rule They add up>",
            "      <Scenario Two of them>",
            "      <Scenario Any number*Right: pen, ink, 2*>",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("it.feature::At the start", ALL[:1]),
        ("it.feature::They add up", ALL[1:]),
        ("it.feature::They add up::Two of them", ALL[1:2]),
        ("it.feature::They add up::Any number", ALL[2:]),
        ("it.feature::They add up::Any number[Right: cup, tea, 2]", ALL[3:4]),
    ],
)
def test_a_node_id_that_is_typed_selects_what_it_names(things: Project, typed: str, found: list[str]) -> None:
    assert _collected(things, typed) == found


def test_every_node_id_that_is_shown_can_be_typed(project: Project) -> None:
    project.copy("things")
    project.feature("""
        Feature: It
          Scenario: Übergröße: "a/b" [c] (d), e::f?
            Given a pen
            Then there are 1
          Rule: A [b] c::d
            Scenario: In it
              Given a pen
              Then there are 1
            Scenario Outline: With [<thing>]
              Given a <thing>
              Then there are 1
              Examples:
                | thing     |
                | a, [b] c  |
                | d::e      |
                | d::e      |
                |           |
                | \\\\n \\|   |
              Examples: Long
                | thing                                                                       |
                | one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve   |
                | one, two, three, four, five, six, seven, eight, nine, ten, eleven, thirteen |
    """)
    nodes = _collected(project)
    assert len(nodes) == len(set(nodes)) == 9
    for node in nodes:
        assert _collected(project, node) == [node]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["-k", "two"], ALL[1:2]),
        (["-k", "start or cup"], [ALL[0], ALL[3]]),
        (["-k", "not Right"], [*ALL[:2], ALL[4]]),
        (["-m", "everywhere"], ALL),
        (["-m", "slow"], ALL[1:]),
        (["-m", "counted"], ALL[2:]),
        (["-m", "counted and not doubtful"], ALL[2:4]),
        (["-m", "doubtful"], ALL[4:]),
    ],
    ids=" ".join,
)
def test_k_and_m_select_by_name_and_by_tag(things: Project, options: list[str], found: list[str]) -> None:
    assert _collected(things, *options) == found


def test_a_tag_of_pytest_itself_does_what_the_mark_does(project: Project) -> None:
    project.copy("things")
    project.feature("""
        Feature: It
          @skip
          Scenario: One
            Given a pen
            Then there are 7
          @xfail
          Scenario: Two
            Given a pen
            Then there are 7
    """)
    project.run().assert_outcomes(skipped=1, xfailed=1)


def test_lf_runs_what_failed(things: Project) -> None:
    things.run().assert_outcomes(passed=4, failed=1)
    things.run("--lf").assert_outcomes(failed=1)
    assert _collected(things, "--lf") == ALL[4:]


def test_a_scenario_is_reported_at_its_own_line_and_an_example_at_its_row(things: Project) -> None:
    things.more_steps("""
        def pytest_collection_modifyitems(items):
            for item in items:
                print(*item.location[:2])
    """)
    lines = things.run("-s", "--collect-only", "-q").outlines
    assert lines[:5] == ["it.feature 2", "it.feature 8", "it.feature 21", "it.feature 22", "it.feature 27"]


def test_pytest_randomly_may_run_the_scenarios_in_any_order(things: Project) -> None:
    settings = things.path.joinpath("pytest.ini").read_text(encoding="utf-8")
    orders = []
    for seed in range(4):
        things.settings(settings.replace("-p no:randomly", f"--randomly-seed={seed}"))
        things.run().assert_outcomes(passed=4, failed=1)
        orders.append(_collected(things))
    assert [sorted(order) for order in orders] == [sorted(ALL)] * 4
    assert orders != [orders[0]] * 4
