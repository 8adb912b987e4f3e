"""The pytest plugin: hooks and fixtures, which wire the other modules and do nothing themselves."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from accord import postgres, stepping
from accord.collecting import CURRENT_STEP, FeatureFile
from accord.internals import Scenario, Step
from accord.isolation import Isolation
from accord.refusal import Refusal

_ISOLATION = pytest.StashKey[Isolation]()
_REFUSAL = "accord_refusal"


def pytest_configure(config: pytest.Config) -> None:
    """Have async steps awaited for as long as this run lasts."""
    config.stash[_ISOLATION] = Isolation()
    config.add_cleanup(stepping.install())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect feature files."""
    if file_path.suffix != ".feature":
        return None
    collector: pytest.Collector = FeatureFile.from_parent(parent, path=file_path)
    return collector


def pytest_bdd_before_step(
    request: pytest.FixtureRequest, scenario: Scenario, step: Step, step_func: Callable[..., object]
) -> None:
    """Note the step that runs, for messages that name it."""
    request.node.stash[CURRENT_STEP] = step
    place = Path(scenario.feature.filename)
    if place.is_relative_to(request.config.rootpath):
        place = place.relative_to(request.config.rootpath)
    request.config.stash[_ISOLATION].step = f"The step `{step.keyword} {step.name}` ({place}:{step.line_number})"


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Note what the step left uncommitted."""
    request.config.stash[_ISOLATION].note_uncommitted()


def pytest_bdd_step_func_lookup_error(request: pytest.FixtureRequest, step: Step) -> None:
    """Note the step that has no definition."""
    request.node.stash[CURRENT_STEP] = step


def pytest_bdd_after_scenario(request: pytest.FixtureRequest) -> None:
    """No step runs any more."""
    request.config.stash[_ISOLATION].step = None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """End the run when a worker of pytest-xdist was refused a database, as a run without workers ends."""
    refusal = getattr(node, "workeroutput", {}).get(_REFUSAL)
    if refusal is not None:
        pytest.exit(refusal, returncode=pytest.ExitCode.USAGE_ERROR)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session_loop(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop:
    """The event loop of the whole run, on which async steps and fixtures run."""
    for setting in ("asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"):
        if request.config.getini(setting) != "session":
            pytest.fail(
                f'async steps need one event loop for the whole run: set {setting} = "session" '
                "in the pytest configuration.",
                pytrace=False,
            )
    return asyncio.get_running_loop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_url(pytestconfig: pytest.Config) -> AsyncIterator[str]:
    """The URL of a database for this run: at DATABASE_URL if that is set, else on PostgreSQL from the wheel."""
    try:
        async with postgres.database(os.environ.get("DATABASE_URL"), os.environ.get("PYTEST_XDIST_WORKER")) as url:
            yield url.render_as_string(hide_password=False)
    except Refusal as refusal:
        if hasattr(pytestconfig, "workeroutput"):
            pytestconfig.workeroutput[_REFUSAL] = str(refusal)
        pytest.exit(str(refusal), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def isolation(pytestconfig: pytest.Config) -> Isolation:
    """What keeps scenarios apart from each other, and requests from the steps around them."""
    return pytestconfig.stash[_ISOLATION]
