"""Checks responses against the app's own OpenAPI document.

OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) documents the responses of an operation by their status: the headers
of each and, by media type, its body. Schemas are JSON Schema 2020-12, which jsonschema-rs checks, formats included.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

import httpx
from jsonschema_rs import Draft202012, Draft202012Validator, Registry, ValidationError

from accord.contract.openapi import Operation, Part, escaped, operations, server_paths
from accord.errors import ContractViolationError, UsageError

# How many characters of a value a message repeats.
LONGEST_EXCERPT = 160

_DOCUMENT = "urn:accord:openapi"
_JSON = re.compile(r".+[/+]json")


class Contract:
    """What an OpenAPI document says of each response; create it once a run, since a schema is compiled when first used.

    Raises UsageError for a document that is not OpenAPI 3.1 or 3.2: older schemas are not JSON Schema.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        version = str(document.get("openapi", "of no version"))
        if not re.match(r"3\.[12](\.|$)", version):
            raise UsageError(
                f"The app's OpenAPI document is {version}, whose schemas are not JSON Schema: serve OpenAPI 3.1."
            )
        try:
            # jsonschema-rs takes a dict, and no other mapping.
            registry = Registry([(_DOCUMENT, dict(document))], draft=Draft202012)
        except ValueError as error:
            raise UsageError(f"The app's OpenAPI document has schemas that cannot be read: {error}.") from None
        self.document = document
        self._operations = list(operations(document))
        self._responses = {
            (operation, status): _Response(f"{operation.name} {status}", part, registry)
            for operation in self._operations
            for status, part in operation.responses.items()
        }
        self._candidates: dict[tuple[str, int], list[Operation]] = {}
        # A concrete path comes before one with a variable there; equals stay in the order of the document.
        for operation in sorted(self._operations, key=lambda it: ["{" in part for part in it.template.split("/")]):
            # By the number of slashes, in which a path and its template agree: a request is matched with few patterns.
            self._candidates.setdefault((operation.method, operation.template.count("/")), []).append(operation)
        self._prefixes = list(server_paths(document))

    @cached_property
    def documented(self) -> list[str]:
        """Every documented response, as `GET /tasks/{task_id} 404`."""
        return [response.label for response in self._responses.values()]

    def check(
        self,
        request: httpx.Request,
        response: httpx.Response,
        scope: Mapping[str, Any] | None = None,
        *,
        is_whole: bool = True,
    ) -> str | None:
        """Return which documented response this is, as `GET /tasks/{task_id} 404`.

        It is none, and None, where a CORS preflight is answered, which is no operation of the app, or a HEAD as its GET
        is documented. `scope` is the ASGI scope as the app left it: it has the root path and the path's variables. Of a
        body that is not whole only the media type is checked.
        Raises ContractViolationError for what is not as documented; UsageError for a schema that is not valid.
        """
        if _is_preflight(request, response):
            return None
        answered = f"{request.method} {request.url.path} answered {response.status_code}"
        operation = self._operation(request, scope or {})
        if operation is None:
            raise ContractViolationError(
                f"{answered}, and the app's OpenAPI document has no such operation: document it, or ask another."
            )
        status = operation.documented(str(response.status_code))
        if status is None:
            raise ContractViolationError(
                f"{answered}, and the app's OpenAPI document says {', '.join(operation.responses) or 'nothing'}: "
                "correct the answer, or document it."
            )
        documented = self._responses[operation, status]
        if fault := documented.fault(request, response, is_whole=is_whole):
            raise ContractViolationError(f"{answered} {fault}: correct the answer, or the app's OpenAPI document.")
        return documented.label if operation.method == request.method else None

    def _operation(self, request: httpx.Request, scope: Mapping[str, Any]) -> Operation | None:
        path = request.url.path
        # To a mounted app its own path is the root; `app_root_path` is that of the app around it.
        prefixes = [scope.get("app_root_path", scope.get("root_path", "")), *self._prefixes]
        paths = [path, *(path.removeprefix(prefix) for prefix in prefixes if path.startswith(f"{prefix}/"))]
        variables = scope.get("path_params", {})
        for method in ("HEAD", "GET") if request.method == "HEAD" else (request.method,):
            for path in paths:
                for operation in self._candidates.get((method, path.count("/")), ()):
                    if operation.pattern.fullmatch(path):
                        return operation
            # A variable may hold slashes: `{file:path}` is `{file}` to OpenAPI. Only the app knows that it does.
            for operation in self._operations if variables else ():
                if operation.method == method and operation.filled_in(variables) in paths:
                    return operation
        return None


