"""The last runs, as runs of pytest leave them beside the documents, or where an option says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accord.living_docs import history, rendering
from accord.living_docs.past_runs import History
from tests.helpers.project import PUBLISHED, Project
from tests.helpers.recording import ndjson, recorded

pytestmark = pytest.mark.usefixtures("publishing")

STEPS = """
from pathlib import Path

@given("a step")
async def _(): ...

@then(parsers.parse("{what} holds"))
async def _(what):
    assert what not in Path("broken").read_text().split(), f"{what} is broken"
"""
LAKE = """
Feature: The lake
  Scenario: It is blue
    Given a step
    Then blue holds
  Scenario: It bears
    Given a step
    Then ice holds
"""
RIVER = """
Feature: The river
  Scenario: It flows
    Given a step
    Then flow holds
"""


@pytest.fixture
def waters(project: Project) -> Project:
    """A project of two features and three promises, all of them kept."""
    project.feature(LAKE, "features/lake.feature")
    project.feature(RIVER, "features/river.feature")
    project.steps(STEPS)
    breaking(project)
    return project


def breaking(project: Project, *what: str) -> None:
    """Have these things not hold from now on."""
    project.path.joinpath("broken").write_text(" ".join(what), encoding="utf-8")


def kept(project: Project, path: str = "living-docs/history.json") -> History:
    return history.read(project.path / path)


def states(found: History) -> dict[str, str]:
    return {slug.rpartition(".")[2]: past.states for slug, past in found.promises.items()}


def page(project: Project) -> str:
    return project.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")


def broken(project: Project) -> str:
    """What the page says under Broken, as one line."""
    [section] = re.findall(r'<section id="broken".*?</section>', page(project), re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", section).split())


def test_they_are_beside_the_documents_or_where_an_option_says(waters: Project) -> None:
    waters.run()
    waters.run()
    assert len(kept(waters).runs) == 2
    waters.run("--accord-history=cache/of/ci.json")
    assert len(kept(waters, "cache/of/ci.json").runs) == 1


def test_the_run_of_a_part_leaves_what_was_in_the_full_run(waters: Project) -> None:
    breaking(waters, "ice", "flow")
    waters.run("-p", "no:randomly")
    breaking(waters, "flow")
    waters.run("features/lake.feature")
    assert states(kept(waters)) == {"it-is-blue": "kk", "it-bears": "bk", "it-flows": "b-"}
    assert "broken in 1 of the last 2 runs" in page(waters)
    breaking(waters, "ice", "flow")
    waters.run()
    assert states(kept(waters)) == {"it-is-blue": "kkk", "it-bears": "bkb", "it-flows": "b-b"}
    assert "0 of the last 2 full runs" in page(waters)


def test_what_the_run_of_a_part_found_broken_is_broken_since_then(waters: Project) -> None:
    waters.run()
    breaking(waters, "ice")
    waters.run("-k", "bears")
    waters.run()
    assert states(kept(waters)) == {"it-is-blue": "k-k", "it-bears": "kbb", "it-flows": "k-k"}
    day = kept(waters).runs[1].started
    assert f"broken since {day.day} {day:%B %Y, %H:%M UTC}, 2 runs" in broken(waters)


def test_what_broke_in_this_run_is_said_once_where_it_is_listed_as_newly_broken(waters: Project) -> None:
    waters.run()
    breaking(waters, "ice")
    waters.run()
    assert "Newly broken" in page(waters)
    assert "since this run" not in page(waters)


def test_a_promise_in_other_words_keeps_its_past(waters: Project) -> None:
    breaking(waters, "ice", "flow")
    waters.run()
    waters.feature(LAKE.replace("It bears", "It bears a man"), "features/lake.feature")
    waters.feature(RIVER.replace("The river", "A river"), "features/river.feature")
    waters.run()
    assert states(kept(waters)) == {"it-is-blue": "kk", "it-bears-a-man": "bb", "it-flows": "bb"}
    assert broken(waters).count("2 runs") == 2


def test_the_shares_of_several_machines_are_one_run(waters: Project) -> None:
    breaking(waters, "ice")
    for group in ("1", "2"):
        share = f"share{group}"
        waters.run("--splits", "2", "--group", group, f"--accord-docs={share}", f"--accord-history={share}.json")
    waters.pytester.run("accord", "merge", "share1.json", "share2.json", "-o", "all.json").stdout.fnmatch_lines(
        ["1 run of 3 promises: all.json"]
    )
    assert states(kept(waters, "all.json")) == {"it-is-blue": "k", "it-bears": "b", "it-flows": "k"}


def test_one_that_is_torn_stays_as_it_is_and_the_run_is_published(waters: Project) -> None:
    waters.run()
    torn = waters.path / "living-docs" / "history.json"
    for text, said in (
        ("{", "is not a history of Accord's, or is torn*Mend it, or remove it."),
        ('{"accord-history":2}', "was written by a later Accord: update this one, or name another file."),
    ):
        torn.write_text(text, encoding="utf-8")
        waters.run().stdout.fnmatch_lines([f"The last runs are not shown: *history.json {said}", "3 promises kept: *"])
        assert torn.read_text(encoding="utf-8") == text


def test_one_that_cannot_be_written_is_named_and_the_run_is_published(waters: Project) -> None:
    waters.path.joinpath("in-the-way").write_text("", encoding="utf-8")
    waters.path.joinpath("a-folder").mkdir()
    for path, said in (
        ("in-the-way/history.json", "This run is not in the history: in-the-way/history.json cannot be written: *"),
        ("a-folder", "The last runs are not shown: *a-folder is not a file: *"),
        (f"{'x' * 300}.json", "*x.json cannot be *"),
    ):
        result = waters.run(f"--accord-history={path}")
        result.stdout.fnmatch_lines([said, "3 promises kept: living-docs/index.html"])
        assert result.ret == pytest.ExitCode.OK
    docs = waters.path / "living-docs"
    assert {it.name for it in docs.iterdir()} >= PUBLISHED - {"history.json"}
    assert not list(waters.path.rglob("*.part"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_one_in_a_folder_that_cannot_be_written_is_named_and_the_run_is_published(waters: Project) -> None:
    folder = waters.path / "cache"
    folder.mkdir(mode=0o500)
    waters.run("--accord-history=cache/history.json").stdout.fnmatch_lines(
        [
            "This run is not in the history: cache/history.json cannot be written: *",
            "3 promises kept: *",
        ]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders")
def test_of_runs_at_once_that_share_one_each_is_in_it(waters: Project) -> None:
    waters.path.joinpath("docs1").mkdir()
    runs = [
        # One has its documents where the others have their history, which must not have them wait for each other.
        subprocess.Popen(
            [sys.executable, "-m", "pytest", f"--accord-docs=docs{number}", "--accord-history=docs1/last.json"],
            cwd=waters.path,
            stdout=subprocess.PIPE,
        )
        for number in range(1, 4)
    ]
    for run in runs:
        run.communicate(timeout=120)
    assert len(kept(waters, "docs1/last.json").runs) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders")
def test_of_documents_that_are_rendered_at_once_each_run_is_in_it(tmp_path: Path) -> None:
    for number in range(4):
        messages = recorded({"a.feature": LAKE})
        for message in messages:
            if "testRunStarted" in message:
                message["testRunStarted"]["timestamp"]["seconds"] += number
        tmp_path.joinpath(f"{number}.ndjson").write_text(ndjson(messages), encoding="utf-8")
    render = [
        sys.executable,
        "-c",
        "from accord.cli import main; main()",
        "render",
        "--history",
        "cache/last.json",
        "-o",
    ]
    runs = [subprocess.Popen([*render, f"docs{number}", f"{number}.ndjson"], cwd=tmp_path) for number in range(4)]
    assert [run.wait(timeout=120) for run in runs] == [0] * 4
    assert len(history.read(tmp_path / "cache" / "last.json").runs) == 4


def test_rendering_adds_a_run_and_says_where_that_is_not_possible(waters: Project) -> None:
    waters.run()
    in_the_way = Path(waters.path, "in-the-way")
    in_the_way.write_text("", encoding="utf-8")
    render = ("accord", "render", "living-docs/messages.ndjson", "-o", "docs", "--history")
    result = waters.pytester.run(*render, "in-the-way/history.json")
    assert result.ret == 1
    result.stderr.fnmatch_lines(["*in-the-way* cannot be written: *"])
    result.stderr.no_fnmatch_line("*Traceback*")
    assert not waters.path.joinpath("docs", "index.html").exists()
    messages = waters.path / "living-docs" / "messages.ndjson"
    for _time in range(2):
        rendering.write(messages, waters.path / "docs", history=waters.path / "new" / "history.json")
        assert len(kept(waters, "new/history.json").runs) == 1
