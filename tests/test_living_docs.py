"""What the documents say of a stream: of other Cucumbers', of the compatibility kit, and of our own."""

from importlib.metadata import files
from pathlib import Path

import pytest

from accord import living_docs

KIT = [
    Path(str(file.locate())) for file in files("cucumber-compatibility-kit") or () if file.match("features/*/*.ndjson")
]


@pytest.mark.parametrize("stream", KIT, ids=lambda stream: stream.stem)
def test_each_sample_of_the_compatibility_kit_becomes_a_document(stream: Path, tmp_path: Path) -> None:
    sentence = living_docs.write(stream, tmp_path)
    assert sentence in tmp_path.joinpath("index.html").read_text(encoding="utf-8")
    assert sentence in tmp_path.joinpath("summary.md").read_text(encoding="utf-8").replace("\\", "")
