"""A run ends, whatever waits, blocks, or is left in it, and names what that is."""

import re
import sys

import pytest

from tests.helpers.endless import said, scenarios
from tests.helpers.project import PUBLISHING, SETTINGS, Project

ENDLESS = {
    "waits": "await asyncio.Event().wait()",
    "sync": "threading.Event().wait()",
    "blocks": "threading.Event().wait()",
    "spins": "(while True:|pass)",
    "swallows": "await asyncio.Event().wait()",
    "gathers": "await asyncio.Event().wait()",
    "group": "await asyncio.Event().wait()",
    "executor": "await asyncio.to_thread(threading.Event().wait)",
    # One that never rests is between two parts as often as in one.
    "events": r"(yield b.+|await asyncio\.sleep\(0\))",
    "one-event": "await asyncio.Event().wait()",
}
FUNCTIONS = {"gathers": "helper", "group": "helper", "events": "every", "one-event": "one"}
# What blocks the event loop is found by the stack of the thread, which does not know of requests.
BLOCKING = ("blocks", "spins")


@pytest.mark.parametrize("path", ENDLESS)
def test_a_request_without_an_end_fails_its_step_by_name_and_the_next_scenario_runs(
    limited: Project, path: str
) -> None:
    scenarios(limited, f'When I ask for "/{path}"', "Then all is well")

    result = limited.run_process()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    function = FUNCTIONS.get(path, path)
    line = ENDLESS[path] if path in ("spins", "events") else re.escape(ENDLESS[path])
    who = "it" if path in BLOCKING else f"GET /{path}"
    sentence = (
        rf"^The step `When I ask for \"/{path}\"` \(it\.feature:3\) had not ended after 0\.3 seconds: "
        rf"{who} waits at service\.py:\d+ in `{function}`: `{line}`\. See that it ends, or raise accord_timeout in the "
        r"pytest configuration if it may take longer\.$"
    )
    assert re.search(sentence, said(result), re.MULTILINE), said(result)
    assert re.search(rf'^  File ".*service\.py", line \d+, in {function}$', said(result), re.MULTILINE)
    assert "1 failed, 1 passed" in said(result)


@pytest.fixture
def bound(project: Project) -> Project:
    """A scenario that a module binds, of which a fixture and a step take longer than the limit of who sets none."""
    project.scenario("When I wait", "Then all is well")
    project.steps("""
        import time
        from accord.timeouts import watchdog

        watchdog.STEP_SECONDS = 0.3

        @pytest.fixture
        def slow():
            time.sleep(0.5)

        @when("I wait")
        def _(slow):
            time.sleep(0.5)

        @then("all is well")
        def _(): ...
        """)
    project.pytester.makepyfile(test_it='from pytest_bdd import scenarios\nscenarios("it.feature")')
    return project


def test_what_a_module_binds_and_passed_without_accord_takes_its_time(bound: Project) -> None:
    bound.run_process().assert_outcomes(passed=1)


@pytest.mark.parametrize("setting", ["accord_timeout = 0.3", "accord_strict = true"])
def test_it_does_not_where_the_configuration_says_so(bound: Project, setting: str) -> None:
    bound.settings(f"{SETTINGS}{setting}\n")
    result = bound.run_process()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The set-up of the fixture `slow` (conftest.py:*) had not ended after 0.3 seconds*"])


def test_an_async_step_of_it_ends(bound: Project) -> None:
    bound.change("conftest.py", "def _(slow)", "async def _()")
    bound.change("conftest.py", "    time.sleep(0.5)\n\n@then", "    await asyncio.Event().wait()\n\n@then")
    result = bound.run_process()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The step `When I wait` (it.feature:3) had not ended after 0.3 seconds*"])


def test_of_requests_at_once_each_is_named(limited: Project) -> None:
    limited.scenario("When I ask for both", "Then all is well")
    limited.more_steps("""
    @when("I ask for both")
    async def _(client, isolation):
        # Those of a scenario that really commits are served at once.
        async def ask(path):
            async with client_of(isolation) as another:
                await another.get(path)

        isolation._bind = __import__("sqlalchemy.ext.asyncio").ext.asyncio.create_async_engine("postgresql+asyncpg://")
        try:
            await asyncio.gather(ask("/waits"), ask("/one-event"))
        finally:
            isolation._bind = None
    """)

    result = limited.run()

    assert re.search(
        r"GET /waits waits at service\.py:\d+ in `waits`.*; GET /one-event waits at .* in `one`", said(result)
    )


WAITING = {
    "async": "async def _(): await asyncio.Event().wait()",
    "sync": "def _(): threading.Event().wait()",
    "spinning": "def _():\n        while True: pass",
    "process": "def _(): subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])",
    "blocking": "async def _(): threading.Event().wait()",
    "in_finally": (
        "async def _():\n        try: await asyncio.Event().wait()\n        finally: await asyncio.Event().wait()"
    ),
    "swallowing": (
        "async def _():\n        while True:\n            try: await asyncio.Event().wait()\n"
        "            except BaseException: pass"
    ),
}


