"""An exchange as one reads HTTP: for the terminal, and for the page."""

import re
from typing import Any

import orjson

# A name and password before the host may be `[redacted]`, in which `urlsplit` sees a broken IPv6 address.
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
# How many times as long JSON may become when it is set out in lines.
_MOST_GROWTH = 20


def http_text(entry: dict[str, Any], *, indented: bool = False) -> tuple[str, str]:
    """Return request and response of a HAR entry, each as HTTP/1.1 writes it; JSON in lines if it is to be `indented`.

    Whatever wrote the entry: one that is not as HAR 1.2 has it is one of the errors in `reader.UNFIT`.
    """
    request, response = entry["request"], entry["response"]
    first = f"{request['method']} {target(request)} {request.get('httpVersion') or ''}".strip()
    status = f"{response.get('httpVersion') or ''} {status_of(response)}".strip()
    return (
        _message(first, request.get("headers") or [], request.get("postData") or {}, indented=indented),
        _message(status, response.get("headers") or [], response.get("content") or {}, indented=indented),
    )


def target(request: dict[str, Any]) -> str:
    """Return the path and the query that were requested; the host is among the headers."""
    address = _ORIGIN.sub("", str(request["url"]), count=1).partition("#")[0]
    path, mark, query = address.partition("?")
    return (path or "/") + (mark + query if query else "")


def status_of(response: dict[str, Any]) -> str:
    """Return the status of a response with its reason, as `404 Not Found`."""
    return f"{response['status']} {response.get('statusText') or ''}".strip()


def _message(first: str, headers: list[dict[str, Any]], body: dict[str, Any], *, indented: bool) -> str:
    lines = [first, *(f"{header['name']}: {header['value']}" for header in headers)]
    if parts := [*_params(body), *_text(body, indented=indented)]:
        lines += ["", *parts]
    # What Accord says of a body that is not all there, which nobody sent.
    if body.get("comment"):
        lines += ["", f"[{body['comment']}]"]
    return "\n".join(lines)


def _params(body: dict[str, Any]) -> list[str]:
    """Return the fields of a form, which HAR has instead of a text; of a file its name."""
    params = body.get("params") or []
    return [f"{param['name']}={param.get('value', param.get('fileName', ''))}" for param in params]


def _text(body: dict[str, Any], *, indented: bool) -> list[str]:
    text = str(body.get("text") or "") if body.get("encoding") != "base64" else ""
    if indented and "json" in str(body.get("mimeType")):
        text = in_lines(text)
    return [text] if text else []


def in_lines(body: str) -> str:
    """Return JSON set out in lines, if that changes its white space only, and does not make very much of it."""
    try:
        indented = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError):
        return body
    if len(indented) > _MOST_GROWTH * len(body):
        return body
    # A number may be larger than orjson reads, or a key be there twice.
    return indented if "".join(indented.split()) == "".join(body.split()) else body
