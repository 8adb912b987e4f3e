"""A run says of which commit it is, and whether its files are still as that commit has them, in CI too."""

import subprocess
from collections.abc import Callable

import pytest

from tests.helpers.messages import STEPS, messages, of
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")

IN_CI = {"SERVER_URL": "https://git.example", "REPOSITORY": "a/b", "RUN_ID": "7"}


@pytest.fixture
def git(project: Project) -> Callable[..., str]:
    """A repository, in which all is committed."""
    project.feature("Feature: It\n  Scenario: One\n    Given a step\n    Then it holds\n", "features/it.feature")
    project.feature("Feature: It\n  Scenario: Two\n    Given a step\n    Then it holds\n", "top.feature")
    project.steps(STEPS)
    project.path.joinpath("app.py").write_text("LIMIT = 1\n", encoding="utf-8")
    project.path.joinpath(".gitignore").write_text("living-docs\n__pycache__\n.pytest_cache\n", encoding="utf-8")

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=project.path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "trunk")
    git("add", "--all")
    git("commit", "-q", "-m", "x")
    return git


@pytest.fixture(params=["on a machine", "in CI"])
def commit(request: pytest.FixtureRequest, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The commit that the run is of, whoever says so."""
    revision = git("rev-parse", "HEAD")
    if request.param == "in CI":
        for name, value in (IN_CI | {"SHA": revision}).items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
    return revision


def revision(project: Project, *arguments: str) -> str:
    assert project.run_process(*arguments).ret == 0
    [meta] = of("meta", messages(project))
    found: str = meta["ci"]["git"]["revision"]
    return found


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_what_is_committed_is_of_its_commit(project: Project, commit: str, workers: list[str]) -> None:
    assert revision(project, *workers) == commit


def test_a_change_to_what_is_committed_is_told(project: Project, commit: str) -> None:
    project.change("app.py", "1", "2")
    assert revision(project) == f"{commit}-dirty"


@pytest.mark.parametrize("path", ["features/new.feature", "features/ünï/new.feature", "features/steps/more.py"])
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_feature_or_step_that_was_never_added_is_a_change(
    project: Project, commit: str, path: str, workers: list[str]
) -> None:
    text = "" if path.endswith(".py") else "Feature: New\n  Scenario: It\n    Given a step\n    Then it holds\n"
    project.feature(text, path)
    assert revision(project, *workers) == f"{commit}-dirty"


def test_a_feature_of_the_root_that_was_never_added_is_a_change(project: Project, commit: str) -> None:
    project.feature("Feature: New\n  Scenario: It\n    Given a step\n    Then it holds\n", "new.feature")
    assert revision(project) == f"{commit}-dirty"


@pytest.mark.parametrize(
    "path", ["coverage.xml", "build/lib/app.py", "features/report.json", "venv/lib/x.py", "notes.py"]
)
def test_what_a_server_of_ci_generates_is_no_change(project: Project, commit: str, path: str) -> None:
    project.feature("", path)
    assert revision(project) == commit


def test_a_commit_other_than_the_one_that_ci_names_is_told_too(
    project: Project, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (IN_CI | {"SHA": "c0ffee"}).items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert revision(project) == "c0ffee"
    page = project.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    assert f"{git('rev-parse', 'HEAD')}, which is checked out" in page


def test_a_repository_without_a_commit_has_none(project: Project) -> None:
    project.feature("Feature: It\n  Scenario: One\n    Given a step\n    Then it holds\n")
    project.steps(STEPS)
    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)
    project.run_process()
    [meta] = of("meta", messages(project))
    assert "git" not in meta["ci"]


def test_a_commit_that_no_branch_is_at_has_no_branch(project: Project, git: Callable[..., str]) -> None:
    git("checkout", "-q", "--detach")
    project.run_process()
    [meta] = of("meta", messages(project))
    assert "branch" not in meta["ci"]["git"]
