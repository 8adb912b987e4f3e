"""Services in the shapes of public ones: a conftest of at most 30 lines tries each, and nothing in them is changed."""

import re

import pytest

from tests.helpers.project import PROJECTS, Project

SCENARIOS = {
    "commit_in_dependency": 5,
    "engine_at_import": 6,
    "reader_and_writer": 5,
    "redis_in_lifespan": 5,
    "session_manager": 5,
    "sessionmaker_dependency": 6,
    "subapps_and_streams": 6,
    "with_sqlmodel": 5,
}
# What a developer forgets, and what is broken then.
MISTAKES = {
    "commit_in_dependency": ("app/database.py", "await session.commit()", "pass"),
    "engine_at_import": ("app/main.py", "await work.commit()", "pass"),
}


@pytest.fixture
def service(
    project: Project,
    publishing: None,
    database_url: str,
    request: pytest.FixtureRequest,
) -> Project:
    """The service, whose settings are its own; this run's `database_url` keeps PostgreSQL from starting for each."""
    project.path.joinpath("pytest.ini").unlink()
    project.copy(f"services/{request.param}")
    return project


def run(service: Project) -> pytest.RunResult:
    """Run all of its scenarios in a process of its own."""
    return service.run_process("-p", "no:randomly", "-p", "no:schemathesis")


@pytest.mark.parametrize(("service", "scenarios"), SCENARIOS.items(), indirect=["service"])
def test_a_service_keeps_its_promises_unchanged(service: Project, scenarios: int) -> None:
    result = run(service)

    result.assert_outcomes(passed=scenarios)
    result.stdout.fnmatch_lines([f"{scenarios} promises kept: living-docs/index.html"])


@pytest.mark.parametrize("service", SCENARIOS)
def test_the_conftest_of_a_service_has_at_most_30_lines(service: str) -> None:
    assert len(PROJECTS.joinpath("services", service, "conftest.py").read_text(encoding="utf-8").splitlines()) <= 30


@pytest.mark.parametrize("service", SCENARIOS)
def test_a_service_does_not_know_accord(service: str) -> None:
    folder = PROJECTS / "services" / service
    for file in folder.rglob("*.py"):
        assert file.name == "conftest.py" or "accord" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("service", "mistake"), MISTAKES.items(), indirect=["service"])
def test_a_service_that_forgets_to_commit_breaks_its_promises(service: Project, mistake: tuple[str, str, str]) -> None:
    service.change(*mistake)

    result = run(service)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (state,) = re.findall(r"^\d+ promises? kept, (\d+) broken: living-docs/index.html$", result.stdout.str(), re.M)
    assert int(state) >= 1
    result.stdout.fnmatch_lines(
        [
            "*What was not committed*",
            "* changed the database and did not commit that before it ended: nobody will see it.",
        ]
    )
