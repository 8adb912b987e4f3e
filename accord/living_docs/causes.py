"""What broke promises, each cause once: failures that say the same at the same line of the project stand together."""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from accord.living_docs.model import Pickle
from accord.living_docs.run import Failure
from accord.living_docs.words import plain

# A frame as pytest has it, as Python has it, as Node and the JVM have it.
_FRAME = re.compile(
    r"""^(?P<pytest>[^\s:"'()<>]+\.\w+):(?P<pytest_line>\d+):(?:\ |$)
    |File\ "(?P<python>[^"]+)",\ line\ (?P<python_line>\d+)
    |\((?P<other>[^\s()]+\.\w+):(?P<other_line>\d+)(?::\d+)?\)""",
    re.MULTILINE | re.VERBOSE,
)
# What differs between two failures of one cause: what is quoted, where in a feature it is, and numbers.
_PARTICULAR = re.compile(r"""`[^`]*`|"[^"]*"|'[^']*'|\S+\.feature:\d+|0x[0-9a-f]+|\d+""")
_INSTALLED = re.compile(r"(^|[/\\])(site-packages|dist-packages|node_modules|lib[/\\]python3[^/\\]*)[/\\]|^node:|^<")
# Comparing more of a message than this tells no more causes apart.
_LONGEST = 500


@dataclass
class Cause:
    """What broke the promises: the failure of the first of them, and the project's own line that it comes from."""

    failure: Failure | None
    frame: str | None
    pickles: list[Pickle] = field(default_factory=list)

    @property
    def command(self) -> str:
        """The command that runs all of them; empty where it is not known."""
        commands = [pickle.command.partition(" ") for pickle in self.pickles]
        programs = {program for program, _, _ in commands}
        return " ".join([*programs, *(arguments for _, _, arguments in commands)]) if len(programs) == 1 else ""


def causes(broken: Iterable[Pickle]) -> list[Cause]:
    """The causes, in the order of the promises that each broke first."""
    found: dict[object, Cause] = {}
    for pickle in broken:
        failure = pickle.failure
        key = cause(failure) if failure else pickle
        if key not in found:
            found[key] = Cause(failure, own_frame(failure) if failure else None)
        found[key].pickles.append(pickle)
    return list(found.values())


def cause(failure: Failure) -> Hashable:
    """What failures of one cause have in common: the project's own line, and what they say but for the particulars."""
    return own_frame(failure), _PARTICULAR.sub("", failure.first_line[:_LONGEST])


def own_frame(failure: Failure) -> str | None:
    """The innermost line of the project's own that a failure passed, as `file:line`; None where it names none.

    Where an app failed, the message names its line, and the trace that of the step.
    """
    for text in (failure.first_line, failure.trace):
        frames = [_place(found) for found in _FRAME.finditer(plain(text))]
        if own := [frame for frame in frames if is_own(frame)]:
            return own[-1]
    return None


def is_own(place: str) -> bool:
    """Whether a place is in the project: it is written from the root, and in no library that lies there."""
    return not re.match(r"[/\\~]|\.\.|\w:", place) and not _INSTALLED.search(place) and ".feature:" not in place


def _place(found: re.Match[str]) -> str:
    kind = next(name for name in ("pytest", "python", "other") if found[name])
    return f"{found[kind]}:{found[f'{kind}_line']}"
