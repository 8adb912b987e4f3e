"""The program that imports a project's app, and writes down what is found there; it runs in a process of its own.

It is started by its path with a JSON request as its argument, and imports nothing of Accord: what it sees is what the
project alone would see. What the app prints goes where it likes; the answer is a JSON file.
"""

import dataclasses
import importlib
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

_IN_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_OF_CODE = (AttributeError, NameError, ImportError, SyntaxError, TypeError)
_USERS = re.compile(r"(?:App|Auth|DB|Db)?(?:User|Account)(?:Model|Table|ORM|Orm|DB|Db)?s?")
_OF_A_USER = re.compile(r"user|account|principal|auth|current", re.IGNORECASE)


@dataclasses.dataclass
class Request:
    """What is looked for, and where."""

    directory: str
    path: list[str]
    module: str
    name: str
    is_factory: bool
    environment: dict[str, str]
    answer: str


def main() -> None:
    """Write the answer: what the app has, or the error of its import."""
    request = Request(**json.loads(sys.argv[1]))
    os.environ.update(request.environment)
    unset = _note_unset(Path(request.directory))
    sys.path[:0] = request.path
    try:
        answer = _looked_at(request)
    except BaseException as error:
        described = _described(error, request)
        # What is None may be what a URL, a key or a number was asked for.
        described["is_guessed"] = not described["settings"]
        if described["is_guessed"] and not isinstance(error, (NameError, ImportError, SyntaxError)):
            described["settings"] = [{"name": name, "type": "str"} for name in unset]
        answer = {"error": described}
    Path(request.answer).write_text(json.dumps(answer, default=str), encoding="utf-8")
    # Threads that the app started at import would have the process wait for them.
    os._exit(0)


def _note_unset(directory: Path) -> dict[str, None]:
    """Return what will have the names of variables that the project's own code looks for, and that are not set."""
    found: dict[str, None] = {}
    usual = os.environ.get

    def get(name: str, default: Any = None) -> Any:
        value = usual(name, default)
        frame = sys._getframe(1)
        if frame.f_code.co_name == "getenv" and frame.f_back:
            frame = frame.f_back
        if value is None and directory in Path(frame.f_code.co_filename).parents:
            found[name] = None
        return value

    # In this process alone, which is about to end: nothing else sees what an app looks for and does not find.
    os.environ.get = get  # type: ignore[assignment, method-assign]
    return found


def _looked_at(request: Request) -> dict[str, Any]:
    module = importlib.import_module(request.module)
    app = getattr(module, request.name)
    if request.is_factory:
        app = app()
    if not hasattr(app, "openapi"):
        return {"kind": type(app).__name__}
    directory = Path(request.directory)
    return {
        "file": str(module.__file__),
        "title": str(app.title),
        "base_url": _base_url(app),
        "document": app.openapi(),
        "metadata": list(_metadata(directory)),
        "sign_in": _sign_in(app, directory),
        "user": _user(app, directory),
    }


def _base_url(app: Any) -> str | None:
    """Return the address at which the app may be asked, where it refuses that of `http://test`."""
    scheme, host = "http", "test"
    for middleware in app.user_middleware:
        kind = getattr(middleware.cls, "__name__", "")
        options = getattr(middleware, "kwargs", None) or getattr(middleware, "options", {})
        allowed = list(options.get("allowed_hosts") or ["*"])
        if kind == "HTTPSRedirectMiddleware":
            scheme = "https"
        elif kind == "TrustedHostMiddleware" and not {"*", host} & {*allowed}:
            host = min(allowed, key=lambda it: it != "localhost").replace("*", "test")
    url = f"{scheme}://{host}"
    return None if url == "http://test" else url


def _own_modules(directory: Path) -> list[ModuleType]:
    """Return what was imported of the project itself."""
    found = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and directory in Path(file).parents and "site-packages" not in file:
            found.append(module)
    return found


def _metadata(directory: Path) -> Iterator[dict[str, Any]]:
    """Yield what has SQLAlchemy's tables, by the name under which it is imported."""
    if (sqlalchemy := sys.modules.get("sqlalchemy")) is None:
        return
    seen: set[int] = set()
    for module in _own_modules(directory):
        for name, value in vars(module).copy().items():
            metadata = getattr(value, "metadata", None) if isinstance(value, type) else value
            if not isinstance(metadata, sqlalchemy.MetaData) or id(metadata) in seen or not metadata.tables:
                continue
            seen.add(id(metadata))
            tables = sorted(str(table) for table in metadata.tables)
            if not isinstance(value, type):
                yield {"module": module.__name__, "name": name, "is_base": False, "tables": tables}
                continue
            base = [it for it in value.__mro__ if getattr(it, "metadata", None) is metadata][-1]
            origin = "sqlmodel" if base.__module__.startswith("sqlmodel.") else base.__module__
            if getattr(sys.modules.get(origin), base.__name__, None) is base:
                yield {"module": origin, "name": base.__name__, "is_base": True, "tables": tables}
            else:
                yield {"module": module.__name__, "name": name, "is_base": True, "tables": tables}


