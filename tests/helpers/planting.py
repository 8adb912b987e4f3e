"""What another user may plant in the place of a file or a directory of one's own; each says why it is refused."""

import os
import stat
from pathlib import Path

OTHER = 65534


def mode(path: Path) -> int:
    """Return who may do what with it, be it a link."""
    return stat.S_IMODE(path.lstat().st_mode)


def link(path: Path) -> str:
    """Another name of something of one's own."""
    own = path.with_name(f"own {path.name}")
    path.rename(own)
    path.symlink_to(own)
    return "is a link"


def dangling_link(path: Path) -> str:
    path.rename(path.with_name(f"own {path.name}"))
    path.symlink_to(path.with_name("nothing"))
    return "is a link"


def open_to_the_group(path: Path) -> str:
    path.chmod(mode(path) | stat.S_IWGRP)
    return f"Other users can write to .*, whose mode is {mode(path):o}"


def open_to_all(path: Path) -> str:
    path.chmod(0o1777)
    return "Other users can write to .*, whose mode is 1777"


def others(path: Path) -> str:
    os.chown(path, OTHER, OTHER)
    return "belongs to nobody, who may have put anything there"


def others_unknown(path: Path) -> str:
    os.chown(path, 4_000_000, OTHER)
    return "belongs to the user 4000000, who may"


def second_name(path: Path) -> str:
    os.link(path, path.with_name(f"own {path.name}"))
    return "has another name somewhere else"


def pipe(path: Path) -> str:
    path.unlink()
    os.mkfifo(path)
    return "is neither a file nor a directory"


# Only root can make what another user would.
OTHERS = [others, others_unknown] if os.geteuid() == 0 else []
OF_DIRECTORY = [link, dangling_link, open_to_the_group, open_to_all, *OTHERS]
OF_FILE = [link, dangling_link, open_to_the_group, open_to_all, second_name, pipe, *OTHERS]
