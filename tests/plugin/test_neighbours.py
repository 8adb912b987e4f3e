"""Other plugins of pytest do in a suite with Accord what they do in any other, each tried as it is released."""

import json
from xml.etree import ElementTree

import pytest

from tests.helpers.messages import STEPS, Messages, messages, of
from tests.helpers.project import Project

published = pytest.mark.usefixtures("publishing")


@pytest.fixture
def suite(project: Project) -> Project:
    """A project with a scenario, and an outline of two examples in a rule."""
    project.feature("""
        Feature: It
          Scenario: One
            Given a step
            Then it holds
          Rule: Many
            Scenario Outline: Each
              Given a <number>
              Then it holds
              Examples:
                | number |
                | 1      |
                | 2      |
        """)
    project.steps(STEPS)
    return project


def ids(result: pytest.RunResult) -> list[str]:
    """The node ids of what passed, of a run with `-rp`, in order."""
    return [line.removeprefix("PASSED ") for line in result.outlines if line.startswith("PASSED ")]


def results(told: Messages) -> list[tuple[str, str]]:
    """The status and the message of each step."""
    finished = [it["testStepResult"] for it in of("testStepFinished", told)]
    return [(it["status"], it.get("message", "")) for it in finished]


class TestItemsWithoutFunction:
    def test_doctests_unit_tests_and_files_of_other_kinds_run_beside_features(self, suite: Project) -> None:
        suite.more_steps("""
            class Yaml(pytest.File):
                def collect(self):
                    yield Check.from_parent(self, name="check")

            class Check(pytest.Item):
                def runtest(self): ...

            def pytest_collect_file(file_path, parent):
                if file_path.suffix == ".yml":
                    return Yaml.from_parent(parent, path=file_path)
            """)
        suite.path.joinpath("it.yml").touch()
        suite.pytester.makepyfile(sums='"""\n>>> 1 + 1\n2\n"""')
        suite.pytester.makepyfile(test_it="import unittest\nclass Test(unittest.TestCase):\n    def test(self): ...")
        suite.run("--doctest-modules").assert_outcomes(passed=6)


PARAMETERS = """
@pytest.fixture(params=["a", "b"], autouse=True)
def backend(request):
    return request.param

@then("it holds")
async def _(backend): ...
"""


class TestParameters:
    @pytest.fixture
    def backends(self, suite: Project) -> Project:
        suite.steps(STEPS.replace('@then("it holds")\nasync def _(): ...\n', "") + PARAMETERS)
        return suite

    def test_a_scenario_runs_once_for_each_parameter_of_a_fixture(self, backends: Project) -> None:
        assert ids(backends.run("-rp")) == [
            *("it.feature::One[a]", "it.feature::One[b]"),
            *("it.feature::Many::Each[1-a]", "it.feature::Many::Each[1-b]"),
            *("it.feature::Many::Each[2-a]", "it.feature::Many::Each[2-b]"),
        ]

    def test_one_of_them_can_be_named(self, backends: Project) -> None:
        assert ids(backends.run("-rp", "it.feature::Many::Each[2-b]")) == ["it.feature::Many::Each[2-b]"]
        assert len(ids(backends.run("-rp", "it.feature::One"))) == 2

    def test_what_failed_with_one_parameter_runs_again_with_that_one(self, backends: Project) -> None:
        backends.change("conftest.py", "async def _(backend): ...", "async def _(backend): assert backend == 'a'")
        backends.run().assert_outcomes(passed=3, failed=3)
        backends.change("conftest.py", "assert backend == 'a'", "assert backend")
        assert {node[-2] for node in ids(backends.run("-rp", "--lf"))} == {"b"}

    @published
    def test_the_record_has_a_test_case_for_each_with_its_parameter(self, backends: Project) -> None:
        backends.run("it.feature::One")
        told = messages(backends)
        assert len({case["pickleId"] for case in of("testCase", told)}) == 1
        assert len({case["id"] for case in of("testCase", told)}) == 2
        assert [it["body"] for it in of("attachment", told) if it["fileName"] == "Parameters"] == ["a", "b"]

    def test_a_fixture_of_the_session_is_made_anew_for_each_parameter(self, suite: Project) -> None:
        suite.more_steps("""
            @pytest.fixture(scope="session", params=["a", "b"], autouse=True)
            def server(request):
                return request.param

            @pytest.fixture(scope="session", autouse=True)
            def database(server):
                return f"database of {server}"

            @pytest.fixture(autouse=True)
            def both(server, database):
                assert database == f"database of {server}"
            """)
        suite.run().assert_outcomes(passed=6)

    def test_a_plugin_that_generates_tests_is_asked_and_sees_the_marks_of_tags(self, suite: Project) -> None:
        suite.change("it.feature", "  Scenario: One", "  @thrice\n  Scenario: One")
        suite.settings(suite.path.joinpath("pytest.ini").read_text(encoding="utf-8") + "markers =\n    thrice\n")
        suite.more_steps("""
            def pytest_generate_tests(metafunc):
                if metafunc.definition.get_closest_marker("thrice"):
                    metafunc.fixturenames.append("round")
                    metafunc.parametrize("round", range(3))
            """)
        suite.run().assert_outcomes(passed=5)

    def test_each_example_has_an_id_of_its_own_whatever_its_values_are(self, suite: Project) -> None:
        suite.change(
            "it.feature", "        | 2      |\n", "        | 1      |\n        | 1 #2   |\n        |        |\n"
        )
        suite.change("it.feature", "Given a <number>", "Given a step")
        collected = suite.run("--collect-only", "-q").outlines
        assert collected[1:5] == [f"it.feature::Many::Each[{it}]" for it in ("1", "1 #2", "1 #2 #2", "")]