def _sign_in(app: Any, directory: Path) -> dict[str, Any] | None:
    """Return the dependency by which operations know who signed in: the one that most of them need."""
    counted = _counted(app, directory)
    if not counted:
        return None
    function = max(counted, key=lambda it: counted[it])
    file, line = _place(function, directory) or ("", 0)
    return {"module": function.__module__, "name": function.__name__, "file": file, "line": line}


def _counted(app: Any, directory: Path) -> dict[Callable[..., Any], int]:
    """Return how many operations need each dependency of the project that says who signed in."""
    counted: dict[Callable[..., Any], int] = {}
    for route in _routes(app):
        for function in {*_signing_in(getattr(route, "endpoint", None), set())}:
            if _place(function, directory):
                counted[function] = counted.get(function, 0) + 1
    return counted


def _routes(router: Any) -> Iterator[Any]:
    for route in getattr(router, "routes", None) or ():
        yield route
        # FastAPI keeps included routers from 0.130 on; before, it copied their routes.
        yield from _routes(getattr(route, "original_router", None))


def _signing_in(function: Any, seen: set[Any]) -> Iterator[Callable[..., Any]]:
    """Yield the functions, of those that a function depends on, that return a user and depend on a security scheme."""
    for dependency in _dependencies(function):
        if dependency in seen or not callable(dependency):
            continue
        seen.add(dependency)
        inner = list(_signing_in(dependency, seen))
        if inner:
            yield from inner
        elif inspect.isfunction(dependency) and _needs_scheme(dependency) and _says_who(dependency):
            yield dependency


def _says_who(function: Any) -> bool:
    return _OF_A_USER.search(function.__name__) is not None or _mapper(_returned(function)) is not None


def _needs_scheme(function: Any, depth: int = 0) -> bool:
    from fastapi.security.base import SecurityBase

    return depth < 5 and any(
        isinstance(dependency, SecurityBase) or _needs_scheme(dependency, depth + 1)
        for dependency in _dependencies(function)
    )


def _dependencies(function: Any) -> list[Any]:
    from fastapi.params import Depends

    try:
        signature = _signature(function)
    except (TypeError, ValueError):
        return []
    found = []
    for parameter in signature.parameters.values():
        marked = [parameter.default, *getattr(parameter.annotation, "__metadata__", ())]
        for it in marked:
            if isinstance(it, Depends):
                found.append(it.dependency or getattr(parameter.annotation, "__origin__", parameter.annotation))
    return found


def _returned(function: Any) -> type | None:
    """Return the class of what a function returns, as it says itself."""
    annotation = _signature(function).return_annotation
    for kind in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(kind, type) and kind is not type(None):
            return kind
    return None


def _signature(function: Any) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # An annotation may be for type checkers alone.
        return inspect.signature(function)


def _place(function: Any, directory: Path) -> tuple[str, int] | None:
    code = getattr(inspect.unwrap(function), "__code__", None)
    module = sys.modules.get(getattr(function, "__module__", ""))
    if code is None or getattr(module, getattr(function, "__name__", ""), None) is not function:
        return None
    file = Path(code.co_filename)
    return (file.relative_to(directory).as_posix(), code.co_firstlineno) if directory in file.parents else None


def _user(app: Any, directory: Path) -> dict[str, Any] | None:
    """Return the mapped class of users, and what a new one must be given: what signing in returns, else by its name."""
    named = [
        value
        for module in _own_modules(directory)
        for name, value in vars(module).copy().items()
        if isinstance(value, type) and _USERS.fullmatch(name) and value.__module__ == module.__name__
    ]
    returned = [it for function in _counted(app, directory) if (it := _returned(function)) is not None]
    return next((_described_user(it, directory) for it in (*returned, *named) if _mapper(it) is not None), None)


def _mapper(value: Any) -> Any:
    """Return SQLAlchemy's mapper of a class, if it has one."""
    sqlalchemy: Any = sys.modules.get("sqlalchemy")
    mapper = sqlalchemy.inspect(value, raiseerr=False) if sqlalchemy else None
    return mapper if hasattr(mapper, "column_attrs") else None


