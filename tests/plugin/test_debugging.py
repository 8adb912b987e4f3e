"""Debuggers stop in steps, show the project's frames, and await there; nobody at a prompt runs out of time."""

import os
import sys
from typing import Any

import pytest

from tests.helpers.project import SETTINGS, Project

SERVICE = """
from fastapi import FastAPI

app = FastAPI()


@app.post("/notes/{text}")
async def write(text: str) -> str:
    if text == "stop":
        breakpoint()
    return text


@app.post("/threads/{text}")
def write_in_thread(text: str) -> str:
    breakpoint()
    return text
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
async def shelf():
    await asyncio.sleep(0)
    return ["book"]

@given("a note")
async def write(client):
    response = await client.post("/notes/one")
    assert response.status_code == 200

@when("I stop")
async def stop(client):
    number = 1
    breakpoint()
    number += 1
    await asyncio.sleep(0)
    print(f"number is {number}")

@when("I stop in the app")
async def stop_in_app(client):
    response = await client.post("/notes/stop")
    print("it said", response.status_code)

@when("I stop in a thread")
async def stop_in_thread(client):
    response = await client.post("/threads/stop")
    print("it said", response.status_code)

@then("it fails")
async def fail():
    answer = 42
    assert answer == 1

@then("it fails in a library")
async def fail_in_library():
    import json
    json.loads("{")

@then("it holds")
async def hold():
    found = "found"
    print(found)

@then("it holds at once")
def hold_at_once():
    found = "at once"
    print(found)
"""


