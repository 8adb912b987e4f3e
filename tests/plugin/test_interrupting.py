"""Ctrl-C lets a step clean up, and then its fixtures."""

import re
import signal
import sys
from subprocess import PIPE, Popen

import pytest

from tests.helpers.project import Project

NOISE = re.compile("Task was destroyed|never awaited|never retrieved|Traceback|Error")


def _is_clean_end(output: str, errors: str) -> bool:
    steps = ["step: cleaned up", "generator: torn down", "under: torn down"]
    return [line for line in output.splitlines() if line in steps] == steps and not NOISE.search(output + errors)


@pytest.mark.parametrize("when", ["in its own code", "while it waits"])
def test_ctrl_c_lets_the_step_clean_up_then_its_fixtures_and_exits_with_2(project: Project, when: str) -> None:
    project.copy("interrupted")
    project.scenario("Given a generator", f"Then it waits, and Ctrl-C comes {when}")
    result = project.run_process("-s")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert _is_clean_end(result.stdout.str(), result.stderr.str())


def test_ctrl_c_from_the_keyboard_does_the_same(project: Project) -> None:
    project.copy("interrupted")
    project.scenario("Given a generator", "Then it waits, and Ctrl-C comes from the keyboard")
    with Popen([sys.executable, "-m", "pytest", "-s"], stdout=PIPE, stderr=PIPE, text=True) as run:
        assert run.stdout is not None
        assert any("it waits" in line for line in run.stdout)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate()
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert _is_clean_end(output, errors)


def test_ctrl_c_ends_the_run_although_the_steps_clean_up_fails(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario: One
            Then it fails
          Scenario: Two
            Then it holds
    """)
    project.steps("""
        @then("it holds")
        async def _():
            print("it holds")

        @then("it fails")
        async def _():
            asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                pytest.fail("in the clean-up")
    """)
    result = project.pytester.runpytest_inprocess("-s", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.no_fnmatch_line("*it holds")
