"""The pages on writing features and steps have examples that run."""

import re
from pathlib import Path

from tests.helpers.project import Project

DOCS = Path(__file__).parents[2] / "docs"
_EXAMPLE = re.compile(r"^```(?:gherkin|python|toml)\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_of_both_pages_pass_together(project: Project) -> None:
    pages = [DOCS / "writing-features.md", DOCS / "writing-steps.md"]
    examples = [found for page in pages for found in _EXAMPLE.findall(page.read_text(encoding="utf-8"))]
    # What is no text of a terminal is an example, and has a name.
    begun = [
        found for page in pages for found in re.findall(r"^```(?!text)\w+$", page.read_text(encoding="utf-8"), re.M)
    ]
    assert len(examples) == len(begun)
    for path, text in examples:
        file = project.path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    project.run_process().assert_outcomes(passed=7)
