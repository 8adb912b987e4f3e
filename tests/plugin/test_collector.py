"""Feature files as test files: how they are found, named, selected and shown, and what is refused in them."""

import ast
from pathlib import Path

import pytest

from tests.helpers.project import SETTINGS, Project

STEPS = """
@given(parsers.parse("a {thing}"), target_fixture="things")
async def _(thing):
    return [thing]

@when(parsers.parse("I add {thing}"))
async def _(things, thing):
    things.append(thing)

@then(parsers.parse("there are {expected:d}"))
async def _(things, expected):
    assert len(things) == expected
"""

THINGS = """
    @everywhere
    Feature: Things
      Scenario: At the start
        Given a pen
        Then there are 1

      @slow
      Rule: They add up
        Scenario: Two of them
          Given a pen
          When I add ink
          Then there are 2

        @counted
        Scenario Outline: Any number
          Given a <first>
          When I add <second>
          Then there are <count>

          Examples: Right
            | first | second | count |
            | pen   | ink    | 2     |
            | cup   | tea    | 2     |

          @doubtful
          Examples: Wrong
            | first | second | count |
            | pen   | ink    | 3     |
"""

ALL = [
    "it.feature::At the start",
    "it.feature::They add up::Two of them",
    "it.feature::They add up::Any number[Right: pen, ink, 2]",
    "it.feature::They add up::Any number[Right: cup, tea, 2]",
    "it.feature::They add up::Any number[Wrong: pen, ink, 3]",
]

MARKERS = """
markers =
    everywhere
    slow: takes its time
    counted
    doubtful
"""


@pytest.fixture
def things(project: Project) -> Project:
    """A project with one feature, which has a scenario of each kind; the last example is wrong."""
    project.settings(SETTINGS + MARKERS)
    project.steps(STEPS)
    project.feature(THINGS)
    return project


def _collected(project: Project, *arguments: str) -> list[str]:
    lines = project.run("--collect-only", "-q", *arguments).outlines
    return lines[: lines.index("")]


def _refusal(project: Project) -> list[str]:
    """Return what a run of it.feature says, and see that it says it once and ran nothing."""
    result = project.run("it.feature")
    result.assert_outcomes(errors=1)
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "ERROR collecting it.feature" in line)
    end = next(number for number, line in enumerate(lines) if "short test summary info" in line)
    return lines[start + 1 : end]


def test_a_feature_file_runs_without_a_python_module_that_binds_it(things: Project) -> None:
    things.run("it.feature").assert_outcomes(passed=4, failed=1)


def test_feature_files_below_the_testpaths_are_found(things: Project) -> None:
    things.settings(SETTINGS + MARKERS + "testpaths = features")
    things.feature(THINGS, "features/one/two/deep.feature")
    things.path.joinpath("features/one/notes.txt").touch()
    things.run().assert_outcomes(passed=4, failed=1)


def test_collect_only_lists_node_ids_in_the_order_of_the_file(things: Project) -> None:
    assert _collected(things) == ALL


def test_collect_only_shows_the_tree_of_features_rules_and_scenarios(things: Project) -> None:
    things.run("--collect-only").stdout.fnmatch_lines(
        [
            "  <FeatureFile it.feature>",
            "    <Scenario At the start>",
            "    <Rule They add up>",
            "      <Scenario Two of them>",
            "      <Scenario Any number*Right: pen, ink, 2*>",
        ],
        consecutive=True,
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("it.feature::At the start", ALL[:1]),
        ("it.feature::They add up", ALL[1:]),
        ("it.feature::They add up::Two of them", ALL[1:2]),
        ("it.feature::They add up::Any number", ALL[2:]),
        ("it.feature::They add up::Any number[Right: cup, tea, 2]", ALL[3:4]),
    ],
)
def test_a_node_id_that_is_typed_selects_what_it_names(things: Project, typed: str, found: list[str]) -> None:
    assert _collected(things, typed) == found


