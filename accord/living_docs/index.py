"""The index: the operations of the API and who covers them, and what took longest."""

from dataclasses import dataclass
from heapq import nlargest

from accord.living_docs.model import Document, Promise, Step

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass
class Response:
    """A response of an operation, and the promises in which it was given."""

    status: str
    promises: list[Promise]
    documented: bool = True


@dataclass
class Operation:
    """An operation of the API."""

    name: str
    responses: list[Response]


def operations(document: Document) -> list[Operation]:
    """The operations that the OpenAPI document names; what was given and is not documented is among them."""
    if document.openapi is None:
        return []
    found: dict[str, dict[str, Response]] = {}
    for name, statuses in _documented(document.openapi):
        found[name] = {status: Response(status, []) for status in statuses}
    for (name, status), promises in document.responses.items():
        if name not in found:
            continue
        ways = (status, f"{status[:1]}XX", f"{status[:1]}xx", "default")
        documented = next((way for way in ways if way in found[name]), None)
        response = found[name].setdefault(documented or status, Response(status, [], documented=False))
        response.promises = list(dict.fromkeys([*response.promises, *promises]))
    return [
        Operation(name, sorted(responses.values(), key=lambda response: response.status))
        for name, responses in found.items()
    ]


def _documented(openapi: dict[str, object]) -> list[tuple[str, list[str]]]:
    paths = openapi.get("paths")
    return [
        (f"{method.upper()} {path}", [str(status) for status in operation["responses"]])
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        if isinstance(item, dict)
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, dict) and isinstance(operation.get("responses"), dict)
    ]


def slowest(document: Document, count: int = 10) -> list[Promise]:
    """The promises that took longest, longest first."""
    timed = (promise for promise in document.promises() if promise.seconds is not None)
    return nlargest(count, timed, key=lambda promise: promise.seconds or 0)


def slowest_steps(document: Document, count: int = 10) -> list[tuple[Step, Promise]]:
    """The steps that took longest, longest first, each with the promise that it is part of."""
    steps = ((step, promise) for promise in document.promises() for run in promise.runs for step in run.steps)
    return nlargest(count, (pair for pair in steps if pair[0].seconds), key=lambda pair: pair[0].seconds)
