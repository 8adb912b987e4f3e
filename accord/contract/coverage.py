"""Which of the documented responses the scenarios of a run have seen."""

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.contract.check import Contract

# How many operations the summary of a run lists unless it is verbose.
_LONGEST_LIST = 10


def figure(covered: int, number: int) -> str:
    """Return how many of a number of documented responses are covered; nothing where none is documented."""
    if covered == number:
        return ("", "the one documented response")[number] if number < 2 else f"all {number} documented responses"
    # Rounded down, since 99.9 % are not all.
    return f"{covered} of {number} documented response{'' if number == 1 else 's'}, {100 * covered // number} %"


class Coverage:
    """Which documented responses the scenarios of a run have seen, over all its processes."""

    def __init__(self) -> None:
        self.responses: dict[str, bool] = {}

    def note(self, contract: "Contract", response: str) -> None:
        """Note that a scenario has seen this documented response."""
        if not self.responses.get(response):
            # All of the contract's with the first of them: those that no scenario sees count as well.
            self.add(dict.fromkeys(contract.documented, False) | {response: True})

    def add(self, responses: Mapping[str, bool]) -> None:
        """Add what another process of the run has noted."""
        for response, covered in responses.items():
            self.responses[response] = covered or self.responses.get(response, False)

    @property
    def percent(self) -> float:
        """How many of a hundred documented responses are covered: none if none is documented."""
        return 100 * sum(self.responses.values()) / (len(self.responses) or 1)

    def falls_short(self, required: float) -> bool:
        """Return whether fewer than the percentage that is required are covered."""
        return self.percent < required

    def summary(
        self, required: float, *, listing: bool, in_full: bool, requested: Collection[str] = ()
    ) -> Iterator[str]:
        """Say how many are covered, and name the others if `listing` is true or not enough are covered.

        `requested` is what operations had other responses than those that are documented.
        """
        short = self.falls_short(required)
        if not self.responses:
            if short:
                yield "contract: no scenario's response was checked against one: hand it to `isolation.transport`."
            return
        covered = sum(self.responses.values())
        said = f"contract: scenarios cover {figure(covered, len(self.responses))}"
        if covered == len(self.responses):
            yield f"{said}."
            return
        if short:
            yield f"{said}, and {required:g} % are asked for. Write scenarios for these, or correct the document:"
        else:
            yield f"{said}{', and not these:' if listing else '; -v names the others.'}"
        if listing or short:
            gaps = list(self._gaps(requested))
            yield from gaps if in_full else gaps[:_LONGEST_LIST]
            if len(gaps) > _LONGEST_LIST and not in_full:
                yield f"  and those of {len(gaps) - _LONGEST_LIST} more operations; -v names them."

    def _gaps(self, requested: Collection[str]) -> Iterator[str]:
        for operation, group in groupby(self.responses.items(), key=lambda item: item[0].rpartition(" ")[0]):
            responses = [(response.rpartition(" ")[2], covered) for response, covered in group]
            missing = [status for status, covered in responses if not covered]
            if missing:
                is_unused = len(missing) == len(responses) and operation not in requested
                yield f"  {operation}: {', '.join(missing)}{', since no scenario asks for it' if is_unused else ''}"
