"""What makes a run fail is broken, and nothing else is; what passes at last, or without being expected to, is told."""

import pytest

from tests.helpers.messages import STEPS, messages, of, statuses
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")
SHAKY = """
    attempts = []

    @then("it holds at last")
    async def _():
        attempts.append(1)
        assert len(attempts) > 1, "not yet"
    """


@pytest.fixture
def suite(project: Project) -> Project:
    project.steps(STEPS)
    return project


def summary(project: Project) -> str:
    return project.path.joinpath("living-docs", "summary.md").read_text(encoding="utf-8").replace("\\", "")


def page(project: Project) -> str:
    return project.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")


def broken(project: Project) -> str:
    """What stands under Broken on the page."""
    return page(project).partition('<section id="broken"')[2].partition("</section>")[0]


def test_an_undefined_step_that_fails_the_run_is_broken(suite: Project) -> None:
    suite.scenario("Given a step", "Then nobody knows this")
    result = suite.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["0 promises kept, 1 broken: *"])
    assert "nobody knows this" in summary(suite).partition("## Broken")[2]
    assert "nobody knows this" in broken(suite)


def test_a_step_that_is_still_to_be_written_fails_the_run_and_is_broken(suite: Project) -> None:
    suite.more_steps('@then("it is written one day")\nasync def _():\n    raise NotImplementedError("later")\n')
    suite.scenario("Given a step", "Then it is written one day")
    assert suite.run().ret == pytest.ExitCode.TESTS_FAILED
    assert statuses(messages(suite)) == ["PASSED", "PENDING"]
    assert "it is written one day  \n  later" in summary(suite).partition("## Broken")[2]


@pytest.mark.parametrize("tag", ["@wip", "@xfail"])
def test_what_is_expected_to_fail_is_not_yet_implemented_whatever_its_steps_are(suite: Project, tag: str) -> None:
    suite.more_steps('@then("it is written one day")\nasync def _():\n    raise NotImplementedError\n')
    suite.feature(f"""
        {tag}
        Feature: It
          Scenario: Undefined twice
            Given nobody knows this
            Then nor this
          Scenario: Broken, then undefined
            Given a step
            Then it breaks
            And nobody knows this
          Scenario: Still to be written
            Given a step
            Then it is written one day
    """)
    result = suite.run()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["0 promises kept, 3 not yet implemented: *"])
    assert broken(suite) == ""


@pytest.mark.parametrize("tag", ["@wip", "@xfail_strict"])
def test_what_must_fail_and_holds_is_broken_and_says_so(suite: Project, tag: str) -> None:
    suite.more_steps("""
        def pytest_bdd_apply_tag(tag, function):
            if tag == "xfail_strict":
                pytest.mark.xfail(strict=True, reason="bug 7")(function)
                return True
        """)
    suite.feature(f"Feature: It\n  {tag}\n  Scenario: One\n    Given a step\n    Then it holds")
    assert suite.run().ret == pytest.ExitCode.TESTS_FAILED
    assert "holds" in summary(suite).partition("## Broken")[2]
    assert ("expected to fail" if tag == "@xfail_strict" else "remove the tag") in broken(suite)


def test_what_may_fail_and_holds_is_kept_and_says_so(suite: Project) -> None:
    suite.feature("Feature: It\n  @xfail\n  Scenario: One\n    Given a step\n    Then it holds")
    suite.run().assert_outcomes(xpassed=1)
    assert statuses(messages(suite)) == ["PASSED", "PASSED"]
    assert "1 promise kept" in summary(suite)
    assert "It was expected to fail, and holds." in summary(suite)
    assert "kept: It was expected to fail, and holds." in page(suite)


def test_a_skipped_scenario_is_skipped_whatever_its_sentences_are(suite: Project) -> None:
    suite.more_steps('@then(parsers.re("it .*olds"))\nasync def _(): ...\n')
    suite.feature("""
        Feature: It
          @skip
          Scenario: One
            Given a step
            Then it holds
            And nobody knows this
    """)
    suite.run().assert_outcomes(skipped=1)
    assert set(statuses(messages(suite))) == {"SKIPPED"}
    assert "0 promises kept, 1 not run" in summary(suite)


def test_what_passes_at_last_is_flaky(suite: Project) -> None:
    suite.more_steps(SHAKY)
    suite.feature(
        "Feature: It\n"
        + "".join(
            f"  Scenario: {name}\n    Given a step\n    Then it {what}\n"
            for name, what in (("One", "holds"), ("Other", "holds at last"), ("Third", "breaks"))
        )
    )
    suite.run("-p", "rerunfailures", "--reruns=1").stdout.fnmatch_lines(["1 promise kept, 1 broken, 1 flaky: *"])
    ends = [end["willBeRetried"] for end in of("testCaseFinished", messages(suite))]
    assert ends == [False, True, False, True, False]
    assert "- **It > Other**  \n  not yet" in summary(suite).partition("## Flaky")[2]


# Plugins that try a scenario again without a word on its report, or before it is torn down.
@pytest.mark.parametrize(
    "again",
    [
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for _ in range(2):
                item._initrequest()
                reports = runtestprotocol(item, nextitem=nextitem)
                if all(report.passed for report in reports):
                    break
            return True
        """,
        """
        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.when == "call" and report.failed:
                item.teardown()
                item.session._setupstate.teardown_exact(None)
                item._initrequest()
                item.session._setupstate.setup(item)
                item.ihook.pytest_runtest_setup(item=item)
                again = pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_call(item=item), "call")
                report = pytest.TestReport.from_item_and_call(item, again)
            return report
        """,
    ],
    ids=["as flaky does", "as pytest-retry does"],
)
def test_an_attempt_after_which_there_is_another_says_so_whichever_plugin_tries_again(
    suite: Project, again: str
) -> None:
    suite.more_steps(SHAKY)
    suite.more_steps(again)
    suite.scenario("Given a step", "Then it holds at last")
    suite.run().stdout.fnmatch_lines(["0 promises kept, 1 flaky: *"])
    assert [end["willBeRetried"] for end in of("testCaseFinished", messages(suite))] == [True, False]


def test_a_feature_that_cannot_be_read_is_broken_and_its_promises_are_not_read(suite: Project) -> None:
    suite.feature("Feature: It\n  Scenario: One\n    Given a step\n    Then it holds\n")
    suite.feature("Feature: Other\n  Scenario: Two\n    Given a step\n    Then it holds\n", "other.feature")
    suite.run()
    suite.change("other.feature", "a step\n", "a step\n      | a |\n      | b | c |\n")
    assert suite.run().ret != pytest.ExitCode.OK
    assert "other.feature:5" in summary(suite).partition("## Broken")[2]
    assert "other.feature:5" in broken(suite)
    assert "1 not read" in summary(suite)
    assert "Gone" not in summary(suite)


def test_a_run_that_fails_by_something_else_than_a_promise_says_so(suite: Project) -> None:
    suite.feature("""
        Feature: It
          Scenario: One
            Given a step
            Then it holds
          @wip
          Scenario: Other
            Given a step
            Then it breaks
    """)
    suite.pytester.makepyfile("def test_it(): assert False")
    suite.run().stdout.fnmatch_lines(["1 promise kept, 1 not yet implemented; the run itself failed: *"])
    assert "No promise is broken" in broken(suite)