def test_every_node_id_that_is_shown_can_be_typed(project: Project) -> None:
    project.steps(STEPS)
    project.feature("""
        Feature: It
          Scenario: Übergröße: "a/b" [c] (d), e::f?
            Given a pen
            Then there are 1
          Rule: A [b] c::d
            Scenario: In it
              Given a pen
              Then there are 1
            Scenario Outline: With [<thing>]
              Given a <thing>
              Then there are 1
              Examples:
                | thing     |
                | a, [b] c  |
                | d::e      |
                | d::e      |
                |           |
                | \\\\n \\|   |
              Examples: Long
                | thing                                                                       |
                | one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve   |
                | one, two, three, four, five, six, seven, eight, nine, ten, eleven, thirteen |
    """)
    nodes = _collected(project)
    assert len(nodes) == len(set(nodes)) == 9
    for node in nodes:
        assert _collected(project, node) == [node]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["-k", "two"], ALL[1:2]),
        (["-k", "start or cup"], [ALL[0], ALL[3]]),
        (["-k", "not Right"], [*ALL[:2], ALL[4]]),
        (["-m", "everywhere"], ALL),
        (["-m", "slow"], ALL[1:]),
        (["-m", "counted"], ALL[2:]),
        (["-m", "counted and not doubtful"], ALL[2:4]),
        (["-m", "doubtful"], ALL[4:]),
    ],
    ids=" ".join,
)
def test_k_and_m_select_by_name_and_by_tag(things: Project, options: list[str], found: list[str]) -> None:
    assert _collected(things, *options) == found


def test_a_tag_of_pytest_itself_does_what_the_mark_does(project: Project) -> None:
    project.steps(STEPS)
    project.feature("""
        Feature: It
          @skip
          Scenario: One
            Given a pen
            Then there are 7
          @xfail
          Scenario: Two
            Given a pen
            Then there are 7
    """)
    project.run().assert_outcomes(skipped=1, xfailed=1)


def test_lf_runs_what_failed(things: Project) -> None:
    things.run().assert_outcomes(passed=4, failed=1)
    things.run("--lf").assert_outcomes(failed=1)
    assert _collected(things, "--lf") == ALL[4:]


def test_a_failure_shows_the_sentence_in_its_scenario_with_file_and_line(things: Project) -> None:
    things.run("-k", "Wrong").stdout.fnmatch_lines(
        [
            "*_ Any number*Wrong: pen, ink, 3* _*",
            "it.feature:18",
            "  Scenario Outline: Any number",
            "    Given a pen",
            "    When I add ink",
            ">   Then there are 3",
            "",
            "things = ['pen', 'ink'], expected = 3",
            "*",
            "=* short test summary info =*",
            "FAILED it.feature::They add up::Any number[[]Wrong: pen, ink, 3] - AssertionErr*",
        ]
    )


def test_a_scenario_is_reported_at_its_own_line_and_an_example_at_its_row(things: Project) -> None:
    things.steps(
        STEPS
        + """
def pytest_collection_modifyitems(items):
    for item in items:
        print(*item.location[:2])
"""
    )
    lines = things.run("-s", "--collect-only", "-q").outlines
    assert lines[:5] == ["it.feature 2", "it.feature 8", "it.feature 21", "it.feature 22", "it.feature 27"]


def test_backgrounds_of_the_feature_and_of_the_rule_run_first(project: Project) -> None:
    project.steps(STEPS)
    project.feature("""
        Feature: It
          Background:
            Given a pen
          Scenario: Above
            Then there are 1
          Rule: Below
            Background:
              When I add ink
            Scenario: Both
              When I add paper
              Then there are 3
            Scenario: Failing
              Then there are 7
    """)
    result = project.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["it.feature:13", "  Scenario: Failing", "    Given a pen", "    When I add ink", ">   Then there are 7"],
        consecutive=True,
    )


