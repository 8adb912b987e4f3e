"""What is written and logged stands in the record at the step that ran then, once, and at its own attempt."""

import pytest

from tests.helpers.messages import Messages, messages, of
from tests.helpers.project import Project
from tests.plugin.test_app_errors import SERVICE
from tests.plugin.test_app_errors import STEPS as SERVICE_STEPS

pytestmark = pytest.mark.usefixtures("publishing")

STEPS = """
    import logging
    import os
    import sys

    log = logging.getLogger("app")

    def pytest_bdd_before_step(step):
        print(f"[{step.name}]")

    @pytest.fixture(autouse=True)
    def around():
        print("set up")
        yield
        print("torn down")

    @pytest.fixture
    def pen():
        print("pen made")
        log.warning("pen logged")
        return "pen"

    @given("a pen")
    async def _(pen):
        asyncio.get_running_loop().call_later(0.01, print, "from behind")
        print("given", file=sys.stderr)

    @when("I write")
    async def _():
        await asyncio.sleep(0.1)
        os.write(1, "wrote \\u00e9".encode()[:-1])
        log.warning("written")

    @when("nothing is said")
    async def _(): ...

    @then("it is read")
    async def _():
        os.write(1, "\\u00e9".encode()[-1:])
        log.warning("read")
        assert False, "it is not"

    @then("it is seen")
    async def _():
        print("never")
    """
SENTENCES = ("Given a pen", "When I write", "And nothing is said", "Then it is read", "And it is seen")


@pytest.fixture
def writing(project: Project) -> Project:
    project.scenario(*SENTENCES)
    project.steps(STEPS)
    return project


def output(told: Messages, attempt: int = 0) -> dict[str, list[str]]:
    """What is attached of one attempt, by its step: each with what pytest calls it."""
    [started] = [it["id"] for it in of("testCaseStarted", told) if it["attempt"] == attempt]
    sentences = {step["id"]: step["text"] for pickle in of("pickle", told) for step in pickle["steps"]}
    hooks = {hook["id"]: hook["name"] for hook in of("hook", told)}
    steps = {
        step["id"]: sentences.get(step.get("pickleStepId")) or hooks[step["hookId"]]
        for case in of("testCase", told)
        for step in case["testSteps"]
    }
    found: dict[str, list[str]] = {}
    for it in of("attachment", told):
        if it.get("testCaseStartedId") == started and it["mediaType"] == "text/x.cucumber.log+plain":
            said = f"{it['fileName'].removeprefix('Captured ')}: {it['body']}"
            found.setdefault(steps[it["testStepId"]], []).append(said)
    return found


def logged(text: str, found: dict[str, list[str]]) -> list[str]:
    return [step for step, pieces in found.items() for piece in pieces if piece.endswith(text)]


@pytest.mark.parametrize("arguments", [[], ["--show-capture=no"], ["-n1"]], ids=" ".join)
def test_a_step_has_what_it_wrote_and_logged_itself(writing: Project, arguments: list[str]) -> None:
    writing.run_process(*arguments).assert_outcomes(failed=1)
    found = output(messages(writing))
    assert [it for pieces in found.values() for it in pieces if " log " in f" {it}" and "log call" not in it] == []
    log = {step: [it for it in pieces if it.startswith("log")] for step, pieces in found.items()}
    written = {step: [it for it in pieces if not it.startswith("log")] for step, pieces in found.items()}
    assert written == {
        "a pen": [
            "stdout setup: set up\n",
            "stdout call: [a pen]\npen made\n",
            "stderr call: given\n",
        ],
        "I write": ["stdout call: [I write]\nfrom behind\nwrote "],
        "nothing is said": ["stdout call: \ufffd[nothing is said]\n"],
        "it is read": ["stdout call: [it is read]\n\ufffd", "stdout teardown: torn down\n"],
    }
    assert {step: [it.rpartition(" ")[2] for it in pieces] for step, pieces in log.items()} == {
        "a pen": ["logged"],
        "I write": ["written"],
        "nothing is said": [],
        "it is read": ["read"],
    }