class TestRepeat:
    def test_a_scenario_runs_as_often_as_asked(self, suite: Project) -> None:
        suite.run("-p", "repeat", "--count=2").assert_outcomes(passed=6)


@published
class TestRerunFailures:
    FLAKY = """
        attempts = []

        @then("it holds at last")
        async def _():
            attempts.append(1)
            assert len(attempts) == 3, f"attempt {len(attempts)}"
        """

    @pytest.fixture
    def flaky(self, project: Project) -> Project:
        project.scenario("Given a step", "Then it holds at last")
        project.steps(STEPS)
        project.more_steps(self.FLAKY)
        return project

    @pytest.mark.parametrize("workers", [[], ["-n1"]])
    def test_each_attempt_but_the_last_is_recorded_as_tried_again(self, flaky: Project, workers: list[str]) -> None:
        result = flaky.run("-p", "rerunfailures", "--reruns=2", *workers)
        result.stdout.fnmatch_lines(["*1 passed, 2 rerun*"])
        result.stdout.fnmatch_lines(["0 promises kept, 1 flaky: *"])
        told = messages(flaky)
        assert [it["willBeRetried"] for it in of("testCaseFinished", told)] == [True, True, False]
        said = [message.partition("\n")[0] for _status, message in results(told) if message]
        assert said == ["attempt 1", "attempt 2"]

    def test_the_last_attempt_counts_where_it_fails(self, flaky: Project) -> None:
        result = flaky.run("-p", "rerunfailures", "--reruns=1")
        result.stdout.fnmatch_lines(["0 promises kept, 1 broken: *"])
        assert [it["willBeRetried"] for it in of("testCaseFinished", messages(flaky))] == [True, False]

    def test_an_attempt_of_which_the_fixtures_fail_is_tried_again(self, suite: Project) -> None:
        suite.more_steps("""
            attempts = []

            @pytest.fixture(autouse=True)
            def server():
                attempts.append(1)
                assert len(attempts) > 1
                yield
                assert len(attempts) > 2
            """)
        suite.run("-p", "rerunfailures", "--reruns=2", "-kOne").stdout.fnmatch_lines(
            ["0 promises kept, 1 flaky, *", "*2 rerun*"]
        )
        told = messages(suite)
        assert [it["willBeRetried"] for it in of("testCaseFinished", told)] == [True, True, False]
        assert [status for status, _message in results(told)[-3:]] == ["PASSED"] * 3


