"""Templates are compiled once, and a compiled one that another user put there, or that is torn, is not run."""

import itertools
import shutil
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2.bccache import bc_magic

from accord.living_docs.model import Document
from accord.living_docs.page import page
from accord.living_docs.reader import read
from tests.helpers.planting import OF_DIRECTORY, OF_FILE
from tests.helpers.recording import ndjson, recorded

TEMPLATES = sum(file.name.endswith(".html") for file in files("accord.living_docs").joinpath("templates").iterdir())


@pytest.fixture
def document(tmp_path: Path) -> Document:
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded({"a.feature": "Feature: It\n  Scenario: One\n    * it is\n"})), encoding="utf-8")
    return read(stream)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the compiled templates are kept, in a cache that is empty."""
    path = tmp_path / "cache"
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    return path


def test_templates_are_compiled_once_and_torn_ones_again(document: Document, cache: Path) -> None:
    whole = list(page(document, None))
    cached = list(cache.glob("accord/templates-*/*"))
    compiled, written = [file.read_bytes() for file in cached], [file.stat().st_ino for file in cached]
    assert len(compiled) == TEMPLATES
    assert list(page(document, None)) == whole
    assert [file.stat().st_ino for file in cached] == written
    for file in cached:
        file.write_bytes(file.read_bytes()[:-100])
    assert list(page(document, None)) == whole
    assert [file.read_bytes() for file in cached] == compiled


@pytest.mark.parametrize(
    ("place", "planted"),
    [
        *itertools.product(["accord", "accord/templates-*"], OF_DIRECTORY),
        *itertools.product(["accord/templates-*/*"], OF_FILE),
    ],
)
def test_a_compiled_template_that_another_user_could_have_put_there_is_not_run(
    document: Document, cache: Path, place: str, planted: Callable[[Path], str]
) -> None:
    whole = list(page(document, None))
    cached = list(cache.glob("accord/templates-*/*"))
    assert len(cached) == TEMPLATES
    for file in cached:
        file.write_bytes(bc_magic + b"cbuiltins\nexit\n(tR.")
    with pytest.raises(SystemExit):
        list(page(document, None))

    for path in list(cache.glob(place)):
        planted(path)

    assert list(page(document, None)) == whole


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_a_compiled_template_that_is_torn_anywhere_is_compiled_again(
    document: Document, cache: Path, length: int
) -> None:
    whole = list(page(document, None))
    for file in cache.glob("accord/templates-*/*"):
        file.write_bytes(file.read_bytes()[:length])
    assert list(page(document, None)) == whole


def test_where_nothing_can_be_cached_the_page_is_the_same(document: Document, cache: Path) -> None:
    whole = list(page(document, None))
    shutil.rmtree(cache)
    cache.write_text("no directory", encoding="utf-8")
    assert list(page(document, None)) == whole


def test_no_bytecode_is_cached_where_python_is_to_write_none(
    document: Document, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    list(page(document, None))
    assert not cache.exists()