class _Schema:
    """The JSON Schema of a header, or of a body of one media type; without one, any value will do."""

    def __init__(self, part: Part, registry: Registry) -> None:
        self._pointer = f"{part.pointer}/schema" if "schema" in part.content else None
        self._registry = registry

    @cached_property
    def _validator(self) -> Draft202012Validator:
        try:
            return Draft202012Validator(
                # By reference into the whole document, since its schemas refer to each other; nothing is fetched from
                # elsewhere.
                {"$ref": f"{_DOCUMENT}{self._pointer}"},
                registry=self._registry,
                validate_formats=True,
                offline=True,
            )
        except ValidationError as error:
            raise UsageError(
                f"The app's OpenAPI document has no JSON Schema at {self._pointer}: {error.message}."
            ) from None

    def fault(self, *readings: object) -> str | None:
        """Say where and why a value breaks the schema, if each way to read it does."""
        if self._pointer is None:
            return None
        try:
            errors = [next(self._validator.iter_errors(reading), None) for reading in readings]
        except UnicodeEncodeError:
            # JSON can escape half a character, which the validator cannot take; to a schema it is one character.
            return self.fault(
                *(json.loads(json.dumps(it, ensure_ascii=False).encode(errors="replace")) for it in readings)
            )
        if errors[0] is None or None in errors:
            return None
        error = _cause(errors[0])
        location = "".join(f"/{escaped(step)}" for step in error.instance_path)
        schema = "".join(f"/{escaped(step)}" for step in error.schema_path)
        return f"{location and f'at {location} '}{_excerpt(error.message)} (#{schema})"


class _Response:
    """What is documented of one status of an operation."""

    def __init__(self, label: str, part: Part, registry: Registry) -> None:
        self.label = label
        self._headers: dict[str, tuple[bool, _Schema]] = {}
        for name, header in part.child("headers").children().items():
            # OpenAPI has a header of that name ignored: `content` says it.
            if name.lower() != "content-type":
                # A header has its schema directly, or under the one media type of its `content`.
                [documented, *_] = [*header.child("content").children().values(), header]
                self._headers[name] = bool(header.content.get("required")), _Schema(documented, registry)
        content = part.child("content").children()
        self._content = {_media_type(name): _Schema(it, registry) for name, it in content.items()}

    def fault(self, request: httpx.Request, response: httpx.Response, *, is_whole: bool) -> str | None:
        """Say what is wrong with a response, if anything is."""
        faults = chain(self._header_faults(response), self._body_faults(request, response, is_whole=is_whole))
        return next(faults, None)

    def _header_faults(self, response: httpx.Response) -> Iterator[str]:
        for name, (is_required, schema) in self._headers.items():
            value = response.headers.get(name)
            if value is None:
                if is_required:
                    yield f"without the header {name}, which is documented as required"
            elif fault := schema.fault(*_readings(value)):
                yield f"with a header {name} that breaks its schema: {fault}"

    def _body_faults(self, request: httpx.Request, response: httpx.Response, *, is_whole: bool) -> Iterator[str]:
        # To HEAD, and with these statuses, there is no body, whatever is documented (RFC 9110, 6.4.1).
        if not self._content or request.method == "HEAD" or response.status_code in (204, 304):
            if response.content:
                yield f"with a body of {len(response.content)} bytes, where there should be none"
            return
        media_type = _media_type(response.headers.get("Content-Type", ""))
        keys = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        documented = next((self._content[key] for key in keys if key in self._content), None)
        if documented is None or not media_type:
            yield f"with {media_type or 'no media type'}, where {' or '.join(self._content)} is documented"
        elif not is_whole:
            return
        elif _JSON.fullmatch(media_type):
            try:
                body = _decode(response.content.decode())
            except ValueError as error:
                yield f"with a body that is not JSON ({error})"
            else:
                if fault := documented.fault(body):
                    yield f"with a body that breaks its schema: {fault}"
        # Of other media types OpenAPI does not say as which JSON value their bytes are to be checked.
        elif media_type.startswith("text/") and (fault := documented.fault(response.text)):
            yield f"with a text that breaks its schema: {fault}"


def _is_preflight(request: httpx.Request, response: httpx.Response) -> bool:
    """Return whether this is a CORS preflight, answered by what handles CORS and not by an operation."""
    is_requested = request.method == "OPTIONS" and {"origin", "access-control-request-method"} <= request.headers.keys()
    return is_requested and any(name.startswith("access-control-") for name in response.headers)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _readings(value: str) -> list[object]:
    """Return what a header's text may stand for, since it does not show its type: it may be a number, or a list."""
    parts = [part.strip() for part in value.split(",")]
    return [value, _scalar(value), parts, [_scalar(part) for part in parts]]


def _scalar(value: str) -> object:
    try:
        return _decode(value)
    except ValueError:
        return value


def _no_json(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


# Python's parser takes NaN and Infinity, which are not JSON.
_decode = json.JSONDecoder(parse_constant=_no_json).decode


def _cause(error: ValidationError) -> ValidationError:
    """Return the fault within: where no branch of an `anyOf` fits, that of the branch which fits best."""
    branches: list[list[ValidationError]] = getattr(error.kind, "context", [])
    closest = max(chain.from_iterable(branches), key=_fit, default=None)
    if closest is None or _fit(closest) == (len(error.instance_path), False):
        return error
    return _cause(closest)


def _fit(error: ValidationError) -> tuple[int, bool]:
    """Rate a branch by its fault: the deeper that is the better, and best if the type at least is right."""
    return len(error.instance_path), error.kind.name != "type"


def _excerpt(text: str) -> str:
    if len(text) <= LONGEST_EXCERPT:
        return text
    return f"{text[: LONGEST_EXCERPT // 2]}…{text[-LONGEST_EXCERPT // 2 :]}"
