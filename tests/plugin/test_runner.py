"""Scenarios run as written: backgrounds, tables, any language, what is not defined, and how a failure is shown."""

import ast
from pathlib import Path

import pytest

from tests.helpers.project import Project


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
            "FAILED *assert 2 == 3* - it.feature:* Any number[[]Wrong: pen, ink, 3]",
        ]
    )


def test_backgrounds_of_the_feature_and_of_the_rule_run_first(project: Project) -> None:
    project.copy("things")
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
    project.copy("things")
    file = project.path / "größe.feature"
    file.write_bytes((mark + GERMAN.replace("\n", end)).encode())
    project.run("größe.feature::Maße stimmen::Übergröße[Schuhe: 48½]").assert_outcomes(passed=1)
    file.write_bytes((mark + GERMAN.replace("\n", end).replace("3", "7")).encode())
    project.run("größe.feature").stdout.fnmatch_lines(
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
    project.copy("things")
    project.scenario("Given a pen", f"{keyword} {sentence}", "Then there are 1")
    result = project.run()
    result.assert_outcomes(failed=1)
    lines = result.outlines
    assert lines.count(f"it.feature:4: no step definition says: {keyword} {sentence}") == 2
    start = lines.index("Step definitions to begin with:")
    suggestion = lines[start + 1 : lines.index("    raise NotImplementedError", start) + 1]
    ast.parse("\n".join(suggestion))
    project.more_steps("\n".join(suggestion))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.feature:4", "*", ">       raise NotImplementedError"])


def test_a_fixture_that_does_not_exist_is_named_with_the_sentence_that_asks_for_it(project: Project) -> None:
    project.scenario("Then it holds")
    project.steps('@then("it holds")\ndef _(request):\n    request.getfixturevalue("missing")')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ One _*",
            "it.feature:3: Then it holds: fixture 'missing' not found: correct the name, or define the fixture.",
            "=* short test summary info =*",
        ],
        consecutive=True,
    )


def test_an_error_of_accords_that_a_step_meets_is_shown_without_a_traceback(project: Project) -> None:
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


UNUSED = {
    "a table": ("| a | b |", "the table under it: add an argument `datatable`, or remove the table."),
    "a text": ('"""\na\n"""', "the text under it: add an argument `docstring`, or remove the text."),
}


@pytest.mark.parametrize(("under", "said"), UNUSED.values(), ids=UNUSED)
def test_what_no_step_takes_fails_it_unless_that_is_switched_off(project: Project, under: str, said: str) -> None:
    project.scenario("Given a pen", *under.split("\n"), "Then it is there")
    project.steps("""
        @given("a pen")
        async def _():
            print("it ran")

        @then("it is there")
        async def _(): ...
    """)
    result = project.run("-s")
    result.assert_outcomes(failed=1)
    line = project.path.joinpath("conftest.py").read_text(encoding="utf-8").split("\n").index('@given("a pen")') + 1
    result.stdout.fnmatch_lines(
        [f"*it.feature:3: Given a pen: its definition (conftest.py:{line}) does not take {said} [[]unused-table]"]
    )
    result.stdout.no_fnmatch_line("*it ran*")
    project.change("it.feature", "    Given", "    # accord: ignore[unused-table]\n    Given")
    project.run().assert_outcomes(passed=1)


def test_what_no_step_of_a_module_takes_is_said(project: Project) -> None:
    project.scenario("Given a pen", "| a | b |")
    project.pytester.makepyfile("""
        from pytest_bdd import given, scenarios

        scenarios("it.feature")

        @given("a pen")
        def _(): ...
    """)
    result = project.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*it.feature:3: Given a pen: its definition (*) does not take the table under it*"])