@pytest.fixture
def notes(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a service, in whose steps, endpoints and threads one can stop."""
    project.path.joinpath("service.py").write_text(SERVICE, encoding="utf-8")
    project.steps(STEPS)
    monkeypatch.setenv("NO_COLOR", "1")
    return project


def debug(project: Project, typed: str, *arguments: str) -> str:
    """Run pytest with these lines typed at the prompt, and return what it wrote."""
    command = [sys.executable, "-m", "pytest", *arguments]
    result = project.pytester.run(*command, timeout=60, stdin=typed.encode())
    return result.stdout.str() + result.stderr.str()


CAPTURING = pytest.mark.parametrize("capturing", [[], ["-s"]], ids=["captured", "not captured"])


@CAPTURING
def test_what_is_async_can_be_awaited_after_a_failed_step(notes: Project, capturing: list[str]) -> None:
    notes.scenario("Given a note", "Then it fails")
    typed = (
        'await client.post("/notes/two")\n'
        'reply = await client.post("/notes/three")\n'
        "reply.json() + '!'\n"
        'p (await client.post("/notes/four")).json()\n'
        "pp [await asyncio.sleep(0, number) for number in (answer, answer + 1)]\n"
        '!r = await asyncio.gather(*(client.post(f"/notes/{it}") for it in (answer, 43)))\n'
        "p [it.json() for it in r]\n"
        'await client.post("/notes/five"))\n'
        "await nothing()\n"
        "c\n"
    )
    said = debug(notes, typed, "--pdb", *capturing)
    for expected in ("<Response [200 OK]>", "'three!'", "'four'", "[42, 43]", "['42', '43']"):
        assert expected in said
    assert "*** SyntaxError: unmatched ')'" in said
    assert "*** NameError: name 'nothing' is not defined" in said
    assert "1 failed" in said


@CAPTURING
def test_what_is_async_can_be_awaited_where_a_step_stops(notes: Project, capturing: list[str]) -> None:
    notes.scenario("Given a note", "When I stop", "Then it holds")
    typed = 'number = len((await client.post("/notes/twelve")).json())\nc\n'
    said = debug(notes, typed, *capturing, "-rP")
    assert "number is 7" in said
    assert "1 passed" in said


@pytest.mark.parametrize("where", ["the app", "a thread"])
def test_what_is_async_can_be_awaited_where_the_app_stops(notes: Project, where: str) -> None:
    notes.scenario(f"When I stop in {where}", "Then it holds")
    said = debug(notes, '(await client.post("/notes/two")).json()\nw\nc\n', "-rP")
    assert "'two'" in said
    assert "it said 200" in said
    assert "1 passed" in said
    # The step that waits for the app comes first.
    shown = said.partition("'two'")[2].partition("(Pdb)")[2].partition("(Pdb)")[0]
    assert [
        line.rpartition(")")[0].rpartition(")")[2]
        for line in shown.splitlines()
        if "()" in line[3:] and line[:2] != "->"
    ] == [
        "stop_in_app(" if where == "the app" else "stop_in_thread(",
        "write(" if where == "the app" else "write_in_thread(",
    ]


def test_fixtures_are_there_by_their_names(notes: Project) -> None:
    notes.scenario("Then it fails")
    said = debug(notes, "p shelf\nshelf.append('pen')\np shelf\np answer\nc\n", "--pdb")
    assert "['book']" in said
    assert "['book', 'pen']" in said
    assert "(Pdb) 42" in said
    notes.scenario("When I stop", "Then it holds")
    assert "['book']" in debug(notes, "await asyncio.sleep(0, shelf)\nc\n")


@pytest.mark.usefixtures("publishing")
def test_what_was_asked_at_the_prompt_is_not_in_the_document(notes: Project) -> None:
    notes.scenario("Given a note", "When I stop", "Then it holds")
    assert "1 passed" in debug(notes, 'await client.post("/notes/secretly")\nc\n')
    messages = notes.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8")
    assert "/notes/one" in messages
    assert "/notes/secretly" not in messages


def test_trace_stops_at_the_first_line_of_the_first_step(notes: Project) -> None:
    notes.scenario("Given a note", "Then it holds")
    said = debug(notes, "w\nc\n", "--trace")
    first = '-> response = await client.post("/notes/one")'
    shown = said.partition("(Pdb)")[2].partition("(Pdb)")[0]
    assert said.partition("(Pdb)")[0].rstrip().endswith(first)
    assert [line for line in shown.splitlines() if line.startswith("->")] == [first]
    assert "1 passed" in said


@pytest.mark.parametrize("key", ["n", "s"])
def test_who_goes_from_line_to_line_goes_from_step_to_step(notes: Project, key: str) -> None:
    notes.scenario("When I stop", "Then it holds", "And it holds at once")
    said = debug(notes, f"{key}\n" * 20, "-rP")
    lines = [line for line in said.splitlines() if line.startswith("> ")]
    # Of nothing between the steps, nor after them, is there a line.
    assert {line.partition("(")[0].rpartition(os.sep)[2] for line in lines} == {"conftest.py"}
    functions = [line.partition(")")[2].partition("(")[0] for line in lines]
    assert list(dict.fromkeys(functions)) == ["stop", "hold", "hold_at_once"]
    assert "1 passed" in said


def test_trace_stops_in_what_a_module_binds(notes: Project) -> None:
    notes.scenario("Then it holds")
    notes.path.joinpath("test_it.py").write_text(
        "from pytest_bdd import scenarios\n\nscenarios('it.feature')\n\ndef test_plain():\n    plain = 1\n"
    )
    said = debug(notes, "c\nc\n", "--trace")
    assert [line for line in said.splitlines() if line.startswith("-> ")] == ['-> found = "found"', "-> plain = 1"]
    assert "2 passed" in said


def test_an_error_in_a_library_is_looked_into_from_the_step_on(notes: Project) -> None:
    notes.scenario("Then it fails in a library")
    said = debug(notes, "w\nd\nc\n", "--pdb")
    prompts = said.split("(Pdb)")
    assert prompts[0].rstrip().endswith('-> json.loads("{")')
    assert prompts[1].strip().startswith("> ")
    assert "fail_in_library()" in prompts[1].splitlines()[0]
    assert "loads()" in prompts[2]
    assert "pluggy" not in prompts[1] + prompts[2]


@pytest.mark.parametrize("typed", ["q\n", ""], ids=["quit", "end of input"])
@pytest.mark.parametrize("where", ["", " in the app", " in a thread"])
@pytest.mark.usefixtures("publishing")
def test_to_quit_ends_the_run(notes: Project, where: str, typed: str) -> None:
    notes.feature(f"""
        Feature: It
          Scenario: One
            When I stop{where}
            Then it holds
          Scenario: Two
            When I stop{where}
            Then it holds
    """)
    said = debug(notes, typed)
    assert said.count("(Pdb)") == 1
    assert "Exit: Quitting debugger" in said
    assert "no tests ran" in said
    assert not notes.path.joinpath("living-docs").exists()


def test_a_debugger_has_time_and_so_has_who_steps_over_what_takes_long(notes: Project) -> None:
    notes.settings(f"{SETTINGS}accord_timeout = 0.2\n")
    notes.scenario("When I stop", "Then it holds")
    notes.change("conftest.py", "await asyncio.sleep(0)\n    print(f", "await asyncio.sleep(0.7)\n    print(f")
    said = debug(notes, "import time; time.sleep(0.7)\nawait asyncio.sleep(0.5)\nn\nn\nn\nc\n", "-rP")
    assert "number is 2" in said
    assert "1 passed" in said


def test_another_debugger_is_left_as_it_is(notes: Project) -> None:
    notes.path.joinpath("own.py").write_text(
        "class Debugger:\n"
        "    def reset(self): ...\n"
        "    def set_trace(self, frame): print('stopped in', frame.f_code.co_name)\n"
        "    def setup(self, frame, traceback): ...\n"
    )
    notes.scenario("When I stop", "Then it holds")
    said = debug(notes, "", "--pdbcls=own:Debugger")
    assert "stopped in stop" in said
    assert "1 passed" in said


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect needs a terminal of POSIX")
def test_ctrl_c_at_the_prompt_ends_what_was_typed_and_not_the_step(notes: Project) -> None:
    pexpect: Any = pytest.importorskip("pexpect")
    notes.scenario("When I stop", "Then it holds")
    # A shell that starts this in the background has it ignored.
    notes.more_steps("signal.signal(signal.SIGINT, signal.default_int_handler)")
    child = pexpect.spawn(sys.executable, ["-m", "pytest", "-rP"], cwd=notes.path, encoding="utf-8", timeout=30)
    child.expect_exact("(Pdb) ")
    child.send("number = 5")
    # The terminal shows it once somebody reads; before that, Ctrl-C would be nobody's.
    child.expect_exact("number = 5")
    child.sendintr()
    child.expect_exact("--KeyboardInterrupt--")
    child.expect_exact("(Pdb) ")
    child.sendline("print('it', 'waits'); await asyncio.Event().wait()")
    child.expect_exact("it waits")
    child.sendintr()
    child.expect_exact("*** KeyboardInterrupt")
    child.expect_exact("(Pdb) ")
    # Longer than what was cancelled would have to end.
    child.sendline("import time; time.sleep(4)")
    child.expect_exact("(Pdb) ")
    child.sendline("c")
    child.expect_exact("number is 2")
    child.expect_exact("1 passed")
    child.close()


SANDBOX = """
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

@pytest.fixture(scope="session")
def app():
    return None

@pytest.fixture(scope="session")
async def setup_db(database_url):
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS note (text text)"))
    yield engine
    await engine.dispose()

@pytest.fixture
def sessions(setup_db):
    return async_sessionmaker(setup_db)

@when("I write")
async def write(sessions):
    async with sessions() as session:
        await session.execute(text("INSERT INTO note VALUES ('milk')"))
        await session.commit()

@then("there is one")
async def count(db_session):
    assert await db_session.scalar(text("SELECT count(*) FROM note")) == STOP
"""


@pytest.mark.parametrize(("stop", "arguments"), [("2", ["--pdb"]), ("(breakpoint() or 1)", [])], ids=["pdb", "stop"])
def test_the_prompt_is_in_the_transaction_of_the_scenario(project: Project, stop: str, arguments: list[str]) -> None:
    project.steps(SANDBOX.replace("STOP", stop))
    two = "".join(f"  Scenario: {name}\n    When I write\n    Then there is one\n" for name in ("One", "Two"))
    project.feature(f"Feature: It\n{two}")
    typed = (
        "await db_session.scalar(text(\"SELECT 'so many: ' || count(*) FROM note\"))\n"
        "async with sessions() as session: await session.execute(text(\"INSERT INTO note VALUES ('tea')\"));"
        " await session.commit()\n"
        "await db_session.scalar(text(\"SELECT 'so many: ' || count(*) FROM note\"))\n"
        "c\n"
    )
    said = debug(project, typed * 2, *arguments)
    counts = [line.rpartition("so many: ")[2].rstrip("'") for line in said.splitlines() if "'so many: " in line]
    # The second scenario sees nothing of the first.
    assert [it for it in counts if it.isdigit()] == ["1", "2", "1", "2"]