@pytest.mark.parametrize("kind", WAITING)
def test_a_step_that_waits_for_ever_fails_by_name_and_the_next_scenario_runs(limited: Project, kind: str) -> None:
    scenarios(limited, "When I wait", "Then all is well")
    limited.more_steps(f'    @when("I wait")\n    {WAITING[kind]}\n')

    result = limited.run_process()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    name = r"^The step `When I wait` \(it\.feature:3\) had not ended after 0\.3 seconds"
    sentence = rf"{name}: it waits at conftest\.py:\d+ in `_`"
    assert re.search(sentence, said(result), re.MULTILINE), said(result)
    assert "1 failed, 1 passed" in said(result)
    assert "Traceback" not in said(result) + str(result.stderr)


FIXTURES = {
    "set-up, async": "async def it(): await asyncio.Event().wait()",
    "set-up, sync": "def it(): threading.Event().wait()",
    "tear-down, async": "async def it():\n        yield\n        await asyncio.Event().wait()",
    "tear-down, sync": "def it():\n        yield\n        threading.Event().wait()",
    "tear-down, swallowing": (
        "async def it():\n        yield\n        while True:\n            try: await asyncio.Event().wait()\n"
        "            except asyncio.CancelledError: pass"
    ),
}


@pytest.mark.parametrize("kind", FIXTURES)
def test_a_fixture_that_waits_for_ever_is_named_and_the_next_scenario_runs(limited: Project, kind: str) -> None:
    scenarios(limited, "When I use it", "Then all is well")
    limited.more_steps(f'    @pytest.fixture\n    {FIXTURES[kind]}\n\n    @when("I use it")\n    def _(it): ...\n')

    result = limited.run_process()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    phase = kind.partition(",")[0]
    sentence = (
        rf"^The {phase} of the fixture `it` \(conftest\.py:\d+\) had not ended after 0\.3 seconds: "
        r"it waits at conftest\.py:\d+ in `it`"
    )
    assert re.search(sentence, said(result), re.MULTILINE), said(result)
    assert ("1 failed, 1 passed" if phase == "set-up" else "2 passed, 1 error") in said(result)


def test_a_fixture_of_a_wider_scope_may_take_longer(limited: Project) -> None:
    limited.scenario("When I use it", "Then all is well")
    limited.more_steps("""
    @pytest.fixture(scope="session")
    async def it():
        await asyncio.sleep(0.6)

    @when("I use it")
    def _(it): ...
    """)

    limited.run().assert_outcomes(passed=1)


def test_the_tear_down_of_an_async_generator_step_is_limited_too(limited: Project) -> None:
    limited.scenario("When I linger", "Then all is well")
    limited.more_steps(
        '    @when("I linger")\n    async def _():\n        yield\n        await asyncio.Event().wait()\n'
    )

    result = limited.run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.re_match_lines(
        [r"The step `When I linger` \(it\.feature:3\), after its `yield`, had not ended after 0\.3 .*"]
    )


def test_a_request_whose_body_has_no_end_fails_its_step(limited: Project) -> None:
    limited.scenario("When I upload", "Then all is well")
    limited.more_steps("""
    @when("I upload")
    async def _(client):
        async def body():
            while True:
                yield b"x"
        await client.post("/upload", content=body())
    """)

    result = limited.run()

    assert re.search(r"POST /upload waits at service\.py:\d+ in `upload`", said(result))


def test_a_test_that_is_no_scenario_is_limited_where_it_uses_the_isolation_and_others_are_not(limited: Project) -> None:
    limited.path.joinpath("test_it.py").write_text(
        "import asyncio\nfrom service import client_of\n"
        "async def test_it(isolation):\n    async with client_of(isolation) as client: await client.get('/events')\n"
        "async def test_other(): await asyncio.sleep(0.6)\n"
        "async def test_long(isolation):\n    async with client_of(isolation) as client:\n"
        "        for _ in range(6): await client.get('/ok'); await asyncio.sleep(0.1)\n",
        encoding="utf-8",
    )

    result = limited.run("test_it.py")

    # As long as it gets answers, a test may go on.
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.re_match_lines(
        [r"The test `test_it` \(test_it\.py:3\) had not ended .*: GET /events waits at service.*"]
    )


def test_without_a_limit_a_step_may_take_any_time(limited: Project) -> None:
    limited.settings(SETTINGS + "accord_timeout = 0\n")
    limited.scenario("When I take my time", "Then all is well")
    limited.more_steps('    @when("I take my time")\n    async def _(): await asyncio.sleep(0.6)\n')

    limited.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("setting", ["accord_timeout", "accord_lifespan_timeout"])
@pytest.mark.parametrize("value", ["soon", "-1", "inf", "nan"])
def test_a_limit_that_is_not_a_time_is_an_error_before_the_run(project: Project, setting: str, value: str) -> None:
    project.settings(f"{SETTINGS}{setting} = {value}\n")

    result = project.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        f"ERROR: {setting} = {value} is not a time: give a number of seconds, or 0 for no limit."
    )


