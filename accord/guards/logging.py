"""Logging, which no test may leave set up otherwise."""

import logging
from typing import Any

from accord.compat.pytest import is_of_pytest
from accord.guards.guarded import Guarded, Reading

# How many loggers a sentence names: a call of `dictConfig` may change hundreds.
_MOST_NAMED = 3


class Logging(Guarded):
    """The levels, the handlers and the switches of all loggers."""

    name = "logging"

    def read(self) -> Reading:
        """Return how each logger is set up."""
        loggers = [logging.root, *logging.root.manager.loggerDict.values()]
        reading: dict[Any, Any] = {
            # Most have no handlers, and there may be hundreds of loggers.
            logger: (logger.level, logger.disabled, logger.propagate, *(logger.handlers and _handlers(logger)))
            for logger in loggers
            # The others are placeholders, for loggers of which only a child was asked for.
            if isinstance(logger, logging.Logger)
        }
        # The function is the key, since it is no logger, and names itself.
        reading[logging.disable] = logging.root.manager.disable
        return reading

    def changes(self, before: Reading, after: Reading) -> list[str]:
        """Say what changed of loggers that there were; one that was made since was not changed."""
        changes = super().changes(before, {part: value for part, value in after.items() if part in before})
        others = len(changes) - _MOST_NAMED
        return changes if others <= 0 else [*changes[:_MOST_NAMED], f"and so were {others} more loggers"]

    def restore(self, before: Reading) -> None:
        """Set each logger up as it was."""
        for logger, value in before.items():
            if logger is logging.disable:
                logging.disable(value)
                continue
            level, logger.disabled, logger.propagate, *handlers = value
            # `setLevel` empties the caches of all loggers.
            if logger.level != level:
                logger.setLevel(level)
            for handler in _handlers(logger):
                if handler not in handlers:
                    logger.removeHandler(handler)
            for handler in handlers:
                logger.addHandler(handler)

    def part(self, part: Any) -> str:
        """Name a logger, or what disables them all."""
        return f'the logger "{part.name}"' if isinstance(part, logging.Logger) else "logging.disable"

    def value(self, value: Any) -> str:
        """Show how it is set up."""
        if not isinstance(value, tuple):
            return str(logging.getLevelName(value))
        level, disabled, propagate, *handlers = value
        shown: list[str] = [logging.getLevelName(level), *map(repr, handlers)]
        return ", ".join(shown + ["disabled"] * disabled + ["not propagating"] * (not propagate))


def _handlers(logger: logging.Logger) -> list[logging.Handler]:
    """Return those that matter: a library adds one that does nothing where it is imported, each time that it is."""
    return [
        handler
        for handler in logger.handlers
        if not is_of_pytest(handler) and not isinstance(handler, logging.NullHandler)
    ]