def _described_user(value: type, directory: Path) -> dict[str, Any]:
    needed, flags = {}, []
    for attribute in _mapper(value).column_attrs:
        column = attribute.columns[0]
        if _python_type(column) == "bool":
            flags.append(attribute.key)
        is_given = column.nullable or column.default is not None or column.server_default is not None
        is_numbered = column.primary_key and column.autoincrement and _python_type(column) == "int"
        if not is_given and not is_numbered:
            needed[attribute.key] = {
                "type": f"{'aware ' if getattr(column.type, 'timezone', False) else ''}{_python_type(column)}",
                "length": getattr(column.type, "length", None),
                "is_reference": bool(column.foreign_keys),
            }
    file = Path(inspect.getfile(value)).relative_to(directory).as_posix()
    place = {"module": value.__module__, "name": value.__name__, "file": file, "line": inspect.getsourcelines(value)[1]}
    return place | {"needed": needed, "flags": flags}


def _python_type(column: Any) -> str:
    kind = column.type
    try:
        # SQLModel's text, and whatever else decorates a type, says of itself that it is an object.
        while kind.python_type is object:
            kind = kind.impl
        return str(kind.python_type.__name__)
    except (AttributeError, NotImplementedError):
        return "?"


def _described(error: BaseException, request: Request) -> dict[str, Any]:
    """Return the error for people, and which settings it misses."""
    text = re.sub(r"For further information visit \S+", "", str(error))
    file, line = _own_line(error, Path(request.directory))
    return {
        "type": type(error).__name__,
        "text": " ".join(text.split()),
        "file": file,
        "line": line,
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "settings": _settings(error),
    }


def _own_line(error: BaseException, directory: Path) -> tuple[str, int]:
    """Return the last line of the project that led to the error."""
    if isinstance(error, SyntaxError) and error.filename and directory in Path(error.filename).parents:
        return Path(error.filename).relative_to(directory).as_posix(), error.lineno or 1
    found = ("", 0)
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if directory in file.parents and "site-packages" not in file.parts:
            found = (file.relative_to(directory).as_posix(), frame.lineno or 1)
    return found


def _settings(error: BaseException | None) -> list[dict[str, Any]]:
    """Return the settings that an import missed, or found wrong: their names in the environment and their types."""
    while error is not None:
        if hasattr(error, "errors") and (settings := _settings_class(error.__traceback__)):
            return [_setting(settings, fault) for fault in error.errors()]
        if isinstance(error, KeyError) and error.args and _is_in_environ(error.__traceback__):
            return [{"name": str(error.args[0]), "type": "str"}]
        # Its own code is at fault, not the environment.
        names = [] if isinstance(error, _OF_CODE) else _IN_CAPITALS.findall(str(error))
        if names:
            return [{"name": name, "type": "str"} for name in dict.fromkeys(names)]
        error = error.__cause__ or error.__context__
    return []


def _settings_class(trace: TracebackType | None) -> Any:
    """Return the class of pydantic's settings that was being made."""
    for frame, _line in traceback.walk_tb(trace):
        for value in frame.f_locals.values():
            if "settings_customise_sources" in dir(type(value)):
                return type(value)
    return None


def _setting(settings: Any, fault: dict[str, Any]) -> dict[str, Any]:
    """Return the name in the environment of the setting that is at fault, which may be one within another."""
    prefix, delimiter = (settings.model_config.get(key) or "" for key in ("env_prefix", "env_nested_delimiter"))
    path = [str(part) for part in fault["loc"]] or [""]
    field = settings.model_fields.get(path[0])
    if field is None:  # The place of the fault is an alias, which is the whole name.
        aliased = (it for it in settings.model_fields.values() if path[0] in (it.alias, it.validation_alias))
        return {"name": path[0], "type": _type_name(next(aliased, None))}
    for part in path[1:] if delimiter else ():
        field = getattr(getattr(field, "annotation", None), "model_fields", {}).get(part)
    name = prefix + (delimiter.join(path) if delimiter else path[0])
    is_exact = settings.model_config.get("case_sensitive")
    return {"name": name if is_exact else name.upper(), "type": _type_name(field)}


def _type_name(field: Any) -> str:
    annotation = getattr(field, "annotation", None)
    if hasattr(annotation, "model_fields"):
        return "dict"
    choices = list(getattr(annotation, "__args__", ())) if str(annotation).startswith("typing.Literal") else None
    if choices is None and (members := getattr(annotation, "__members__", None)):
        choices = [member.value for member in members.values()]
    return f"one of:{choices[0]}" if choices else str(getattr(annotation, "__name__", annotation))


def _is_in_environ(trace: TracebackType | None) -> bool:
    last = traceback.extract_tb(trace)[-1:]
    return bool(last) and Path(last[0].filename).name in ("os.py", "<frozen os>")


if __name__ == "__main__":
    main()
