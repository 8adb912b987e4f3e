"""An error of the app's own is the first thing that a failure says, wherever it shows."""

import re

import pytest

from accord.living_docs.causes import causes
from accord.living_docs.index import operations
from accord.living_docs.reader import read
from accord.living_docs.state import State
from tests.helpers.project import PUBLISHING, Project

SERVICE = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/greeting", responses={500: {}})
async def greet() -> str:
    return words({})


def words(known: dict[str, str]) -> str:
    return known["hello"]
"""
STEPS = """
    from service import app as service

    @pytest.fixture(scope="session")
    def app():
        return service

    @pytest.fixture(scope="session")
    def setup_db():
        return None

    @pytest.fixture
    def db_session():
        return None

    @when("I come in", target_fixture="response")
    async def come_in(client):
        return await client.get("/greeting")

    @then("I am greeted")
    async def check(response):
        assert response.status_code == 200
"""


@pytest.fixture
def greeting(project: Project) -> Project:
    project.path.joinpath("service.py").write_text(SERVICE)
    project.steps(STEPS)
    project.scenario("When I come in", "Then I am greeted")
    return project


def test_a_step_after_it_says_it_before_its_own_failure(greeting: Project) -> None:
    greeting.run_process().stdout.fnmatch_lines(
        [
            "it.feature:4",
            "    When I come in",
            ">   Then I am greeted",
            "",
            "GET /greeting failed in the app: KeyError: 'hello' (service.py:13)",
            "",
            "*",
            "E*assert 500 == 200",
        ]
    )


def test_its_traceback_begins_with_the_projects_own_code(greeting: Project) -> None:
    greeting.run_process().stdout.fnmatch_lines(
        [
            "ERROR *GET /greeting failed in the app",
            "Traceback (most recent call last):",
            '  File "*service.py", line 9, in greet',
            "*return words({})",
            "*",
            '  File "*service.py", line 13, in words',
            "*return known*",
            "*",
            "KeyError: 'hello'",
        ],
        consecutive=True,
    )


def test_its_traceback_has_no_frames_of_libraries_nor_of_causes_in_them(greeting: Project) -> None:
    greeting.change("service.py", 'return known["hello"]', "return load()")
    with greeting.path.joinpath("service.py").open("a", encoding="utf-8") as service:
        service.write(
            "\ndef load() -> str:\n    import httpx\n    with httpx.Client(trust_env=False) as client:\n"
            "        return client.get('http://127.0.0.1:9/').text\n"
        )
    said = greeting.run_process().stdout.str().partition("ERROR ")[2]
    assert re.findall(r'  File ".*[/\\](.*)", line \d+, in (\w+)', said) == [
        ("service.py", name) for name in ("greet", "words", "load")
    ]
    assert "httpx.ConnectError: " in said


def test_a_test_after_it_says_nothing_of_it(greeting: Project) -> None:
    greeting.feature("""
        Feature: It
          Scenario: One
            When I come in
            Then I am greeted
          Scenario: Two
            Then I am not here
    """)
    greeting.more_steps("@then('I am not here')\ndef _(): assert False")
    result = greeting.run_process("-p", "no:randomly")
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("GET /greeting failed in the app: KeyError") == 1


def frames(said: str) -> list[str]:
    """Return where the frames are that a failure shows, first to last."""
    return re.findall(r"^(\S+\.py):\d+: ", said, re.MULTILINE)


@pytest.mark.parametrize("style", ["auto", "short", "long"])
def test_raised_in_a_step_it_shows_step_and_app_and_no_framework(greeting: Project, style: str) -> None:
    said = greeting.run_process(f"--tb={style}", "-o", "accord_raise_server_exceptions=true").stdout.str()
    assert frames(said) == ["conftest.py", "service.py", "service.py"]
    assert re.search(r"await client\.get(?s:.*)return words(?s:.*)^E +KeyError: 'hello'", said, re.MULTILINE)


def test_full_trace_shows_the_framework_as_well(greeting: Project) -> None:
    said = greeting.run_process("--full-trace", "-o", "accord_raise_server_exceptions=true").stdout.str()
    shown = frames(said)
    assert len(shown) > 20
    assert any("starlette" in file for file in shown)


@pytest.mark.parametrize("is_bound", [False, True], ids=["feature file", "bound"])
def test_an_error_of_a_library_is_shown_from_the_step_to_where_it_was_raised(greeting: Project, is_bound: bool) -> None:
    greeting.scenario("When nobody is there", "Then I am greeted")
    greeting.more_steps("""
    import httpx

    async def ask(client):
        return await client.get("http://127.0.0.1:9/")

    @when("nobody is there")
    async def ask_nobody():
        async with httpx.AsyncClient(trust_env=False) as client:
            await ask(client)
    """)
    if is_bound:
        greeting.path.joinpath("test_it.py").write_text("from pytest_bdd import scenarios\nscenarios('it.feature')\n")
    said = greeting.run_process().stdout.str()
    cause, _, shown = said.partition("The above exception was the direct cause of the following exception:")
    # Of a cause in a library alone there is the line that raised it.
    assert len(frames(cause)) == 1
    assert [file.rpartition("/")[2] for file in frames(shown)] == ["conftest.py", "conftest.py", "default.py"]
    assert shown.index("await ask(client)") < shown.index("E   httpx.ConnectError")


UNFIT = """
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.exc import MissingGreenlet

