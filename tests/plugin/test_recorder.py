"""Every run of features leaves its Cucumber Messages, whatever became of it."""

import json
import shlex
import sys
from collections.abc import Callable

import pytest

from accord.recording.envelopes import COMMAND
from tests.helpers.messages import STEPS, Messages, messages, of, outcome, read, statuses
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")


@pytest.fixture
def failing(project: Project) -> Project:
    """A project whose one scenario fails in its second step."""
    project.scenario("Given a 3", "Then it breaks")
    project.steps(STEPS)
    return project


def test_a_failure_is_recorded_with_its_sentence_and_its_trace(failing: Project) -> None:
    failing.run()
    *_, last = of("testStepFinished", messages(failing))
    told = last["testStepResult"]["exception"]
    assert told["type"] == "AssertionError"
    assert told["message"].startswith("one is not two")
    assert "conftest.py:" in told["stackTrace"]
    assert "pytest_bdd" not in told["stackTrace"]


def test_a_step_is_linked_to_its_definition_and_its_arguments(failing: Project) -> None:
    failing.run()
    told = messages(failing)
    first, _second = of("testCase", told)[0]["testSteps"]
    [definition] = [it for it in of("stepDefinition", told) if it["id"] in first["stepDefinitionIds"]]
    assert definition["pattern"] == {"type": "CUCUMBER_EXPRESSION", "source": "a {number:d}"}
    assert definition["sourceReference"]["uri"] == "conftest.py"
    [argument] = first["stepMatchArgumentsLists"][0]["stepMatchArguments"]
    assert argument["group"] == {"start": 2, "value": "3"}


def test_a_step_without_a_keyword_of_its_own_is_of_the_kind_of_the_one_before(project: Project) -> None:
    project.scenario("Given a step", "Then it holds", "* it holds", "And it holds")
    project.steps(STEPS)
    project.run().assert_outcomes(passed=1)
    [case] = of("testCase", messages(project))
    assert [len(step["stepDefinitionIds"]) for step in case["testSteps"]] == [1, 1, 1, 1]


def test_the_run_says_on_which_commit_and_with_changes(failing: Project) -> None:
    run = failing.pytester.run
    run("git", "init", "-q", "-b", "trunk")
    run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "x")
    failing.run()
    [meta] = of("meta", messages(failing))
    assert meta["ci"]["git"]["branch"] == "trunk"
    assert len(meta["ci"]["git"]["revision"].removesuffix("-dirty")) == 40


def test_a_run_in_ci_says_which(failing: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"SERVER_URL": "https://github.com", "REPOSITORY": "a/b", "RUN_ID": "7", "SHA": "c0ffee"}
    for name, value in variables.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    failing.run()
    [meta] = of("meta", messages(failing))
    assert meta["ci"]["name"] == "GitHub Actions"
    assert meta["ci"]["git"]["revision"] == "c0ffee"


def test_a_run_in_ci_says_no_address_with_a_token(failing: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"SERVER_URL": "https://bob:t0k3n@git.example", "REPOSITORY": "a/b", "RUN_ID": "7", "SHA": "c0ffee"}
    for name, value in variables.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    failing.run()
    [meta] = of("meta", messages(failing))
    assert meta["ci"]["url"] == "https://git.example/a/b/actions/runs/7"
    assert "t0k3n" not in json.dumps(meta)


def test_what_failed_has_the_command_that_runs_it_alone(failing: Project) -> None:
    failing.feature("Feature: It\n  Scenario: It's one\n    Given a step\n    Then it breaks")
    failing.run()
    [command] = [it["body"] for it in of("attachment", messages(failing)) if it["mediaType"] == COMMAND]
    program, nodeid = shlex.split(command)
    assert program == "pytest"
    failing.run(nodeid).assert_outcomes(failed=1)


def test_a_fixture_that_fails_is_recorded_beside_the_steps_which_did_not_run(failing: Project) -> None:
    broken = '@pytest.fixture(autouse=True)\ndef broken():\n    raise OSError("no disk")\n'
    failing.steps(STEPS + broken)
    failing.run()
    told = messages(failing)
    assert [hook["type"] for hook in of("hook", told)] == ["BEFORE_TEST_CASE"]
    assert statuses(told) == ["FAILED", "SKIPPED", "SKIPPED"]


