"""Each rule can be switched off: for all features, for those of a folder, or for what a comment stands above."""

import re
import sys

import pytest

from tests.helpers.project import SETTINGS, Project

FAULTY = """
Feature: It
  Scenario: One
    Given a pen
  Scenario: Two
    Given a pen
  @unheard_of
  Scenario: Three
    Given a pen
    Then there are 1
"""

# As the command does, which need not be on the PATH.
ACCORD = (sys.executable, "-c", "from accord.cli import main; main()")


@pytest.fixture
def faulty(things: Project) -> Project:
    """A project whose feature breaks `no-then` twice, and `unknown-tag`."""
    things.feature(FAULTY)
    return things


def failing(project: Project, *arguments: str) -> list[str]:
    """Return the names of the scenarios that fail, and see that there is no other failure."""
    result = project.run("-rf", *arguments)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    return [found[1] for line in result.outlines if (found := re.match(r"FAILED .* - [^:]*:\d+ (\w+)", line))]


SETTING = {
    "all": ("accord_ignore = no-then, unknown-tag", []),
    "one": ("accord_ignore = unknown-tag", ["One", "Two"]),
    "a folder": ("accord_per_file_ignores =\n  other/*: unknown-tag\n  ./old/: no-then", ["Three"]),
    "a file by its name": ("accord_per_file_ignores = it.feature: no-then unknown-tag", []),
    "another folder": ("accord_per_file_ignores = older/*: no-then, unknown-tag", ["One", "Two", "Three"]),
}


@pytest.mark.parametrize(("setting", "names"), SETTING.values(), ids=SETTING)
def test_the_configuration_switches_rules_off(faulty: Project, setting: str, names: list[str]) -> None:
    faulty.path.joinpath("old").mkdir()
    faulty.path.joinpath("it.feature").rename(faulty.path / "old" / "it.feature")
    faulty.settings(SETTINGS + setting + "\n")
    assert failing(faulty) == names


COMMENT = {
    "at the top": ("Feature: It", "# accord: ignore[no-then]\nFeature: It", ["Three"]),
    "above a scenario": ("  Scenario: Two", "  # accord: ignore[no-then]\n  Scenario: Two", ["One", "Three"]),
    "above a tag": ("  @unheard_of", "  # accord: ignore[unknown-tag]\n\n  @unheard_of", ["One", "Two"]),
    "of several rules": ("Feature: It", "#accord:ignore[unknown-tag,no-then]\nFeature: It", []),
    "of another rule": ("Feature: It", "# accord: ignore[no-steps]\nFeature: It", ["One", "Two", "Three"]),
    "above something else": (
        "    Given a pen\n  S",
        "    # accord: ignore[no-then]\n    Given a pen\n  S",
        ["One", "Two", "Three"],
    ),
}


@pytest.mark.parametrize(("old", "new", "names"), COMMENT.values(), ids=COMMENT)
def test_a_comment_switches_rules_off_for_what_it_stands_above(
    faulty: Project, old: str, new: str, names: list[str]
) -> None:
    faulty.change("it.feature", old, new)
    assert failing(faulty) == names


def test_a_comment_above_a_line_is_for_that_line(things: Project) -> None:
    things.feature("""
        Feature: It
          Scenario: One
            # accord: ignore[misspelt-keyword]
            given a pen
            Then there are 1

          Rule: First
            # accord: ignore[no-then]

            Scenario: Two
              Given a pen
          # accord: ignore[no-then]
          Rule: Second
            Scenario: Three
              Given a pen
            Scenario: Four
              Given a pen
    """)
    result = things.run()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.no_fnmatch_line("*[[]*-*[]]*")


UNKNOWN = {
    "accord_ignore = no-them": "accord_ignore names `no-them`, which is not a rule: did you mean no-then? *--rules*",
    "accord_ignore = No_Then": "accord_ignore names `No_Then`, which is not a rule: did you mean no-then? *",
    "accord_ignore = not-gherkin": "accord_ignore names `not-gherkin`, which cannot be ignored: *",
    "accord_ignore = x": "accord_ignore names `x`, which is not a rule: `accord check --rules` lists all.",
    "accord_per_file_ignores = old/*: no-them": "accord_per_file_ignores names `no-them`, *",
    "accord_per_file_ignores = no-then": "accord_per_file_ignores: no-then has no pattern and names*",
}


@pytest.mark.parametrize(("setting", "said"), UNKNOWN.items())
def test_a_rule_that_is_not_there_is_a_usage_error(faulty: Project, setting: str, said: str) -> None:
    faulty.settings(SETTINGS + setting + "\n")
    result = faulty.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])


COMMENTS = {
    "# accord: ignore[no-them]": "the comment in line 2 names `no-them`, which is not a rule: did you mean no-then? *",
    "# accord: ignore": "the comment in line 2 is not understood: write `# accord: ignore[[]no-then]`. *",
    "# accord: ingore[no-then]": "the comment in line 2 is not understood: *",
}


@pytest.mark.parametrize(("comment", "said"), COMMENTS.items())
def test_a_comment_that_names_no_rule_is_wrong_itself(things: Project, comment: str, said: str) -> None:
    things.feature(f"Feature: It\n  {comment}\n  Scenario: One\n    Given a pen\n    Then there are 1\n")
    result = things.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"it.feature:3: {said}[[]unknown-rule]"])


def test_a_filter_by_tags_does_not_pass_over_a_tag_that_is_not_known(faulty: Project) -> None:
    assert failing(faulty, "-m", "slow") == ["Three"]


