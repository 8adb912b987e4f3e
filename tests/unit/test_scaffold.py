"""What `accord init` reads in sources and documents, and how it words and writes it."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from accord.errors import UsageError
from accord.scaffold.apps import find_app
from accord.scaffold.pytest_settings import pytest_settings
from accord.scaffold.settings import HarmlessValues
from accord.scaffold.sources import Sources, import_roots, module_name
from accord.scaffold.suite import call, import_from, quoted, write
from accord.scaffold.wording import Outcome, Question, promises, questions, service_name

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
ROUTED = f"{APP}app.include_router(router)\n"


def files(directory: Path, contents: dict[str, str]) -> Sources:
    for name, text in contents.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(dedent(text), encoding="utf-8")
    return Sources(directory)


def chosen(directory: Path, contents: dict[str, str]) -> str:
    app, _ = find_app(files(directory, contents))
    return f"{app.source.below(directory)}:{app.name}{'()' if app.is_factory else ''}"


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"main.py": APP}, "main.py:app"),
        ({"a.py": "import fastapi\nservice: fastapi.FastAPI = fastapi.FastAPI()"}, "a.py:service"),
        ({"a.py": "from fastapi import FastAPI as F\ntry:\n  x = F()\nexcept OSError:\n  raise"}, "a.py:x"),
        ({"a.py": "from fastapi import FastAPI\nclass Mine(FastAPI): ...\nmine = Mine()"}, "a.py:mine"),
        ({"a.py": "from fastapi import FastAPI\ndef make():\n  it = FastAPI()\n  return it"}, "a.py:make()"),
        ({"a.py": "def make(debug=False) -> 'FastAPI': ...\n"}, "a.py:make()"),
        ({"a.py": "def make(debug) -> 'FastAPI': ...\n", "main.py": APP}, "main.py:app"),
        ({"a.py": f"{APP}socket = Socket(app)"}, "a.py:app"),
        ({"factory.py": "def create_app() -> FastAPI: ...", "main.py": "app = create_app()"}, "main.py:app"),
        ({"app/main.py": "from .core import create\napp = create(router, lifespan=x)"}, "app/main.py:app"),
        ({"a.py": f"{APP}if __name__ == '__main__':\n    other = FastAPI()"}, "a.py:app"),
        ({"main.py": f"{ROUTED}admin = FastAPI()\napp.mount('/admin', admin)"}, "main.py:app"),
        ({"main.py": ROUTED, "admin.py": ROUTED}, "main.py:app"),
        ({"examples/main.py": ROUTED, "service/server.py": APP}, "service/server.py:app"),
        ({"tests/main.py": ROUTED, "conftest.py": ROUTED, "it.py": APP}, "it.py:app"),
        ({"node_modules/main.py": ROUTED, ".hidden/main.py": ROUTED, "env/pyvenv.cfg": "", "env/main.py": ROUTED,
          "it.py": APP}, "it.py:app"),
        ({"main.py": APP, "api/main.py": ROUTED,
          "pyproject.toml": "[tool.fastapi]\nentrypoint = 'api.main:app'"}, "api/main.py:app"),
        ({"main.py": APP, "pyproject.toml": "[tool\n"}, "main.py:app"),
    ],
)  # fmt: skip
def test_the_app_is_found_without_running_anything(tmp_path: Path, contents: dict[str, str], expected: str) -> None:
    assert chosen(tmp_path, contents) == expected


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({}, "There are no Python files below"),
        ({"a.py": "import flask\n\nflask_app = flask.Flask()\n"}, "No FastAPI app is found in the 1 Python files"),
        ({"a.py": "import fastapi\nfor\n"}, "a.py:2: invalid syntax"),
        ({"a.py": "fastapi = " + "(" * 5000}, "a.py:1: "),
        ({"orders/main.py": ROUTED, "stock/main.py": ROUTED}, "orders/main.py:3 and stock/main.py:3"),
        ({"a.py": APP, "pyproject.toml": "[tool.fastapi]\nentrypoint = 'b:app'"}, 'entrypoint = "b:app"'),
    ],
)
def test_where_no_app_or_no_one_app_is_found_a_sentence_says_so(
    tmp_path: Path, contents: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        find_app(files(tmp_path, contents))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("path", "others", "text", "expected"),
    [
        ("app/main.py", [], "", "app.main"),
        ("src/shop/main.py", ["src/shop/__init__.py"], "", "shop.main"),
        ("src/main.py", ["src/db/models.py"], "from src.db.models import Base", "src.main"),
        ("src/main.py", ["src/db/models.py"], "from db.models import Base", "main"),
        ("backend/app/main.py", ["backend/app/core.py"], "from app.core import settings", "app.main"),
        ("core/server.py", ["core/fastapi/middleware.py", "api/v1.py"],
         "from fastapi.middleware import Middleware\nfrom api.v1 import router", "core.server"),
        ("service/__init__.py", [], "", "service"),
    ],
)  # fmt: skip
def test_a_module_is_imported_by_the_name_that_its_own_project_uses(
    tmp_path: Path, path: str, others: list[str], text: str, expected: str
) -> None:
    sources = files(tmp_path, dict.fromkeys(others, "") | {path: f"{text}\n{APP}"})
    app, _ = find_app(sources)
    root = import_roots(app.source, tmp_path, [])[0]
    assert module_name(app.source.path, root) == expected


def operation(**more: Any) -> dict[str, Any]:
    return {"responses": {"200": {}}} | more


def document(*paths: str, **more: Any) -> dict[str, Any]:
    return {"paths": {path: {"get": operation(**more)} for path in paths}}


@pytest.mark.parametrize(
    ("path", "summary", "expected"),
    [
        ("/items", "Read Items", "items"),
        ("/api/v1/todo-items/", "List All Todo Items By User", "todo items"),
        ("/articles", "Returns the list of articles.", "articles"),
        ("/heroes", "", "heroes"),
        ("/heroes", "Получить героев", "heroes"),
        ("/api/v2/orderLines", "Get API v2", "order lines"),
        ("/users/me", "Read Users Me", "account"),
        ("/health", "Health Check", None),
        ("/", "Root", None),
        ("/healthz", "Healthz", None),
        ("/v1/health/redis", "Redis Check", None),
        ("/database", "Database", None),
        ("/x", "Get the most extraordinarily and unreasonably long name", "most extraordinarily"),
    ],
)
def test_what_an_operation_is_about_is_said_in_business_words(path: str, summary: str, expected: str | None) -> None:
    [question] = questions(document(path, summary=summary))
    assert question.subject == expected


def test_what_takes_more_than_the_document_says_is_not_asked() -> None:
    needed = [{"name": "q", "in": "query", "required": True}]
    paths = document("/search", parameters=needed)["paths"] | document("/old", deprecated=True)["paths"]
    paths["/items"] = {"post": operation(), "get": operation(), "parameters": [], "x-note": 3}
    paths["/items/{item_id}"] = document("", parameters=[{"name": "item_id", "in": "path", "required": True}])["paths"][
        ""
    ]
    assert [question.path for question in questions({"paths": paths})] == ["/items", "/items/unknown"]
    assert questions({}) == []
    assert questions({"paths": {"/a": {"get": {"parameters": [None], "security": 3}}}}) != []


@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        (Question("GET", "/items", "items"), 200, "The items can be seen"),
        (Question("GET", "/me", "account", is_secured=True), 401, "My account is for me alone"),
        (Question("GET", "/items", "items", is_secured=True), 403, "The items are for those who have signed in"),
        (Question("PUT", "/items", "address", is_secured=True), 401, "The address is for those who have signed in"),
        (Question("GET", "/items/1", "item", is_filled_in=True), 404, "An item that nobody has added is not there"),
        (Question("GET", "/health", None), 200, "The service is up"),
        (Question("GET", "/items", "items"), 500, None),
        (Question("GET", "/health", None), 503, None),
        (Question("GET", "/docs", "items"), 307, None),
    ],
)
def test_an_answer_promises_something_or_nothing(question: Question, status: int, said: str | None) -> None:
    found = promises([(question, Outcome(status, {}))], [])
    assert [promise.scenario for promise in found] == ([said] if said else [])


def test_a_service_that_says_it_is_unwell_is_not_up() -> None:
    up = Question("GET", "/health", None)
    assert promises([(up, Outcome(200, {"redis": False})), (up, Outcome(200, {"database": "down"}))], []) == []


def test_what_says_most_about_the_domain_comes_first() -> None:
    up, items, mine = Question("GET", "/", None), Question("GET", "/a", "items"), Question("GET", "/b", "orders", True)
    answered = [(mine, Outcome(401, {})), (up, Outcome(200, {})), (items, Outcome(200, []))]
    found = promises(answered, [(mine, Outcome(200, []))])
    assert [(promise.question.path, promise.signs_in) for promise in found] == [
        ("/a", False), ("/b", True), ("/", False), ("/b", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Orders API", "Orders"),
        ("FastAPI", "the service"),
        ("Weather", "Weather"),
        ("My FastAPI SQLAlchemy Template", "the service"),
        ("{{ title }}" * 9, "the service"),
        ("Bücher", "Bücher"),
    ],
)
def test_the_service_has_the_name_that_people_use(title: str, expected: str) -> None:
    assert service_name(title) == expected


def test_values_are_those_of_the_examples_then_such_as_fit_the_type(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("secret_key=shown\nEMPTY=\n")
    (tmp_path / "requirements.txt").write_text("psycopg2-binary==2.9\n")
    values = HarmlessValues(tmp_path)

    def tried(name: str, kind: str) -> list[str]:
        found: list[str] = []
        while (value := values.value({"name": name, "type": kind}, found)) is not None:
            found.append(value)
        return found

    assert tried("SECRET_KEY", "str")[0] == "shown"
    assert tried("DATABASE_URL", "str")[0] == "postgresql+psycopg2://app:app@localhost/test"
    assert tried("REDIS_URL", "RedisDsn")[0] == "redis://localhost:6379/0"
    assert tried("SMTP_PORT", "int")[0] == "1025"
    assert tried("WORKERS", "int")[0] == "1"
    assert tried("ORIGINS", "list[str]")[:2] == ["[]", '["http://localhost"]']
    assert tried("STAGE", "one of:local")[0] == "local"
    assert len(tried("ANYTHING", "?")) == 4
    assert values.forget_examples()
    assert tried("SECRET_KEY", "str")[0].startswith("only-for-tests")


@pytest.mark.parametrize(
    ("name", "text", "paths"),
    [
        ("pytest.ini", "[pytest]\npythonpath = . src\n", [".", "src"]),
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['src']\n", ["src"]),
        ("pyproject.toml", "[tool.pytest]\npythonpath = ['src']\n", ["src"]),
        ("pyproject.toml", "[tool]\npytest = 3\n", []),
        ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = 3\n", []),
        ("pyproject.toml", "[[[", []),
        ("setup.cfg", "[tool:pytest]\npythonpath =\n  src\n", ["src"]),
        ("tox.ini", "pythonpath", []),
    ],
)
def test_the_settings_of_pytest_are_read_where_pytest_reads_them(
    tmp_path: Path, name: str, text: str, paths: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    assert pytest_settings(tmp_path).paths("pythonpath") == paths


def test_files_are_written_all_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text("theirs")
    with pytest.raises(UsageError, match=r"there\.py is there already"):
        write({tmp_path / "a/b/new.py": "", tmp_path / "there.py": "ours"})
    with pytest.raises(OSError, match=r"there\.py"):
        write({tmp_path / "a/new.py": "", tmp_path / "there.py/new.py": ""})
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]
    assert (tmp_path / "there.py").read_text() == "theirs"


def test_source_is_written_as_ruff_would() -> None:
    assert quoted('say "no"') == "'say \"no\"'"
    assert quoted("it's \n") == '"it\'s \\n"'
    assert call("f", ["1", "2"]) == "f(1, 2)"
    assert call("f", ["1" * 50, "2" * 50]) == f"f(\n    {'1' * 50},\n    {'2' * 50},\n)"
    assert import_from("a" * 60, "b" * 30) == f"from {'a' * 60} import (\n    {'b' * 30},\n)"