def test_what_a_scenario_leaves_behind_is_recorded_after_its_steps(project: Project) -> None:
    project.scenario("Given a step", "Then it holds")
    project.steps(STEPS + '@pytest.fixture(autouse=True)\ndef broken():\n    yield\n    raise OSError("no disk")\n')
    project.run()
    told = messages(project)
    assert [hook["type"] for hook in of("hook", told)] == ["AFTER_TEST_CASE"]
    assert statuses(told) == ["PASSED", "PASSED", "FAILED"]


def test_what_is_known_to_fail_is_pending(failing: Project) -> None:
    failing.feature("Feature: It\n  @xfail\n  Scenario: One\n    Given a step\n    Then it breaks")
    failing.run().assert_outcomes(xfailed=1)
    assert statuses(messages(failing)) == ["PASSED", "PENDING"]


def test_a_skipped_scenario_says_why(failing: Project) -> None:
    failing.steps(STEPS.replace("...", 'pytest.skip("not on a Sunday")', 2))
    failing.run().assert_outcomes(skipped=1)
    told = messages(failing)
    assert statuses(told) == ["SKIPPED", "SKIPPED"]
    assert "not on a Sunday" in of("testStepFinished", told)[0]["testStepResult"]["message"]


SKIPPED = {
    "a tag": ("@skip\n  Scenario: One\n", "", "tagged @skip"),
    "a tag, and it says why": (
        "@skip\n  Scenario: One\n\n    Waits for *colours*.\n    Or so.\n",
        "",
        "tagged @skip: Waits for *colours*.",
    ),
    "a mark": ("Scenario: One\n", "pytest.mark.skip", "left out by the code of the suite, without a reason"),
    "a reason": ("Scenario: One\n", "pytest.mark.skip(reason='no mail')", "no mail"),
}


