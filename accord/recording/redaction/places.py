"""Where files of code lie on this machine, which is nobody's business: their paths begin at the project's root."""

import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

# A path from the root of the machine, or one that leads up from the working directory, as pytest has it.
_LEAD = r"(?<![\w./\\-])(?:(?:\.\.[/\\])+|(?:[A-Za-z]:)?[/\\])"
# Only paths of code are cut: `/app/tasks` may be a folder here, and the path of a request.
_REST = r"""[/\\](?=[^\n"'<>|:]*?\.(?:pyi?|feature)\b)"""


def below(root: Path) -> Callable[[str], str]:
    """Return what cuts the paths of a text: those below the root, of what is installed, and in the home directory."""
    shown: dict[str, str] = {}
    for folder, instead in _folders(root.absolute()):
        # What lies directly in the root of the machine tells nothing.
        if below_anchor := str(folder.relative_to(folder.anchor)).removeprefix("."):
            shown.setdefault(below_anchor, instead)
    longest_first = "|".join(map(re.escape, sorted(shown, key=len, reverse=True)))
    pattern = re.compile(f"{_LEAD}({longest_first}){_REST}")
    return lambda text: pattern.sub(lambda found: shown[found[1]], text)


def _folders(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield folders of this machine, and what is shown in their place."""
    for written in (root, root.resolve()):
        yield written, ""
    paths = sysconfig.get_paths()
    for name in ("purelib", "platlib"):
        yield Path(paths[name]), "site-packages/"
    for name in ("stdlib", "platstdlib"):
        yield Path(paths[name]), f"lib/python{sys.version_info.major}.{sys.version_info.minor}/"
    for prefix in (sys.prefix, sys.base_prefix):
        yield Path(prefix), "python/"
    yield Path.home(), "~/"
