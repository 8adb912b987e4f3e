"""The index: the operations of the API and who covers them, and what took longest."""

from dataclasses import dataclass
from heapq import nlargest

from accord.contract import openapi
from accord.living_docs.model import Document, Promise, Step


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
    """The operations of the OpenAPI document; a response that was given and is not documented is among theirs.

    Of a document in which something is broken it shows what it can.
    """
    if document.openapi is None:
        return []
    given: dict[str, dict[str, list[Promise]]] = {}
    for (name, status), promises in document.responses.items():
        given.setdefault(name, {})[status] = promises
    return [
        Operation(documented.name, _responses(documented, given.get(documented.name, {})))
        for documented in openapi.operations(document.openapi, strict=False)
    ]


def _responses(operation: openapi.Operation, given: dict[str, list[Promise]]) -> list[Response]:
    found = {status: Response(status, []) for status in operation.responses}
    for status, promises in given.items():
        key = operation.documented(status)
        response = found.setdefault(key or status, Response(status, [], documented=key is not None))
        response.promises = list(dict.fromkeys([*response.promises, *promises]))
    return sorted(found.values(), key=lambda response: response.status)


def slowest(document: Document, count: int = 10) -> list[Promise]:
    """The promises that took longest, longest first."""
    timed = (promise for promise in document.promises() if promise.seconds is not None)
    return nlargest(count, timed, key=lambda promise: promise.seconds or 0)


def slowest_steps(document: Document, count: int = 10) -> list[tuple[Step, Promise]]:
    """The steps that took longest, longest first, each with the promise that it is part of."""
    steps = ((step, promise) for promise in document.promises() for run in promise.runs for step in run.steps)
    return nlargest(count, (pair for pair in steps if pair[0].seconds), key=lambda pair: pair[0].seconds)
