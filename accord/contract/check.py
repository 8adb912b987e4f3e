"""Responses held against the app's own OpenAPI document, and which of the documented ones the scenarios have seen.

OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) documents the responses of an operation by their status: the headers
of each and, by media type, its body. Schemas are JSON Schema 2020-12, which jsonschema-rs checks, formats included.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain, groupby
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from jsonschema_rs import Draft202012, Draft202012Validator, ReferencingError, Registry, ValidationError

from accord.errors import ContractViolationError, UsageError

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
# As much of a body as a message repeats, and as many operations as the summary of a run lists unless it is verbose.
LONGEST_EXCERPT = 160
LONGEST_LIST = 10

_DOCUMENT = "urn:accord:openapi"
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_JSON = re.compile(r".+[/+]json")


class Contract:
    """What an OpenAPI document promises of each response; made once a run, since a schema is compiled where first used.

    Raises UsageError for a document that is not OpenAPI 3.1 or 3.2: older schemas are not JSON Schema.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        version = str(document.get("openapi", "of no version"))
        if not re.match(r"3\.[12](\.|$)", version):
            raise UsageError(
                f"The app's OpenAPI document is {version}, whose schemas are not JSON Schema: serve OpenAPI 3.1."
            )
        registry = Registry([(_DOCUMENT, dict(document))], draft=Draft202012)
        self.document = document
        self._operations = list(_operations(_Part(registry, "#/paths", document.get("paths", {}))))
        self._candidates: dict[tuple[str, int], list[_Operation]] = {}
        # A concrete path comes before one with a variable there; equals stay in the order of the document.
        for operation in sorted(self._operations, key=lambda it: ["{" in part for part in it.template.split("/")]):
            self._candidates.setdefault((operation.method, operation.template.count("/")), []).append(operation)
        self._prefixes = [urlsplit(server["url"]).path.rstrip("/") for server in document.get("servers", [])]

    @cached_property
    def documented(self) -> list[str]:
        """Every documented response, as `GET /tasks/{task_id} 404`."""
        return [response.label for operation in self._operations for response in operation.responses.values()]

    def check(
        self, request: httpx.Request, response: httpx.Response, scope: Mapping[str, Any] | None = None
    ) -> str | None:
        """Return which documented response this is, as `GET /tasks/{task_id} 404`.

        It is none, and None, where a CORS preflight is answered, which is no operation of the app, or a HEAD as its GET
        is documented. `scope` is the ASGI scope as the app left it: it has the root path and the path's variables.
        Raises ContractViolationError for what is not documented, or not so; AccordError for a schema that is none.
        """
        if _is_preflight(request, response):
            return None
        answered = f"{request.method} {request.url.path} answered {response.status_code}"
        operation = self._operation(request, scope or {})
        if operation is None:
            raise ContractViolationError(
                f"{answered}, and the app's OpenAPI document has no such operation: document it, or ask another."
            )
        documented = operation.response(response.status_code)
        if documented is None:
            raise ContractViolationError(
                f"{answered}, and the app's OpenAPI document says {', '.join(operation.responses) or 'nothing'}: "
                "correct the answer, or document it."
            )
        if fault := documented.fault(request, response):
            raise ContractViolationError(f"{answered} {fault}: correct the answer, or the app's OpenAPI document.")
        return documented.label if operation.method == request.method else None

    def _operation(self, request: httpx.Request, scope: Mapping[str, Any]) -> "_Operation | None":
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


class _Part:
    """A part of the document, and the pointer to it; a reference stands for what it refers to."""

    def __init__(self, registry: Registry, pointer: str, content: Mapping[str, Any]) -> None:
        while isinstance(reference := content.get("$ref"), str):
            pointer = reference
            try:
                found: Any = registry.resolver(_DOCUMENT).lookup(reference).contents
                content = found
            except ReferencingError as error:
                raise UsageError(
                    f"The app's OpenAPI document refers to {reference}, which is not in it: {error}."
                ) from None
        self._registry = registry
        self._pointer = pointer
        self.content = content

    def parts(self, name: str | None = None) -> dict[str, "_Part"]:
        """Return the parts of this one, or of its own part of that name."""
        content, pointer = self.content, self._pointer
        if name is not None:
            content, pointer = content.get(name, {}), f"{pointer}/{name}"
        return {
            key: _Part(self._registry, f"{pointer}/{quote(_escaped(key))}", value)
            for key, value in content.items()
            if isinstance(value, Mapping)
        }

    @cached_property
    def _validator(self) -> Draft202012Validator:
        pointer = f"{self._pointer}/schema"
        try:
            return Draft202012Validator(
                {"$ref": f"{_DOCUMENT}{pointer}"}, registry=self._registry, validate_formats=True, offline=True
            )
        except ValidationError as error:
            raise UsageError(f"The app's OpenAPI document has no JSON Schema at {pointer}: {error.message}.") from None

    def fault(self, *readings: object) -> str | None:
        """Say where and why a value breaks the schema of this part, if each way to read it does."""
        if "schema" not in self.content:
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
        place = "".join(f"/{_escaped(step)}" for step in error.instance_path)
        schema = "".join(f"/{_escaped(step)}" for step in error.schema_path)
        return f"{place and f'at {place} '}{_excerpt(error.message)} (#{schema})"


