"""Each room can be left out, and the others do what they do."""

import pytest

from accord.plugin import ROOMS
from tests.helpers.project import PUBLISHING, Project

LEFT_OUT = [*ROOMS, "fixtures"]
STEPS = """
    @given(parsers.parse("{number:d} drops"), target_fixture="drops")
    async def drops(number):
        await asyncio.sleep(0)
        return number

    @then(parsers.parse("there are {number:d}"))
    def there_are(drops, number):
        assert drops == number
"""
SYNC_STEPS = STEPS.replace("async def", "def").replace("await asyncio.sleep(0)", "")


@pytest.fixture(autouse=True)
def _publishing(project: Project, publishing: None) -> None:
    # Without the room of the steps pytest-asyncio warns where its setting is missing, as it does without Accord.
    project.settings(f"{PUBLISHING}asyncio_default_fixture_loop_scope = session\n")


@pytest.mark.parametrize("room", LEFT_OUT)
def test_scenarios_pass_and_fail_without_any_one_of_the_rooms(project: Project, room: str) -> None:
    project.feature("""
        Feature: It
          Scenario: Right
            Given 2 drops
            Then there are 2
          Scenario: Wrong
            Given 2 drops
            Then there are 3
    """)
    # Async steps are awaited by their room, on the loop of a fixture.
    project.steps(SYNC_STEPS if room in ("steps", "fixtures") else STEPS)
    if room == "gherkin":
        project.path.joinpath("test_it.py").write_text('from pytest_bdd import scenarios\nscenarios("it.feature")\n')

    result = project.run_process("-p", f"no:accord.{room}")

    result.assert_outcomes(passed=1, failed=1)
    messages = project.path / "living-docs" / "messages.ndjson"
    assert messages.exists() is (room not in ("recording", "gherkin"))
    assert messages.with_name("index.html").exists() is (room not in ("recording", "living_docs", "gherkin"))


def test_async_steps_only(project: Project) -> None:
    project.scenario("Given 2 drops", "Then there are 2")
    project.steps(STEPS)
    others = [room for room in LEFT_OUT if room not in ("steps", "gherkin", "fixtures")]

    result = project.run_process(*(f"-pno:accord.{room}" for room in others))

    result.assert_outcomes(passed=1)
    assert not project.path.joinpath("living-docs").exists()


def test_documents_only(project: Project) -> None:
    project.scenario("Given 2 drops", "Then there are 2")
    project.steps(SYNC_STEPS)
    others = [room for room in LEFT_OUT if room not in ("gherkin", "recording", "living_docs")]

    result = project.run_process(*(f"-pno:accord.{room}" for room in others))

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 promise kept: living-docs/index.html"])


def test_what_needs_a_room_that_is_left_out_says_so(project: Project) -> None:
    project.path.joinpath("test_it.py").write_text("def test_it(isolation): ...\n")
    result = project.run_process("-p", "no:accord.isolation")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*This run leaves accord.isolation out: run it without `-p no:accord.isolation`."])
