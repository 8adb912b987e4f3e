"""The bodies of attachments, out of memory until they are shown: of a large run they are the most of it."""

import tempfile
import weakref

from accord.errors import UsageError
from accord.recording import ndjson

# In bytes. What is smaller stays in memory.
_IN_MEMORY = 16_000_000


class Bodies:
    """Texts in a temporary file, each by its offset there; the file goes with the object."""

    def __init__(self) -> None:
        # Not where they lie in the messages file, which may be a pipe, or be replaced before they are read.
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._end = 0
        weakref.finalize(self, self._file.close)

    def add(self, body: str) -> int:
        """Keep a text, and return its offset. Raises UsageError where the disk has no room for it."""
        offset = self._end
        try:
            self._file.seek(offset)
            # As JSON, since a text may have half a character in it, and so has no line break.
            self._end += self._file.write(f"{ndjson.dumps(body)}\n".encode())
        except OSError as error:
            where = tempfile.gettempdir()
            raise UsageError(f"What steps attached cannot be kept in {where} (TMPDIR): {error.strerror}") from None
        return offset

    def read(self, offset: int) -> str:
        """Return the text at the offset."""
        self._file.seek(offset)
        return str(ndjson.loads(self._file.readline()))
