"""No secret is in any file that a run writes."""

from pathlib import Path

import pytest

from tests.helpers.project import Project


@pytest.mark.usefixtures("publishing")
def test_no_secret_is_in_any_file_that_a_run_writes(project: Project) -> None:
    project.copy("echo")
    result = project.run()
    result.assert_outcomes(failed=1)
    written = [path for path in Path(project.path, "living-docs").rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"index.html", "summary.md", "messages.ndjson"}
    pieces = ("Zq7", "Zq8", "Zq9", "Zq5", "ZQ7", "longlonglong", "end5")
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert [piece for piece in pieces if piece in text] == [], path.name
    record = Path(project.path, "living-docs", "messages.ndjson").read_text(encoding="utf-8")
    assert "server traceback" in record