app = FastAPI()


class Words(BaseModel):
    texts: list[str]


class Row:
    @property
    def texts(self):
        {texts}


@app.middleware("http")
async def pass_on(request, call_next):
    return await call_next(request)


@app.get("/greeting", response_model=Words, responses={{500: {{}}}})
async def greet():
    return Row()
"""


def test_a_response_that_the_app_itself_does_not_take_names_the_operation(greeting: Project) -> None:
    greeting.path.joinpath("service.py").write_text(UNFIT.format(texts="return 1"))
    result = greeting.run_process()
    said = "ResponseValidationError: texts: Input should be a valid list (service.py:24)"
    result.stdout.fnmatch_lines([f"GET /greeting failed in the app: {said}"])
    assert "accord/isolation" not in result.stdout.str()


def test_an_attribute_that_is_loaded_where_nothing_is_awaited_is_told_with_the_way_out(greeting: Project) -> None:
    greeting.path.joinpath("service.py").write_text(UNFIT.format(texts="raise MissingGreenlet('not called')"))
    greeting.run_process().stdout.fnmatch_lines(
        [
            "GET /greeting failed in the app: ResponseValidationError: texts: *MissingGreenlet: not called* "
            "(service.py:24), since an attribute was to be loaded *: load it in the query, as with `selectinload`, *"
        ]
    )


def test_an_attribute_that_a_step_loads_where_nothing_is_awaited_is_told_with_the_way_out(project: Project) -> None:
    project.steps("""
        from sqlalchemy.exc import MissingGreenlet

        class Row:
            @property
            def tags(self):
                raise MissingGreenlet("greenlet_spawn has not been called")

        @then("its tags are there")
        async def assert_tags():
            assert Row().tags == []
    """)
    project.scenario("Then its tags are there")
    project.run().stdout.fnmatch_lines(
        ["E*It fails since an attribute was to be loaded where nothing is awaited: load it in the query, as with *"]
    )


AGAIN = """
import json

from fastapi import FastAPI, HTTPException

app = FastAPI()
CONFLICT = {409: {}}


@app.get("/greeting", responses=CONFLICT)
async def greet() -> str:
    try:
        return words({})
    except KeyError as error:
        raise HTTPException(409, named(error)) from error


def words(known: dict[str, str]) -> str:
    return known["hello"]


def named(error: KeyError) -> str:
    raise error


@app.get("/farewell")
async def leave() -> str:
    raise HTTPException(403)
"""


def test_one_that_is_raised_again_is_where_it_was_raised_last(greeting: Project) -> None:
    greeting.path.joinpath("service.py").write_text(AGAIN)
    greeting.run_process().stdout.fnmatch_lines(["KeyError: 'hello' (service.py:23) in the step *"])


def test_so_is_that_of_a_step_and_the_document_says_the_same_and_its_class(project: Project, publishing: None) -> None:
    project.scenario("When I look", "Then I see")
    project.steps("""
        def pass_on(error):
            raise error

        def look():
            return {}["hello"]

        @when("I look")
        async def _():
            try:
                look()
            except KeyError as error:
                pass_on(error)

        @then("I see")
        async def _(): ...
        """)
    line = project.path.joinpath("conftest.py").read_text().splitlines().index("    raise error") + 1
    result = project.run_process()
    result.stdout.fnmatch_lines(["*- Raised again -*", f"conftest.py:{line}: KeyError"])
    document = read(project.path / "living-docs" / "messages.ndjson")
    [cause] = causes(document.of(State.BROKEN))
    assert cause.frame == f"conftest.py:{line}"
    assert cause.failure is not None
    assert cause.failure.first_line == "KeyError: 'hello'"
    summary = project.path.joinpath("living-docs", "summary.md").read_text(encoding="utf-8")
    assert "KeyError: 'hello'" in summary


@pytest.mark.parametrize("mode", ["documented", "strict"])
def test_a_response_that_fails_a_step_is_in_the_table_as_not_documented(
    greeting: Project, publishing: None, mode: str
) -> None:
    greeting.settings(f"{PUBLISHING}\naccord_contract = {mode}\n")
    greeting.path.joinpath("service.py").write_text(AGAIN)
    greeting.change(
        "conftest.py",
        '@then("I am greeted")',
        '@when("I leave")\nasync def leave(client):\n    await client.get("/farewell")\n\n@then("I am greeted")',
    )
    greeting.feature("""
        Feature: It
          Scenario: One
            When I come in
            Then I am greeted
          Scenario: Two
            When I leave
            Then I am greeted
        """)
    result = greeting.run_process()
    found = operations(read(greeting.path / "living-docs" / "messages.ndjson"))
    table = {
        (operation.name, response.status): ([pickle.name for pickle in response.pickles], response.documented)
        for operation in found
        for response in operation.responses
    }
    assert table == {
        ("GET /farewell", "200"): ([], True),
        ("GET /farewell", "403"): (["Two"], False),
        ("GET /greeting", "200"): ([], True),
        ("GET /greeting", "409"): ([], True),
        ("GET /greeting", "500"): (["One"], False),
    }
    assert found.coverage == "0 of 3 documented responses, 0 %"
    result.stdout.no_fnmatch_line("contract: scenarios cover*")
