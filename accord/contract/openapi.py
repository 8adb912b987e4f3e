"""An OpenAPI document (https://spec.openapis.org/oas/v3.1.1): which operations it has, and which responses of each.

This is the only walk of such a document: what the terminal counts as covered and what the page lists are the same. It
takes whatever JSON it is given, since the page shows documents that others have written as well.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from accord.errors import UsageError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The fields of a path item that are operations."""

_VARIABLE = re.compile(r"\{([^{}]+)\}")


class Part:
    """A part of a document. Where it is a reference, it stands for what that leads to, once someone looks into it.

    `strict` has a reference that leads nowhere be an error; otherwise nothing is in such a part.
    """

    def __init__(self, document: Mapping[str, Any], pointer: str, written: Any, *, strict: bool = True) -> None:
        self._document = document
        self._pointer = pointer
        self._written = written
        self._strict = strict

    @cached_property
    def _resolved(self) -> tuple[str, Mapping[str, Any]]:
        pointer, content = self._pointer, self._written
        followed = set()
        while isinstance(content, Mapping) and isinstance(reference := content.get("$ref"), str):
            try:
                if reference in followed:
                    raise LookupError("it leads back to itself")
                followed.add(reference)
                pointer, content = reference, _lookup(self._document, reference)
            except LookupError as error:
                if not self._strict:
                    return pointer, {}
                raise UsageError(
                    f"The app's OpenAPI document refers to {reference}, which is not in it: {error}."
                ) from None
        return pointer, content if isinstance(content, Mapping) else {}

    @property
    def pointer(self) -> str:
        """Where the content is, as a JSON pointer in a URI: `#/paths/~1tasks`. Raises UsageError, as `content` does."""
        return self._resolved[0]

    @property
    def content(self) -> Mapping[str, Any]:
        """What is in it; nothing where it is not an object. Raises UsageError for a reference that leads nowhere."""
        return self._resolved[1]

    @property
    def is_object(self) -> bool:
        """Whether there is an object, or a reference, and nothing else."""
        return isinstance(self._written, Mapping)

    def child(self, name: str) -> "Part":
        """Return the part of that name; where there is none, nothing is in it."""
        # JSON may have half a character in a name, which no address can have.
        return self._part(f"{self.pointer}/{quote(escaped(name), errors='replace')}", self.content.get(name))

    def children(self) -> dict[str, "Part"]:
        """Return its parts by name."""
        return {str(name): self.child(name) for name in self.content}

    def beside_the_reference(self) -> "Part":
        """Return what a reference has beside it; OpenAPI allows that for a path, and reads both."""
        written = self._written if self.is_object else {}
        return self._part(self._pointer, {name: value for name, value in written.items() if name != "$ref"})

    def _part(self, pointer: str, written: Any) -> "Part":
        return Part(self._document, pointer, written, strict=self._strict)


@dataclass(eq=False)
class Operation:
    """A method on a path, and its responses by status: `200`, `4XX`, `default`."""

    method: str
    template: str
    responses: dict[str, Part]

    @property
    def name(self) -> str:
        """What people call it: `GET /tasks/{task_id}`."""
        return f"{self.method} {self.template}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path looks like where no variable holds a slash."""
        literals = [re.escape(literal) for literal in _VARIABLE.split(self.template)[::2]]
        return re.compile("[^/]+".join(literals))

    def filled_in(self, variables: Mapping[str, Any]) -> str:
        """Return the path that these variables make."""
        return _VARIABLE.sub(lambda found: str(variables.get(found[1], "")), self.template)

    def documented(self, status: str) -> str | None:
        """Return the key under which a status is documented: itself, its class or `default`; None if it is not."""
        # The specification writes a class as `4XX`. Documents in the wild have `4xx` too, and mean the same.
        keys = (status, f"{status[:1]}XX", f"{status[:1]}xx", "default")
        return next((key for key in keys if key in self.responses), None)


def operations(document: Mapping[str, Any], *, strict: bool = True) -> Iterator[Operation]:
    """Yield the operations of a document, in its order.

    Raises UsageError where the reference of a path, or within one, leads nowhere; those of responses are followed by
    whoever looks into them, since their status is documented anyway. If it is not `strict`, it raises nothing, and such
    a path has no operations.
    """
    paths = Part(document, "#/paths", document.get("paths"), strict=strict)
    for template, path in paths.children().items():
        # What stands beside the reference overrides what it leads to, as the second of the two.
        for method, part in (path.children() | path.beside_the_reference().children()).items():
            if template.startswith("/") and method in METHODS and part.is_object:
                responses = part.child("responses").children()
                # Among statuses there may be extensions of the specification, as there may be among paths and methods.
                statuses = {status: it for status, it in responses.items() if not status.startswith("x-")}
                yield Operation(method.upper(), template, statuses)


def below(mount: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an app that is mounted, with its paths as they are from the app around it."""
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        return dict(document)
    prefixed = {f"{mount}{path}" if str(path).startswith("/") else path: item for path, item in paths.items()}
    return {**document, "paths": prefixed}


def server_paths(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the servers that the document names, under which its own paths are found."""
    servers = document.get("servers")
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, Mapping) and isinstance(url := server.get("url"), str):
            with suppress(ValueError):  # An address with variables need not be one before they are filled in.
                yield urlsplit(url).path.rstrip("/")


def escaped(step: str | int) -> str:
    """Return a step of a JSON pointer as it is written (RFC 6901)."""
    # `~` first, since that of a `~1` must not be escaped again.
    return str(step).replace("~", "~0").replace("/", "~1")


def _lookup(document: Any, reference: str) -> Any:
    """Return what a JSON pointer in a URI leads to. Raises LookupError if that is nothing."""
    if reference != "#" and not reference.startswith("#/"):
        raise LookupError("only what is in the document itself can be referred to, as #/...")
    found = document
    for step in unquote(reference).split("/")[1:]:
        # In this order, or `~01` would become a slash (RFC 6901, 4).
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        # No list is longer than nine digits say, and Python reads no number of more than 4300.
        elif isinstance(found, list) and len(name) < 10 and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise LookupError(f"there is no {name}")
    return found
