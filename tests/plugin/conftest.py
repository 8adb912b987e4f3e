"""The projects that several of these tests try."""

import pytest

from tests.helpers.project import SETTINGS, Project

MARKERS = """
markers =
    everywhere
    slow: takes its time
    counted
    doubtful
"""


@pytest.fixture
def things(project: Project) -> Project:
    """A project with one feature, which has a scenario of each kind; the last example is wrong."""
    project.settings(SETTINGS + MARKERS)
    project.copy("things")
    return project


@pytest.fixture
def limited(project: Project) -> Project:
    """A project with a service, whose steps may take little time."""
    project.settings(SETTINGS + "accord_timeout = 0.3\naccord_lifespan_timeout = 0.3\n")
    project.copy("endless")
    return project


@pytest.fixture
def calls(project: Project) -> Project:
    """A project in which there is something to call and to forget."""
    project.copy("calls")
    return project
