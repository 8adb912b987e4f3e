"""When the garbage collector waits, and that nothing is lost by it."""

import pytest

from tests.helpers.project import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """A project of one scenario, without its step."""
    project.scenario("Then the shop is open")
    return project


def test_the_garbage_collector_waits_while_scenarios_are_collected_and_not_while_they_run(shop: Project) -> None:
    shop.steps("""
        import gc

        def pytest_collect_file():
            assert not gc.isenabled()

        @then("the shop is open")
        async def _():
            assert gc.isenabled()
    """)
    shop.run_process().assert_outcomes(passed=1)


def test_what_a_run_leaves_open_at_its_end_is_written_all_the_same(shop: Project) -> None:
    shop.steps("""
        class Log:
            def __init__(self, name):
                self.itself = self
                self.file = open(name, "w")
                self.file.write("opened")

        of_the_module = Log("module.txt")

        def pytest_configure(config):
            config.of_the_run = Log("run.txt")

        @then("the shop is open")
        async def _(request):
            request.config.of_the_scenario = Log("scenario.txt")
    """)
    shop.run_process().assert_outcomes(passed=1)

    written = [shop.path.joinpath(f"{name}.txt").read_text() for name in ("module", "run", "scenario")]
    assert written == ["opened"] * 3
