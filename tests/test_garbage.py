"""When the garbage collector waits, and that nothing is lost by it."""

import pytest

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
"""
SHOP = """
Feature: Shop

  Scenario: It is open
    Then the shop is open
"""


def test_the_garbage_collector_waits_while_scenarios_are_collected_and_not_while_they_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makefile(".ini", pytest=SETTINGS)
    pytester.makefile(".feature", shop=SHOP)
    pytester.makeconftest(
        """
        import gc

        from pytest_bdd import then

        def pytest_collect_file():
            assert not gc.isenabled()

        @then("the shop is open")
        async def _():
            assert gc.isenabled()
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_what_a_run_leaves_open_at_its_end_is_written_all_the_same(pytester: pytest.Pytester) -> None:
    pytester.makefile(".ini", pytest=SETTINGS)
    pytester.makefile(".feature", shop=SHOP)
    pytester.makeconftest(
        """
        from pytest_bdd import then

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
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)

    written = [pytester.path.joinpath(f"{name}.txt").read_text() for name in ("module", "run", "scenario")]
    assert written == ["opened"] * 3
