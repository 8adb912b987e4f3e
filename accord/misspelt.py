"""Options of the command line, and settings, that were meant to be Accord's and are none, or have no such value."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import pytest

from accord.compat.pytest import options_of, unknown_settings

_LIKE = 0.8
_GROUP = "accord"


def check(config: pytest.Config, parser: pytest.Parser, arguments: list[str]) -> None:
    """Raise UsageError for an option or a setting that is not there and like one of Accord's, or is not of its type.

    pytest only warns of a setting that is not there, and reads one that is when it is used.
    """
    found = [*_options(parser, arguments), *_settings(config)]
    if found:
        raise pytest.UsageError(*found)


def _options(parser: pytest.Parser, arguments: list[str]) -> Iterator[str]:
    _known, unknown = parser.parse_known_and_unknown_args(arguments)
    names = options_of(parser.getgroup(_GROUP))
    for argument in unknown:
        option = argument.partition("=")[0]
        if option.startswith("--") and option not in names and (meant := _nearest(option, names)):
            yield f"there is no option {option}: did you mean {meant}?"


def _settings(config: pytest.Config) -> Iterator[str]:
    known, unknown = unknown_settings(config)
    names = [name for name in known if name.startswith(f"{_GROUP}_")]
    for setting, place in unknown.items():
        if meant := _nearest(setting, names):
            yield f"{place}: there is no setting {setting}: did you mean {meant}?"
    for name in names:
        try:
            config.getini(name)
        except (ValueError, pytest.UsageError) as error:
            # Of a truth value pytest does not say whose it is.
            yield str(error) if name in str(error) else f"{name}: {error}: write true or false."


def _nearest(name: str, names: Iterable[str]) -> str | None:
    folded = {it.replace("_", "-").casefold(): it for it in names}
    near = get_close_matches(name.replace("_", "-").casefold(), folded, 1, _LIKE)
    return folded[near[0]] if near else None
