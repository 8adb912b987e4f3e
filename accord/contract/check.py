"""Checks responses against the app's own OpenAPI document, and those of a mounted app against that one's.

OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1) documents the responses of an operation by their status: the headers
of each and, by media type, its body.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from jsonschema_rs import Draft202012, Registry

from accord.basics.failures import named
from accord.compat.starlette import Routed, routed
from accord.contract import idioms
from accord.contract.lookup import Lookup
from accord.contract.older import modern
from accord.contract.openapi import Operation, below, operations, server_paths
from accord.contract.response import Response
from accord.contract.rules import Mode, Rules
from accord.contract.schema import DOCUMENT, excerpt
from accord.errors import ContractViolationError, UsageError

_DEFAULT = Rules()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a response is to a contract."""

    operation: str | None
    """The operation, as `GET /tasks/{task_id}`; None where the document has no such operation."""
    response: str
    """The response, as `GET /tasks/{task_id} 404`."""
    is_documented: bool
    contract: "Contract"
    """The contract that it was checked against, which is another one for an app that is mounted."""


class Contract:
    """What an OpenAPI document says of each response; create it once a run, since a schema is compiled when first used.

    The document is of OpenAPI 3.1 or 3.2, or of 3.0, which is read as 3.1. Raises UsageError for any other: its
    schemas are not JSON Schema.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        version = str(document.get("openapi") or _older_version(document))
        if not re.match(r"3\.[012](\.|$)", version):
            raise UsageError(
                f"The app's OpenAPI document is {version}, whose schemas are not JSON Schema: serve OpenAPI 3.1."
            )
        # jsonschema-rs takes a dict, and no other mapping.
        read = modern(document) if version.startswith("3.0") else dict(document)
        try:
            registry = Registry([(DOCUMENT, read)], draft=Draft202012)
        except ValueError as error:
            raise UsageError(f"The app's OpenAPI document has schemas that cannot be read: {error}.") from None
        self.document = document
        self.mount = ""
        """The path below which the app is mounted that it is of; the document has its paths with it."""
        found = list(operations(read))
        self._lookup = Lookup(found)
        self._responses = {
            (operation, status): Response(f"{operation.name} {status}", part, registry)
            for operation in found
            for status, part in operation.responses.items()
        }
        self._prefixes = list(server_paths(document))
        # By the ids of apps. Each is kept beside what is known of it, so that its id stays its own.
        self._of_mounted: dict[int, tuple[object, Contract | None]] = {}
        self._is_of: dict[int, tuple[object, bool]] = {}

    @cached_property
    def documented(self) -> list[str]:
        """Every documented response, as `GET /tasks/{task_id} 404`."""
        return [response.label for response in self._responses.values()]

    def check(
        self,
        request: httpx.Request,
        response: httpx.Response,
        scope: Mapping[str, Any] | None = None,
        rules: Rules = _DEFAULT,
        *,
        is_whole: bool = True,
    ) -> Finding | None:
        """Return which response this is to the document.

        It is none, and None, where a HEAD is answered as its GET is documented, and where no document has what was
        requested: a route that is not published, a mounted app that has no document of its own, and what `idioms` has.
        `scope` is the ASGI scope as the app left it, which shows the route. Of a body that is not whole only the media
        type is checked.
        Raises ContractViolationError for what is not as documented; UsageError for a schema that is not valid.
        """
        if idioms.is_preflight(request, response):
            return None
        scope = scope or {"path": request.url.path}
        route = routed(scope)
        contract: Contract | None = self
        operation = self._operation(request, route, scope)
        # What is mounted has operations in this document if somebody has put them there.
        if (route.is_of_other_app or route.mount) and (operation is None or not self._has_mounted(operation, route)):
            contract = self._mounted(route)
            operation = None if contract is None else contract._mounted_operation(request, route, scope)
        if contract is None:
            return None
        status = None if operation is None else operation.documented(str(response.status_code))
        if operation is None or status is None:
            return contract._undocumented(request, response, route, operation, rules)
        documented = contract._responses[operation, status]
        if fault := documented.fault(request, response, rules, is_whole=is_whole):
            raise ContractViolationError(
                f"{_answered(request, response)} {fault}: correct the answer, or the app's OpenAPI document."
            )
        is_its_own = operation.method == request.method
        return Finding(operation.name, documented.label, True, contract) if is_its_own else None

    def _undocumented(
        self,
        request: httpx.Request,
        response: httpx.Response,
        route: Routed,
        operation: Operation | None,
        rules: Rules,
    ) -> Finding | None:
        """Return what a response is that is not documented. Raises ContractViolationError if it should be."""
        if idioms.is_of_router(request, response, route, operation) or idioms.is_of_http(request, response, operation):
            return None
        # What the app's own document leaves out is left out on purpose.
        if operation is None and route.is_matched and (not route.is_published or self._is_document_of(route.app)):
            return None
        known = None if operation is None else operation.name
        name = known or f"{request.method} {excerpt(request.url.path)}"
        finding = Finding(known, f"{name} {response.status_code}", False, self)
        if response.is_client_error and rules.mode is not Mode.STRICT:
            return finding
        answered = f"{_answered(request, response)}, and the app's OpenAPI document"
        if operation is None:
            raise ContractViolationError(f"{answered} has no such operation: document it, or ask another.", finding)
        raise ContractViolationError(
            f"{answered} says {', '.join(operation.responses) or 'nothing'}: correct the answer, or document it.",
            finding,
        )

    def _operation(self, request: httpx.Request, route: Routed, scope: Mapping[str, Any]) -> Operation | None:
        path = request.url.path
        # To a mounted app its own path is the root; `app_root_path` is that of the app around it.
        prefixes = [scope.get("app_root_path", scope.get("root_path", "")), *self._prefixes]
        paths = [path, *(path.removeprefix(prefix) for prefix in prefixes if path.startswith(f"{prefix}/"))]
        return self._find(request, route, route.mount, paths, scope)

    def _mounted_operation(self, request: httpx.Request, route: Routed, scope: Mapping[str, Any]) -> Operation | None:
        # One app may be mounted below several paths.
        return self._find(request, route, self.mount, [f"{self.mount}{route.path}"], scope)

    def _find(
        self, request: httpx.Request, route: Routed, mount: str, paths: list[str], scope: Mapping[str, Any]
    ) -> Operation | None:
        template = None if route.template is None else f"{mount}{route.template}"
        return self._lookup.find(request.method, template, paths, scope.get("path_params", {}))

    def _has_mounted(self, operation: Operation, route: Routed) -> bool:
        """Return whether an operation of this document is one of what is mounted, and not like one by its path."""
        is_below = bool(route.mount) and operation.template.startswith(f"{route.mount}/")
        return is_below or route.mount in self._prefixes

    def _mounted(self, route: Routed) -> "Contract | None":
        """Return the contract of the app that is mounted, if it has a document."""
        if not route.is_of_other_app:
            return None
        if id(route.app) not in self._of_mounted:
            document = _document_of(route.app)
            if document is None or document is self.document:
                # Of two apps, one below the other, the contract may be that of the one below.
                contract = None if document is None else self
            else:
                contract = Contract(below(route.mount, document))
                contract.mount = route.mount
            if contract is not None:
                contract._is_of[id(route.app)] = route.app, True
            self._of_mounted[id(route.app)] = route.app, contract
        return self._of_mounted[id(route.app)][1]

    def _is_document_of(self, app: Any) -> bool:
        """Return whether this is the document that the app itself makes, and not one from elsewhere."""
        if id(app) not in self._is_of:
            self._is_of[id(app)] = app, _document_of(app) == self.document
        return self._is_of[id(app)][1]


def _older_version(document: Mapping[str, Any]) -> str:
    return f"of Swagger {document['swagger']}" if "swagger" in document else "of no known version"


def _document_of(app: Any) -> Mapping[str, Any] | None:
    """Return the document that an app makes of itself, if it makes one. Raises UsageError where that fails."""
    openapi = getattr(app, "openapi", None)
    try:
        # The app is used without it as well, so that none of its warnings may fail a test.
        with warnings.catch_warnings(action="ignore"):
            document = openapi() if callable(openapi) else None
    except Exception as error:
        raise UsageError(
            f"The OpenAPI document of the app {getattr(app, 'title', '')} cannot be made: {named(error)}: correct it, "
            "or tag scenarios that use the app @no_contract."
        ) from error
    return document if isinstance(document, Mapping) else None


def _answered(request: httpx.Request, response: httpx.Response) -> str:
    return f"{request.method} {request.url.path} answered {response.status_code}"
