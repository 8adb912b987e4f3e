"""What Accord uses of gherkin-official that is not documented. Tested against gherkin-official 42."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gherkin.pickles.compiler import Compiler


class PickleCompiler(Compiler):
    """Makes pickles, in which an example's values stand as they run.

    Gherkin's own puts one value after the other into a text, so that it fills in again what a value has in angle
    brackets, and takes the name of a column for a regular expression.
    """

    def _interpolate(self, name: Any, variable_cells: Iterable[Any], value_cells: Sequence[Any]) -> Any:
        if name is None:
            return None
        values = {f"<{it['value']}>": value["value"] for it, value in zip(variable_cells, value_cells, strict=False)}
        return re.sub("<.+?>", lambda found: values.get(found[0], found[0]), name)