def test_data_tables_and_doc_strings_reach_the_step_with_their_examples_filled_in(project: Project) -> None:
    project.feature('''
        Feature: It
          Scenario Outline: One
            Given a table
              | name | <column> |
              | pen  | <value>  |
            Then a text
              """
              It costs <value>.

                Indented
              """
            Examples:
              | column | value |
              | price  | 3     |
    ''')
    project.steps("""
        @given("a table")
        async def _(datatable):
            assert datatable == [["name", "price"], ["pen", "3"]]

        @then("a text")
        async def _(docstring):
            assert docstring == "It costs 3.\\n\\n  Indented"
    """)
    project.run().assert_outcomes(passed=1)


GERMAN = """# language: de
Funktionalität: Größen
  Regel: Maße stimmen
    Szenariogrundriss: Übergröße
      Angenommen a <größe>
      Wenn I add ñandú
      Und I add 猫
      Dann there are 3
      Beispiele: Schuhe
        | größe |
        | 48½   |
"""


@pytest.mark.parametrize("mark", ["", "\N{BYTE ORDER MARK}"], ids=["no BOM", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_another_language_any_line_end_and_a_byte_order_mark_are_read(project: Project, mark: str, end: str) -> None:
    project.steps(STEPS)
    file = project.path / "größe.feature"
    file.write_bytes((mark + GERMAN.replace("\n", end)).encode())
    project.run("größe.feature::Maße stimmen::Übergröße[Schuhe: 48½]").assert_outcomes(passed=1)
    file.write_bytes((mark + GERMAN.replace("\n", end).replace("3", "7")).encode())
    project.run().stdout.fnmatch_lines(
        [
            "größe.feature:8",
            "  Szenariogrundriss: Übergröße",
            "    Angenommen a 48½",
            "    Wenn I add ñandú",
            "    Und I add 猫",
            ">   Dann there are 7",
        ],
        consecutive=True,
    )


NOT_READABLE = {
    "not UTF-8": (
        "Feature: It\n  Scenario: Größe\n".encode("latin-1"),
        "it.feature:2: there is a character that is not UTF-8: save the file as UTF-8.",
    ),
    "UTF-16": (
        "Feature: It\n".encode("utf-16"),
        "it.feature:1: there is a character that is not UTF-8: save the file as UTF-8.",
    ),
    "empty": (b"", "it.feature:1: there is no feature in it: begin with a line `Feature: ...`."),
    "comments only": (b"# later\n\n", "it.feature:1: there is no feature in it: begin with a line `Feature: ...`."),
    "no such keyword": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n  Senario: Two\n",
        "it.feature:4: Unexpected token found. Check Gherkin syntax near the reported error. Senario: Two",
    ),
    "unequal rows": (
        b"Feature: It\n  Scenario: One\n    Given a pen\n      | a | b |\n      | c |\n",
        "it.feature:5: inconsistent cell count within the table | c |",
    ),
    "unknown language": (b"# language: xx\nFeature: It\n", "it.feature:1: Language not supported: xx # language: xx"),
    "an open doc string": (
        b'Feature: It\n  Scenario: One\n    Given a pen\n      """\n',
        "it.feature:5: unexpected end of file, expected: #DocStringSeparator, #Other",
    ),
    "And comes first": (
        b"Feature: It\n  Scenario: One\n    And a pen\n",
        "it.feature:3: First step in a scenario or background must start with 'Given', 'When' or 'Then', but got And."
        " a pen",
    ),
}


@pytest.mark.parametrize(("content", "message"), NOT_READABLE.values(), ids=NOT_READABLE)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(project: Project, content: bytes, message: str) -> None:
    project.path.joinpath("it.feature").write_bytes(content)
    assert _refusal(project) == [message]


REFUSED = {
    "two scenarios of one name": (
        """
Feature: It
  Scenario: One
    Then there are 1
  Scenario: One
    Then there are 2
""",
        ['it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one.'],
    ),
    "two scenarios of one name in two rules": (
        """
Feature: It
  Rule: First
    Scenario: One
      Then there are 1
  Rule: Second
    Scenario Outline: One
      Then there are <n>
      Examples:
        | n |
        | 1 |
""",
        ['it.feature:6: line 3 has a scenario "One" too, and only one would be found: rename one.'],
    ),
    "two rules of one name": (
        """
Feature: It
  Rule: First
    Scenario: One
      Then there are 1
  Rule: First
    Scenario: Two
      Then there are 1
""",
        ['it.feature:5: line 2 has a rule "First" too, and only one would be found: rename one.'],
    ),
    "no name": (
        """
Feature: It
  Rule:
    Scenario:
      Then there are 1
""",
        [
            "it.feature:2: a rule needs a name: say what is promised.",
            "it.feature:3: a scenario needs a name: say what is promised.",
        ],
    ),
    "no steps": (
        """
Feature: It
  Background:
    Given a pen
    Then there are 1
  Scenario: One
""",
        ['it.feature:5: the scenario "One" has no steps, so it would always pass: write them, or remove it.'],
    ),
    "no Then": (
        """
Feature: It
  Background:
    Given a pen
    Then there are 1
  Scenario: One
    When I add ink
    And I add paper
""",
        ['it.feature:5: the scenario "One" has no Then, so it checks nothing: say what must have happened.'],
    ),
    "no Then in the first of two scenarios of one name": (
        """
Feature: It
  Scenario: One
    Given a pen
  Scenario: One
    Then there are 1
""",
        [
            'it.feature:2: the scenario "One" has no Then, so it checks nothing: say what must have happened.',
            'it.feature:4: line 2 has a scenario "One" too, and only one would be found: rename one.',
        ],
    ),
    "an outline without Examples": (
        """
Feature: It
  Scenario Outline: One
    Then there are <n>
""",
        ['it.feature:2: the outline "One" has no Examples, so it would not run: add some.'],
    ),
    "Examples without a row": (
        """
Feature: It
  Scenario Outline: One
    Then there are <n>
    Examples: None
      | n |
    Examples: Some
      | n |
      | 1 |
    Examples: Nothing at all
""",
        [
            'it.feature:4: Examples of "One" have no row, so nothing would run: add one.',
            'it.feature:9: Examples of "One" have no row, so nothing would run: add one.',
        ],
    ),
    "no scenario": (
        """
Feature: It
  Senario: One
    Then there are 1
""",
        ['it.feature:1: "It" has no scenario, so nothing would run: write one, or remove it.'],
    ),
    "a rule without a scenario": (
        """
Feature: It
  Rule: First
    Senario: One
      Then there are 1
  Rule: Second
    Scenario: Two
      Then there are 1
""",
        ['it.feature:2: "First" has no scenario, so nothing would run: write one, or remove it.'],
    ),
    "unknown tags": (
        """
@slow @feeture
Feature: It
  @roole
  Rule: First
    @scenaario
    Scenario Outline: One
      Then there are <n>
      @eggsamples
      Examples:
        | n |
        | 1 |
""",
        [
            f"it.feature:{line}: the tag @{tag} is not known, so a filter may miss it: "
            "correct it, or add it to `markers` in the pytest configuration."
            for line, tag in [(1, "feeture"), (3, "roole"), (5, "scenaario"), (8, "eggsamples")]
        ],
    ),
}


@pytest.mark.parametrize(("text", "messages"), REFUSED.values(), ids=REFUSED)
def test_what_would_pass_without_having_been_tried_is_refused(things: Project, text: str, messages: list[str]) -> None:
    things.feature(text)
    assert _refusal(things) == messages


def test_a_refused_file_stops_the_run_before_any_scenario(things: Project) -> None:
    things.feature("Feature: It\n  Scenario: One\n", "refused.feature")
    things.run().assert_outcomes(errors=1)


SENTENCES = [
    "nobody wrote this",
    'some "quoted" {braced} <angled> \\ (50 %) sentence',
    "ein Satz mit Größe und 猫, isn't it?",
    '""" three \\" quotes \\',
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("keyword", ["Given", "When", "Then"])
def test_an_undefined_step_is_named_with_a_definition_to_paste_that_is_found_then(
    project: Project, keyword: str, sentence: str
) -> None:
    project.steps(STEPS)
    project.scenario("Given a pen", f"{keyword} {sentence}", "Then there are 1")
    result = project.run()
    result.assert_outcomes(failed=1)
    lines = result.outlines
    start = lines.index(f"it.feature:4: no step definition says: {keyword} {sentence}")
    suggestion = lines[start + 2 : start + 5]
    ast.parse("\n".join(suggestion))
    project.steps(STEPS + "\n" + "\n".join(suggestion))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.feature:4", "*", ">       raise NotImplementedError"])


@pytest.mark.parametrize("asking", ["async def _(missing): ...", "async def _(under): ..."], ids=["step", "fixture"])
def test_a_fixture_that_does_not_exist_is_named_with_the_sentence_that_needs_it(project: Project, asking: str) -> None:
    project.scenario("Then it holds")
    project.steps(f'@pytest.fixture\ndef under(missing): ...\n@then("it holds")\n{asking}')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ One _*",
            "it.feature:3: Then it holds: fixture 'missing' not found: correct the argument of that name, "
            "in the step definition or in a fixture under it, or define the fixture.",
            "=* short test summary info =*",
        ],
        consecutive=True,
    )