KNOWN = {
    "a tag with a colon": ("@severity:critical", "markers = severity:critical"),
    "a tag with brackets": ("@issue(12)", "markers = issue(12)"),
    "a tag with a colon and words for it": ("@severity:critical", "markers = severity:critical: stops the shop"),
    "a pattern": ("@JIRA-123 @severity:low", "accord_tags = JIRA-* severity:*"),
    "a switch": ("@whatever", "accord_ignore = unknown-tag"),
    "a switch, and a name that no mark can have": ("@_whatever", "accord_ignore = unknown-tag"),
}


@pytest.mark.parametrize(("tag", "setting"), KNOWN.values(), ids=KNOWN)
def test_a_tag_is_known_by_the_configuration(things: Project, tag: str, setting: str) -> None:
    things.settings(SETTINGS + "strict_markers = true\n" + setting)
    things.feature(f"Feature: It\n  {tag}\n  Scenario: One\n    Given a pen\n    Then there are 1\n")
    things.run().assert_outcomes(passed=1)
    if not tag.startswith("@_") and "(" not in tag:
        # Told to be strict, pytest has no filter but by lines of `markers`, which have no colon in a name.
        things.change("pytest.ini", " --strict-markers", "")
        things.change("pytest.ini", "strict_markers = true", "")
        things.run("-m", tag.partition(" ")[0].removeprefix("@")).assert_outcomes(passed=1)


UNKNOWN_TAGS = {
    "the name of a marker with another ending": ("@severity:critcal", "markers = severity:critical"),
    "one that no pattern has": ("@JIRA", "accord_tags = JIRA-*"),
    "a misspelt one": ("@smoek", "markers = smoke"),
    "one that no mark can have": ("@_smoke", "markers = _smoke"),
    "a mark that needs arguments": ("@parametrize", ""),
}


@pytest.mark.parametrize(("tag", "setting"), UNKNOWN_TAGS.values(), ids=UNKNOWN_TAGS)
def test_a_tag_that_is_not_known_is_wrong(things: Project, tag: str, setting: str) -> None:
    things.settings(SETTINGS + setting)
    things.feature(f"Feature: It\n  {tag}\n  Scenario: One\n    Given a pen\n    Then there are 1\n")
    result = things.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"it.feature:2: the tag {tag} is not known, *[[]unknown-tag]"])


def test_a_tag_that_a_hook_of_the_suite_handles_is_known(things: Project) -> None:
    things.more_steps("""
        def pytest_bdd_apply_tag(tag, function):
            if tag.startswith("todo:"):
                pytest.mark.skip(reason=tag)(function)
                return True
    """)
    things.feature("""
        Feature: It
          @todo:later
          Scenario: One
            Given a pen
            Then there are 7
          @todoo
          Scenario: Two
            Given a pen
            Then there are 1
    """)
    result = things.run("-rs")
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["*todo:later*"])


def test_features_that_are_passed_over_are_named_once(things: Project) -> None:
    for path in ("build/a.feature", ".drafts/deep/b.feature", "dist/x.FEATURE", "odd.Feature", "venv/lib/c.feature"):
        things.feature("Feature: It\n", path)
    things.feature("Feature: It\n", "build/node_modules/d.feature")
    things.path.joinpath("venv", "pyvenv.cfg").touch()
    result = things.run()
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*.drafts/deep/b.feature, build/a.feature never run, since pytest passes over the folders *",
            "*odd.Feature never runs, since the names do not end in `.feature`: *",
        ]
    )
    result.stdout.no_fnmatch_line("*c.feature*")
    result.stdout.no_fnmatch_line("*d.feature*")


@pytest.mark.parametrize(
    ("setting", "arguments"),
    [
        ("accord_ignore = passed-over-feature", []),
        ("accord_per_file_ignores = build/*: passed-over-feature", []),
        ("", ["--ignore=build"]),
        ("", ["--ignore-glob=b*"]),
        ("", ["it.feature"]),
    ],
)
def test_features_that_one_wants_passed_over_are_not_named(things: Project, setting: str, arguments: list[str]) -> None:
    things.settings(SETTINGS + "markers =\n  everywhere\n  slow\n  counted\n  doubtful\n" + setting + "\n")
    things.feature("Feature: It\n", "build/a.feature")
    result = things.run(*arguments)
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.no_fnmatch_line("*a.feature*")


def test_check_says_what_a_run_says_and_runs_nothing(faulty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    result = faulty.pytester.run(*ACCORD, "check", ".")
    assert result.ret == 1
    assert [line.partition(":")[2][:2] for line in result.outlines] == ["2:", "4:", "6:", ""]
    assert result.outlines[0] == (
        'it.feature:2: the scenario "One" has no Then, so it checks nothing: say what must have happened. [no-then]'
    )
    assert result.outlines[-1] == "3 faults in 1 feature file."
    faulty.settings(SETTINGS + "accord_ignore = no-then, unknown-tag\n")
    result = faulty.pytester.run(*ACCORD, "check", "it.feature")
    assert (result.ret, result.outlines) == (0, ["0 faults in 1 feature file."])


def test_check_lists_the_rules(project: Project) -> None:
    result = project.pytester.run(*ACCORD, "check", "--rules")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["no-then *", "unused-table *", "These cannot be ignored:", "not-gherkin *"])


def test_check_says_what_pytest_cannot_collect(project: Project) -> None:
    result = project.pytester.run(*ACCORD, "check", "nowhere")
    assert result.ret == 1
    result.stderr.fnmatch_lines(["*nowhere*"])