class _Operation:
    """A method on a path, and its responses by status."""

    def __init__(self, method: str, template: str, part: _Part) -> None:
        self.method = method
        self.template = template
        self.responses = {
            status: _Response(f"{method} {template} {status}", response)
            for status, response in part.parts("responses").items()
            if not status.startswith("x-")
        }

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path looks like where no variable holds a slash."""
        literals = [re.escape(literal) for literal in _VARIABLE.split(self.template)[::2]]
        return re.compile("[^/]+".join(literals))

    def filled_in(self, variables: Mapping[str, Any]) -> str:
        """Return the path that these variables make."""
        return _VARIABLE.sub(lambda found: str(variables.get(found[1], "")), self.template)

    def response(self, status: int) -> "_Response | None":
        """Return what is documented of a status: of it, of its class, or of all others."""
        keys = (str(status), f"{status // 100}XX", "default")
        return next((self.responses[key] for key in keys if key in self.responses), None)


class _Response:
    """What is documented of one status of an operation."""

    def __init__(self, label: str, part: _Part) -> None:
        self.label = label
        # OpenAPI has a header of that name ignored: `content` says it.
        self._headers = {name: it for name, it in part.parts("headers").items() if name.lower() != "content-type"}
        self._content = {_media_type(name): it for name, it in part.parts("content").items()}

    def fault(self, request: httpx.Request, response: httpx.Response) -> str | None:
        """Say what is wrong with a response, if anything is."""
        faults = chain(self._header_faults(response), self._body_faults(request, response))
        return next(faults, None)

    def _header_faults(self, response: httpx.Response) -> Iterator[str]:
        for name, header in self._headers.items():
            value = response.headers.get(name)
            if value is None:
                if header.content.get("required"):
                    yield f"without the header {name}, which is documented as required"
                continue
            [documented, *_] = [*header.parts("content").values(), header]
            if fault := documented.fault(*_readings(value)):
                yield f"with a header {name} that breaks its schema: {fault}"

    def _body_faults(self, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
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
        elif _JSON.fullmatch(media_type):
            try:
                body = _decode(response.content.decode())
            except ValueError as error:
                yield f"with a body that is not JSON ({error})"
            else:
                if fault := documented.fault(body):
                    yield f"with a body that breaks its schema: {fault}"
        elif media_type.startswith("text/") and (fault := documented.fault(response.text)):
            yield f"with a text that breaks its schema: {fault}"


def _operations(paths: _Part) -> Iterator[_Operation]:
    for template, path in paths.parts().items():
        for method, part in path.parts().items():
            if template.startswith("/") and method in METHODS:
                yield _Operation(method.upper(), template, part)


def _is_preflight(request: httpx.Request, response: httpx.Response) -> bool:
    """Tell whether this is a CORS preflight, answered by what handles CORS and not by an operation."""
    asked = request.method == "OPTIONS" and {"origin", "access-control-request-method"} <= request.headers.keys()
    return asked and any(name.startswith("access-control-") for name in response.headers)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _readings(value: str) -> list[object]:
    """Return what a header's text may stand for, which does not tell its type: it may be a number, or a list."""
    parts = [part.strip() for part in value.split(",")]
    return [value, _scalar(value), parts, [_scalar(part) for part in parts]]


def _scalar(value: str) -> object:
    try:
        return _decode(value)
    except ValueError:
        return value


def _no_json(constant: str) -> object:
    raise ValueError(f"{constant} is no number")


_decode = json.JSONDecoder(parse_constant=_no_json).decode


def _escaped(step: str | int) -> str:
    """Return a step of a JSON pointer as it is written (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


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


class Coverage:
    """Which documented responses the scenarios of a run have seen, over all its processes."""

    def __init__(self) -> None:
        self.responses: dict[str, bool] = {}

    def note(self, contract: Contract, response: str) -> None:
        """Note that a scenario has seen this documented response."""
        if not self.responses.get(response):
            self.add(dict.fromkeys(contract.documented, False) | {response: True})

    def add(self, responses: Mapping[str, bool]) -> None:
        """Add what another process of the run has noted."""
        for response, covered in responses.items():
            self.responses[response] = covered or self.responses.get(response, False)

    @property
    def percent(self) -> float:
        """How many of a hundred documented responses are covered: none if none is documented."""
        return 100 * sum(self.responses.values()) / (len(self.responses) or 1)

    def falls_short(self, asked: float) -> bool:
        """Tell whether fewer than the percentage that is asked for are covered."""
        return self.percent < asked

    def summary(self, asked: float, *, listing: bool, in_full: bool) -> Iterator[str]:
        """Say how many are covered, and name the others if that is wanted or not enough are covered."""
        short = self.falls_short(asked)
        if not self.responses:
            if short:
                yield "contract: no scenario's response was held against one: hand it to `isolation.transport`."
            return
        covered = sum(self.responses.values())
        if covered == len(self.responses):
            yield f"contract: scenarios cover all {covered} documented responses."
            return
        # Rounded down, since 99.9 % are not all.
        figure = (
            f"contract: scenarios cover {covered} of {len(self.responses)} documented responses, {int(self.percent)} %"
        )
        if short:
            yield f"{figure}, and {asked:g} % are asked for. Write scenarios for these, or correct the document:"
        else:
            yield f"{figure}{', and not these:' if listing else '; -v names the others.'}"
        if listing or short:
            gaps = list(self._gaps())
            yield from gaps if in_full else gaps[:LONGEST_LIST]
            if len(gaps) > LONGEST_LIST and not in_full:
                yield f"  and those of {len(gaps) - LONGEST_LIST} more operations; -v names them."

    def _gaps(self) -> Iterator[str]:
        for operation, group in groupby(self.responses.items(), key=lambda item: item[0].rpartition(" ")[0]):
            responses = [(response.rpartition(" ")[2], covered) for response, covered in group]
            missing = [status for status, covered in responses if not covered]
            if missing:
                unasked = ", since no scenario asks for it" if len(missing) == len(responses) else ""
                yield f"  {operation}: {', '.join(missing)}{unasked}"