@pytest.mark.parametrize(("scenario", "mark", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_a_scenario_that_is_not_to_run_says_why_as_its_author_would(
    failing: Project, scenario: str, mark: str, reason: str
) -> None:
    failing.feature(f"Feature: It\n  {scenario}    Given a step\n    Then it breaks")
    if mark:
        failing.pytester.makepyfile(
            test_it=f"import pytest\nfrom pytest_bdd import scenarios\nscenarios('it.feature')\npytestmark = {mark}"
        )
    failing.run().assert_outcomes(skipped=1)
    result = of("testStepFinished", messages(failing))[0]["testStepResult"]
    assert result["message"] == reason
    assert result["exception"]["stackTrace"].endswith(f": Skipped: {reason}")


def test_what_comes_to_light_after_the_steps_is_no_steps(project: Project) -> None:
    project.scenario("Given a step", "Then it holds")
    project.steps(STEPS + "def pytest_bdd_after_scenario():\n    raise OSError('no disk')\n")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.feature:2", "  Scenario: One", "    Given a step", "    Then it holds"])
    told = messages(project)
    assert [hook["name"] for hook in of("hook", told)] == ["The scenario as a whole"]
    assert statuses(told) == ["PASSED", "PASSED", "FAILED"]


def test_a_deselected_scenario_has_a_pickle_and_no_test_case(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Given a step
            Then it holds
          Scenario: Two
            Given a step
            Then it holds
    """)
    project.steps(STEPS)
    project.run("-k", "One")
    told = messages(project)
    assert [pickle["name"] for pickle in of("pickle", told)] == ["One", "Two"]
    [case] = of("testCase", told)
    assert case["pickleId"] == of("pickle", told)[0]["id"]


def test_what_was_to_run_and_did_not_has_a_test_case_that_never_started(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Given a step
            Then it breaks
          Scenario: Two
            Given a step
            Then it holds
    """)
    project.steps(STEPS)
    project.run("-x")
    told = messages(project)
    assert len(of("testCase", told)) == 2
    assert len(of("testCaseStarted", told)) == 1


def test_a_scenario_that_breaks_a_rule_is_recorded_with_it(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given a step\n  Scenario: Two\n")
    project.run()
    told = messages(project)
    results = [message["testStepResult"] for message in of("testStepFinished", told)]
    assert [result["status"] for result in results] == ["FAILED", "FAILED"]
    assert ["[no-then]" in results[0]["message"], "[no-steps]" in results[1]["message"]] == [True, True]
    assert of("parseError", told) == []


def test_a_feature_that_cannot_be_read_is_recorded_with_the_reason(project: Project) -> None:
    project.feature("Feature: It\n  Scenario Outline: One\n    Then <n>\n    Examples:\n      | n |\n")
    project.feature("Feature: It\n  Scenario: One\n    Then it\n  Senario: Two\n", "other.feature")
    project.run()
    faults = of("parseError", messages(project))
    assert [fault["source"] for fault in faults] == [
        {"uri": "it.feature", "location": {"line": 4}},
        {"uri": "other.feature", "location": {"line": 4}},
    ]
    assert "have no row" in faults[0]["message"]


def test_a_scenario_that_a_module_binds_is_the_same_pickle(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario Outline: One
            Given a <number>
            Then it holds
            Examples:
              | number |
              | 1      |
              | 2      |
    """)
    project.steps(STEPS)
    project.pytester.makepyfile(test_it='from pytest_bdd import scenarios\nscenarios("it.feature")')
    project.run().assert_outcomes(passed=2)
    told = messages(project)
    pickles = [case["pickleId"] for case in of("testCase", told)]
    assert sorted(pickles) == sorted(pickle["id"] for pickle in of("pickle", told))


def test_a_run_that_a_worker_starts_is_none_of_a_worker(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "run")
    project.scenario("Given a step", "Then it holds")
    project.steps(STEPS)
    project.run_process().assert_outcomes(passed=1)
    assert ["workerId" in it for it in of("testCaseStarted", messages(project))] == [False]


def test_the_streams_of_workers_arrive_as_one(project: Project) -> None:
    project.copy("orchard")
    project.run_process()
    alone = messages(project)
    project.run_process("-n", "2").assert_outcomes(passed=12)
    together = messages(project)
    assert outcome(together) == outcome(alone)
    for kind in ("source", "gherkinDocument", "pickle", "stepDefinition", "meta", "testRunStarted", "testRunFinished"):
        assert len(of(kind, together)) == len(of(kind, alone)), kind
    assert {started["workerId"] for started in of("testCaseStarted", together)} == {"gw0", "gw1"}


def test_a_run_without_features_leaves_nothing(project: Project) -> None:
    project.pytester.makepyfile("def test_it(): ...")
    project.run().assert_outcomes(passed=1)
    assert not project.path.joinpath("living-docs").exists()


@pytest.mark.parametrize("argument", ["--accord-docs=", "--collect-only"])
def test_a_run_may_leave_nothing(failing: Project, argument: str) -> None:
    failing.run(argument)
    assert not failing.path.joinpath("living-docs").exists()


def test_a_disk_that_is_full_ends_the_record_and_not_the_run(project: Project) -> None:
    project.copy("orchard")
    limited = f"ulimit -f 8; exec {sys.executable} -B -m pytest -p no:cacheprovider"
    result = project.pytester.run("bash", "-c", limited)
    result.assert_outcomes(passed=12)
    result.stdout.fnmatch_lines(
        ["*living-docs/messages.*.ndjson ends early, and this run is not published: File too large: *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == pytest.ExitCode.OK


def test_the_messages_of_the_run_before_stay(failing: Project) -> None:
    failing.run()
    before = messages(failing)
    failing.run()
    assert read(failing.path / "living-docs" / "messages.before.ndjson") == before


def test_times_are_real_in_a_scenario_that_travels_in_time(project: Project) -> None:
    project.scenario("Given a step", "Then it holds")
    project.steps(
        STEPS + "import time_machine\n@pytest.fixture(autouse=True)\ndef past():\n"
        '    with time_machine.travel("2001-01-01"):\n        yield\n'
    )
    project.run().assert_outcomes(passed=1)
    seconds = [it["timestamp"]["seconds"] for it in of("testStepFinished", messages(project))]
    assert min(seconds) > 1_700_000_000


def test_a_failure_shows_its_scenario_then_the_assertion_then_the_exchange(project: Project) -> None:
    project.copy("signing_in")
    for workers in ([], ["-n", "1"]):
        shown = project.run_process(*workers).stdout
        shown.fnmatch_lines(
            [
                "it.feature:4",
                "  Scenario: One",
                "    Given a sign-in",
                ">   Then it breaks",
                "*",
                "E       AssertionError: one is not two",
                "*",
                "*- What went over the wire -*",
                "POST /sign-in HTTP/1.1",
                "*",
                '{"name":"alice","password":"[[]redacted[]]"}',
                "",
                "HTTP/1.1 200 OK",
                "*",
                '{"access_token":"[[]redacted[]]","user":*',
            ]
        )
        shown.no_fnmatch_line("*pytest_bdd*")
        shown.no_fnmatch_line("*accord/*.py*")


@pytest.fixture
def asking(project: Project) -> Callable[[str], Messages]:
    """Run a scenario whose first step does this with a client, and return the messages."""

    def ask(code: str) -> Messages:
        project.copy("signing_in")
        project.scenario("Given a question", "Then it holds")
        project.more_steps(f'@given("a question")\nasync def _(client):\n    {code}\n')
        project.settings(project.path.joinpath("pytest.ini").read_text(encoding="utf-8") + "accord_redact = pin\n")
        project.run()
        return messages(project)

    return ask


def test_a_step_carries_its_exchange(asking: Callable[[str], Messages]) -> None:
    told = asking('await client.post("/sign-in", json={"name": "alice"})')
    [exchange] = [it for it in of("attachment", told) if it["mediaType"] == "application/har+json"]
    assert exchange["testStepId"] == of("testCase", told)[0]["testSteps"][0]["id"]
    [entry] = json.loads(exchange["body"])["log"]["entries"]
    assert (entry["_operation"], entry["response"]["status"]) == ("POST /sign-in", 200)
    assert entry["request"]["postData"]["text"] == '{"name":"alice"}'


def test_the_document_of_the_app_is_recorded_once(asking: Callable[[str], Messages]) -> None:
    told = asking('await client.post("/sign-in", json={}); await client.get("/breaks")')
    [document] = [it for it in of("attachment", told) if it["mediaType"] == "application/openapi+json"]
    assert "/sign-in" in json.loads(document["body"])["paths"]


def test_no_secret_gets_into_the_record(asking: Callable[[str], Messages]) -> None:
    told = asking(
        'answer = await client.post("/sign-in?api_key=k3y0fmine", headers={"Authorization": "Bearer t0k3n.0f.mine"},'
        ' json={"name": "alice", "password": "hunter2!", "pin": "9876"}); assert not answer.json(), answer.text'
    )
    record = json.dumps(told)
    assert "alice" in record
    for secret in ("k3y0fmine", "t0k3n.0f.mine", "hunter2!", "9876", "abc.def.ghi"):
        # What the feature's author wrote into the step definition is no evidence: only the trace shows its source.
        evidence = [it["body"] for it in of("attachment", told)]
        assert secret not in "".join(evidence)
        assert secret not in of("testStepFinished", told)[0]["testStepResult"]["message"]


def test_an_error_of_the_app_leaves_its_traceback(asking: Callable[[str], Messages]) -> None:
    told = asking('assert (await client.get("/breaks")).status_code == 500')
    [trace] = [it for it in of("attachment", told) if it["fileName"] == "server traceback"]
    assert "RuntimeError: out of order" in trace["body"]


@pytest.mark.parametrize("tag", ["", "@real_commits"])
@pytest.mark.parametrize("arguments", [["--accord-sql"], []])
def test_a_step_carries_its_sql_on_demand_and_no_values(
    project: Project, tag: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The database of this run is in use.
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project.copy("signing_in")
    project.feature(f"Feature: It\n  {tag}\n  Scenario: One\n    Given a query\n    Then it holds")
    project.run_process(*arguments).assert_outcomes(passed=1)
    told = [it for it in of("attachment", messages(project)) if it["mediaType"] == "application/sql"]
    assert ["SELECT upper($1" in it["body"] for it in told] == [True] * len(arguments)
    assert "hunter2!" not in json.dumps(told)
    assert "4711" not in json.dumps(told)


def test_what_the_database_repeats_in_an_error_is_hidden(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("OF_MINE", "hunter2@example.org")
    project.copy("signing_in")
    project.scenario("Given an error", "Then it holds")
    project.run_process("--tb=short").assert_outcomes(failed=1)
    told = messages(project)
    assert "duplicate key value" in of("testStepFinished", told)[0]["testStepResult"]["message"]
    assert "hunter2" not in json.dumps([it for it in told if "source" not in it])
