"""`@wip`: a scenario that is ahead of the code is expected not to hold yet, and fails once it does."""

from fnmatch import fnmatch

import pytest

from accord.living_docs.reader import read
from tests.helpers.messages import messages, of, statuses
from tests.helpers.project import PUBLISHING, Project

STEPS = """
    @given("a pen")
    async def _(): ...

    @then("it is there")
    async def _(): ...

    @then("it is blue")
    async def _(): assert False, "it is red"
"""
FEATURE = """
    @wip
    Feature: Pens
      Scenario: Blue
        Given a pen
        Then it is blue
      Scenario: New
        Given a pen that "Bob" wants
        Then it is there
"""


@pytest.fixture
def ahead(project: Project, publishing: None) -> Project:
    project.settings(f"{PUBLISHING}\nstrict_markers = true\n")
    project.steps(STEPS)
    project.feature(FEATURE)
    return project


def test_it_is_expected_not_to_hold_and_not_yet_implemented_in_the_document(ahead: Project) -> None:
    result = ahead.run()
    result.assert_outcomes(xfailed=2)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["0 promises kept, 2 not yet implemented: living-docs/index.html"])


def test_its_undefined_steps_are_told_with_a_definition_to_paste(ahead: Project) -> None:
    for arguments in ([], ["-n1"], ["--dry-run"]):
        result = ahead.run_process(*arguments)
        result.stdout.fnmatch_lines(
            [
                'it.feature:7: no step definition says: Given a pen that "Bob" wants',
                "@given(parsers.parse('a pen that \"{text}\" wants'))",
            ]
        )
        assert result.ret == pytest.ExitCode.OK


PLACES = {
    "feature": "@wip\nFeature: It\n  Scenario: One\n    Then it is there",
    "rule": "Feature: It\n  @wip\n  Rule: All\n    Scenario: One\n      Then it is there",
    "scenario": "Feature: It\n  @wip\n  Scenario: One\n    Then it is there",
    "examples": (
        "Feature: It\n  Scenario Outline: One\n    Then it is <what>\n"
        "    @wip\n    Examples:\n      | what  |\n      | there |\n"
        "    @wip\n    Examples:\n      | what |\n      | blue |"
    ),
}


@pytest.mark.parametrize(("place", "feature"), PLACES.items(), ids=PLACES)
def test_once_it_holds_it_fails_and_says_to_remove_the_tag(ahead: Project, place: str, feature: str) -> None:
    ahead.feature(feature)
    result = ahead.run()
    result.assert_outcomes(failed=1, xfailed=int(place == "examples"))
    line = {"feature": 1, "rule": 2, "scenario": 2, "examples": 4}[place]
    result.stdout.fnmatch_lines(
        [f"it.feature:{line}: `One*` holds, and is tagged @wip, which says that it does not yet: remove the tag here."]
    )
    result.stdout.no_fnmatch_line("*XPASS*")
    result.stdout.fnmatch_lines(["0 promises kept, 1 broken*: living-docs/index.html"])


def test_so_does_a_tag_of_pytests_own(ahead: Project) -> None:
    ahead.settings(f"{PUBLISHING}\nxfail_strict = true\n")
    ahead.feature("Feature: It\n\n  @xfail\n  Scenario: One\n    Then it is there")
    ahead.run().stdout.fnmatch_lines(["it.feature:3: `One` holds, and is tagged @xfail, *: remove the tag here."])


def test_a_tag_above_several_is_to_be_removed_or_given_to_those_that_do_not_hold(ahead: Project) -> None:
    ahead.feature(
        "@wip\nFeature: It\n  @wip\n  Rule: All\n    Scenario: One\n      Then it is there\n"
        "    Scenario: Two\n      Then it is blue"
    )
    ahead.run().stdout.fnmatch_lines(
        ["it.feature:3: `One` holds, *: remove the tag here, and in line 1, or give it to those alone*"]
    )