def test_so_it_has_where_only_what_python_writes_is_captured(writing: Project) -> None:
    writing.change("conftest.py", 'os.write(1, "wrote \\u00e9".encode()[:-1])', 'print("wrote")')
    writing.change("conftest.py", 'os.write(1, "\\u00e9".encode()[-1:])', 'print("seen")')
    writing.run_process("--capture=sys", "-p", "no:logging").assert_outcomes(failed=1)
    found = output(messages(writing))
    assert found["I write"][0] == "stdout call: [I write]\nfrom behind\nwrote\n"
    # Where pytest takes no log, Python writes it.
    assert found["it is read"] == [
        "stdout call: [it is read]\nseen\n",
        "stderr call: read\n",
        "stdout teardown: torn down\n",
    ]


def test_where_nothing_is_captured_what_is_logged_is_there(writing: Project) -> None:
    writing.change("conftest.py", ".encode()[:-1]", ".encode()")
    writing.change("conftest.py", ".encode()[-1:]", ".encode()")
    result = writing.run_process("-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*[[]I write]"])
    found = output(messages(writing))
    assert [logged(text, found) for text in ("pen logged", "written", "read")] == [
        ["a pen"],
        ["I write"],
        ["it is read"],
    ]


def test_each_attempt_has_its_own(writing: Project) -> None:
    writing.run_process("-p", "rerunfailures", "--reruns=1")
    first, second = (output(messages(writing), attempt) for attempt in (0, 1))
    assert first == second
    assert sum(it.endswith("written") for it in second["I write"]) == 1
    assert sum(it.startswith("stdout setup") for it in second["a pen"]) == 1


def test_what_a_fixture_that_fails_wrote_is_at_what_failed(writing: Project) -> None:
    writing.change("conftest.py", 'print("set up")', 'print("set up"); raise OSError')
    writing.run_process().assert_outcomes(errors=1)
    assert output(messages(writing)) == {"Fixtures are set up": ["stdout setup: set up\n"]}


def test_what_a_fixture_wrote_that_fails_at_its_end_is_at_what_failed(writing: Project) -> None:
    writing.change("conftest.py", 'print("torn down")', 'print("torn down"); raise OSError')
    writing.scenario("Given a pen", "Then nothing is said")
    writing.change("conftest.py", '@when("nothing is said")', '@then("nothing is said")')
    writing.run_process().assert_outcomes(passed=1, errors=1)
    found = output(messages(writing))
    assert found["nothing is said"] == ["stdout call: [nothing is said]\n"]
    assert found["Fixtures are torn down"] == ["stdout teardown: torn down\n"]


@pytest.mark.parametrize("fixture", ["capsys", "capfd"])
def test_what_a_step_takes_back_is_its_own_and_others_have_theirs(project: Project, fixture: str) -> None:
    project.scenario("Given a note", "And another", "When it is read", "Then a last one")
    project.steps(f"""
        @given("a note")
        async def _({fixture}): print("one")

        @given("another")
        async def _(): print("two")

        @when("it is read")
        async def _({fixture}):
            print("three")
            assert {fixture}.readouterr().out == "one\\ntwo\\nthree\\n"

        @then("a last one")
        async def _(): print("four")
        """)
    project.run_process().assert_outcomes(passed=1)
    assert output(messages(project)) == {
        "a note": ["stdout call: one\n"],
        "another": ["stdout call: two\n"],
        "a last one": ["stdout call: four\n"],
    }


def test_of_many_megabytes_each_step_has_its_end(project: Project) -> None:
    project.scenario("Given much", "Then more")
    project.steps("""
        @given("much")
        async def _(): print("a" * 5_000_000)

        @then("more")
        async def _(): print("b" * 5_000_000)
        """)
    project.run_process().assert_outcomes(passed=1)
    found = {step: pieces[0] for step, pieces in output(messages(project)).items()}
    assert [piece.endswith(65_535 * letter + "\n") for piece, letter in zip(found.values(), "ab", strict=True)]
    assert all(piece.startswith("stdout call: [the last 65536 of 5000001 characters") for piece in found.values())


def test_the_traceback_of_the_app_is_there_once(project: Project) -> None:
    project.path.joinpath("service.py").write_text(SERVICE)
    project.steps(SERVICE_STEPS)
    project.scenario("When I come in", "Then I am greeted")
    project.run_process().assert_outcomes(failed=1)
    told = messages(project)
    assert sum("return words" in it["body"] for it in of("attachment", told)) == 1
    [line] = output(told)["I come in"]
    assert line.endswith(" GET /greeting failed in the app")
