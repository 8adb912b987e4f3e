"""What the tests of Accord share. The root conftest has the app's own fixtures."""

from tests.helpers.project import project, publishing
from tests.helpers.servers import home, lasting, provided, server, usual_umask

__all__ = ["home", "lasting", "project", "provided", "publishing", "server", "usual_umask"]

# They are copied and run by the tests of Accord, or run by hand: `uv run pytest tests/projects/echo`.
collect_ignore = ["projects"]
