"""What a scenario leaves running is named, and the run ends."""

import re
import sys

import pytest

from tests.helpers.endless import said, scenarios
from tests.helpers.project import Project

LEFT = {
    "thread": (
        "def _(): threading.Thread(target=wait, name='poller').start()",
        r'the thread "poller" running \(it waits at conftest\.py:\d+ in `wait`: `threading\.Event\(\)\.wait\(\)`\)',
    ),
    "executor": (
        "async def _(): asyncio.get_running_loop().run_in_executor(None, wait)",
        r'the thread "asyncio_0" running \(it waits at conftest\.py:\d+ in `wait`: `threading\.Event\(\)\.wait\(\)`\)',
    ),
    "process": (
        "def _(): PROCESSES.append(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']))",
        r"the process \d+ running \(.*python.* -c import time; time\.sleep\(600\)\)",
    ),
    "fork": (
        "def _(): multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,)).start()",
        r"the process \d+ running \(.*python.*\)",
    ),
}


def test_what_a_plain_test_leaves_running_is_its_own_affair(limited: Project) -> None:
    limited.path.joinpath("test_plain.py").write_text(
        "import os, subprocess, sys\n"
        "LEFT = []\n"
        "def test_that_begins():\n"
        "    LEFT.append(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE))\n"
        "def test_that_goes_on():\n"
        "    assert LEFT[0].poll() is None\n"
        "    LEFT[0].communicate(b'\\n')\n"
    )
    limited.run_process("-p", "no:randomly", "test_plain.py").assert_outcomes(passed=2)


def test_python_waits_for_what_a_plain_test_left_as_it_does_without_accord(limited: Project) -> None:
    limited.path.joinpath("test_plain.py").write_text(
        "import threading, sys\n"
        "def finish():\n"
        "    threading.main_thread().join()\n"
        "    threading.Event().wait(2)\n"
        "    print('finished', file=sys.__stdout__, flush=True)\n"
        "def test_that_begins():\n"
        "    threading.Thread(target=finish).start()\n"
    )
    assert limited.run_process("test_plain.py").outlines[-1] == "finished"


@pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", LEFT)
def test_what_a_scenario_leaves_running_is_named_and_the_run_ends(limited: Project, kind: str, workers: int) -> None:
    do, named = LEFT[kind]
    scenarios(limited, "When I leave it", "Then all is well")
    limited.more_steps(
        f"    PROCESSES = []\n\n    def wait():\n        threading.Event().wait()\n\n"
        f'    @when("I leave it")\n    {do}\n'
    )

    result = limited.run_process(*(["-n", str(workers)] if workers else []))

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    sentence = rf"^The scenario `One` \(it\.feature:2\) leaves {named}: end it in a fixture, after its `yield`\.$"
    assert re.search(sentence, said(result), re.MULTILINE), said(result)
    assert "2 passed, 1 error" in said(result)


def test_threads_that_may_stay_are_not_named(limited: Project) -> None:
    limited.scenario("When I use threads", "Then all is well")
    limited.more_steps("""
    @pytest.fixture(scope="session")
    def lasting():
        event = threading.Event()
        thread = threading.Thread(target=event.wait)
        thread.start()
        yield
        event.set()
        thread.join()

    @when("I use threads")
    async def _(lasting):
        await asyncio.to_thread(time.time)
        await __import__("anyio").to_thread.run_sync(time.time)
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        subprocess.run([sys.executable, "-c", ""])
    """)

    result = limited.run_process()

    result.assert_outcomes(passed=1)
    assert "has not ended with the run" not in said(result) + str(result.stderr)


def test_a_connection_that_stays_open_to_a_server_of_the_session_is_not_named(limited: Project) -> None:
    limited.scenario("When I connect", "Then all is well")
    limited.more_steps("""
    import socket, socketserver

    class Echo(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(line)

    CONNECTIONS = []

    @pytest.fixture(scope="session")
    def server():
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server
            server.shutdown()
            thread.join()
            for connection in CONNECTIONS:
                connection.close()

    @when("I connect")
    def _(server):
        CONNECTIONS.append(socket.create_connection(server.server_address))
        CONNECTIONS[0].sendall(b"there\\n")
        assert CONNECTIONS[0].recv(6) == b"there\\n"
    """)

    result = limited.run_process()

    result.assert_outcomes(passed=1)
    assert "has not ended with the run" not in said(result) + str(result.stderr)


def test_a_thread_that_a_session_fixture_leaves_is_named_at_the_end_and_the_run_has_its_exit_code(
    limited: Project,
) -> None:
    limited.scenario("When I use it", "Then all is well")
    limited.more_steps("""
    def wait(): threading.Event().wait()

    @pytest.fixture(scope="session")
    def it():
        threading.Thread(target=wait, name="poller").start()

    @when("I use it")
    def _(it): ...
    """)

    result = limited.run_process()

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    sentence = 'The thread "poller" has not ended with the run, and is ended with it: it waits at conftest.py:'
    assert sentence in str(result.stderr)
