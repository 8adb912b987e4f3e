"""What Accord uses of pytest's capturing and logging that is not documented. Tested against pytest 9.0 to 9.2."""

import os
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any

import pytest

_DECODER = getincrementaldecoder("utf-8")
_STREAMS = {"stdout": "out", "stderr": "err"}
LOG = "log"


class Output:
    """What pytest captures of the test that runs, in pieces: each time what came since the last time.

    Nothing is taken away of what pytest shows itself. To ask costs little where nothing was written.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._plugins = config.pluginmanager
        self._capturing: Any = None
        self._logging: Any = None
        self._item: Any = None
        self._sections = 0
        self._positions: dict[str, int] = {}
        self._decoders: dict[str, Any] = {}
        self._characters: dict[str, int] = {}

    def begin(self, item: pytest.Item) -> None:
        """A test begins, or begins again: what was captured of it before is not of this attempt."""
        # The one that logs is registered last of all.
        self._capturing = self._plugins.getplugin("capturemanager")
        self._logging = self._plugins.getplugin("logging-plugin")
        self._item = item
        self._begin_phase()

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Yield what came since the last time in this phase of the test: `stdout`, `stderr` or `log`, and the text."""
        self._release_fixture()
        captured = getattr(self._capturing, "_global_capturing", None)
        for name, attribute in _STREAMS.items():
            if (stream := getattr(captured, attribute, None)) is not None and (text := self._since(name, stream)):
                yield name, text
        yield from self._logged()

    def rest(self) -> Iterator[tuple[str, str]]:
        """Yield what the phase that has ended left, among it what other plugins captured, by their names for it."""
        # pytest has emptied its streams by now.
        for _when, name, text in self._item._report_sections[self._sections :]:
            if name != LOG and (left := text[self._characters.get(name, 0) :]):
                yield name, left
        yield from self._logged()
        self._begin_phase()

    def _begin_phase(self) -> None:
        self._sections = len(self._item._report_sections)
        self._positions.clear()
        self._decoders.clear()
        self._characters.clear()

    def _since(self, name: str, stream: Any) -> str:
        """Return what was written into a stream since the last time."""
        buffer = stream.tmpfile.buffer
        before, now = self._positions.get(name, 0), buffer.tell()
        if now < before:
            # Somebody has taken it.
            before = self._characters[name] = 0
        if now == before:
            return ""
        self._positions[name] = now
        # What is one character may be in two pieces.
        text: str = self._decoders.setdefault(name, _DECODER("replace")).decode(_read(buffer, before, now))
        self._characters[name] = self._characters.get(name, 0) + len(text)
        return text

    def _logged(self) -> Iterator[tuple[str, str]]:
        """Yield what was logged since the last time; pytest begins anew with each phase."""
        if self._logging is None:
            return
        handler = self._logging.report_handler
        before = self._positions.get(LOG, 0)
        if handler.stream.tell() <= before:
            return
        with handler.lock:
            handler.stream.seek(before)
            text = handler.stream.read()
            self._positions[LOG] = handler.stream.tell()
        if text := text.strip():
            yield LOG, text

    def _release_fixture(self) -> None:
        """Have what a fixture such as `capsys` holds be captured by pytest by now, and not when it ends.

        Who reads it by the fixture gets it all the same.
        """
        fixture: Any = getattr(self._capturing, "_capture_fixture", None)
        captured = getattr(self._capturing, "_global_capturing", None)
        # With `-s` it would be shown where it is to be read alone.
        if getattr(fixture, "_capture", None) is None or getattr(captured, "out", None) is None:
            return
        out, err = fixture._capture.pop_outerr_to_orig()
        fixture._captured_out += out
        fixture._captured_err += err


def _read(buffer: Any, start: int, end: int) -> bytes:
    """Return what stands in a stream from one place to another, at whose end it goes on to be written."""
    if hasattr(buffer, "getvalue"):
        return bytes(buffer.getvalue()[start:end])
    if hasattr(os, "pread"):
        return os.pread(buffer.fileno(), end - start, start)
    buffer.seek(start)
    return bytes(buffer.read(end - start))
