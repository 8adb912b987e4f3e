"""What Accord uses of Starlette, where the app is built on it, that is not documented; it is not imported here."""

import inspect
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

_PACKAGES = ("starlette", "fastapi", "sse_starlette")
# The functions in which these packages make the body of a stream.
_MAKING_BODY = {"stream_response", "_stream_response", "_producer"}


def body_frame(value: Any) -> FrameType | None:
    """Return where the body of a response is made, if the value is one that is a stream."""
    is_response = type(value).__module__.startswith(_PACKAGES)
    return getattr(getattr(value, "body_iterator", None), "ag_frame", None) if is_response else None


def body_error(error: BaseException) -> BaseException | None:
    """Return the error, or the one in a group, that was raised while the body of a stream was made, if one was.

    Starlette's BaseHTTPMiddleware, and FastAPI where an endpoint yields events, first send the end of the stream.
    """
    for member in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if found := body_error(member):
            return found
    for frame, _line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name in _MAKING_BODY and frame.f_globals.get("__name__", "").startswith(_PACKAGES):
            return error
    return None


def is_disconnect(error: BaseException) -> bool:
    """Return whether a WebSocket's handler raised it since its client has gone, which is how most handlers end."""
    return type(error).__name__ == "WebSocketDisconnect" and type(error).__module__.startswith(_PACKAGES)


@dataclass(frozen=True, slots=True)
class Routed:
    """What the routers of an app made of a request."""

    app: Any
    """The app that was innermost: that of a mount, if that is an app of Starlette's; None where there was none."""
    is_of_other_app: bool
    """Whether that is not the outermost one."""
    mount: str
    """Below which path it went to what is mounted, as `/v1`; for a host name `//api.example.org`; empty otherwise."""
    path: str
    """The rest of the path."""
    is_matched: bool
    """Whether there is a route for it, be it of another method."""
    is_taken: bool
    """Whether that route was seen to take it; where a middleware answers before, none does."""
    template: str | None
    """The path of that route, from the root of the app, as `/tasks/{task_id}`; None if it is not known."""
    is_published: bool
    """Whether the route is one that FastAPI has in its documents."""


def routed(scope: Mapping[str, Any]) -> Routed:
    """Return what became of a request by its ASGI scope, into which routers have written.

    Starlette up to 0.32 takes what a mount matched off the path, and later ones leave it there. `endpoint` is written
    by all routes, mounts among them, and `route`, in earlier releases, by routes of FastAPI alone.
    """
    is_routed = "router" in scope
    if not is_routed and hasattr(scope.get("app"), "routes"):
        scope = _as_routed(scope)
    app, endpoint, path = scope.get("app"), scope.get("endpoint"), scope.get("path", "")
    root_path = scope.get("root_path", "")
    mount = root_path.removeprefix(scope["app_root_path"]) if "app_root_path" in scope else ""
    is_of_other_app = "router" in scope and getattr(app, "router", scope["router"]) is not scope["router"]
    if is_of_other_app and "app_root_path" not in scope:
        mount = "//" + next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    path = path.removeprefix(root_path) if path.startswith(f"{root_path}/") else path
    route = _route(scope, endpoint, path)
    is_function = inspect.isroutine(endpoint) or isinstance(endpoint, (type, partial))
    is_matched = route is not None or is_function or "frontend_path" in scope.get("fastapi", ())
    return Routed(
        app=app,
        is_of_other_app=is_of_other_app,
        mount=mount,
        path=path,
        is_matched=is_matched,
        is_taken=is_matched and is_routed,
        template=getattr(route, "path_format", None),
        is_published=hasattr(route, "response_model") and route.include_in_schema,
    )


def _as_routed(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the scope as routers would have left it, where a middleware answers before them, or hands on a copy."""
    app = scope["app"]
    found = {**scope, "router": getattr(app, "router", None)}
    while hasattr(app, "routes") and (child := _first_match(app.routes, found)):
        app = child.get("endpoint")
        found |= child
        if hasattr(app, "router"):
            found["app"] = app
    return found


def _first_match(routes: Iterable[Any], scope: dict[str, Any]) -> dict[str, Any]:
    """Return what the route writes into the scope that takes the request, or else one that does not have its method."""
    partial: dict[str, Any] = {}
    for route in routes:
        if not hasattr(route, "matches"):
            continue
        match, child = route.matches(scope)
        # An included router of FastAPI writes nothing itself.
        while match.value and hasattr(route, "_match"):
            match, child, route, context = route._match(scope)
            child = {**child, "fastapi": {"effective_route_context": context}}
        if match.name == "FULL":
            return dict(child)
        if match.name == "PARTIAL":
            partial = partial or dict(child)
    return partial


def _route(scope: Mapping[str, Any], endpoint: Any, path: str) -> Any:
    """Return the route that has this endpoint, with its path and whether it is published; None if it is not known."""
    if endpoint is None:
        return None
    # In later releases of FastAPI an included router keeps its routes, and this is what one is where it is included.
    context = scope.get("fastapi", {}).get("effective_route_context")
    plain = getattr(context, "starlette_route", None)
    for route in (context, plain, scope.get("route")):
        if getattr(route, "endpoint", None) is endpoint:
            return route
    routes = getattr(scope.get("app"), "routes", ())
    same = (route for route in routes if getattr(route, "endpoint", None) is endpoint)
    return next((route for route in same if route.path_regex.match(path)), None)
