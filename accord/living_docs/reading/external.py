"""What was attached as a file beside the messages file, at an address that the message names."""

from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from accord.recording.beside import content_of


def embedded(address: str, directory: Path | None) -> tuple[str, str] | None:
    """Return the name of the file at an address, and what is in it as base64.

    It lies below the directory, and the address is a path from there, or a `file:` address. None for what lies
    elsewhere, is missing, or larger than a picture may be that lies beside a feature.
    """
    if directory is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost") or not parts.path:
        return None
    path = url2pathname(parts.path)
    content = content_of(directory, path)
    return None if content is None else (Path(path).name, b64encode(content).decode())
