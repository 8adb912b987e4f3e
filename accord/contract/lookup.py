"""Which operation of a document a request is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accord.contract.openapi import Operation


class Lookup:
    """Finds operations by the route that the app took, or else by the path alone."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._by_template = {(operation.method, operation.template): operation for operation in operations}
        self._candidates: dict[tuple[str, int], list[Operation]] = {}
        # A concrete path comes before one with a variable there; equals stay in the order of the document.
        for operation in sorted(operations, key=lambda it: ["{" in part for part in it.template.split("/")]):
            # By the number of slashes, in which a path and its template agree: a request is matched with few patterns.
            self._candidates.setdefault((operation.method, operation.template.count("/")), []).append(operation)

    def find(
        self, method: str, template: str | None, paths: Sequence[str], variables: Mapping[str, Any]
    ) -> Operation | None:
        """Return the operation, if there is one; of a HEAD that has none of its own, that of its GET.

        `template` is the path of the route, if that is known, and `paths` are those under which the document may have
        that of the request.
        """
        for possible in ("HEAD", "GET") if method == "HEAD" else (method,):
            if template is not None and (operation := self._by_template.get((possible, template))) is not None:
                return operation
            for operation in self._matching(possible, paths, variables):
                if template is None or not _is_wider(operation.template, template):
                    return operation
        return None

    def _matching(self, method: str, paths: Sequence[str], variables: Mapping[str, Any]) -> Iterator[Operation]:
        for path in paths:
            for operation in self._candidates.get((method, path.count("/")), ()):
                if operation.pattern.fullmatch(path):
                    yield operation
        # A variable may hold slashes: `{file:path}` is `{file}` to OpenAPI. Only the app knows that it does.
        for operation in self._operations if variables else ():
            if operation.method == method and operation.filled_in(variables) in paths:
                yield operation


def _is_wider(template: str, route: str) -> bool:
    """Return whether a template has a variable where a route has none: `/tasks/{id}` is not `/tasks/export`."""
    parts, of_route = template.split("/"), route.split("/")
    return len(parts) == len(of_route) and any(
        "{" in part and "{" not in there for part, there in zip(parts, of_route, strict=True)
    )
