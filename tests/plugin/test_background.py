"""What a request starts and leaves is awaited when the steps are over, or named; what the app starts is its own."""

import pytest

from tests.helpers.project import SETTINGS, Project


@pytest.fixture
def service(project: Project) -> Project:
    """A project whose service starts tasks."""
    project.copy("background")
    return project


def test_a_task_that_a_request_has_left_is_awaited_with_what_it_starts(service: Project) -> None:
    service.scenario('When I send "/slow"', "Then all is well")
    service.more_steps("""
    @pytest.fixture(autouse=True)
    def done(client):
        yield
        assert DONE == ["logged"]
    """)
    service.run().assert_outcomes(passed=1)


def test_a_task_that_does_not_end_is_named_with_its_request_and_where_it_waits(service: Project) -> None:
    service.scenario('When I send "/endless"', "Then all is well")
    result = service.run()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"POST /endless started the task poll, called at service\.py:\d+, which had not ended after 0\.3 more "
            r"seconds: it waits at service\.py:\d+ in `poll`: `await asyncio\.sleep\(0\.01\)`\. See that it ends, or "
        ]
    )


def test_a_task_that_cannot_be_cancelled_is_named_once(service: Project) -> None:
    service.feature("""
        Feature: It
          Scenario: One
            When I send "/stubborn"
            Then all is well

          Scenario: Two
            When I send "/slow"
            Then all is well
    """)
    result = service.run_process()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.re_match_lines(
        [r"POST /stubborn started the task never, called at service\.py:\d+, which had not .*"]
    )


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_task_that_fails_unseen_is_named_with_its_request(service: Project, seconds: float) -> None:
    service.scenario(f'When I send "/failing?seconds={seconds}"', "Then a moment passes")
    result = service.run()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"POST /failing started the task fail, called at service\.py:\d+, which failed with "
            r"ValueError\('out of ink'\), and nobody saw it: handle the error in the task\."
        ]
    )


def test_a_task_of_a_library_that_goes_on_is_the_apps(service: Project) -> None:
    """As sse-starlette starts one with the first event stream, which waits for the server's shutdown."""
    library = service.path / "site-packages" / "library.py"
    library.parent.mkdir()
    library.write_text(
        "import asyncio\n\ntasks = []\n\n"
        "async def watch():\n    await asyncio.Event().wait()\n\n"
        "def use():\n    if not tasks:\n        tasks.append(asyncio.create_task(watch()))\n",
        encoding="utf-8",
    )
    service.change("service.py", "import httpx\n", "import httpx\nimport library\n")
    service.change("service.py", "    start(notify())", "    library.use()\n    assert not library.tasks[0].done()")
    service.change("conftest.py", "await client.post(path)", "(await client.post(path)).raise_for_status()")
    service.settings(SETTINGS + "pythonpath = site-packages\n")
    for name in "One", "Two":
        service.feature(
            f'Feature: {name}\n  Scenario: It\n    When I send "/slow"\n    Then all is well', f"{name}.feature"
        )
    service.run_process().assert_outcomes(passed=2)


def test_what_the_apps_own_task_starts_is_its_own_too(service: Project) -> None:
    service.scenario('When I send "/jobs/endless"', "Then a moment passes")
    service.run().assert_outcomes(passed=1)


def test_a_task_of_the_apps_own_that_fails_unseen_is_no_steps(service: Project) -> None:
    service.scenario('When I send "/jobs/failing"', "Then a moment passes")
    result = service.run()
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"The app, by what its startup began, started the task fail, called at service\.py:\d+, which failed with "
            r"ValueError\('out of ink'\), and nobody saw it: handle the error in the task\."
        ]
    )


def test_of_a_scenario_that_fails_by_itself_no_task_is_awaited(service: Project) -> None:
    service.scenario('When I send "/endless"', "Then it fails")
    service.more_steps('\n@then("it fails")\ndef _(): assert False\n')
    result = service.run()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*started the task*")


def test_a_plain_test_awaits_the_tasks_of_its_requests_too(service: Project) -> None:
    service.path.joinpath("test_it.py").write_text(
        "import pytest\nfrom service import DONE\n"
        "@pytest.fixture\ndef done(client):\n    yield\n    assert DONE == ['logged']\n"
        "async def test_ends(client, done): await client.post('/slow')\n"
        "async def test_does_not_end(client): await client.post('/endless')\n",
        encoding="utf-8",
    )
    result = service.run("test_it.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r"POST /endless started the task poll, .*"])


@pytest.mark.parametrize(
    "given", ["a socket that is open", "a socket that nobody closes", "a stream that nobody closes"]
)
def test_what_is_open_when_its_scenario_ends_is_closed(service: Project, given: str) -> None:
    service.feature(f"""
        Feature: It
          Scenario: One
            Given {given}
            Then all is well

          Scenario: Two
            Then nothing of it is left
    """)
    service.run("-p", "no:randomly").assert_outcomes(passed=2)
