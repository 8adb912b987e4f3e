"""The FastAPI apps of a project, as its sources have them: which there are, and which one is the service."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.basics.text import one_line
from accord.errors import UsageError
from accord.scaffold.sources import Source, Sources

_USUAL_FILES = {"main.py": 2, "app.py": 1, "asgi.py": 1, "server.py": 1, "application.py": 1, "__init__.py": 1}
_USUAL_NAMES = {"app", "application", "api", "create_app", "get_app", "get_application"}
_ASIDE = {"docs", "docs_src", "doc", "examples", "example", "samples", "scripts", "benchmarks", "tools", "tutorial"}
_MAKES = re.compile(r"app|api|create|make|build|init|setup|bootstrap|server", re.IGNORECASE)
_OTHERS = re.compile(r"celery|flask|typer|faststream|aiohttp|litestar|quart|sanic|starlette", re.IGNORECASE)
_ADDS_ROUTES = {"include_router", "mount", "get", "post", "put", "patch", "delete", "add_api_route"}


@dataclass(frozen=True)
class App:
    """A FastAPI app: a name in a module, or a function there that returns one and needs no arguments."""

    source: Source
    name: str
    line: int
    is_factory: bool = False
    is_mounted: bool = False
    """Whether another app has it mounted."""
    has_routes: bool = False

    def location(self, directory: Path) -> str:
        """Return where it is, for people: `app/main.py:12`."""
        return f"{self.source.below(directory)}:{self.line}"


def find_app(sources: Sources) -> tuple[App, list[App]]:
    """Return the app that is the service, and the others.

    `entrypoint` of `[tool.fastapi]` in `pyproject.toml` decides, if it is there. Otherwise it is the one that has
    routes and is in a file of the usual name, `main.py` first, and nearest to the project's root.
    Raises UsageError where there is none, or where two are as likely.
    """
    directory = sources.directory
    apps = [app for source in sources.of_service for app in _apps(source)]
    if not apps:
        raise UsageError(_no_app(sources))
    if entrypoint := _entrypoint(directory):
        chosen = [app for app in apps if _is_at(app, entrypoint)]
        if not chosen:
            raise UsageError(
                f'pyproject.toml has entrypoint = "{entrypoint}" in [tool.fastapi], where no FastAPI app is found: '
                "correct it, or remove it."
            )
        return chosen[0], [app for app in apps if app != chosen[0]]
    ranked = sorted(apps, key=lambda app: _rank(app, directory))
    first, *others = ranked
    if others and _rank(others[0], directory) == _rank(first, directory) and others[0].source != first.source:
        raise UsageError(
            f"There are several FastAPI apps, {first.location(directory)} and {others[0].location(directory)}, and "
            "nothing says which one is the service: name its directory, as in `accord init DIRECTORY`, or write "
            'entrypoint = "module:app" into [tool.fastapi] of pyproject.toml.'
        )
    return first, others


def _no_app(sources: Sources) -> str:
    if not sources.paths:
        return f"There are no Python files below {sources.directory}: name the directory of a FastAPI service."
    if sources.invalid:
        return f"No FastAPI app is found, and this file cannot be read as Python: {one_line(sources.invalid[0])}."
    return (
        f"No FastAPI app is found in the {len(sources.paths)} Python files below {sources.directory}: there is neither "
        "a line such as `app = FastAPI()` nor a function that returns one and needs no arguments."
    )


def _entrypoint(directory: Path) -> str | None:
    try:
        settings = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
        entrypoint = settings["tool"]["fastapi"]["entrypoint"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entrypoint if isinstance(entrypoint, str) else None


def _is_at(app: App, entrypoint: str) -> bool:
    module, _, name = entrypoint.partition(":")
    path = app.source.path.with_suffix("")
    parts = (path.parent if path.name == "__init__" else path).parts
    wanted = tuple(module.split("."))
    return parts[-len(wanted) :] == wanted and name in ("", app.name)


def _rank(app: App, directory: Path) -> tuple[object, ...]:
    """Return what sorts the likeliest first."""
    path = app.source.path.relative_to(directory)
    likely = _USUAL_FILES.get(path.name, 0) + 2 * app.has_routes + (app.name in _USUAL_NAMES)
    return app.is_mounted, bool(_ASIDE & set(path.parts)), -likely, app.is_factory, len(path.parts)


def _apps(source: Source) -> Iterator[App]:
    """Yield the apps of a module."""
    module = _Module(source.tree)
    called = {call.func.id for call in module.calls if isinstance(call.func, ast.Name)}
    for function in module.functions:
        # An app that is made by it at import is the one that a server is given.
        if _is_factory(function, module) and function.name not in called:
            yield App(source, function.name, function.lineno, is_factory=True, has_routes=_adds_routes(function))
    factories = {function.name for function in module.functions if module.makes_app(function)}
    for name, call in module.assigned:
        is_app = module.is_app(call) or (isinstance(call.func, ast.Name) and call.func.id in factories)
        # Made elsewhere, as in `app = create_app()` or `app = Server().app()`: the module mentions FastAPI, or is main.
        if is_app or (name in ("app", "application") and _is_imported_factory(call)):
            yield App(
                source,
                name,
                call.lineno,
                is_mounted=name in module.mounted,
                has_routes=name in module.with_routes or not module.is_app(call),
            )


def _is_factory(function: ast.FunctionDef, module: "_Module") -> bool:
    arguments = function.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    needed += sum(default is None for default in arguments.kw_defaults)
    return not needed and not function.decorator_list and module.makes_app(function)


def _is_imported_factory(call: ast.Call) -> bool:
    function = call.func
    name = str(getattr(function, "id", getattr(function, "attr", "")))
    return _MAKES.search(name) is not None and _OTHERS.search(name) is None


def _adds_routes(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in _ADDS_ROUTES for node in ast.walk(function))


class _Module:
    """What a module has at its outermost level, in `if` and `try` too."""

    def __init__(self, tree: ast.Module) -> None:
        self.functions: list[ast.FunctionDef] = []
        self.calls: list[ast.Call] = []
        self.assigned: list[tuple[str, ast.Call]] = []
        self.mounted: set[str] = set()
        self.with_routes: set[str] = set()
        self._classes = {"FastAPI"}
        for node in _outermost(tree.body):
            self._take(node)
        for part in ast.walk(tree):
            self._take_routes(part)

    def _take(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom):
            self._classes |= {alias.asname or alias.name for alias in node.names if alias.name == "FastAPI"}
        elif isinstance(node, ast.ClassDef) and any(self._is_class(base) for base in node.bases):
            self._classes.add(node.name)
        elif isinstance(node, ast.FunctionDef):
            self.functions.append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            self.calls.append(node.value)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            self.assigned += [(target.id, node.value) for target in targets if isinstance(target, ast.Name)]

    def _take_routes(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _ADDS_ROUTES:
            self.with_routes.add(node.value.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mount":
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            self.mounted |= {argument.id for argument in given if isinstance(argument, ast.Name)}

    def is_app(self, value: ast.expr | None) -> bool:
        """Whether an expression makes an app: `FastAPI(...)`, also of a class that derives from it."""
        return isinstance(value, ast.Call) and self._is_class(value.func)

    def makes_app(self, function: ast.FunctionDef) -> bool:
        """Whether a function returns an app that it makes, or says so."""
        if function.returns is not None and self._is_class(function.returns):
            return True
        nodes = list(ast.walk(function))
        made = {
            target.id
            for node in nodes
            if isinstance(node, ast.Assign | ast.AnnAssign) and self.is_app(node.value)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        returned: Sequence[ast.expr | None] = [node.value for node in nodes if isinstance(node, ast.Return)]
        return any(self.is_app(it) or (isinstance(it, ast.Name) and it.id in made) for it in returned)

    def _is_class(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == "FastAPI"
        if isinstance(node, ast.Constant):
            return node.value == "FastAPI"
        return isinstance(node, ast.Name) and node.id in self._classes


def _outermost(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield statement
        # What a module does as a program, it does not when it is imported.
        if isinstance(statement, ast.If | ast.Try | ast.With) and "__name__" not in ast.dump(statement)[:200]:
            yield from _outermost(statement.body)
            yield from _outermost(getattr(statement, "orelse", []))
