"""How long a function takes, and how that grows with what it is given."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time

SHORT, LONG = 40_000, 160_000
# Four times the length takes four times as long, or sixteen times where it is squared.
BETWEEN = 9
# Less is too little to be measured; at SHORT what is squared takes far more.
LEAST_SECONDS = 0.02


def takes_linear_time(work: Callable[[int], None]) -> bool:
    """Tell whether `work` takes time in proportion to the length that it is given: of the processor, at its best."""
    return _seconds(work, LONG) < BETWEEN * max(_seconds(work, SHORT), LEAST_SECONDS)


def _seconds(work: Callable[[int], None], length: int) -> float:
    return min(_took(work, length) for _ in range(2))


def _took(work: Callable[[int], None], length: int) -> float:
    with processor_time() as seconds:
        work(length)
    return seconds[0]


@contextmanager
def processor_time() -> Iterator[list[float]]:
    """Give a list that has the seconds of the processor which the block took, once it has ended.

    What other tests left to be collected is none of it: in a long run that alone takes half a second.
    """
    was_on = gc.isenabled()
    gc.disable()
    seconds: list[float] = []
    began = process_time()
    try:
        yield seconds
    finally:
        seconds.append(process_time() - began)
        if was_on:
            gc.enable()