DIFFERENCES = {
    "a no-break space": ("I\u00a0look", "`I look` (conftest.py:*) only by a space of another kind (U+00A0)"),
    "two spaces": ("I  look", "`I look` (conftest.py:*) only by several spaces in a row"),
    "a zero-width space": ("I lo\u200bok", "`I look` (conftest.py:*) only by an invisible character (U+200B)"),
    "a stop": ("I look.", "`I look` (conftest.py:*) only by the `.` at its end, which is not there"),
    "an empty value": ('I enter ""', '`I enter "{text}"` (*) only by an empty value, where `{text}` needs a character'),
    "no value": ("I type <none>", "`I type {words}` (*) only by an empty value, where `{words}` needs a character"),
    "curly quotes": ("I enter \u201cit\u201d", '`I enter "{text}"` (*) only by quotes or dashes of another kind'),
    "another accent": ("I see Gro\u0308\u00dfe", "`I see Gr\u00f6\u00dfe` (*) only by letters that are composed *"),
    "two of them": ("I\u00a0 look", "`I look` (*) only by a space of another kind (U+00A0) and several spaces *"),
    "one in the definition": ("I wait", "`I\u00a0wait` (*) only by a space of another kind (U+00A0)"),
}


@pytest.mark.parametrize(("sentence", "said"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_that_nobody_sees_is_said(project: Project, sentence: str, said: str) -> None:
    project.feature(f"""
        Feature: It
          Scenario Outline: One
            Given {sentence}
            Then it is
            Examples:
              | none |
              |      |
    """)
    project.steps("""
        @given("I look")
        @given(parsers.parse('I enter "{text}"'))
        @given(parsers.parse("I type {words}"))
        @given("I see Gr\u00f6\u00dfe")
        @given("I\\u00a0wait")
        async def _(): ...

        @then("it is")
        async def _(): ...
    """)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"it.feature:3: no step definition says: Given *: it differs from {said}"])


def test_a_difference_that_one_sees_is_not_said(project: Project) -> None:
    project.scenario("Given I  see it", "Then it is")
    project.steps('@given("I look")\n@given(parsers.parse("I see {n:d}"))\nasync def _(): ...')
    result = project.run()
    result.stdout.fnmatch_lines(["it.feature:3: no step definition says: Given I  see it"])
    result.stdout.no_fnmatch_line("*it differs from*")


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is(project: Project) -> None:
    project.feature("""
        Feature: It
          Scenario Outline: One
            Given "<a>" and "<b>"
              | <a> |
            Then it is
            Examples:
              | a   | b   |
              | <b> | <a> |
    """)
    project.steps("""
        @given(parsers.parse('"{one}" and "{other}"'))
        async def _(one, other, datatable):
            assert (one, other, datatable) == ("<b>", "<a>", [["<b>"]])

        @then("it is")
        async def _(): ...
    """)
    project.run().assert_outcomes(passed=1)


RETURNING = """
    @given("a pen", target_fixture="pen")
    def _(): return False

    @when("I look", target_fixture="seen")
    def _(pen): return pen

    @when("I wait")
    def _(): return False

    @then("there is one")
    async def _(seen): return seen == 1

    @then("there is none")
    async def _(seen): return seen == 0

    @then("it is gone", target_fixture="seen")
    def _(seen): return False
"""


def test_a_then_that_returns_false_fails(project: Project) -> None:
    project.steps(RETURNING)
    project.scenario("Given a pen", "When I look", "And I wait", "Then there is none", "And it is gone")
    project.run().assert_outcomes(passed=1)
    project.scenario("Given a pen", "When I look", "Then there is one")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "it.feature:5: Then there is one: its definition (conftest.py:19) returned False, which fails nothing: "
            "write `assert` in the place of `return`."
        ]
    )


def test_a_then_that_returns_false_where_a_module_binds_it_is_only_said(project: Project) -> None:
    project.steps(RETURNING)
    project.scenario("Given a pen", "When I look", "Then there is one")
    project.pytester.makepyfile(test_it="from pytest_bdd import scenarios\n\nscenarios('it.feature')\n")
    result = project.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["it.feature:5: Then there is one: its definition * returned False, *"])