@published
class TestSubtests:
    STEPS = """
        @then("each row is right")
        async def _(datatable, subtests):
            begun = asyncio.create_task(asyncio.sleep(0))
            for a, b in datatable:
                with subtests.test("row", a=a):
                    print(f"looking at {a}")
                    assert a == b
            await begun
        """

    @pytest.fixture
    def rows(self, project: Project) -> Project:
        project.scenario(
            "Given a step", "Then each row is right", "| 1 | 2 |", "| 2 | 2 |", "| 3 | 4 |", "And it holds"
        )
        project.steps(STEPS)
        project.more_steps(self.STEPS)
        return project

    def test_each_that_fails_is_shown_at_the_sentence_in_which_it_failed(self, rows: Project) -> None:
        result = rows.run()
        result.stdout.fnmatch_lines_random(["SUBFAILED[[]row[]] (a='1') it.feature::One*", "*(a='3') it.feature::One*"])
        result.stdout.fnmatch_lines(["it.feature:4", "*Scenario: One", "*", ">   Then each row is right"])
        result.stdout.fnmatch_lines(["0 promises kept, 1 broken: *"])

    @pytest.mark.parametrize("workers", [[], ["-n1"]])
    def test_the_record_names_each_at_the_step_in_which_it_failed(self, rows: Project, workers: list[str]) -> None:
        rows.run(*workers)
        told = messages(rows)
        assert [status for status, _message in results(told)] == ["PASSED", "FAILED", "PASSED"]
        said = results(told)[1][1].splitlines()
        assert [line for line in said if line.startswith("[row]")] == [
            "[row] (a='1'): assert '1' == '2'",
            "[row] (a='3'): assert '3' == '4'",
        ]
        output = [it["body"] for it in of("attachment", told) if it["fileName"] == "Captured stdout call"]
        assert output == [f"looking at {number}\n" for number in (1, 2, 3)]

    def test_all_that_pass_are_a_promise_kept(self, rows: Project) -> None:
        rows.change("conftest.py", "assert a == b", "assert a")
        rows.run().stdout.fnmatch_lines(["1 promise kept: *"])


@published
class TestCheck:
    @pytest.fixture
    def soft(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
        # pytest-check takes a run that a worker starts for one of the worker, and shows less.
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
        project.scenario("Given a step", "Then two things are checked", "And it holds")
        project.steps(STEPS)
        project.more_steps("""
            @then("two things are checked")
            async def _(check):
                check.equal(1, 2, "one")
                check.equal(2, 2)
                check.equal(3, 4, "three")
            """)
        return project

    def test_the_step_that_checked_is_the_one_that_is_broken(self, soft: Project) -> None:
        result = soft.run("-p", "check")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["it.feature:4", "*", ">   Then two things are checked", "    And it holds"])
        told = messages(soft)
        assert [status for status, _message in results(told)] == ["PASSED", "FAILED", "PASSED"]
        assert results(told)[1][1].splitlines() == ["check 1 == 2: one", "check 3 == 4: three"]

    def test_a_later_step_that_fails_is_broken_as_well(self, soft: Project) -> None:
        soft.change("it.feature", "And it holds", "And it breaks")
        soft.run("-p", "check").stdout.fnmatch_lines([">   Then two things are checked", ">   And it breaks"])
        assert [status for status, _message in results(messages(soft))] == ["PASSED", "FAILED", "FAILED"]

    def test_what_is_expected_to_fail_is_not_broken(self, soft: Project) -> None:
        soft.more_steps("""
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.xfail)
            """)
        soft.run("-p", "check").assert_outcomes(xfailed=1)
        assert {status for status, _message in results(messages(soft))} == {"PASSED", "PENDING"}


