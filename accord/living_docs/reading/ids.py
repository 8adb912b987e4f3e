"""The ids of a few things, such as the steps of a test case, in a tenth of what a dict of them takes."""

import struct
from collections.abc import Collection, Iterable

Ids = bytes | dict[str, int]
"""Where each id stands; of few ids their hashes, since a large run has millions of them."""

# Beyond that a dict finds one sooner.
_FEW = 32


def compact(ids: Collection[str]) -> Ids:
    """Return the ids, each of which is there once, in their order."""
    # Others than texts, which are against the protocol, may have equal hashes.
    if len(ids) <= _FEW and all(type(name) is str for name in ids):
        return struct.pack(f"{len(ids)}q", *map(hash, ids))
    return {name: position for position, name in enumerate(ids)}


def position(ids: Ids, name: str) -> int:
    """Return at which position it stands. Raises KeyError for an id that is not there."""
    if isinstance(ids, dict):
        return ids[name]
    try:
        return memoryview(ids).cast("q").tolist().index(hash(name))
    except ValueError:
        raise KeyError(name) from None


def hashes(ids: Ids) -> Iterable[int]:
    """Return the hash of each."""
    return map(hash, ids) if isinstance(ids, dict) else memoryview(ids).cast("q")
