"""What an app answers although no document has it: responses of routers, of middleware, and of HTTP itself."""

import httpx

from accord.compat.starlette import Routed
from accord.contract.openapi import Operation


def is_preflight(request: httpx.Request, response: httpx.Response) -> bool:
    """Return whether this is a CORS preflight, allowed or not, answered by what handles CORS and by no operation."""
    is_requested = request.method == "OPTIONS" and {"origin", "access-control-request-method"} <= request.headers.keys()
    return is_requested and (
        response.is_client_error or any(name.startswith("access-control-") for name in response.headers)
    )


def is_of_router(request: httpx.Request, response: httpx.Response, route: Routed, operation: Operation | None) -> bool:
    """Return whether a router, or a middleware, says that the request is to be made in another way: see each below."""
    if response.status_code == httpx.codes.METHOD_NOT_ALLOWED:
        # The HEAD of an operation that is a GET is another method to a router.
        return operation is None or operation.method != request.method
    return response.has_redirect_location and not route.is_taken and _is_same(request, response)


def is_of_http(request: httpx.Request, response: httpx.Response, operation: Operation | None) -> bool:
    """Return whether a part of a response was requested, or one only if it has changed, and this says so.

    RFC 9110 has these statuses for any resource, and `FileResponse` and `StaticFiles` answer with them by themselves.
    """
    if operation is None or operation.documented("200") is None:
        return False
    match response.status_code:
        case httpx.codes.PARTIAL_CONTENT | httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return "range" in request.headers
        case httpx.codes.NOT_MODIFIED:
            is_conditional = "if-none-match" in request.headers or "if-modified-since" in request.headers
            return is_conditional and not response.content
        case _:
            return False


def _is_same(request: httpx.Request, response: httpx.Response) -> bool:
    """Return whether a redirect leads to the same path: with a slash at its end, or without; to HTTPS; to `www.`."""
    try:
        there = request.url.join(response.headers["Location"])
    except httpx.InvalidURL:
        return False
    return there != request.url and there.path.rstrip("/") == request.url.path.rstrip("/")
