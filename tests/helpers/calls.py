"""Where in a project's steps a coroutine is called."""

from tests.helpers.project import Project


def here(project: Project) -> str:
    lines = project.path.joinpath("conftest.py").read_text(encoding="utf-8").splitlines()
    return f"called at conftest.py:{1 + next(number for number, line in enumerate(lines) if '# here' in line)}"
