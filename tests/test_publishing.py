"""Every run of features ends in documents, and says where they are."""

import json
from pathlib import Path

import pytest

from tests.conftest import PUBLISHING, Project

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


def test_what_changed_since_the_last_run_is_told(mixed: Project) -> None:
    mixed.run()
    mixed.steps(STEPS.replace("assert False", "assert True"))
    mixed.run()
    assert "1 fixed since" in page(mixed)


def test_what_changed_since_another_run_is_told(mixed: Project) -> None:
    mixed.run()
    baseline = mixed.path / "released.ndjson"
    mixed.path.joinpath("living-docs", "messages.ndjson").rename(baseline)
    mixed.run("-k", "blue")
    mixed.run(f"--accord-baseline={baseline}")
    assert "nothing since" in page(mixed)


@pytest.mark.parametrize("text", [None, "", "no JSON\n"])
def test_a_record_that_cannot_be_compared_loses_no_document(mixed: Project, text: str | None) -> None:
    if text is not None:
        mixed.path.joinpath("odd.ndjson").write_text(text, encoding="utf-8")
    shown = mixed.run("--accord-baseline=odd.ndjson").stdout
    shown.fnmatch_lines(["What changed is not told: odd.ndjson*", "1 promise kept, 1 broken: living-docs/index.html"])
    assert "the ice is thin" in page(mixed)


def test_a_job_of_github_gets_the_summary(mixed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = mixed.path / "summary"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    mixed.run()
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("before\n# ")
    assert "**The lake \\> It bears**" in told
    assert "Then it breaks: the ice is thin" in told


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


def test_a_document_that_cannot_be_written_is_said_in_one_line(mixed: Project) -> None:
    mixed.path.joinpath("living-docs", "index.html").mkdir(parents=True)
    result = mixed.run()
    result.stdout.fnmatch_lines(["This run is not published: *living-docs/index.html: Is a directory."])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_record_that_vanishes_is_said_in_one_line(mixed: Project) -> None:
    mixed.steps(STEPS.replace("assert False", 'import shutil; shutil.rmtree("living-docs"); assert False'))
    result = mixed.run()
    result.stdout.fnmatch_lines(["*ends early, and this run is not published: No such file or directory: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_run_that_is_stopped_is_published_as_far_as_it_came(mixed: Project) -> None:
    mixed.steps(STEPS.replace("assert False", "raise KeyboardInterrupt; assert False"))
    mixed.run_process("-p", "no:randomly").stdout.fnmatch_lines(["1 promise kept, 1 not run: living-docs/index.html"])


def test_the_record_can_be_rendered_again(mixed: Project) -> None:
    mixed.run()
    before = page(mixed)
    result = mixed.pytester.run("accord", "render", "living-docs/messages.ndjson", "-o", "again")
    result.stdout.fnmatch_lines(["1 promise kept, 1 broken"])
    assert mixed.path.joinpath("again", "index.html").read_text(encoding="utf-8") == before


def test_two_runs_at_once_do_not_write_into_each_others_record(mixed: Project) -> None:
    mixed.steps(
        STEPS + "\nimport subprocess, sys\ndef pytest_sessionfinish(session):\n"
        "    if '-k' not in sys.argv:\n        subprocess.run([sys.executable, '-m', 'pytest', '-k', 'blue'])\n"
    )
    mixed.run_process().stdout.fnmatch_lines(["1 promise kept, 1 broken: living-docs/index.html"])
    for name in ("messages.ndjson", "messages.before.ndjson"):
        lines = Path(mixed.path, "living-docs", name).read_text(encoding="utf-8").splitlines()
        assert [next(iter(json.loads(line))) for line in (lines[0], lines[-1])] == ["meta", "testRunFinished"]
