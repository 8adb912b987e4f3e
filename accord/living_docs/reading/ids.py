"""The ids of messages, by which they refer to each other, and those of a few things in a tenth of what a dict takes."""

import struct
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

Ids = bytes | dict[str, int]
"""Where each id stands; of few ids their hashes, since a large run has millions of them."""

# Beyond that a dict finds one sooner.
_FEW = 32

_T = TypeVar("_T")


class UnknownIdError(KeyError):
    """A message refers to what is in no message before it."""


class UsedIdError(ValueError):
    """A message has the id of something else."""


def known(found: Mapping[str, _T], name: str) -> _T:
    """Return what has that id. Raises UnknownIdError where nothing has it."""
    try:
        return found[name]
    except KeyError:
        raise UnknownIdError(name) from None


def compact(ids: Collection[str]) -> Ids:
    """Return the ids, each of which is there once, in their order."""
    # Others than texts, which are against the protocol, may have equal hashes.
    if len(ids) <= _FEW and all(type(name) is str for name in ids):
        return struct.pack(f"{len(ids)}q", *map(hash, ids))
    return {name: position for position, name in enumerate(ids)}


def position(ids: Ids, name: str) -> int:
    """Return at which position it stands. Raises UnknownIdError for an id that is not there."""
    if isinstance(ids, dict):
        return known(ids, name)
    try:
        return memoryview(ids).cast("q").tolist().index(hash(name))
    except ValueError:
        raise UnknownIdError(name) from None


def hashes(ids: Ids) -> Iterable[int]:
    """Return the hash of each."""
    return map(hash, ids) if isinstance(ids, dict) else memoryview(ids).cast("q")
