"""What Accord uses of pytest-check that is not documented. Tested against pytest-check 3.0."""

import re
import sys
from typing import Any

_COLORS = re.compile(r"\x1b\[[0-9;]*m")


def failed_checks() -> list[str]:
    """Return what pytest-check says of each check that has failed in the test so far, if it takes part in the run."""
    log: Any = sys.modules.get("pytest_check.check_log")
    if log is None or not (number := log.get_num_failures()):
        return []
    texts = [_COLORS.sub("", text).removeprefix("FAILURE: ") for text in log.get_failures()]
    # `--check-max-report` has it say less than it counts.
    return texts + ["A check failed."] * (number - len(texts))