def test_a_refusal_that_a_step_meets_is_shown_without_a_traceback(project: Project) -> None:
    project.scenario("Then it refuses")
    project.steps("""
        from accord.errors import UsageError

        @then("it refuses")
        async def _():
            raise UsageError("The database is not there: start it.")
    """)
    project.run().stdout.fnmatch_lines(
        ["*_ One _*", "The database is not there: start it.", "=* short test summary info =*"], consecutive=True
    )


def test_workers_of_xdist_share_the_scenarios_and_show_the_same_failure(things: Project) -> None:
    result = things.run_process("-n", "2")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["it.feature:18", "  Scenario Outline: Any number", "*", ">   Then there are 3"])


def test_pytest_randomly_may_run_the_scenarios_in_any_order(things: Project) -> None:
    orders = []
    for seed in range(4):
        things.settings(SETTINGS.replace("-p no:randomly", f"--randomly-seed={seed}") + MARKERS)
        things.run().assert_outcomes(passed=4, failed=1)
        orders.append(_collected(things))
    assert [sorted(order) for order in orders] == [sorted(ALL)] * 4
    assert orders != [orders[0]] * 4


def test_a_feature_that_a_module_binds_runs_there_and_by_itself(things: Project) -> None:
    things.pytester.makepyfile('from pytest_bdd import scenarios\nscenarios(".")')
    things.run().assert_outcomes(passed=8, failed=2)


def test_fixtures_of_every_scope_serve_scenarios(project: Project) -> None:
    scopes = ["function", "class", "module", "package", "session"]
    project.steps(
        "\n".join(f'@pytest.fixture(scope="{scope}")\nasync def of_{scope}():\n    yield 1' for scope in scopes)
        + f'\n@then("they serve")\nasync def _({", ".join(f"of_{scope}" for scope in scopes)}): ...'
    )
    project.feature("""
        Feature: It
          Scenario: One
            Then they serve
          Rule: Below
            Scenario: Two
              Then they serve
    """)
    project.run().assert_outcomes(passed=2)


def test_a_conftest_beside_the_feature_serves_that_feature_only(project: Project) -> None:
    for name in ("here", "there"):
        project.feature("Feature: It\n  Scenario: One\n    Then I say where", f"{name}/it.feature")
        Path(project.path, name, "conftest.py").write_text(
            f'from pytest_bdd import then\n@then("I say where")\nasync def _(): print("{name}")'
        )
    result = project.run("-s")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["here/it.feature here", "*there/it.feature there"])
