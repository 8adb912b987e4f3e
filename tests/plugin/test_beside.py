"""A run records what lies beside its features, so that its document can be made of its messages alone."""

import shutil
from pathlib import Path

import pytest

from accord.living_docs import rendering
from accord.living_docs.verifying import verify
from tests.helpers.messages import STEPS
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def pictured(project: Project) -> Project:
    steps = "    Given a step\n    Then it holds\n"
    project.feature(
        "Feature: It\n  ![The plan](../the%20plan.png) and ![x](secret.txt), ![y](../../secret.png)\n\n"
        f"  Scenario: One\n    As ![drawn][1]\n\n    [1]: drawn.png\n{steps}"
        f"  Rule: R\n    | a ![in a table](table.png) |\n    |---|\n    Scenario: Two\n{steps}",
        "features/sea/it.feature",
    )
    project.feature(f"Feature: B\n  Scenario: Three\n{steps}", "features/land/it.feature")
    features = project.path / "features"
    features.joinpath("sea", "chapter.toml").write_text(
        'title = "The sea"\nposition = 1\ndescription = "![A map](map.png)"\n', encoding="utf-8"
    )
    for name in ("the%20plan.png", "sea/drawn.png", "sea/map.png", "sea/table.png", "sea/unused.png", "../secret.png"):
        features.joinpath(name).write_bytes(PNG + name.encode())
    features.joinpath("sea", "secret.txt").write_text("a secret of somebody", encoding="utf-8")
    project.steps(STEPS)
    return project


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_document_is_the_same_wherever_it_is_made_of_the_messages(
    pictured: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    pictured.run_process(*workers)
    # The rule, and with it the promise, is gone.
    feature = pictured.path / "features/sea/it.feature"
    text = feature.read_text(encoding="utf-8")
    feature.write_text(text[: text.index("  Rule: R")], encoding="utf-8")
    pictured.run_process(*workers)
    docs, elsewhere = pictured.path / "living-docs", tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("messages.ndjson", "messages.before.ndjson", "history.json"):
        shutil.copy(docs / name, elsewhere)
    monkeypatch.chdir(elsewhere)
    before, history = elsewhere / "messages.before.ndjson", elsewhere / "history.json"
    rendering.write(elsewhere / "messages.ndjson", elsewhere, before, history=history)
    page = docs.joinpath("index.html").read_bytes()
    assert elsewhere.joinpath("index.html").read_bytes() == page
    assert b">The sea</h2>" in page
    assert b"1 gone" in page
    assert page.count(b'<img src="data:image/png;base64,') == 4
    assert b"Not in the messages" not in page
    assert verify(elsewhere).faults == []


def test_a_run_of_a_part_has_what_lies_beside_the_features_by_now(pictured: Project) -> None:
    pictured.run_process()
    pictured.change("features/sea/chapter.toml", "The sea", "The ocean")
    pictured.run_process("-k", "One")
    page = pictured.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    assert ">The ocean</h2>" in page
    assert page.count('<img src="data:image/png;base64,') == 5
    assert "Not in the messages" not in page


def test_no_other_file_is_recorded(pictured: Project) -> None:
    pictured.run_process()
    record = pictured.path.joinpath("living-docs", "messages.ndjson").read_text(encoding="utf-8")
    assert '"fileName":"features/sea/map.png"' in record
    assert "unused.png" not in record
    assert '"fileName":"features/sea/secret.txt"' not in record


def test_a_chapter_file_that_cannot_be_used_is_mended_without_another_run(pictured: Project) -> None:
    pictured.change("features/sea/chapter.toml", "position = 1", "position = 'first'")
    result = pictured.run_process()
    result.stdout.fnmatch_lines(["This run is not published: *features/sea/chapter.toml: position is not understood*"])
    pictured.change("features/sea/chapter.toml", "position = 'first'", "position = 1")
    [messages] = pictured.path.joinpath("living-docs").glob("messages.*.ndjson")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pictured.path)
        rendering.write(messages, pictured.path / "again")
    assert ">The sea</h2>" in pictured.path.joinpath("again", "index.html").read_text(encoding="utf-8")