def test_the_steps_of_one_that_holds_are_kept_and_the_scenario_is_broken(ahead: Project) -> None:
    ahead.feature("Feature: It\n  @wip\n  Scenario: One\n    Given a pen\n    Then it is there")
    ahead.run().assert_outcomes(failed=1)
    told = messages(ahead)
    assert statuses(told) == ["PASSED", "PASSED", "FAILED"]
    [hook] = of("hook", told)
    assert (hook["type"], hook["name"]) == ("AFTER_TEST_CASE", "The scenario as a whole")
    *_, last = of("testCase", told)[0]["testSteps"]
    assert last["hookId"] == hook["id"]


WHY = {
    "nothing": ("", "Then it is blue", "not yet implemented"),
    "a description": ("    Waits for the decision.\n    By May.\n", "Then it is blue", "Waits for the decision."),
    "a step": ("", "Then it is bleu", "it.feature:*: no step definition says yet: Then it is bleu"),
    "both": ("    Waits for the decision.\n", "Then it is bleu", "Waits for the decision."),
}


@pytest.mark.parametrize(("description", "step", "reason"), WHY.values(), ids=WHY)
def test_it_says_why_in_the_words_of_the_feature(ahead: Project, description: str, step: str, reason: str) -> None:
    ahead.feature(f"Feature: It\n  @wip\n  Scenario: One\n{description}    {step}")
    ahead.run().assert_outcomes(xfailed=1)
    [pickle] = read(ahead.path / "living-docs" / "messages.ndjson").pickles()
    assert fnmatch(pickle.because, reason)
    assert pickle.failure is not None
    assert ("It differs from" in pickle.failure.message) == ("bleu" in step)


def test_a_filter_takes_it(ahead: Project) -> None:
    ahead.run("-m", "not wip").assert_outcomes(deselected=2)
    ahead.run("-m", "wip").assert_outcomes(xfailed=2)


def test_what_breaks_a_rule_is_not_hidden_by_it(ahead: Project) -> None:
    ahead.change("it.feature", "    Then it is blue\n", "    And a pen\n")
    result = ahead.run()
    result.assert_outcomes(failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["it.feature:3: *no-then*"])


OWN = {
    "a marker": ("markers = wip: work in progress", ""),
    "an entry in accord_tags": ("accord_tags = wip", ""),
    "a hook": ("", "def pytest_bdd_apply_tag(tag, function):\n    return tag == 'wip' or None\n"),
    "a marker that a conftest adds": (
        "",
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'wip: x')",
    ),
}


@pytest.mark.parametrize(("setting", "hook"), OWN.values(), ids=OWN)
def test_a_suite_with_a_tag_of_that_name_of_its_own_keeps_it(ahead: Project, setting: str, hook: str) -> None:
    ahead.settings(f"{PUBLISHING}\n{setting}\n")
    ahead.more_steps(hook)
    ahead.feature("@wip\nFeature: It\n  Scenario: One\n    Then it is there\n  Scenario: Two\n    Then it is blue")
    ahead.run().assert_outcomes(passed=1, failed=1)


def test_a_suite_that_skips_it_goes_on_to(ahead: Project) -> None:
    ahead.more_steps("""
        def pytest_collection_modifyitems(items):
            for item in items:
                if "wip" in item.keywords:
                    item.add_marker(pytest.mark.skip)
    """)
    ahead.run().assert_outcomes(skipped=2)


BOUND = "@wip\nFeature: It\n  Scenario: One\n    Then it is there\n  Scenario: Two\n    Then it is blue"


@pytest.mark.parametrize(
    ("is_strict", "outcomes"), [(False, {"passed": 1, "failed": 1}), (True, {"xfailed": 1, "failed": 1})]
)
def test_a_module_that_binds_it_runs_it_as_before_unless_that_is_strict(
    ahead: Project, is_strict: bool, outcomes: dict[str, int]
) -> None:
    ahead.settings(f"{PUBLISHING}\naccord_strict = {is_strict}\n")
    ahead.feature(BOUND)
    ahead.pytester.makepyfile(test_it="from pytest_bdd import scenarios\nscenarios('it.feature')")
    result = ahead.run_process()
    result.assert_outcomes(**outcomes)
    result.stdout.no_fnmatch_line("*@wip is not known*")