@published
class TestTimeout:
    @pytest.fixture
    def slow(self, project: Project) -> Project:
        project.scenario("Given a step", "Then it takes long")
        project.feature("Feature: Next\n  Scenario: Next\n    Then it holds", "next.feature")
        project.steps(STEPS)
        project.more_steps("""
            import time

            @then("it takes long")
            async def _():
                await asyncio.sleep(20)
            """)
        return project

    @pytest.mark.parametrize("wait", ["await asyncio.sleep(20)", "time.sleep(20)"])
    def test_its_signal_fails_the_step_and_the_next_scenario_runs(self, slow: Project, wait: str) -> None:
        slow.change("conftest.py", "await asyncio.sleep(20)", wait)
        result = slow.run("-p", "timeout", "--timeout=0.5", "--timeout-method=signal")
        result.assert_outcomes(failed=1, passed=1)
        result.stdout.fnmatch_lines([">   Then it takes long", "*Timeout (>0.5s) from pytest-timeout*"])
        assert [status for status, _message in results(messages(slow))] == ["PASSED", "FAILED", "PASSED"]

    def test_the_shorter_limit_of_accords_own_comes_first(self, slow: Project) -> None:
        settings = slow.path.joinpath("pytest.ini").read_text(encoding="utf-8")
        slow.settings(settings + "accord_timeout = 0.3\n")
        result = slow.run("-p", "timeout", "--timeout=10", "--timeout-method=thread")
        result.assert_outcomes(failed=1, passed=1)
        result.stdout.fnmatch_lines(["*had not ended after 0.3 seconds*"])

    def test_its_thread_ends_the_run_and_the_record_has_what_ran(self, slow: Project) -> None:
        slow.change("conftest.py", "await asyncio.sleep(20)", "time.sleep(20)")
        arguments = ("-p", "timeout", "--timeout=0.5", "--timeout-method=thread", "next.feature", "it.feature")
        result = slow.run_process(*arguments)
        result.stdout.fnmatch_lines(["*+ Timeout +*"])
        assert result.ret == 1
        [left] = slow.path.joinpath("living-docs").glob("messages.*.ndjson")
        assert '"testCaseFinished"' in left.read_text(encoding="utf-8")


@published
class TestXdist:
    @pytest.mark.parametrize("dist", ["loadscope", "loadfile", "loadgroup", "worksteal"])
    def test_each_way_to_share_the_scenarios_records_all_of_them(self, suite: Project, dist: str) -> None:
        suite.more_steps("""
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.xdist_group("one"))
            """)
        result = suite.run("-n1", f"--dist={dist}")
        result.assert_outcomes(passed=3)
        result.stdout.fnmatch_lines(["3 promises kept: *"])

    def test_workers_that_run_all_of_them_have_test_cases_of_their_own(self, suite: Project) -> None:
        suite.run("-n2", "--dist=each").assert_outcomes(passed=6)
        told = messages(suite)
        assert len({case["id"] for case in of("testCase", told)}) == 6
        assert len({started["id"] for started in of("testCaseStarted", told)}) == 6

    def test_how_they_are_shared_is_the_choice_of_the_user(self, suite: Project) -> None:
        suite.more_steps("""
            @pytest.hookimpl(optionalhook=True)
            def pytest_xdist_make_scheduler(config):
                print(f"shared by {config.option.dist}")
            """)
        suite.run("-n1", "-s", "it.feature::One").stdout.fnmatch_lines(["shared by load"])


class TestReports:
    def test_the_page_of_pytest_html_has_each_scenario_by_its_name(self, suite: Project) -> None:
        plugins = ("-ppytest_html.plugin", "-ppytest_html.fixtures", "-ppytest_metadata.plugin")
        suite.run(*plugins, "--html=report.html", "--self-contained-html").assert_outcomes(passed=3)
        report = suite.path.joinpath("report.html").read_text(encoding="utf-8")
        for name in ("it.feature::One", "it.feature::Many::Each[1]", "it.feature::Many::Each[2]"):
            assert name in report
        assert "accord_record" not in report

    def test_the_file_of_junitxml_has_whole_names(self, suite: Project) -> None:
        suite.run("--junitxml=junit.xml")
        cases = ElementTree.parse(suite.path / "junit.xml").iter("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == [
            *[("it.feature", "One"), ("it.feature.Many", "Each[1]"), ("it.feature.Many", "Each[2]")]
        ]

    def test_the_results_of_allure_have_scenarios_and_steps(self, suite: Project) -> None:
        suite.change("it.feature", "Then it holds\n  Rule", "Then it breaks\n  Rule")
        suite.run("-p", "allure_pytest_bdd", "--alluredir=allure").assert_outcomes(passed=2, failed=1)
        files = suite.path.joinpath("allure").glob("*-result.json")
        found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        assert sorted((it["name"], it["status"]) for it in found) == [
            *[("Each", "passed"), ("Each", "passed"), ("One", "failed")]
        ]
        [broken] = [it for it in found if it["name"] == "One"]
        steps = [(step["name"], step["status"]) for step in broken["steps"]]
        assert steps == [("Given a step", "passed"), ("Then it breaks", "failed")]


