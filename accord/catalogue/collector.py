"""The pytest plugin of the process that collects: no item is made of a feature file, and what was found is written."""

import gc
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from accord.catalogue.collecting import FILE
from accord.catalogue.sentences import as_json

# The rooms are loaded in the hooks, so that pytest can rewrite the assertions of pytest-bdd, which they load.


def pytest_configure(config: pytest.Config) -> None:
    """Have feature files only be read."""
    from accord.gherkin.collector import READ

    config.stash[READ] = []
    # What is collected stays until this process ends: looking for garbage in it takes a tenth of the time.
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write down what was collected."""
    from accord.catalogue.suite import Suite
    from accord.gherkin.binding import BOUND

    if BOUND not in session.config.stash:  # The run leaves feature files alone, by `-p no:accord.gherkin`.
        return
    suite = Suite(session)
    written = {
        "root": str(session.config.rootpath),
        "files": suite.files,
        "findings": [asdict(finding) for finding in sorted(suite.findings())],
        "notices": list(suite.notices()),
        "sentences": [as_json(sentence) for sentence in suite.sentences()],
    }
    Path(os.environ[FILE]).write_text(json.dumps(written), encoding="utf-8")
    gc.freeze()
