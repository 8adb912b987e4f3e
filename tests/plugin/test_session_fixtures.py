"""What the session's fixtures give to one scenario they give to the next, and no more than pytest itself would."""

from textwrap import dedent

from tests.helpers.project import Project

TWO = """
Feature: It
  Scenario: One
    Given "{0}" is given
    Then "{0}" is given
  Scenario: Two
    Given "{0}" is given
    Then "{0}" is given
"""
SENTENCE = """
@step(parsers.parse('"{expected}" is given'))
def _(expected, thing):
    assert thing == expected
"""


def test_a_fixture_of_the_session_is_made_once(project: Project) -> None:
    project.feature(TWO.format("1"))
    project.steps(
        dedent("""
        import itertools
        count = itertools.count(1)

        @pytest.fixture(scope="session")
        def thing():
            return str(next(count))
        """)
        + SENTENCE
    )
    project.run().assert_outcomes(passed=2)


def test_each_directory_has_its_own_of_the_same_name(project: Project) -> None:
    for folder in ("here", "there"):
        project.feature(TWO.format(folder), f"{folder}/it.feature")
        project.path.joinpath(folder, "conftest.py").write_text(
            f'import pytest\n@pytest.fixture(scope="session")\ndef thing():\n    return "{folder}"\n'
        )
    project.feature(TWO.format("above"), "a.feature")
    project.steps('@pytest.fixture(scope="session")\ndef thing():\n    return "above"\n' + SENTENCE)
    project.run("a.feature", "here", "there").assert_outcomes(passed=6)
    project.run("there", "here", "a.feature").assert_outcomes(passed=6)


def test_one_that_a_test_of_python_parametrizes_is_the_usual_one_in_the_scenario_after_it(project: Project) -> None:
    project.feature(TWO.format("usual"), "a.feature")
    project.feature(TWO.format("usual"), "b.feature")
    project.steps(
        dedent("""
        @pytest.fixture(scope="session")
        def thing(request):
            return getattr(request, "param", "usual")
        """)
        + SENTENCE
    )
    project.path.joinpath("test_it.py").write_text(
        'import pytest\n@pytest.mark.parametrize("thing", ["other"], indirect=True)\n'
        'def test_it(thing):\n    assert thing == "other"\n'
    )
    project.run("a.feature", "test_it.py", "b.feature").assert_outcomes(passed=5)


def test_one_that_a_scenarios_own_is_made_of_does_not_stand_in_for_it(project: Project) -> None:
    project.feature(TWO.format("own"), "sub/it.feature")
    project.steps('@pytest.fixture(scope="session")\ndef thing():\n    return "made of"\n' + SENTENCE)
    project.path.joinpath("sub", "conftest.py").write_text(
        "import pytest\nfailed = []\n@pytest.fixture\ndef thing(thing):\n"
        "    if not failed:\n        failed.append(1)\n        raise LookupError\n    return 'own'\n"
    )
    project.run("sub").assert_outcomes(passed=1, failed=1)


def test_one_that_failed_fails_the_next_scenario_too(project: Project) -> None:
    project.feature(TWO.format("1"))
    project.steps('@pytest.fixture(scope="session")\ndef thing():\n    raise LookupError("no thing")\n' + SENTENCE)
    result = project.run()
    result.assert_outcomes(failed=2)
    again = "The fixture `thing` *: LookupError: no thing; shown in full at *"
    result.stdout.fnmatch_lines(["*LookupError: no thing", again])


def test_it_outlives_the_scenarios_that_had_it(project: Project) -> None:
    project.feature(TWO.format("1"))
    project.steps(
        dedent("""
        @pytest.fixture(scope="session")
        def under():
            yield
            print("under is gone")

        @pytest.fixture(scope="session")
        def thing(under):
            yield "1"
            print("thing is gone")

        @pytest.fixture(autouse=True)
        def of_the_scenario(thing):
            yield
            print("the scenario is over")
        """)
        + SENTENCE
    )
    result = project.run("-s")
    result.assert_outcomes(passed=2)
    told = [line.rpartition(".")[2] for line in result.outlines if line.endswith(("gone", "over"))]
    assert told == ["the scenario is over", "the scenario is over", "thing is gone", "under is gone"]
