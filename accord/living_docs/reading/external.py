"""What was attached as a file beside the messages file, at an address that the message names."""

import os
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from accord.living_docs.beside import LARGEST


def embedded(address: str, directory: Path | None) -> tuple[str, str] | None:
    """Return the name of the file at an address, and what is in it as base64.

    It lies below the directory, and the address is a path from there, or a `file:` address. None for what lies
    elsewhere, is missing, or larger than a picture may be that lies beside a feature.
    """
    if directory is None:
        return None
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost") or not parts.path:
            return None
        path = Path(os.path.realpath(directory / url2pathname(parts.path)))
        is_below = path.is_relative_to(os.path.realpath(directory))
        if not is_below or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.name, b64encode(path.read_bytes()).decode()
    except (OSError, ValueError):
        return None
