"""The formats of JSON Schema as pydantic writes values of them, which is not always as their RFCs have them.

Pydantic documents each datetime as `date-time`, for which RFC 3339 has an offset, and writes a naive one without; and
so it is with other formats (https://docs.pydantic.dev/latest/api/standard_library_types/). Of what is not of such a
format at all, each function here says so.
"""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from jsonschema_rs import Draft202012Validator

# ISO 8601 has more than RFC 3339 takes: fractions, a sign, and days beside years.
_DURATION = re.compile(r"[-+]?P(?=\d|T)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
# WHATWG, which pydantic follows, leaves characters as they are that RFC 3986 has percent-encoded.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x1f\x7f]+")


def _validator(name: str) -> Callable[[str], bool]:
    return Draft202012Validator({"format": name}, validate_formats=True).is_valid


_is_date_time, _is_time = _validator("date-time"), _validator("time")
_is_email_of_any_language = _validator("idn-email")
_is_regex_of_javascript = _validator("regex")


def _ipv6(text: str) -> bool:
    """With the zone of a link-local address, as `fe80::1%eth0`."""
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _regex(text: str) -> bool:
    """Of Python, or of JavaScript."""
    try:
        re.compile(text)
    except re.error:
        return _is_regex_of_javascript(text)
    return True


OF_PYDANTIC: dict[str, Callable[[str], bool]] = {
    # What is one once an offset stands behind it.
    "date-time": lambda text: _is_date_time(text) or _is_date_time(f"{text}Z"),
    "time": lambda text: _is_time(text) or _is_time(f"{text}Z"),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "email": _is_email_of_any_language,
    "ipv6": _ipv6,
    "regex": _regex,
    "uri": lambda text: _URI.fullmatch(text) is not None,
}
"""By name, whether a text is of that format as pydantic writes it; formats that are not here are as their RFCs say."""
