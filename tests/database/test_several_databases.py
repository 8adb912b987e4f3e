"""A service with several databases, and with row level security, which its own role in production does not pass."""

import pytest
from sqlalchemy import URL

from tests.helpers.project import Project
from tests.helpers.servers import at, databases

SETTINGS = ("-o", "accord_databases=events", "-o", "accord_role=accord_tenant")


@pytest.fixture
def tenants(project: Project) -> Project:
    project.copy("tenants")
    return project


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
def test_a_service_has_a_database_each_and_runs_as_its_own_role(tenants: Project, workers: list[str]) -> None:
    tenants.run_process(*SETTINGS, *workers).assert_outcomes(passed=8)


async def test_the_databases_of_a_server_of_ones_own_are_removed(
    tenants: Project, provided: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await databases(provided)
    monkeypatch.setenv("ACCORD_DATABASE_URL", at(provided, "shop_test"))
    tenants.run_process(*SETTINGS).assert_outcomes(passed=8)
    assert await databases(provided) == before


def test_without_a_role_the_run_says_whose_policies_were_not_tried(tenants: Project) -> None:
    result = tenants.run_process("-o", "accord_databases=events")
    result.assert_outcomes(passed=4, failed=4)
    result.stdout.fnmatch_lines(['Row level security of invoices was not tried: the user of this run, "postgres", *'])


def test_without_a_name_all_engines_share_one_database(tenants: Project) -> None:
    result = tenants.run_process("-v", "-o", "accord_role=accord_tenant")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(
        [
            """The engine for "dev" at 127.0.0.1 (asyncpg) was led to the run's database.""",
            """The engine for "events" at 127.0.0.1 (asyncpg) was led to the run's database.""",
        ]
    )


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("nobody_at_all", '*accord_role names the role "nobody_at_all", which is not there: make it *'),
        ("postgres", '*accord_role names the role "postgres", for which no policy of row level security holds*'),
    ],
)
def test_a_role_that_is_no_use_is_an_error(tenants: Project, role: str, sentence: str) -> None:
    result = tenants.run_process("-o", f"accord_role={role}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([sentence])
