"""The run of a part leaves the whole: what ran is put into the document of the last full run, and nothing is lost."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from accord.basics.filenames import MESSAGES, MESSAGES_BEFORE
from accord.living_docs.changes import Changes, changes
from accord.living_docs.former import read_former
from accord.living_docs.model import Document, Pickle
from accord.living_docs.reader import read
from tests.helpers.messages import messages, of
from tests.helpers.project import PUBLISHING, Project

pytestmark = pytest.mark.usefixtures("publishing")

STEPS = r"""
import json
from pathlib import Path

@given("a step")
async def _(): ...

@given(parsers.parse("the size {size}"))
async def _(size): ...

@then(parsers.re(r"(the )?(?P<what>\w+) holds"))
async def _(what):
    assert what not in Path("broken").read_text(), f"{what} is broken"
"""
LAKE = """
Feature: The lake
  @cold
  Scenario: It is blue
    Given a step
    Then blue holds
  Scenario: It bears
    Given a step
    Then ice holds
  Scenario Outline: It is deep
    Given the size <size>
    Then <size> holds
    Examples:
      | size |
      | metre |
      | mile |
"""
RIVER = """
Feature: The river
  Scenario: It flows
    Given a step
    Then flow holds
"""


@pytest.fixture
def waters(project: Project) -> Project:
    """A project of two features and five promises, all of them kept."""
    project.settings(PUBLISHING + "markers =\n  cold\n  slow\n")
    project.feature(LAKE, "features/waters/lake.feature")
    project.feature(RIVER, "features/river.feature")
    project.steps(STEPS)
    breaking(project)
    return project


def breaking(project: Project, *what: str) -> None:
    """Have these things not hold from now on."""
    project.path.joinpath("broken").write_text(" ".join(what), encoding="utf-8")


def file(project: Project, name: str) -> Path:
    return project.path / "living-docs" / name


def document(project: Project) -> Document:
    return read(file(project, MESSAGES))


def page(project: Project) -> str:
    return file(project, "index.html").read_text(encoding="utf-8")


def pickles(project: Project) -> dict[str, Pickle]:
    return {pickle.name: pickle for pickle in document(project).pickles()}


def states(project: Project) -> dict[str, str]:
    return {name: pickle.state.value for name, pickle in pickles(project).items()}


def again(project: Project) -> set[str]:
    """The promises that are marked with a time of their own."""
    return {name for name, pickle in pickles(project).items() if pickle.again}


def changed(project: Project) -> Changes:
    """What changed since the last full run."""
    return changes(read_former(file(project, MESSAGES_BEFORE)), document(project))


def published(project: Project) -> dict[str, bytes]:
    directory = project.path / "living-docs"
    return {path.name: path.read_bytes() for path in directory.iterdir()} if directory.exists() else {}


ALL = {"It is blue", "It bears", "It is deep (metre)", "It is deep (mile)", "It flows"}
LAST_FAILED = [["--lf"], ["--last-failed"], ["--sw"]]


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [
        (["-k", "bears"], {"It bears"}),
        (["-m", "cold"], {"It is blue"}),
        (["features/river.feature"], {"It flows"}),
        (["features/waters"], ALL - {"It flows"}),
        (["features/waters/lake.feature::It bears"], {"It bears"}),
        (["features/waters/lake.feature:7"], {"It bears"}),
        (["features/waters/lake.feature:15"], {"It is deep (mile)"}),
        (["--deselect", "features/waters/lake.feature"], {"It flows"}),
        (["--ignore", "features/waters"], {"It flows"}),
        (["-n", "2", "-k", "bears or flows"], {"It bears", "It flows"}),
    ],
)
def test_what_was_not_selected_stays_as_it_was(waters: Project, arguments: list[str], ran: set[str]) -> None:
    waters.run_process("features")
    whole = document(waters)
    breaking(waters, "metre")
    result = waters.run_process(*arguments)
    assert again(waters) == ran
    broken = {"It is deep (metre)"} & ran
    assert states(waters) == dict.fromkeys(ALL, "kept") | dict.fromkeys(broken, "broken")
    assert document(waters).metadata == whole.metadata
    assert document(waters).problems == []
    assert changed(waters).counted() == ([("newly broken", 1)] if broken else [])
    tally = f"{len(ran) - 1} kept, 1 broken" if broken else f"{len(ran)} kept"
    promises = f"{len(ran)} of 5 promises run: {tally}"
    result.stdout.fnmatch_lines([f"{promises}; living-docs/index.html has the whole"])


@pytest.mark.parametrize("arguments", LAST_FAILED)
def test_of_a_run_of_what_failed_last_the_rest_stays(project: Project, waters: Project, arguments: list[str]) -> None:
    breaking(waters, "flow")
    waters.run("features", "-p", "no:randomly")
    assert states(waters)["It flows"] == "broken"
    breaking(waters)
    waters.run("features", *arguments)
    assert states(waters) == dict.fromkeys(ALL, "kept")
    assert "It flows" in again(waters) or arguments == ["--sw"]
    assert changed(waters).counted() == [("fixed", 1)]


def test_what_a_plugin_deselects_stays_as_it_was(waters: Project) -> None:
    waters.run("features")
    waters.more_steps(
        "def pytest_addoption(parser):\n    parser.addoption('--one', action='store_true')\n"
        "def pytest_collection_modifyitems(config, items):\n    if config.getoption('--one'):\n        del items[1:]\n"
    )
    waters.run("features", "--one", "-p", "no:randomly")
    assert len(again(waters)) == 1
    assert states(waters) == dict.fromkeys(ALL, "kept")


def test_what_ran_is_marked_with_its_time_beside_the_promise_and_the_top_has_that_of_the_full_run(
    waters: Project,
) -> None:
    waters.run("features")
    [started] = of("testRunStarted", messages(waters))
    waters.run("-k", "bears or metre")
    assert of("testRunStarted", messages(waters))[0] == started
    shown = page(waters)
    assert shown.count("kept, ") >= 2
    assert len(re.findall(r"kept, \d+\sms, run on \d+ \w+ \d{4}, \d\d:\d\d UTC", shown)) == 2
    assert re.search(r"2 run since, the last on \d+ \w+ \d{4}, \d\d:\d\d UTC", shown)
    assert "not run" not in shown
    summary = file(waters, "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("# Living documentation: 5 promises kept\n")
    assert re.search(r"^2 of 5 promises run on \d+ \w+ \d{4}, \d\d:\d\d UTC: 2 kept", summary, re.MULTILINE)


def test_a_job_of_github_is_told_what_was_run(waters: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    waters.run("features")
    summary = waters.path / "summary"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    waters.run("-k", "bears")
    assert "1 of 5 promises run on " in summary.read_text(encoding="utf-8")


def test_the_messages_file_has_both_runs_as_the_protocol_has_them(waters: Project) -> None:
    waters.run("features")
    waters.run("-k", "bears")
    told = messages(waters)
    full, part = (started["id"] for started in of("testRunStarted", told))
    assert [ended["testRunStartedId"] for ended in of("testRunFinished", told)] == [full, part]
    runs = [case["testRunStartedId"] for case in of("testCase", told)]
    assert sorted(runs) == sorted([full] * 4 + [part])
    assert len({case["id"] for case in of("testCase", told)}) == len(of("pickle", told)) == 5
    sources = [source["uri"] for source in of("source", told)]
    assert len(set(sources)) == len(sources) == 2


def test_the_messages_can_be_rendered_again_into_the_same_page(waters: Project) -> None:
    waters.run("features")
    waters.run("-k", "bears")
    arguments = ("living-docs/messages.ndjson", "--baseline", "living-docs/messages.before.ndjson")
    waters.pytester.run("accord", "render", *arguments, "-o", "again").stdout.fnmatch_lines(["5 promises kept"])
    pages = page(waters), waters.path.joinpath("again", "index.html").read_text(encoding="utf-8")
    # The messages lie beside one of them, which leads to them.
    before, after = (text.partition('<section id="colophon"')[0] for text in pages)
    assert before == after


def test_several_parts_are_put_in_one_after_another_and_all_are_compared_with_the_last_full_run(
    waters: Project,
) -> None:
    waters.run("features")
    full = file(waters, MESSAGES).read_bytes()
    breaking(waters, "ice")
    waters.run("-k", "bears")
    waters.run("-k", "flows")
    assert again(waters) == {"It bears", "It flows"}
    assert changed(waters).counted() == [("newly broken", 1)]
    assert "1 newly broken since" in page(waters)
    breaking(waters)
    waters.run("-k", "bears")
    assert states(waters) == dict.fromkeys(ALL, "kept")
    assert changed(waters).counted() == []
    assert len(of("testRunStarted", messages(waters))) == 3
    assert file(waters, MESSAGES_BEFORE).read_bytes() == full


def test_the_next_full_run_takes_the_place_of_all_and_is_compared_with_the_last_full_one(waters: Project) -> None:
    breaking(waters, "flow")
    waters.run("features")
    full = file(waters, MESSAGES).read_bytes()
    breaking(waters)
    waters.run("-k", "flows")
    result = waters.run("features")
    result.stdout.fnmatch_lines(["5 promises kept: living-docs/index.html"])
    assert again(waters) == set()
    assert "1 fixed since" in page(waters)
    assert file(waters, MESSAGES_BEFORE).read_bytes() == full
    waters.run("features")
    assert changed(waters).counted() == []


@pytest.mark.parametrize("first", [["-k", "bears"], ["features/river.feature"], ["features/waters"]])
def test_a_first_run_of_a_part_is_published_and_what_it_left_out_is_not_new_afterwards(
    waters: Project, first: list[str]
) -> None:
    result = waters.run(*first)
    result.stdout.fnmatch_lines(["* promise* kept*: living-docs/index.html"])
    assert again(waters) == set()
    waters.run("features").stdout.fnmatch_lines(["5 promises kept: living-docs/index.html"])
    assert "Changed" not in page(waters)
    assert not file(waters, MESSAGES_BEFORE).exists()
    waters.run("features")
    assert changed(waters).counted() == []
    assert "nothing since" in page(waters)


def test_parts_alone_are_put_together(waters: Project) -> None:
    for name in ("bears", "flows", "bears"):
        waters.run("-k", name)
    found = {name for name, state in states(waters).items() if state == "kept"}
    assert found == {"It bears", "It flows"}
    assert "Changed" not in page(waters)


def test_a_scenario_whose_text_has_changed_is_shown_as_it_is_now_if_it_ran_now(waters: Project) -> None:
    waters.run("features")
    waters.change("features/waters/lake.feature", "Then ice holds", "Then the ice holds")
    waters.run("-k", "bears")
    [step] = [step.source.text for step in pickles(waters)["It bears"].runs[0].steps][1:]
    assert step == "the ice holds"
    assert states(waters) == dict.fromkeys(ALL, "kept")
    assert changed(waters).counted() == [("reworded", 1)]


def test_what_others_say_above_a_scenario_that_did_not_run_does_not_lose_what_became_of_it(waters: Project) -> None:
    breaking(waters, "mile")
    waters.run("features")
    waters.change(
        "features/waters/lake.feature",
        "  Scenario: It bears",
        "  Scenario: It is wet\n    Given a step\n    Then water holds\n\n  Scenario: It bears",
    )
    waters.run("-k", "wet")
    assert states(waters) == dict.fromkeys(ALL | {"It is wet"}, "kept") | {"It is deep (mile)": "broken"}
    assert again(waters) == {"It is wet"}
    assert changed(waters).counted() == [("new", 1)]
    assert "mile is broken" in page(waters)


def test_a_scenario_that_was_written_or_changed_and_has_not_run_yet_is_not_run_and_neither_new_nor_gone(
    waters: Project,
) -> None:
    waters.run("features")
    waters.change("features/waters/lake.feature", "Scenario: It is blue", "Scenario: It is green")
    waters.change("features/waters/lake.feature", "Then blue holds", "Then green holds")
    waters.change(
        "features/waters/lake.feature",
        "  Scenario: It bears",
        "  Scenario: It is wet\n    Given a step\n    Then water holds\n\n  Scenario: It bears",
    )
    waters.run("-k", "bears")
    assert {name for name, state in states(waters).items() if state == "not run"} == {"It is green", "It is wet"}
    assert changed(waters).counted() == []


def test_a_scenario_and_a_feature_that_were_removed_are_gone(waters: Project) -> None:
    waters.run("features")
    waters.path.joinpath("features", "river.feature").unlink()
    waters.change("features/waters/lake.feature", "      | mile |\n", "")
    waters.run("-k", "bears")
    assert states(waters).keys() == ALL - {"It flows", "It is deep (mile)"}
    assert {pickle.name for pickle in changed(waters).gone} == {"It flows", "It is deep (mile)"}


def test_a_feature_that_moved_is_neither_new_nor_gone(waters: Project) -> None:
    waters.run("features")
    waters.path.joinpath("features", "river.feature").rename(waters.path / "features" / "waters" / "river.feature")
    waters.run("features/waters", "-k", "not bears")
    assert (changed(waters).new, changed(waters).gone) == ([], [])


def test_step_definitions_that_moved_in_their_file_are_there_once(waters: Project) -> None:
    waters.run("features")
    sentences = [it.pattern for it in document(waters).sentences]
    waters.steps("# A line above.\n" + STEPS)
    waters.run("-k", "bears")
    assert [it.pattern for it in document(waters).sentences] == sentences
    assert sorted(it.uses for it in document(waters).sentences) == [2, 3, 5]


def test_what_a_full_run_did_not_come_to_stays_as_it_was(waters: Project) -> None:
    waters.run("features")
    breaking(waters, "ice")
    waters.run("features", "-x", "-p", "no:randomly").stdout.fnmatch_lines(
        ["3 of 5 promises run: 2 kept, 1 broken; *has the whole"]
    )
    assert "not run" not in states(waters).values()
    breaking(waters)
    waters.more_steps("@given('a stop')\nasync def _():\n    raise KeyboardInterrupt\n")
    waters.change("features/river.feature", "Given a step", "Given a stop")
    waters.run_process("features/river.feature", "features/waters", "-p", "no:randomly", "-k", "flows or bears")
    assert states(waters)["It bears"] == "broken"


@pytest.mark.parametrize(
    "arguments",
    [["-k", "nothing"], ["--collect-only"], ["features/river.feature", "--deselect", "features/river.feature"]],
)
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_run_that_ran_nothing_writes_nothing(
    waters: Project, arguments: list[str], workers: list[str], is_first: bool
) -> None:
    if not is_first:
        waters.run("features")
    before = published(waters)
    result = waters.run_process(*arguments, *workers)
    assert published(waters) == before
    assert waters.path.joinpath("living-docs").exists() is not is_first
    result.stdout.no_fnmatch_line("*living-docs*")


def test_a_run_that_a_module_ends_before_it_begins_writes_nothing(waters: Project) -> None:
    waters.run("features")
    before = published(waters)
    waters.pytester.makepyfile(test_it="import nowhere_to_be_found")
    assert waters.run_process(".").ret == pytest.ExitCode.INTERRUPTED
    assert published(waters) == before


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect needs a terminal of POSIX")
@pytest.mark.parametrize("key", ["q\n", "\x04"])
@pytest.mark.parametrize("how", ["--pdb", "--trace", "breakpoint"])
def test_a_run_that_was_quit_from_the_debugger_writes_nothing(waters: Project, key: str, how: str) -> None:
    pexpect: Any = pytest.importorskip("pexpect")
    waters.run("features")
    breaking(waters, "ice")
    if how == "breakpoint":
        waters.change(
            "conftest.py", '@given("a step")\nasync def _(): ...', '@given("a step")\nasync def _(): breakpoint()'
        )
    before = published(waters)
    arguments = [] if how == "breakpoint" else [how]
    environment = dict(os.environ, NO_COLOR="1")
    command = ["-m", "pytest", "features/waters", "-p", "no:randomly", *arguments]
    child = pexpect.spawn(sys.executable, command, cwd=waters.path, env=environment, encoding="utf-8", timeout=60)
    ended = 0
    while not ended:
        ended = child.expect([r"\(Pdb\) ", pexpect.EOF])
        if not ended:
            child.send(key)
    child.close()
    assert published(waters) == before


def test_the_baseline_that_is_named_goes_first(waters: Project) -> None:
    breaking(waters, "flow")
    waters.run("features")
    file(waters, MESSAGES).rename(waters.path / "released.ndjson")
    breaking(waters)
    waters.run("features")
    waters.run("-k", "bears", "--accord-baseline=released.ndjson")
    assert "1 fixed since" in page(waters)


def test_a_share_of_several_machines_has_its_own_alone(waters: Project) -> None:
    waters.run("features")
    waters.run("features", "--splits", "2", "--group", "1", "-p", "no:randomly")
    found = list(states(waters).values())
    assert 0 < found.count("not run") < 5


def test_shares_of_paths_are_merged_as_before(waters: Project) -> None:
    waters.run("features/river.feature", "--accord-docs=one")
    waters.run("features/waters", "--accord-docs=two")
    waters.run("features/waters", "--accord-docs=two", "-k", "bears")
    waters.pytester.run("accord", "merge", "one/messages.ndjson", "two/messages.ndjson", "-o", "all.ndjson")
    joined = read(waters.path / "all.ndjson")
    assert joined.sentence() == "5 promises kept"
    assert {pickle.name for pickle in joined.pickles() if pickle.again} == {"It bears"}
    lines = waters.path.joinpath("all.ndjson").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    runs = {started["id"] for started in of("testRunStarted", told)}
    assert {case["testRunStartedId"] for case in of("testCase", told)} == runs
    assert {ended["testRunStartedId"] for ended in of("testRunFinished", told)} == runs


def test_a_suite_that_always_leaves_some_out_has_full_runs_all_the_same(waters: Project) -> None:
    waters.settings(PUBLISHING.replace("addopts =", "addopts = -m 'not cold'") + "markers =\n  cold\n")
    for _ in range(2):
        waters.run("features").stdout.fnmatch_lines(["4 promises kept, 1 not run: living-docs/index.html"])
    assert "nothing since" in page(waters)
    waters.run("features", "-m", "cold").stdout.fnmatch_lines(["1 of 5 promises run: 1 kept; *"])
    assert states(waters) == dict.fromkeys(ALL, "kept")
    waters.run("features").stdout.fnmatch_lines(["4 promises kept, 1 not run: living-docs/index.html"])


def test_a_run_of_all_is_full_whatever_the_project_leaves_out_by_now(waters: Project) -> None:
    bare = [sys.executable, "-m", "pytest"]
    waters.pytester.run(*bare)
    waters.settings(PUBLISHING.replace("addopts =", "addopts = -m 'not cold'") + "markers =\n  cold\n")
    waters.pytester.run(*bare).stdout.fnmatch_lines(["4 promises kept, 1 not run: living-docs/index.html"])


def test_of_a_scenario_with_parameters_those_that_did_not_run_stay(waters: Project) -> None:
    waters.more_steps(
        "@pytest.fixture(params=['a', 'b'], autouse=True)\ndef each(request):\n    return request.param\n"
    )
    waters.run("features/river.feature")
    waters.run("features/river.feature", "-k", "flows and a]")
    waters.run("features/river.feature::It flows[a]")
    [pickle] = document(waters).pickles()
    assert [bool(run.again) for run in pickle.runs].count(True) == 1
    assert len(pickle.runs) == 2


def test_messages_of_the_last_run_that_cannot_be_read_are_kept_and_the_part_is_published(waters: Project) -> None:
    waters.run("features")
    file(waters, MESSAGES).write_text("no JSON\n", encoding="utf-8")
    result = waters.run("-k", "bears")
    result.stdout.fnmatch_lines(["What the last run had is not shown: *messages.ndjson:1 is not JSON: *"])
    assert states(waters)["It bears"] == "kept"
    assert file(waters, MESSAGES_BEFORE).read_text(encoding="utf-8") == "no JSON\n"


def test_without_documents_the_messages_of_a_part_are_put_into_those_of_the_last_run(waters: Project) -> None:
    waters.run("features", "-p", "no:accord.living_docs")
    waters.run("-k", "bears", "-p", "no:accord.living_docs")
    assert states(waters) == dict.fromkeys(ALL, "kept")
    assert again(waters) == {"It bears"}
    assert published(waters).keys() == {MESSAGES, MESSAGES_BEFORE}