class TestCov:
    def test_what_steps_run_is_covered_in_workers_and_in_processes_of_theirs(self, project: Project) -> None:
        project.scenario("Given a step", "Then it is covered")
        project.steps(STEPS)
        project.path.joinpath("covered.py").write_text("A = 1\nB = 2\ndef never():\n    return 3\n", encoding="utf-8")
        project.path.joinpath(".coveragerc").write_text("[run]\npatch = subprocess\nsource = .\nomit = conftest.py\n")
        project.more_steps("""
            import subprocess, sys

            @then("it is covered")
            async def _():
                await asyncio.to_thread(subprocess.run, [sys.executable, "-c", "import covered"], check=True)
            """)
        result = project.run_process("-p", "pytest_cov", "--cov", "--cov-report=term-missing", "-n1")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["covered.py*4*1*75%*4"])


class TestDjango:
    SETTINGS = """
        SECRET_KEY = "x"
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
        ROOT_URLCONF = "urls"
        ALLOWED_HOSTS = ["testserver"]
        USE_TZ = True
        """

    def test_its_client_and_database_are_its_own_beside_accord(self, project: Project) -> None:
        make = project.pytester.makepyfile
        make(django_settings=self.SETTINGS)
        views = "urlpatterns = []\nhandler404 = lambda *_, **__: HttpResponse('no')"
        make(urls=f"from django.http import HttpResponse\n{views}")
        make(
            test_plain="""
            import pytest

            def test_client(client):
                assert type(client).__module__ == "django.test.client"

            @pytest.mark.django_db
            def test_database():
                from django.contrib.auth.models import User
                User.objects.create(username="alice")
                assert User.objects.count() == 1
            """
        )
        project.scenario("When I look around", "Then nobody is there")
        project.steps("""
            @when("I look around", target_fixture="response")
            def _(client):
                return client.get("/")

            @then("nobody is there")
            def _(db, response):
                from django.contrib.auth.models import User
                assert response.content == b"no" and not User.objects.exists()
            """)
        result = project.run_process("-p", "django", "--ds=django_settings")
        result.assert_outcomes(passed=3)


class TestAnyio:
    def test_its_tests_and_fixtures_go_on_after_one_that_skips(self, project: Project) -> None:
        project.pytester.makepyfile("""
            import anyio
            import pytest

            @pytest.fixture(scope="session")
            def anyio_backend():
                return "asyncio"

            @pytest.fixture(scope="session")
            async def resource():
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(anyio.sleep_forever)
                    yield "resource"
                    tasks.cancel_scope.cancel()

            @pytest.mark.anyio
            async def test_resource(resource):
                assert resource == "resource"

            @pytest.mark.anyio
            async def test_skip():
                pytest.skip("as pytest does")
            """)
        project.settings("[pytest]\n")
        project.run("-p", "no:asyncio").assert_outcomes(passed=1, skipped=1)


class TestAsyncio:
    def test_it_warns_of_no_setting_because_accord_is_there(self, suite: Project) -> None:
        suite.pytester.makepyfile("async def test_plain(): ...")
        assert "loop_scope" not in suite.path.joinpath("pytest.ini").read_text(encoding="utf-8")
        result = suite.run_process("-W", "error")
        result.assert_outcomes(passed=4)
        result.stderr.no_fnmatch_line("*loop scope*")
