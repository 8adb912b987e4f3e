"""The index: the operations of the API and who covers them, the sentences, and what took longest."""

from dataclasses import dataclass
from heapq import nlargest

from accord.catalogue.grouping import grouped
from accord.catalogue.sentences import Sentence
from accord.contract import openapi
from accord.contract.coverage import figure
from accord.living_docs.model import Document, Feature, Pickle
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


class Operations(list[Operation]):
    """The operations of the API, documented or not."""

    @property
    def coverage(self) -> str:
        """How many of the documented responses scenarios have seen: `22 of 26 documented responses, 84 %`."""
        seen = [bool(response.pickles) for operation in self for response in operation.responses if response.documented]
        return figure(sum(seen), len(seen))


def operations(document: Document) -> Operations:
    """The operations of the OpenAPI documents; a response that was given and is not documented is among theirs.

    After these it has what was requested, is no operation, and was answered all the same, as by a 404. Of a document in
    which something is broken it shows what it can.
    """
    if document.openapi is None:
        return Operations()
    given = _by_operation(document.responses)
    documented = {
        operation.name: Operation(operation.name, _responses(operation, given.get(operation.name, {})))
        for written in (document.openapi, *document.mounted)
        for operation in openapi.operations(written, strict=False)
    }
    others = [
        Operation(name, [Response(status, pickles, documented=False) for status, pickles in sorted(statuses.items())])
        for name, statuses in sorted(_by_operation(document.undocumented).items())
        if name not in documented
    ]
    return Operations([*documented.values(), *others])


def _by_operation(responses: dict[tuple[str, str], list[Pickle]]) -> dict[str, dict[str, list[Pickle]]]:
    found: dict[str, dict[str, list[Pickle]]] = {}
    for (name, status), pickles in responses.items():
        found.setdefault(name, {})[status] = pickles
    return found


def _responses(operation: openapi.Operation, given: dict[str, list[Pickle]]) -> list[Response]:
    found = {status: Response(status, []) for status in operation.responses}
    for status, pickles in given.items():
        key = operation.documented(status)
        response = found.setdefault(key or status, Response(status, [], documented=key is not None))
        # Two statuses, such as 404 and 409, may be documented as one, `4XX`, and one pickle may have seen both.
        response.pickles = list(dict.fromkeys([*response.pickles, *pickles]))
    return sorted(found.values(), key=lambda response: response.status)


def sentences(document: Document) -> list[tuple[str, list[Sentence]]]:
    """The sentences that one may write, by chapter and Given, When, Then: `Tasks: Given`."""
    titles = {
        feature.uri.rpartition("/")[0]: chapter.title for chapter in document.chapters for feature in chapter.features
    }
    return [
        # Of what was never used, one need not know as what, where nothing says so.
        (titles.get(folder, folder) + ("" if heading == "Any" and folder not in titles else f": {heading}"), found)
        for folder, headings in grouped(document.sentences)
        for heading, found in headings.items()
    ]


def foreign(document: Document) -> dict[str, Feature]:
    """The feature that a step is of, by its text, of features in another language than the page."""
    return {
        step.text: feature
        for chapter in document.chapters
        for feature in chapter.features
        if feature.language not in ("", "en")
        for pickle in feature.pickles()
        for step in pickle.steps
    }


def slowest(document: Document, count: int = 10) -> list[Pickle]:
    """The scenarios that took longest, longest first."""
    timed = (pickle for pickle in document.pickles() if pickle.seconds is not None)
    return nlargest(count, timed, key=lambda pickle: pickle.seconds or 0)


def slowest_steps(document: Document, count: int = 10) -> list[tuple[Step, Pickle]]:
    """The steps that took longest, longest first, each with the scenario that it is part of."""
    steps = ((step, pickle) for pickle in document.pickles() for run in pickle.runs for step in run.steps)
    return nlargest(count, (pair for pair in steps if pair[0].seconds), key=lambda pair: pair[0].seconds)
