"""Keeps the garbage collector from going again and again through objects that stay anyway."""

import atexit
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Have the garbage collector wait: what is created meanwhile outlives the block."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def freeze_loaded() -> Callable[[], None]:
    """Have the garbage collector leave out all that is loaded by now, until what is returned is called."""
    gc.freeze()
    # pytest looks for garbage when it ends. Python would look once more, before it takes apart whatever is left.
    atexit.register(gc.disable)
    return gc.unfreeze
