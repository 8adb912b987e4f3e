"""Every run of features ends in documents, and says where they are."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from accord.basics.filenames import MESSAGES, MESSAGES_BEFORE, PAGE, REQUIREMENTS, SUMMARY, running_messages
from accord.living_docs.reader import read
from tests.helpers.project import PUBLISHED, PUBLISHING, Project

pytestmark = pytest.mark.usefixtures("publishing")

STEPS = """
@given("a step")
async def _(): ...

@then("it holds")
async def _(): ...

@then("it breaks")
async def _():
    assert False, "the ice is thin"
"""


@pytest.fixture
def mixed(project: Project) -> Project:
    """A project with a promise that is kept, and one that is broken."""
    project.feature("""
        Feature: The lake
          Scenario: It is blue
            Given a step
            Then it holds
          Scenario: It bears
            Given a step
            Then it breaks
    """)
    project.steps(STEPS)
    return project


def page(project: Project) -> str:
    return project.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_run_ends_with_its_state_and_where_the_document_is(mixed: Project, workers: list[str]) -> None:
    mixed.run_process(*workers).stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])
    assert "the ice is thin" in page(mixed)


def test_what_changed_since_the_last_run_is_shown(mixed: Project) -> None:
    mixed.run()
    mixed.steps(STEPS.replace("assert False", "assert True"))
    mixed.run()
    assert "1 fixed since" in page(mixed)


def test_what_changed_since_another_run_is_shown(mixed: Project) -> None:
    mixed.run()
    baseline = mixed.path / "released.ndjson"
    mixed.path.joinpath("living-docs", "messages.ndjson").rename(baseline)
    mixed.run("-k", "blue")
    mixed.run(f"--accord-baseline={baseline}")
    assert "nothing since" in page(mixed)


@pytest.mark.parametrize("text", [None, "", "no JSON\n", '{"testCase":1}\n'])
@pytest.mark.parametrize("more", [[], ["-n", "2", "--accord-docs="]])
def test_messages_that_cannot_be_compared_are_an_error_before_the_run(
    mixed: Project, text: str | None, more: list[str]
) -> None:
    if text is not None:
        mixed.path.joinpath("odd.ndjson").write_text(text, encoding="utf-8")
    refused(mixed, "ERROR: --accord-baseline: odd.ndjson*", "--accord-baseline=odd.ndjson", *more)


@pytest.mark.parametrize("link", ["javascript:{tag}", "https://tracker.example/", "https:{tag}"])
def test_a_tracker_that_no_link_leads_to_is_an_error_before_the_run(mixed: Project, link: str) -> None:
    mixed.settings(PUBLISHING + f"accord_tag_link = {link}\n")
    refused(mixed, "ERROR: accord_tag_link: * is not an address to link tags to: write one as *")


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
@pytest.mark.parametrize("name", ["living-docs", "elsewhere"])
def test_a_file_in_place_of_the_documents_directory_is_an_error_before_the_run(
    mixed: Project, name: str, workers: list[str]
) -> None:
    mixed.path.joinpath(name).write_text("in the way", encoding="utf-8")
    refused(mixed, "ERROR: --accord-docs: *is not a directory*", f"--accord-docs={name}", *workers)
    refused(mixed, "ERROR: --accord-docs: *is not a directory*", f"--accord-docs={name}/below", *workers)


def test_a_run_without_features_does_not_mind_what_is_where_documents_would_be(project: Project) -> None:
    project.path.joinpath("living-docs").write_text("the team's own", encoding="utf-8")
    project.pytester.makepyfile("def test_it(): ...")
    project.run().assert_outcomes(passed=1)


def refused(project: Project, sentence: str, *arguments: str) -> None:
    """Have a run end before it begins, with that sentence, and without a document."""
    result = project.run_process(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [told] = [line for line in result.outlines + result.errlines if line.startswith("ERROR")]
    assert fnmatch(told, sentence)
    result.stdout.no_fnmatch_line("*passed*")
    assert not project.path.joinpath("living-docs").is_dir()


def test_a_job_of_github_gets_the_summary(mixed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = mixed.path / "summary"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    mixed.run()
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("before\n# ")
    assert "**The lake > It bears**  \n  Then it breaks  \n  the ice is thin · " in told


def test_tags_lead_to_the_tracker_that_a_project_names(mixed: Project) -> None:
    mixed.settings(PUBLISHING + "accord_tag_link = https://tracker.example/{tag}\nmarkers =\n  lake-7\n")
    mixed.feature("Feature: The lake\n  @lake-7\n  Scenario: It is blue\n    Given a step\n    Then it holds")
    mixed.run()
    assert 'href="https://tracker.example/lake-7"' in page(mixed)


def test_junit_has_the_readable_names(mixed: Project) -> None:
    mixed.run("--junitxml=junit.xml")
    told = mixed.path.joinpath("junit.xml").read_text(encoding="utf-8")
    assert 'name="It is blue"' in told
    assert 'name="It bears"' in told


def test_a_document_that_cannot_be_written_is_reported_in_one_line(mixed: Project) -> None:
    mixed.path.joinpath("living-docs", "index.html").mkdir(parents=True)
    result = mixed.run()
    result.stdout.fnmatch_lines(["This run is not published: *living-docs/index.html: Is a directory. *"])
    result.stdout.no_fnmatch_line("*Traceback*")


HALF_WAY = """
from accord.living_docs import pages
whole = pages.page
def page(*arguments):
    yield next(whole(*arguments))
    {what}
