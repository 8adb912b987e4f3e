"""An app that is served in a run without a database reaches none that is not for tests."""

from tests.helpers.project import Project

TEST = """
import httpx
from service import app


async def test_it(isolation):
    async with httpx.AsyncClient(transport=isolation.transport(app), base_url="http://test") as client:
        response = await client.get("/invoices/one")
    assert response.status_code == 500
"""


def test_the_developers_database_is_not_reached_where_no_fixture_asked_for_one(project: Project) -> None:
    project.copy("tenants")
    project.path.joinpath("test_it.py").write_text(TEST, encoding="utf-8")
    result = project.run_process("-rP")
    said = 'GET /invoices/one connects to the database "dev" at 127.0.0.1, and this run has none of its own yet: *'
    result.stdout.fnmatch_lines([f"*UsageError: {said}"])
