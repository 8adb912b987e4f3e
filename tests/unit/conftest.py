"""What makes these tests fast."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.config import get_settings


@pytest.fixture(scope="session", autouse=True)
def templates_are_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """They are kept in a cache of these tests, even where no bytecode is to be written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(sys, "dont_write_bytecode", False)
        patch.setattr(sys, "pycache_prefix", str(tmp_path_factory.mktemp("bytecode")))
        yield


@pytest.fixture(scope="session", autouse=True)
def settings_are_read_once() -> None:
    """Else they would be read before and after each test, to see that it changes nothing."""
    get_settings()


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    return tmp_path / "messages.ndjson"
