"""What is recorded does not say where on the machine code lies: its paths begin at the project's root."""

import sysconfig
from pathlib import Path

import pytest

from accord.recording.redaction.places import below

ROOT = Path("/app")
PACKAGES, LIBRARY = sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('File "/app/api/tasks.py", line 3', 'File "api/tasks.py", line 3'),
        ('File "/app/my folder/tasks.py", line 3', 'File "my folder/tasks.py", line 3'),
        ("/app/features/a.feature:3: no", "features/a.feature:3: no"),
        (f"{PACKAGES}/httpx/_client.py:41: in send", "site-packages/httpx/_client.py:41: in send"),
        (f"../..{PACKAGES}/httpx/_client.py:41: in send", "site-packages/httpx/_client.py:41: in send"),
        (f'File "{LIBRARY}/asyncio/tasks.py"', 'File "lib/python{}/asyncio/tasks.py"'),
        (f"{Path.home()}/other/it.py:3", "~/other/it.py:3"),
    ],
)
def test_a_path_of_code_begins_at_the_root_or_at_what_is_installed(text: str, shown: str) -> None:
    assert below(ROOT)(text) == shown.format(sysconfig.get_python_version())


@pytest.mark.parametrize(
    "text",
    [
        "GET /app/tasks answered 404",
        "https://host.example/app/main.py",
        "app/api/tasks.py:3",
        "src/app/main.py:3",
        '{"path": "/app"}',
        "/application/main.py",
    ],
)
def test_what_is_no_path_of_code_below_the_root_stays_as_it_is(text: str) -> None:
    assert below(ROOT)(text) == text


def test_a_project_in_the_root_of_the_machine_has_the_paths_that_it_has() -> None:
    assert below(Path("/"))("/tasks.py:3") == "/tasks.py:3"
