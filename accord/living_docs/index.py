"""The index: the operations of the API and who covers them, and what took longest."""

from dataclasses import dataclass
from heapq import nlargest

from accord.contract import openapi
from accord.living_docs.model import Document, Pickle
from accord.living_docs.run import Step


@dataclass
class Response:
    """A response of an operation, and the pickles in which it was given."""

    status: str
    pickles: list[Pickle]
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
    given: dict[str, dict[str, list[Pickle]]] = {}
    for (name, status), pickles in document.responses.items():
        given.setdefault(name, {})[status] = pickles
    return [
        Operation(documented.name, _responses(documented, given.get(documented.name, {})))
        for documented in openapi.operations(document.openapi, strict=False)
    ]


def _responses(operation: openapi.Operation, given: dict[str, list[Pickle]]) -> list[Response]:
    found = {status: Response(status, []) for status in operation.responses}
    for status, pickles in given.items():
        key = operation.documented(status)
        response = found.setdefault(key or status, Response(status, [], documented=key is not None))
        # Two statuses, such as 404 and 409, may be documented as one, `4XX`, and one pickle may have seen both.
        response.pickles = list(dict.fromkeys([*response.pickles, *pickles]))
    return sorted(found.values(), key=lambda response: response.status)


def slowest(document: Document, count: int = 10) -> list[Pickle]:
    """The scenarios that took longest, longest first."""
    timed = (pickle for pickle in document.pickles() if pickle.seconds is not None)
    return nlargest(count, timed, key=lambda pickle: pickle.seconds or 0)


def slowest_steps(document: Document, count: int = 10) -> list[tuple[Step, Pickle]]:
    """The steps that took longest, longest first, each with the scenario that it is part of."""
    steps = ((step, pickle) for pickle in document.pickles() for run in pickle.runs for step in run.steps)
    return nlargest(count, (pair for pair in steps if pair[0].seconds), key=lambda pair: pair[0].seconds)
