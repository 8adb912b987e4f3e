"""What is documented of one status of an operation: its headers and, by media type, its body."""

import re
from collections.abc import Iterator
from itertools import chain

import httpx
from jsonschema_rs import Registry

from accord.contract.openapi import Part
from accord.contract.rules import Mode, Rules
from accord.contract.schema import Schema, decode, readings

_JSON = re.compile(r".+[/+]json")


class Response:
    """What is documented of one status of an operation."""

    def __init__(self, label: str, part: Part, registry: Registry) -> None:
        self.label = label
        self._headers: dict[str, tuple[bool, Schema]] = {}
        for name, header in part.child("headers").children().items():
            # OpenAPI has a header of that name ignored: `content` says it.
            if name.lower() != "content-type":
                # A header has its schema directly, or under the one media type of its `content`.
                [documented, *_] = [*header.child("content").children().values(), header]
                self._headers[name] = bool(header.content.get("required")), Schema(documented, registry)
        content = part.child("content").children()
        self._content = {_media_type(name): Schema(it, registry) for name, it in content.items()}
        self._says_nothing = content.keys() == {"application/json"} and _is_empty(content["application/json"])

    def fault(self, request: httpx.Request, response: httpx.Response, rules: Rules, *, is_whole: bool) -> str | None:
        """Say what is wrong with a response, if anything is."""
        faults = chain(self._header_faults(response, rules), self._body_faults(request, response, rules, is_whole))
        return next(faults, None)

    def _header_faults(self, response: httpx.Response, rules: Rules) -> Iterator[str]:
        for name, (is_required, schema) in self._headers.items():
            value = response.headers.get(name)
            if value is None:
                if is_required:
                    yield f"without the header {name}, which is documented as required"
            elif fault := schema.fault(rules, *readings(value)):
                yield f"with a header {name} that breaks its schema: {fault}"

    def _body_faults(
        self, request: httpx.Request, response: httpx.Response, rules: Rules, is_whole: bool
    ) -> Iterator[str]:
        # To HEAD, and with these statuses, there is no body, whatever is documented (RFC 9110, 6.4.1).
        if request.method == "HEAD" or response.status_code in (204, 304):
            if response.content:
                yield f"with a body of {len(response.content)} bytes, where there should be none"
            return
        # Documents without content are of responses with a description alone, of files and of streams.
        if not self._content:
            return
        media_type = _media_type(response.headers.get("Content-Type", ""))
        keys = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        documented = next((self._content[key] for key in keys if key in self._content), None)
        if documented is None or not media_type:
            if not self._says_nothing or rules.mode is Mode.STRICT:
                yield f"with {media_type or 'no media type'}, where {' or '.join(self._content)} is documented"
        elif not is_whole:
            return
        elif _JSON.fullmatch(media_type):
            try:
                body = decode(response.content.decode())
            except ValueError as error:
                yield f"with a body that is not JSON ({error})"
            else:
                if fault := documented.fault(rules, body):
                    yield f"with a body that breaks its schema: {fault}"
        # Of other media types OpenAPI does not say as which JSON value their bytes are to be checked.
        elif media_type.startswith("text/") and (fault := documented.fault(rules, response.text)):
            yield f"with a text that breaks its schema: {fault}"


def _is_empty(content: Part) -> bool:
    """Return whether this is what FastAPI writes where it knows nothing: the endpoint may return any response."""
    schema = content.content.get("schema")
    return content.content.keys() == {"schema"} and isinstance(schema, dict) and schema.keys() <= {"title"}


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
