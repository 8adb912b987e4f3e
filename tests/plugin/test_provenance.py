"""The record of a run says where it comes from: what made it, on what, and by which command."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from accord.living_docs.reader import read
from accord.recording.merge import merge
from accord.recording.provenance import PROVENANCE
from tests.helpers.messages import STEPS, messages, of
from tests.helpers.messages import read as lines_of
from tests.helpers.project import PUBLISHING, Project

pytestmark = pytest.mark.usefixtures("publishing")

WORD = "corr3ct-horse"


@pytest.fixture
def small(project: Project) -> Project:
    project.feature(
        "Feature: It\n  Scenario: One\n    Given a step\n    Then it holds\n"
        "  Scenario: Two\n    Given a step\n    Then it holds\n"
    )
    project.steps(
        STEPS + "def pytest_addoption(parser):\n    parser.addoption('--token')\n    parser.addini('api_key', '')\n"
    )
    return project


def provenance(record: list[dict[str, Any]]) -> list[dict[str, list[str]]]:
    """What each attachment of a run's origin has: one at its beginning, and one of each server of databases."""
    return [json.loads(it["body"]) for it in of("attachment", record) if it["mediaType"] == PROVENANCE]


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_run_says_once_what_made_it_and_by_which_command(small: Project, workers: list[str]) -> None:
    small.run_process("-p", "randomly", "--randomly-seed=7", *workers)
    [found] = provenance(messages(small))
    assert found["implementation"] == [f"accord {version('accord')}"]
    assert found["runtime"] == [f"{platform.python_implementation()} {platform.python_version()}"]
    assert found["seed"][0] == "7 (pytest-randomly)"
    assert found["command"][0].endswith(" ".join(["-p randomly --randomly-seed=7", *workers]))
    assert "database" not in found


def test_a_run_whose_order_nobody_shuffles_has_no_seed(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    small.run_process("-p", "no:randomly")
    [found] = provenance(messages(small))
    assert "seed" not in found


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_version_of_the_database_server_is_told_once(project: Project, workers: list[str]) -> None:
    project.copy("pantry")
    project.run_process(*workers)
    of_run, of_database = provenance(messages(project))
    assert "database" not in of_run
    assert [name.split(".")[0] for name in of_database["database"]] == ["PostgreSQL 18"]
    assert len(read(project.path / "living-docs" / "messages.ndjson").provenance["database"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [f"--token={WORD}"],
        ["--token", WORD],
        ["-o", f"api_key={WORD}"],
        [f"--override-ini=api_key={WORD}"],
        [f"--accord-database-url=postgresql://user:{WORD}@nowhere.example/it_test"],
        ["--accord-database-url", f"postgresql+asyncpg://{WORD}@nowhere.example/it_test?password={WORD}"],
    ],
)
def test_what_is_secret_in_a_command_is_not_in_the_record(small: Project, arguments: list[str]) -> None:
    small.run_process(*arguments)
    record = small.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8")
    assert WORD not in record
    [found] = provenance(messages(small))
    assert arguments[0].split("=")[0] in found["command"][0]


def test_what_the_environment_adds_to_a_command_is_a_part_of_it(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-p no:allure_pytest_bdd --token '{WORD}'")
    small.run_process("-k", "One or Two", str(small.path))
    [found] = provenance(messages(small))
    assert found["command"][0].startswith("pytest -p no:allure_pytest_bdd --token ")
    assert "-k 'One or Two'" in found["command"][0]
    assert WORD not in found["command"][0]
    assert str(small.path) not in found["command"][0]


def test_of_several_machines_each_value_is_told_once_and_all_that_differ(small: Project) -> None:
    records = []
    for name in ("One", "Two"):
        small.run_process("-p", "no:randomly", "-k", name)
        records.append(Path(small.path, "living-docs", "messages.ndjson").rename(small.path / f"{name}.ndjson"))
    second = records[1].read_text(encoding="utf-8")
    records[1].write_text(second.replace(f"accord {version('accord')}", "accord 99"), encoding="utf-8")
    merge(records, into=small.path / "all.ndjson")
    found = read(small.path / "all.ndjson").provenance
    assert found["implementation"] == [f"accord {version('accord')}", "accord 99"]
    assert len(found["runtime"]) == 1
    assert [command.split()[-1] for command in found["command"]] == ["One", "Two"]
    assert len({start["id"] for start in of("testRunStarted", lines_of(small.path / "all.ndjson"))}) == 1


def test_what_the_run_of_a_part_has_otherwise_stands_beside_what_the_whole_has(small: Project) -> None:
    small.run_process("-p", "no:randomly")
    small.run_process("-p", "no:randomly", "-k", "One")
    small.run_process("-p", "no:randomly", "-k", "One or none")
    found = read(small.path / "living-docs" / "messages.ndjson").provenance
    whole, part = found["command"]
    assert whole.endswith("-p no:randomly")
    assert "-k 'One or none', in the run of a part on " in part
    assert len(found["runtime"]) == 1


def test_a_run_that_is_recorded_alone_says_so_too(small: Project) -> None:
    small.settings(PUBLISHING + "accord_redact = horse\n")
    small.run_process("-p", "no:accord.living_docs", "--token", WORD)
    [found] = provenance(messages(small))
    assert "--token '[redacted]'" in found["command"][0]


def test_a_run_that_is_killed_has_said_before_what_it_is_of(small: Project) -> None:
    small.more_steps("import os\n\n@then('it is killed')\nasync def _():\n    os.kill(os.getpid(), signal.SIGKILL)\n")
    small.feature("Feature: It\n  Scenario: One\n    Given a step\n    Then it is killed\n")
    small.run_process("-p", "randomly", "--randomly-seed=7", "--token", WORD)
    [record] = small.path.joinpath("living-docs").glob("messages.*.ndjson")
    [found] = provenance(lines_of(record))
    assert found["seed"] == ["7 (pytest-randomly)"]
    assert found["command"][0].endswith("-p randomly --randomly-seed=7 --token '[redacted]'")
    assert found["implementation"] == [f"accord {version('accord')}"]


def test_the_server_of_the_database_is_told_with_the_first_scenario_that_has_one(project: Project) -> None:
    project.copy("pantry")
    project.run_process()
    record = messages(project)
    _, second = (number for number, message in enumerate(record) if "testCaseStarted" in message)
    assert len(provenance(record[:second])) == 2


def test_versions_of_what_a_service_is_built_of_are_told_in_a_line(small: Project) -> None:
    small.run_process("-n", "2")
    [found] = provenance(messages(small))
    [packages] = found["packages"]
    assert {f"{name} {version(name)}" for name in ("fastapi", "sqlalchemy", "asyncpg", "pytest-bdd")} <= {
        *packages.split(", ")
    }


def test_names_whose_values_a_project_hides_are_told(small: Project) -> None:
    small.settings(PUBLISHING + "accord_redact = ref\n    horse\n")
    small.run_process()
    [found] = provenance(messages(small))
    assert found["redact"] == ["ref", "horse"]
