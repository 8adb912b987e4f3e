"""What the tests of Accord share. The root conftest has the app's own fixtures."""

import signal

from tests.helpers.project import project, publishing
from tests.helpers.servers import home, lasting, provided, server, usual_umask

__all__ = ["home", "lasting", "project", "provided", "publishing", "server", "usual_umask"]

# A shell that starts the run in the background has Ctrl-C ignored, here and in what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# They are copied and run by the tests of Accord, or run by hand: `uv run pytest tests/projects/echo`.
collect_ignore = ["corpus", "projects"]
