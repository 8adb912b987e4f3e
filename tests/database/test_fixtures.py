"""The fixtures that come with Accord: a conftest gives the app, and may override each of the others."""

import re
from pathlib import Path

import pytest

from accord.database import migrations
from tests.helpers.project import SETTINGS, Project

WHO = """
@then("it shows")
async def _(client):
    print("who:", (await client.get("/who")).json())
"""
BREAKS = """
@then("it shows")
async def _(client):
    assert (await client.get("/broken")).status_code == 500
"""


@pytest.fixture
def pantry(project: Project) -> Project:
    """A service with a table, whose conftest gives its app and its metadata."""
    project.copy("pantry")
    return project


def test_an_app_and_its_metadata_are_enough(pantry: Project) -> None:
    pantry.run().assert_outcomes(passed=2)


def test_each_worker_has_its_own_database(pantry: Project) -> None:
    pantry.run_process("-n", "2").assert_outcomes(passed=2)


def test_without_an_app_the_run_says_what_to_write(pantry: Project) -> None:
    pantry.change("conftest.py", "def app():", "def application():")
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["*Accord does not know your app: write a fixture named app into conftest.py, with *, that returns it*"]
    )


def test_an_app_that_is_none_stops_the_run(pantry: Project) -> None:
    pantry.change("conftest.py", "return service.app", "service.app")
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*The fixture app returned None, which is not an app: correct it in conftest.py, *"])


def test_an_app_for_each_function_is_told_in_a_line(pantry: Project) -> None:
    pantry.change("conftest.py", '@pytest.fixture(scope="session")\ndef app', "@pytest.fixture\ndef app")
    result = pantry.run()
    result.stdout.fnmatch_lines(
        [
            "*.feature:*: the fixture `app` (conftest.py:*) is of the scope function, and `*` needs one of the scope "
            'session: write @pytest.fixture(scope="session").'
        ]
    )
    assert "fixture stack" not in result.stdout.str()


@pytest.mark.parametrize("address", ["localhost", "//localhost", "ftp://localhost", ""])
def test_a_base_url_that_is_none_is_a_usage_error(pantry: Project, address: str) -> None:
    pantry.settings(f"{SETTINGS}accord_base_url = {address}\n")
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([f"*accord_base_url is '{address}', which is not an address: write it as http://*"])


def test_metadata_without_a_table_says_what_to_import(pantry: Project) -> None:
    pantry.change("conftest.py", "service.Base.metadata", "__import__('sqlalchemy').MetaData()")
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*knows no table: import the modules of your models in conftest.py, *"])


def test_a_fixture_of_a_conftest_is_made_of_the_one_that_it_overrides(pantry: Project) -> None:
    pantry.change(
        "conftest.py",
        "@when(",
        '@pytest.fixture\ndef client(client):\n    client.headers["X-Who"] = "me"\n    return client\n\n\n@when(',
    )
    pantry.run().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("settings", "who"),
    [
        ("", ["http://test/", "127.0.0.1", "123"]),
        (
            "accord_base_url = https://pantry.example/v1\naccord_client = 203.0.113.7:4242\n",
            ["https://pantry.example/", "203.0.113.7", "4242"],
        ),
        ("accord_client = [2001:db8::7]:4242\n", ["http://test/", "2001:db8::7", "4242"]),
    ],
)
def test_settings_say_who_asks_and_whom(pantry: Project, settings: str, who: list[str]) -> None:
    if "v1" in settings:
        pantry.change("service.py", '"/who"', '"/v1/who"')
    pantry.settings(SETTINGS + settings)
    pantry.scenario("Then it shows")
    pantry.more_steps(WHO)
    result = pantry.run("-s", "it.feature")
    result.assert_outcomes(passed=1)
    assert f"who: {who}" in result.stdout.str()


@pytest.mark.parametrize("address", ["nobody", "", "203.0.113.7:", "203.0.113.7:99999", "::1:80", "http://x:80"])
def test_an_address_that_is_none_is_a_usage_error(pantry: Project, address: str) -> None:
    pantry.settings(f"{SETTINGS}accord_client = {address}\n")
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert re.search(
        f"accord_client is '{re.escape(address)}', which is no host and port: write it as 203", result.stdout.str()
    )


def test_an_error_of_the_app_reaches_the_step_where_that_is_set(pantry: Project) -> None:
    pantry.scenario("Then it shows")
    pantry.more_steps(BREAKS)
    pantry.settings(f"{SETTINGS}accord_raise_server_exceptions = true\n")
    result = pantry.run("it.feature")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*raise LookupError(*", "E *LookupError: no such shelf", "service.py:*: LookupError"])


ALEMBIC = """
[alembic]
script_location = %(here)s/migrations
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine, text
import asyncio
from sqlalchemy.ext.asyncio import create_async_engine

async def run():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA cellar"))
        await connection.execute(text("CREATE TABLE cellar.jars (name text PRIMARY KEY)"))
    await engine.dispose()

asyncio.run(run())
"""
PYPROJECT = '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
OWN = """

@pytest.fixture(scope="session")
def prepare_database():
    return accord.tables(service.Base.metadata)
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("alembic.ini", ALEMBIC),
        ("src/alembic.ini", ALEMBIC),
        ("pyproject.toml", PYPROJECT),
        ("a/b/alembic.ini", ALEMBIC),
    ],
)
def test_alembic_is_found(pantry: Project, path: str, text: str) -> None:
    pantry.change("conftest.py", OWN, "")
    for left_out in (".venv/lib", "node_modules/x", "env/lib"):
        pantry.path.joinpath(left_out).mkdir(parents=True)
        pantry.path.joinpath(left_out, "alembic.ini").write_text("not one of ours")
    pantry.path.joinpath("env", "pyvenv.cfg").touch()
    configuration = pantry.path / path
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(text)
    configuration.with_name("migrations").joinpath("versions").mkdir(parents=True)
    configuration.with_name("migrations").joinpath("env.py").write_text(ENV)
    pantry.run().assert_outcomes(passed=2)


def test_alembic_is_found_above_pytests_root_in_the_same_repository(tmp_path: Path) -> None:
    root = tmp_path / "backend" / "app"
    root.mkdir(parents=True)
    tmp_path.joinpath("alembic.ini").touch()
    assert migrations.find(root) is None
    tmp_path.joinpath("backend", ".git").mkdir()
    assert migrations.find(root) is None
    tmp_path.joinpath("backend", ".git").rename(tmp_path / ".git")
    assert migrations.find(root) == tmp_path / "alembic.ini"


def test_several_configurations_of_alembic_are_named(pantry: Project) -> None:
    pantry.change("conftest.py", OWN, "")
    for folder in ("orders", "stock"):
        pantry.path.joinpath(folder).mkdir()
        pantry.path.joinpath(folder, "alembic.ini").write_text(ALEMBIC)
    result = pantry.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["*Alembic is set up by several files (orders/alembic.ini, stock/alembic.ini): have the fixture *"]
    )
