"""The pytest plugin: its options, and which rooms take part in a run. It does nothing itself."""

import argparse
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from accord import fixtures, hookspecs, misspelt
from accord.compat.xdist import without_workers
from accord.contract.hooks import Contracts
from accord.database.given import ENVIRONMENT, OPTION, VARIABLE, VARIABLE_OF_APPS, environment
from accord.debugging.hooks import Debugging
from accord.gherkin import dry_run
from accord.gherkin.hooks import Features
from accord.gherkin.lines import take_lines
from accord.gherkin.rules.switches import FOR_ALL, FOR_FILES
from accord.gherkin.rules.tags import SETTING as TAGS_SETTING
from accord.guards import hooks as guards
from accord.isolation.hooks import Isolations
from accord.living_docs.publishing import Publishing
from accord.recording import writing
from accord.recording.durations import share_by_durations
from accord.recording.hooks import Recording
from accord.recording.redaction.redaction import REDACTION, Redaction
from accord.reporting.hooks import Details, Failures
from accord.running import RUNNING, Running
from accord.steps import modules
from accord.steps.hooks import Steps
from accord.steps.kinds import explain_unknown_kinds
from accord.timeouts.hooks import Timeouts

_ENVIRONMENT = "accord_environment"

# A room finds in the run's stash what those above it here have put there. `-p no:accord.NAME` leaves one out.
ROOMS = {
    "timeouts": Timeouts,
    "steps": Steps,
    "gherkin": Features,
    "contract": Contracts,
    "isolation": Isolations,
    "guards": guards.Guards,
    "recording": Recording,
    "living_docs": Publishing,
    "reporting": Failures,
    "reporting.details": Details,
    "debugging": Debugging,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line, and the settings."""
    group = parser.getgroup("accord")
    group.addoption(
        "--accord-docs",
        default=writing.USUAL,
        metavar="DIR",
        help="where to publish what the run promised and found, if it had features; nowhere if DIR is empty",
    )
    group.addoption(
        "--accord-baseline",
        type=Path,
        metavar="FILE",
        help="show what changed since the run of this messages file, not since the last full run",
    )
    group.addoption(
        "--accord-history",
        type=Path,
        metavar="FILE",
        help="where the last runs of each promise are, to which this one is added; history.json in the directory of "
        "the documents if not given",
    )
    group.addoption(
        "--accord-sql", action="store_true", help="record the SQL statements of each step, without their values"
    )
    group.addoption(
        "--accord-fail-under-coverage",
        type=percentage,
        default=0,
        metavar="PERCENT",
        help="fail the run if scenarios cover fewer than PERCENT of the responses in the app's OpenAPI document",
    )
    dry_run.add_option(group)
    group.addoption(
        "--accord-snippets",
        metavar="FILE",
        help="write step definitions to begin with, of all steps that have none, to a new FILE",
    )
    group.addoption(
        OPTION,
        metavar="URL",
        help=f"the run's database, before {VARIABLE} and {VARIABLE_OF_APPS}; if empty, PostgreSQL from the wheel",
    )
    parser.addini(
        "accord_postgres",
        "the directory of a PostgreSQL on this machine, as /usr/lib/postgresql/17, to use in the place of the wheel's",
    )
    parser.addini(
        "accord_postgres_tcp",
        "whether PostgreSQL from the wheel listens on 127.0.0.1 with a password, and not on a socket of its own",
        "bool",
        default=False,
    )
    parser.addini(
        "accord_databases",
        "databases, as the app's engines name them, that the run has one each for; all other engines share one",
        "args",
    )
    parser.addini(
        modules.SETTING,
        "files and folders of step definitions that no conftest has to name, relative to the root and to its folder "
        "tests; by itself steps, where no Python module binds a feature",
        "args",
        default=None,
    )
    parser.addini(
        "accord_strict",
        "whether scenarios that Python modules bind are held to the same rules as those of feature files, and no step "
        "definition overrides another one",
        type="bool",
        default=False,
    )
    parser.addini(guards.SETTING, "which tests may leave nothing changed: scenarios, or all", default="scenarios")
    parser.addini(
        "accord_contract",
        "what of the app's responses its OpenAPI document must have: documented (all but the 4xx class), strict (all), "
        "or off (nothing is checked)",
        default="documented",
    )
    parser.addini(
        "accord_contract_formats",
        "whether the formats in that document's schemas are checked, such as date-time",
        "bool",
        default=True,
    )
    parser.addini("accord_role", "the role of PostgreSQL as which the app's transactions run, so that policies hold")
    parser.addini(
        "accord_redact", "names whose values no document shows, besides those of passwords, tokens and the like", "args"
    )
    parser.addini(FOR_ALL, "rules for feature files that are switched off; `accord check --rules` lists them", "args")
    parser.addini(
        FOR_FILES, "those that are for some files: lines such as `features/old/*: no-then, no-steps`", "linelist"
    )
    parser.addini(TAGS_SETTING, "tags that are known besides the markers, as patterns: JIRA-*, severity:*", "args")
    parser.addini("accord_tag_link", "where tags lead in what is published, as https://tracker.example/{tag}")
    parser.addini(
        "accord_source_link",
        "where lines of files lead in what is published, as https://git.example/tasks/{commit}/{path}#L{line}; "
        "on GitHub and GitLab it is known",
    )
    parser.addini(
        "accord_timeout", "seconds that a step, or a fixture of a scenario, may take; 0 for no limit", default=None
    )
    parser.addini("accord_base_url", "the address of the app, as its requests name it", default="http://test")
    parser.addini("accord_client", "the host and port from which requests come", default="127.0.0.1:123")
    parser.addini(
        "accord_raise_server_exceptions",
        "whether a step gets the error that the app does not handle, and not the 500 that a user gets",
        type="bool",
        default=False,
    )
    parser.addini(
        "accord_lifespan", "whether the app is started up and shut down: on, or off", type="bool", default=True
    )
    parser.addini(
        "accord_lifespan_timeout",
        "seconds that the app's startup, and its shutdown, may take; 0 for no limit",
        default=None,
    )


def percentage(text: str) -> float:
    """Read a number from 0 to 100; raises ArgumentTypeError for anything else."""
    with suppress(ValueError):
        if 0 <= (number := float(text)) <= 100:
            return number
    raise argparse.ArgumentTypeError(f"{text} is not a percentage: give a number from 0 to 100")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Note what the environment says of the database, before a conftest sets there what the app wants to read.

    What the command line says beyond pytest is read here.
    """
    early_config.stash[ENVIRONMENT] = environment()
    take_lines(early_config, args)
    early_config.add_cleanup(explain_unknown_kinds(early_config.rootpath))
    result = yield
    # Once the options of all conftests are known.
    dry_run.add_usual_name(parser)
    misspelt.check(early_config, parser, args)
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand that to a worker of pytest-xdist, which is started in an environment in which conftests have run."""
    node.workerinput[_ENVIRONMENT] = node.config.stash.get(ENVIRONMENT, None)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks by which rooms learn of each other's work."""
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Have nothing run in workers where nothing is to run."""
    if config.getoption(dry_run.OPTION):
        without_workers(config)


# Before pytest-split, which reads its file when it is configured.
@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the rooms."""
    share_by_durations(config, config.getoption("accord_baseline"))
    if (of_controller := getattr(config, "workerinput", {}).get(_ENVIRONMENT)) is not None:
        config.stash[ENVIRONMENT] = of_controller
    config.stash[RUNNING] = running = Running(config.rootpath)
    config.stash[REDACTION] = Redaction(config.getini("accord_redact"), config.rootpath)
    plugins = config.pluginmanager
    plugins.register(fixtures, "accord.fixtures")
    for name, room in ROOMS.items():
        if not plugins.is_blocked(f"accord.{name}"):
            plugins.register(room(config), f"accord.{name}")
    # The last to be registered is the first to be called: what runs is known to all others.
    plugins.register(running)