@pytest.mark.parametrize("path", ["waits", "one-event", "gathers"])
def test_the_timeout_of_a_client_holds(limited: Project, path: str) -> None:
    limited.settings(SETTINGS)
    scenarios(limited, "When I am in a hurry", "Then all is well")
    limited.more_steps(f"""
    @when("I am in a hurry")
    async def _(isolation):
        async with client_of(isolation, timeout=0.1) as client:
            with pytest.raises(httpx.ReadTimeout, match="GET /{path} sent nothing for 0.1 seconds") as error:
                await client.get("/{path}")
        assert error.value.request.url.path == "/{path}"
    """)

    limited.run().assert_outcomes(passed=2)


def test_the_timeout_of_a_client_is_for_each_part_of_the_answer(limited: Project) -> None:
    limited.settings(SETTINGS)
    limited.scenario("When I read", "Then all is well")
    limited.more_steps("""
    @when("I read")
    async def _(isolation):
        async with client_of(isolation, timeout=1) as client:
            assert (await client.get("/some-events")).text.count("data") == 4
    """)

    limited.run().assert_outcomes(passed=1)


def test_the_seconds_that_a_client_has_where_nobody_chose_any_do_not_count(limited: Project) -> None:
    limited.settings(SETTINGS)
    limited.scenario("When I read", "Then all is well")
    limited.more_steps("""
    from accord.isolation.exchange import read_seconds

    @when("I read")
    async def _(isolation):
        async with client_of(isolation) as client:
            request = client.build_request("GET", "/ok")
            assert request.extensions["timeout"] == httpx.Timeout(5).as_dict()
            assert read_seconds(request) is None
    """)

    limited.run().assert_outcomes(passed=1)


@pytest.mark.usefixtures("publishing")
def test_what_cannot_be_interrupted_ends_the_process_with_what_it_was_doing_and_the_documents(project: Project) -> None:
    project.settings(PUBLISHING + "accord_timeout = 0.3\n")
    project.copy("endless")
    project.scenario("When I never give up", "Then all is well")
    project.more_steps(
        "    import accord.timeouts.watchdog\n    accord.timeouts.watchdog.INTERRUPTS = 1\n\n"
        '    @when("I never give up")\n    def _():\n        while True:\n'
        "            try: threading.Event().wait()\n            except BaseException: pass\n"
    )

    result = project.run_process()

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    told = said(result) + str(result.stderr)
    assert (
        "The step `When I never give up` (it.feature:3) had not ended after 0.3 seconds: it waits at conftest" in told
    )
    assert "It does not end when it is interrupted, so the run ends here." in told
    page = project.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    assert "1 broken" in page
    assert "had not ended after 0.3 seconds" in page


def test_a_step_in_which_a_debugger_waits_has_time(limited: Project) -> None:
    limited.scenario("When I debug", "Then all is well")
    limited.more_steps("""
    import pdb

    class Waiting(pdb.Pdb):
        def cmdloop(self, *_):
            time.sleep(0.7)

    @when("I debug")
    def _():
        Waiting().set_trace()
        sys.settrace(None)
    """)

    limited.run_process("-s").assert_outcomes(passed=1)


PRESSED = {
    "async": "async def _():\n        press()\n        await asyncio.Event().wait()",
    "sync": "def _():\n        press()\n        threading.Event().wait()",
    "blocking": "async def _():\n        press()\n        threading.Event().wait()",
    "in_finally": (
        "async def _():\n        press()\n        try: await asyncio.Event().wait()\n"
        "        finally: await asyncio.Event().wait()"
    ),
    "swallowing": (
        "async def _():\n        press()\n        while True:\n            try: await asyncio.Event().wait()\n"
        "            except asyncio.CancelledError: pass"
    ),
    "thread": (
        "async def _():\n        await asyncio.to_thread(press)\n"
        "        await __import__('anyio').to_thread.run_sync(wait)"
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is something else there")
@pytest.mark.parametrize("kind", PRESSED)
def test_ctrl_c_ends_a_step_that_would_never_end(limited: Project, kind: str) -> None:
    limited.settings(SETTINGS + "accord_timeout = 0\n")
    scenarios(limited, "When I press it", "Then all is well")
    limited.more_steps(f"""
    import os

    # A shell that starts this in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press(): os.kill(os.getpid(), signal.SIGINT)

    def wait(): threading.Event().wait()

    @when("I press it")
    {PRESSED[kind]}
    """)

    result = limited.pytester.runpytest_subprocess(timeout=60)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in said(result)
    assert "Traceback" not in said(result) + str(result.stderr)


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_a_lifespan_that_does_not_even_end_when_it_is_cancelled_is_named_and_the_run_ends(
    limited: Project, phase: str
) -> None:
    scenarios(limited, f"When I use an app whose {phase} never ends", "Then all is well")

    result = limited.run_process()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    sentence = (
        rf"^The {phase} of the app had not ended after 0\.3 seconds: it waits at service\.py:\d+ in `never`: "
        r"`await asyncio\.Event\(\)\.wait\(\)`\. .*accord_lifespan_timeout"
    )
    assert re.search(sentence, said(result), re.MULTILINE), said(result)