pages.page = page
"""


@pytest.mark.parametrize(
    ("what", "code", "told"),
    [
        ("raise RuntimeError('out of ink')", 1, "This run is not published: RuntimeError: out of ink (*conftest.py:*"),
        ("raise KeyboardInterrupt", 2, "This run is not published: it was interrupted.*"),
        ("raise OSError(28, 'No space left on device')", 1, "This run is not published: *index.html: No space left *"),
        ("import os; os._exit(9)", 9, None),
    ],
)
def test_whatever_ends_publishing_leaves_what_was_published_before(
    mixed: Project, what: str, code: int, told: str | None
) -> None:
    mixed.run_process()
    docs = mixed.path / "living-docs"
    before = {path.name: path.read_bytes() for path in docs.iterdir()}
    mixed.steps(STEPS.replace("thin", "thick") + HALF_WAY.format(what=what))
    result = mixed.run_process()
    assert result.ret == code
    after = {path.name: path.read_bytes() for path in docs.iterdir()}
    [own] = [name for name in after if re.fullmatch(r"messages\.\d+\.\d+\.ndjson", name)]
    assert {name: after[name] for name in before} == before
    if told is not None:
        result.stdout.fnmatch_lines([told])
        assert after.keys() - before.keys() == {own}
    mixed.pytester.run("accord", "render", f"living-docs/{own}", "-o", "living-docs")
    assert "the ice is thick" in page(mixed)


def test_a_page_that_there_is_no_room_for_leaves_the_one_before(mixed: Project) -> None:
    mixed.run_process()
    before = page(mixed)
    limited = f"ulimit -f {len(before) // 1024}; exec {sys.executable} -B -m pytest -p no:cacheprovider"
    result = mixed.pytester.run("bash", "-c", limited)
    result.stdout.fnmatch_lines(["This run is not published: *index.html: File too large. *"])
    assert page(mixed) == before
    assert not list(mixed.path.joinpath("living-docs").glob(".accord*"))


def test_a_baseline_may_be_the_messages_that_the_run_replaces(mixed: Project) -> None:
    mixed.run()
    mixed.steps(STEPS.replace("assert False", "assert True"))
    mixed.run("--accord-baseline=living-docs/messages.ndjson")
    assert "1 fixed since" in page(mixed)


def test_a_summary_that_github_does_not_get_is_reported_and_the_run_is_published(
    mixed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(mixed.path))
    mixed.run().stdout.fnmatch_lines(
        ["The summary is not in GITHUB_STEP_SUMMARY (*): Is a directory.", "1 promise kept, 1 broken: *index.html"]
    )


def test_a_run_whose_directory_is_removed_meanwhile_is_published_all_the_same(mixed: Project) -> None:
    mixed.steps(STEPS.replace("assert False", 'import shutil; shutil.rmtree("living-docs"); assert False'))
    mixed.run().stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])
    assert "the ice is thin" in page(mixed)


def test_a_run_whose_directory_cannot_be_written_any_more_says_so_in_one_line(mixed: Project) -> None:
    gone = 'import shutil; shutil.rmtree("living-docs"); open("living-docs", "w").close(); assert False'
    mixed.steps(STEPS.replace("assert False", gone))
    result = mixed.run()
    result.stdout.fnmatch_lines(["*ends early, and this run is not published: File exists: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_run_that_is_stopped_is_published_as_far_as_it_came(mixed: Project) -> None:
    mixed.steps(STEPS.replace("assert False", "raise KeyboardInterrupt; assert False"))
    said = "1 promise kept, 1 not run; the run itself failed: living-docs/index.html"
    mixed.run_process("-p", "no:randomly").stdout.fnmatch_lines([said])


def test_the_readme_names_the_files_that_a_run_leaves() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    running = running_messages(1, 2).replace("1", "<process>").replace("2", "<time>")
    assert all(f"`{name}`" in readme for name in (PAGE, SUMMARY, REQUIREMENTS, MESSAGES, MESSAGES_BEFORE, running))


def test_the_messages_of_a_run_can_be_rendered_again(mixed: Project) -> None:
    mixed.run()
    before = page(mixed)
    result = mixed.pytester.run("accord", "render", "living-docs/messages.ndjson", "-o", "again")
    result.stdout.fnmatch_lines(["1 promise kept, 1 broken"])
    again = mixed.path.joinpath("again", "index.html").read_text(encoding="utf-8")
    # The messages do not lie beside that one.
    colophon = '<section id="colophon"'
    assert again.partition(colophon)[0] == before.partition(colophon)[0]


def test_two_runs_at_once_do_not_write_into_each_others_messages(mixed: Project) -> None:
    mixed.run()
    mixed.steps(
        STEPS + "\nimport subprocess, sys\ndef pytest_sessionfinish(session):\n"
        "    if '-k' not in sys.argv:\n        subprocess.run([sys.executable, '-m', 'pytest', '-k', 'blue'])\n"
    )
    mixed.run_process().stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])
    for name in ("messages.ndjson", "messages.before.ndjson"):
        lines = Path(mixed.path, "living-docs", name).read_text(encoding="utf-8").splitlines()
        assert [next(iter(json.loads(line))) for line in (lines[0], lines[-1])] == ["meta", "testRunFinished"]


def test_of_many_runs_at_once_each_reports_its_own_and_what_is_published_is_of_one(project: Project) -> None:
    names = [f"S{number}" for number in range(5)]
    project.feature(
        "Feature: It\n" + "".join(f"  Scenario: {name}\n    Given a step\n    Then it holds\n" for name in names)
    )
    project.steps(STEPS)
    project.run()
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "-k", " or ".join(names[:number])],
            cwd=project.path,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, 5)
    ]
    for number, run in enumerate(runs, 1):
        assert f"\n{number} of 5 promises run: {number} kept; " in run.communicate()[0]
    docs = project.path / "living-docs"
    assert {path.name for path in docs.iterdir()} == PUBLISHED | {MESSAGES_BEFORE}
    state = read(docs / "messages.ndjson").sentence()
    assert state in docs.joinpath("summary.md").read_text(encoding="utf-8")
    assert state in page(project)
    assert not read(docs / "messages.before.ndjson").problems


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_run_without_documents_leaves_its_messages_all_the_same(mixed: Project, workers: list[str]) -> None:
    docs = mixed.path / "living-docs"
    for names in ([MESSAGES], [MESSAGES_BEFORE, MESSAGES]):
        result = mixed.run_process("-p", "no:accord.living_docs", *workers)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.no_fnmatch_line("*living-docs*")
        assert sorted(path.name for path in docs.iterdir()) == names
    assert read(docs / "messages.ndjson").sentence() == "1 promise kept, 1 broken"
    mixed.run().stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])


def test_messages_that_cannot_be_moved_are_reported_where_they_are(mixed: Project) -> None:
    mixed.path.joinpath("living-docs", "messages.ndjson", "in the way").mkdir(parents=True)
    result = mixed.run("-p", "no:accord.living_docs")
    result.stdout.fnmatch_lines(["*messages.ndjson: Is a directory. The messages of this run are in living-docs/*"])
    [own] = mixed.path.joinpath("living-docs").glob("messages.*.ndjson")
    assert read(own).sentence() == "1 promise kept, 1 broken"


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_run_that_is_not_recorded_publishes_nothing_and_says_nothing_of_it(
    mixed: Project, workers: list[str]
) -> None:
    result = mixed.run_process("-p", "no:accord.recording", *workers)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*promise*")
    result.stdout.no_fnmatch_line("*publish*")
    assert not mixed.path.joinpath("living-docs").exists()
